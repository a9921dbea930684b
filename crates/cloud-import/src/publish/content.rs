//! What the bytes of an order are: the image and what goes with it, hashed once for all destinations; and each destination's
//! order over them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use cloud_import_core::{
    Capabilities, Disk, DiskPart, DiskSource, Error, ErrorKind, Field, ImageImporter, ImportRequest, Problem, Remedy,
    Result, SourceForm, Stop, WarningId,
    env::{Env as _, SystemEnv},
    provider::capabilities::SideFile,
};
use cloud_import_staging::{HashCache, Hashed, LocalFile, Store, WebFile, part_size};
use serde_json::Value;

use super::{
    destination::Destination,
    event::{Event, Listener},
    findings::with_order,
    image::LocalImage,
    key::{UNREAD, ending, object_key},
    origin::Origin as CopiedFrom,
    source::Image,
    store::{JobFacts, Role, blocking},
    web::WebImage,
};

/// The image, and the file beside it that some clouds want.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    image: Image,
    beside: Option<Beside>,
}

/// What there is beside the image.
#[derive(Debug, Clone)]
enum Beside {
    /// A file that goes with it.
    Sent {
        file: LocalFile,
        hashed: Option<Arc<Hashed>>,
    },
    /// One that nobody named and that may be another's: it stays, and why.
    Left(String),
}

/// An order as it will be sent but for the signature of its link, and the files that are staged for it.
#[derive(Debug)]
pub(crate) struct Ordered {
    pub(crate) request: ImportRequest,
    /// In this order.
    pub(crate) files: Vec<FileToStage>,
    /// What its cloud reads by a link that is signed for it.
    pub(crate) links: Vec<LinkToSign>,
    /// What was found in the file and beside it.
    pub(crate) found: Vec<Problem>,
    /// What is wrong with the names of the buckets that are written or read with these keys.
    named: Vec<Problem>,
}

/// A disk of an order whose link is signed for each attempt to send it.
#[derive(Debug, Clone)]
pub(crate) struct LinkToSign {
    /// Which of the disks.
    pub(crate) disk: usize,
    pub(crate) bucket: Store,
    pub(crate) key: String,
}

/// A file that is put under this key.
#[derive(Debug, Clone)]
pub(crate) struct FileToStage {
    pub(crate) role: Role,
    pub(crate) origin: Origin,
    pub(crate) key: String,
}

impl LinkToSign {
    /// What is wrong with the name of its bucket.
    fn problems(&self) -> Vec<Problem> {
        let mut problems = self.bucket.bucket().problems();
        for problem in &mut problems {
            problem.field = Field::disk(self.disk, DiskPart::Source);
        }
        problems
    }
}

/// Where the bytes of a file are.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// On this machine; `None` before it was hashed. `converted`: what it is read as, if not as what stands in it.
    File {
        path: PathBuf,
        hashed: Option<Arc<Hashed>>,
        converted: Option<LocalFile>,
    },
    /// On a web server.
    Web(WebFile),
}

impl Origin {
    fn of(image: &LocalImage) -> Self {
        match &image.web {
            Some(file) => Self::Web(file.clone()),
            None => Self::File {
                path: image.path().to_owned(),
                hashed: image.hashed.clone(),
                converted: image.converted.clone(),
            },
        }
    }
}

impl Ordered {
    /// An order for which nothing is staged, and of which nothing was found.
    fn of(request: ImportRequest) -> Self {
        Self {
            request,
            files: Vec::new(),
            links: Vec::new(),
            found: Vec::new(),
            named: Vec::new(),
        }
    }

    /// Every problem of the file and of the order.
    pub(crate) fn problems(&self, importer: &dyn ImageImporter) -> Vec<Problem> {
        let found = [self.named.as_slice(), &self.found].concat();
        let mut problems = with_order(found, importer.validate(&self.request));
        self.request.acknowledge(importer.provider(), &mut problems);
        problems
    }
}

impl Content {
    /// The image with the file beside it: the one named, else one of the same name with the suffix that one of these clouds
    /// looks for.
    pub(crate) async fn of(image: Image, named: Option<&Path>, clouds: &[&Capabilities]) -> Result<Self> {
        let beside = match (named, image.file()) {
            (Some(path), _) => {
                let path = path.to_owned();
                // A file that cannot be read is told before anything is sent.
                let file = blocking(move || LocalFile::open(path)).await?;
                Some(Beside::Sent { file, hashed: None })
            }
            // What stands beside the original was not made of what is sent.
            (None, Some(file)) if file.converted.is_none() => {
                let mut rules = clouds.iter().filter_map(|cloud| cloud.side_file.value);
                let path = file.path().to_owned();
                match rules.find(|rule| has_one(rule, file)) {
                    Some(rule) => blocking(move || found(&path, &path.with_extension(rule.suffix))).await?,
                    None => None,
                }
            }
            (None, _) => None,
        };
        Ok(Self { image, beside })
    }

