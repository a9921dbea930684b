//! What the bytes of an order are: the image and what goes with it, hashed once for all destinations; and each destination's
//! order over them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cloud_import_core::{
    Capabilities, Disk, DiskFormat, ImageImporter, ImportRequest, Problem, Result, SourceForm, Stop,
    provider::capabilities::SideFile,
};
use cloud_import_staging::{Hashed, LocalFile, part_size};
use serde_json::Value;

use super::{
    destination::Destination,
    event::{Event, Listener},
    image::{Image, LocalImage},
    store::{JobFacts, Role, State, blocking},
};

/// The image, and the file beside it that some clouds want.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    image: Image,
    beside: Option<Companion>,
}

#[derive(Debug, Clone)]
struct Companion {
    path: PathBuf,
    hashed: Option<Arc<Hashed>>,
}

/// An order as it will be sent but for the signature of its link, and the files that are staged for it.
#[derive(Debug)]
pub(crate) struct Ordered {
    pub(crate) request: ImportRequest,
    /// In this order.
    pub(crate) files: Vec<FileToStage>,
    /// What was found in the file.
    found: Vec<Problem>,
}

/// A file that is put under this key.
#[derive(Debug, Clone)]
pub(crate) struct FileToStage {
    pub(crate) role: Role,
    pub(crate) path: PathBuf,
    /// `None` before it was hashed.
    pub(crate) hashed: Option<Arc<Hashed>>,
    pub(crate) key: String,
}

impl Ordered {
    /// Every problem of the file and of the order.
    pub(crate) fn problems(&self, importer: &dyn ImageImporter) -> Vec<Problem> {
        let mut problems = self.found.clone();
        problems.extend(importer.validate(&self.request));
        problems
    }

    /// The key of the staged disk.
    pub(crate) fn key(&self) -> Option<&str> {
        let disk = self.files.iter().find(|file| file.role == Role::Disk);
        disk.map(|file| file.key.as_str())
    }
}

impl Content {
    /// The image with the file beside it: the one named, else one of the same name with the suffix that one of these clouds
    /// looks for.
    pub(crate) async fn of(image: Image, named: Option<&Path>, clouds: &[&Capabilities]) -> Result<Self> {
        let path = match (named, image.file()) {
            (Some(path), _) => {
                let path = path.to_owned();
                // A file that cannot be read is told before anything is sent.
                Some(blocking(move || LocalFile::open(&path).map(|_| path)).await?)
            }
            (None, Some(file)) => {
                let rules = clouds.iter().filter_map(|cloud| cloud.side_file.value);
                let rule = rules.into_iter().find(|rule| has_one(rule, file));
                let path = rule.map(|rule| file.path().with_extension(rule.suffix));
                blocking(move || Ok(path.filter(|path| path.is_file()))).await?
            }
            (None, None) => None,
        };
        let beside = path.map(|path| Companion { path, hashed: None });
        Ok(Self { image, beside })
    }

    /// Reads the files once.
    pub(crate) async fn hash(&mut self, state: &State, listener: &Arc<dyn Listener>, stop: &Stop) -> Result<()> {
        if let Image::File(file) = &mut self.image {
            file.hashed = Some(hash(file.path(), state, listener, stop).await?);
        }
        if let Some(beside) = &mut self.beside {
            beside.hashed = Some(hash(&beside.path, state, listener, stop).await?);
        }
        Ok(())
    }

    /// What tells the job from others, for an image of this name; `first` is an order of it.
    pub(crate) fn facts(&self, name: &str, first: &ImportRequest) -> JobFacts {
        match &self.image {
            Image::File(file) => {
                let sha256 = file.hashed.as_ref().map(|hashed| hashed.sha256.clone());
                let content = sha256.clone().unwrap_or_default();
                JobFacts::new(name, file.path().display().to_string(), sha256, &content)
            }
            Image::There(shown) => {
                let content: Vec<String> = first.disks.iter().map(|disk| disk.source.identity()).collect();
                JobFacts::new(name, shown.clone(), None, &content.join("\n"))
            }
        }
    }

    /// The order for a destination, its disk where it is or will be staged.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](cloud_import_core::ErrorKind::InvalidRequest) when the file is too large for the store.
    pub(crate) fn order(&self, destination: &Destination, prefix: &str) -> Result<Ordered> {
        let mut request = destination.order.clone();
        let (Some(file), Some(store)) = (self.image.file(), &destination.bucket) else {
            return Ok(Ordered {
                request,
                files: Vec::new(),
                found: Vec::new(),
            });
        };
        let provider = destination.importer.provider();
        // Before hours go into reading a file that the store would not take.
        if let Some(length) = file.length() {
            part_size(length, store.limits(), None).map_err(|error| error.with_provider(provider))?;
        }
        let base = key(prefix, file.hashed.as_deref());
        let disk_key = format!("{base}.{}", file.format().map_or("img", DiskFormat::as_str));
        let capabilities = destination.importer.capabilities();
        let place = match capabilities.sources.value.contains(&SourceForm::Object) {
            true => Disk::object(&store.bucket().name, &disk_key),
            false => Disk::url(store.url(&disk_key)?),
        };
        if request.disks.is_empty() {
            request.disks.push(place.clone());
        }
        request.disks[0].source = place.source;
        request.disks[0].pending = file.hashed.is_none();
        request.disks[0] = file.described(request.disks[0].clone());
        let mut files = Vec::new();
        if let (Some(beside), Some(rule)) = (&self.beside, capabilities.side_file.value) {
            let options = request.vendor.entry(provider).or_default();
            options.entry(rule.option).or_insert(Value::Bool(true));
            // First, so that it is there when the image is.
            files.push(FileToStage {
                role: Role::Bitmap,
                path: beside.path.clone(),
                hashed: beside.hashed.clone(),
                key: format!("{base}.{}", rule.suffix),
            });
        }
        files.push(FileToStage {
            role: Role::Disk,
            path: file.path().to_owned(),
            hashed: file.hashed.clone(),
            key: disk_key,
        });
        let found = file.problems(capabilities, &request);
        Ok(Ordered { request, files, found })
    }
}

fn has_one(rule: &SideFile, file: &LocalImage) -> bool {
    file.format().is_some_and(|format| rule.formats.contains(&format))
}

/// What a key is but for its ending: named by its content, so that the same file is staged once. Before the content is known, a hash
/// of zeros stands for it: rules about keys look at its form.
fn key(prefix: &str, hashed: Option<&Hashed>) -> String {
    match hashed {
        Some(hashed) => format!("{prefix}{}", hashed.sha256),
        None => format!("{prefix}{:064}", 0),
    }
}

async fn hash(path: &Path, state: &State, listener: &Arc<dyn Listener>, stop: &Stop) -> Result<Arc<Hashed>> {
    let path = path.to_owned();
    let file = blocking(move || LocalFile::open(path)).await?;
    let told = Arc::clone(listener);
    let total = file.size();
    let progress = move |done| told.on(None, &Event::Hashing { done, total });
    Hashed::of(&file, Some(&state.hashes()), progress, stop)
        .await
        .map(Arc::new)
}