    /// The length of the file in bytes, where one is staged and that is known.
    pub(crate) fn length(&self) -> Option<u64> {
        self.image.file().and_then(LocalImage::length)
    }

    /// Says what goes with the image, and what does not.
    pub(crate) fn tell(&self, listener: &dyn Listener) {
        match &self.beside {
            Some(Beside::Sent { file, .. }) => listener.on(None, &Event::SideFile { path: file.path() }),
            Some(Beside::Left(why)) => {
                let text = format!("what stands beside the image is not sent: {why}");
                listener.on(None, &Event::Warning { text: &text });
            }
            None => {}
        }
    }

    /// Reads the files once, and says when that began and ended for the image; `None` where its sum was known.
    pub(crate) async fn hash(
        &mut self,
        cache: &HashCache,
        listener: &Arc<dyn Listener>,
        stop: &Stop,
    ) -> Result<Option<(SystemTime, SystemTime)>> {
        if let Image::File(image) = &mut self.image {
            image.hash_with(cache, listener, stop).await?;
        }
        if let Some(Beside::Sent { file, hashed }) = &mut self.beside {
            *hashed = Some(hash(file, cache, listener, stop).await?);
        }
        Ok(self.image.file().and_then(|image| image.read_at))
    }

    /// What tells the job from others, for an image of this name, `first` being an order of it; or the job that is gone on with.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the file is not what that job publishes.
    pub(crate) fn facts(&self, name: &str, first: &ImportRequest, job: Option<&JobFacts>) -> Result<JobFacts> {
        let facts = match &self.image {
            Image::File(file) | Image::Web(WebImage(file)) => {
                let sha256 = file.sha256().map(str::to_owned);
                let content = sha256.clone().unwrap_or_default();
                JobFacts::new(name, file.name(), sha256, &content).of_size(self.length())
            }
            Image::There(shown) => {
                let content: Vec<String> = first.disks.iter().map(|disk| disk.source.identity()).collect();
                JobFacts::new(name, shown.clone(), None, &content.join("\n"))
            }
        };
        match job {
            Some(job) if job.sha256 != facts.sha256 => Err(changed(job, &facts)),
            Some(job) => Ok(job.clone()),
            None => Ok(facts),
        }
    }

    /// The order for a destination whose image is a copy.
    fn copy(&self, origin: &CopiedFrom, destination: &Destination) -> Ordered {
        let sha256 = self.image.staged().map(|file| file.sha256().unwrap_or(UNREAD));
        let cloud = destination.importer.capabilities();
        let (request, mut found) = origin.order(&destination.order, sha256, cloud);
        found.extend(origin.too_large(self.image.staged(), cloud));
        Ordered {
            found,
            ..Ordered::of(request)
        }
    }

    /// The order for a destination, its disk where it is or will be staged, with what is wrong with its release.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](cloud_import_core::ErrorKind::InvalidRequest) when the file is too large for the store.
    pub(crate) fn order(&self, destination: &Destination, prefix: &str) -> Result<Ordered> {
        let mut ordered = self.import(destination, prefix)?;
        if let Some(release) = &destination.release {
            ordered.found.extend(release.problems(&*destination.importer));
        }
        Ok(ordered)
    }

    fn import(&self, destination: &Destination, prefix: &str) -> Result<Ordered> {
        if let Some(origin) = &destination.copied_from {
            return Ok(self.copy(origin, destination));
        }
        let mut request = destination.order.clone();
        let prefix = destination.prefix.as_deref().unwrap_or(prefix);
        let mut links = links(&mut request, destination)?;
        let mut named: Vec<Problem> = links.iter().flat_map(LinkToSign::problems).collect();
        let (Some(file), Some(store)) = (self.image.staged(), &destination.bucket) else {
            return Ok(Ordered {
                links,
                named,
                ..Ordered::of(request)
            });
        };
        let provider = destination.importer.provider();
        // Before hours go into reading a file that the store would not take.
        if let Some(length) = file.length() {
            part_size(length, store.limits(), None).map_err(|error| error.with_provider(provider))?;
        }
        let sum = file.sha256().unwrap_or(UNREAD);
        let disk_key = object_key(prefix, sum, ending(file.format()));
        let capabilities = destination.importer.capabilities();
        let place = match takes_objects(destination) {
            true => Disk::object(&store.bucket().name, &disk_key),
            false => {
                let (bucket, key) = (store.clone(), disk_key.clone());
                links.insert(0, LinkToSign { disk: 0, bucket, key });
                Disk::url(store.url(&disk_key)?)
            }
        };
        if request.disks.is_empty() {
            request.disks.push(place.clone());
        }
        request.disks[0].source = place.source;
        request.disks[0].pending = file.sha256().is_none();
        request.disks[0] = file.described(request.disks[0].clone());
        let mut files = Vec::new();
        let mut found = file.problems(capabilities, &request);
        let rule = capabilities.side_file.value;
        if let (Some(Beside::Left(why)), true) = (&self.beside, rule.is_some_and(|rule| has_one(&rule, file))) {
            let rule = format!("is not sent, though it stands beside the image: {why}");
            let remedy = Remedy::when("it is the image's own", Remedy::set(Field::Bitmap));
            found.push(Problem::warning(WarningId::BITMAP_NOT_SENT, provider, Field::Bitmap, rule).remedy(remedy));
        }
        if let (Some(Beside::Sent { file, hashed }), Some(rule)) = (&self.beside, rule) {
            let options = request.vendor.entry(provider).or_default();
            options.entry(rule.option).or_insert(Value::Bool(true));
            // First, so that it is there when the image is.
            files.push(FileToStage {
                role: Role::Bitmap,
                origin: Origin::File {
                    path: file.path().to_owned(),
                    hashed: hashed.clone(),
                    converted: None,
                },
                key: object_key(prefix, sum, rule.suffix),
            });
        }
        files.push(FileToStage {
            role: Role::Disk,
            origin: Origin::of(file),
            key: disk_key,
        });
        named.extend(store.bucket().problems());
        Ok(Ordered {
            request,
            files,
            links,
            found,
            named,
        })
    }
}

/// What is published is not what the job was begun with.
fn changed(job: &JobFacts, found: &JobFacts) -> Error {
    let short = |facts: &JobFacts| match &facts.sha256 {
        Some(sha256) => format!("has the SHA-256 {}\u{2026}", sha256.get(..12).unwrap_or(sha256)),
        None => "is no file of this machine".to_owned(),
    };
    let message = format!(
        "`{}` has changed since the job {} was begun: its image {}, and what is there now {}",
        found.source,
        job.id,
        short(job),
        short(found)
    );
    Error::new(ErrorKind::Conflict, message)
        .with_remedy("Put the file back that it was begun with, or import the new one as a job of its own.")
}

fn takes_objects(destination: &Destination) -> bool {
    let sources = destination.importer.capabilities().sources;
    sources.value.contains(&SourceForm::Object)
}

/// Makes links of the objects that a cloud does not read by bucket and key, where their buckets are at hand: unsigned ones, which tell
/// the same order again whenever they are signed.
fn links(request: &mut ImportRequest, destination: &Destination) -> Result<Vec<LinkToSign>> {
    let mut links = Vec::new();
    if takes_objects(destination) {
        return Ok(links);
    }
    for (index, disk) in request.disks.iter_mut().enumerate() {
        let DiskSource::Object { bucket, key } = &disk.source else {
            continue;
        };
        let Some(store) = destination.reads.iter().find(|store| store.bucket().name == *bucket) else {
            continue;
        };
        let link = LinkToSign {
            disk: index,
            bucket: store.clone(),
            key: key.clone(),
        };
        disk.source = DiskSource::Url(store.url(key)?);
        links.push(link);
    }
    Ok(links)
}

fn has_one(rule: &SideFile, file: &LocalImage) -> bool {
    file.format().is_some_and(|format| rule.formats.contains(&format))
}

/// A file that stands beside an image and that nobody named. It counts if it is that and no link to elsewhere, and of the image's
/// owner: what others put there does not choose what is sent.
fn found(image: &Path, path: &Path) -> Result<Option<Beside>> {
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let file = LocalFile::open_unlinked(path).and_then(|file| match file.has_owner_of(&LocalFile::open(image)?)? {
        true => Ok(file),
        false => Err(Error::new(
            ErrorKind::Local,
            format!("`{}` belongs to another user", path.display()),
        )),
    });
    Ok(Some(match file {
        Ok(file) => Beside::Sent { file, hashed: None },
        Err(error) => Beside::Left(error.message().to_owned()),
    }))
}

impl LocalImage {
    /// Reads its sum, where it was not read yet.
    pub(super) async fn hash_with(
        &mut self,
        cache: &HashCache,
        listener: &Arc<dyn Listener>,
        stop: &Stop,
    ) -> Result<()> {
        if self.hashed.is_some() {
            let image = self.clone();
            return blocking(move || image.unchanged()).await;
        }
        let began = SystemEnv.now();
        let file = self.opened().await?;
        let hashed = hash(&file, cache, listener, stop).await?;
        self.read_at = (!hashed.from_cache).then(|| (began, SystemEnv.now()));
        self.hashed = Some(hashed);
        Ok(())
    }
}

async fn hash(file: &LocalFile, cache: &HashCache, listener: &Arc<dyn Listener>, stop: &Stop) -> Result<Arc<Hashed>> {
    let told = Arc::clone(listener);
    let total = file.size();
    let progress = move |done| told.on(None, &Event::Hashing { done, total });
    Hashed::of(file, Some(cache), progress, stop).await.map(Arc::new)
}
