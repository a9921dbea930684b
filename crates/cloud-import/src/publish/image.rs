//! What is published: a file on this machine by its own header, or what is in the clouds' reach already.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use cloud_import_core::{
    Disk, DiskFormat, Error, ErrorKind, ImportRequest, PartitionTable, Provider, Result, SourceForm, Stop,
    provider::digest,
};
use cloud_import_disk::{self as header, DiskInfo, Format, inspect};
use cloud_import_staging::{HashCache, Hashed, LocalFile, part_size};
use serde_json::Value;

use super::{Destination, Event, JobFacts, Listener, Options, Place, State};

/// What is published.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "there is one in a call")]
pub enum Image {
    /// A file on this machine, which is staged for each destination.
    File(LocalImage),
    /// Nothing is staged: each order names a source that its cloud can read. The text is for people.
    There(String),
}

/// A disk image file on this machine.
#[derive(Debug, Clone)]
pub struct LocalImage {
    path: PathBuf,
    info: DiskInfo,
    declared: Option<DiskFormat>,
    hashed: Option<Arc<Hashed>>,
}

/// A file beside the image that an import reads too.
#[derive(Debug, Clone)]
pub(crate) struct SideFile {
    path: PathBuf,
    hashed: Option<Arc<Hashed>>,
}

impl LocalImage {
    /// Reads the header, in bounded work. A format that is declared counts instead of the file's own.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when it is no regular file that can be read, or no disk image.
    pub fn open(path: impl Into<PathBuf>, declared: Option<DiskFormat>) -> Result<Self> {
        let path = path.into();
        // Told by what it is, without waiting for the other end of a pipe.
        LocalFile::open(&path)?;
        let fail = |message: String| Error::new(ErrorKind::Local, format!("`{}` {message}", path.display()));
        let file = File::open(&path).map_err(|error| fail(format!("cannot be opened: {error}")))?;
        // What the reader says ends with what to do.
        let info = inspect(file).map_err(|error| fail(format!("is no disk image that can be read: {error}")))?;
        Ok(Self {
            path,
            info,
            declared,
            hashed: None,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What its header says.
    pub fn info(&self) -> &DiskInfo {
        &self.info
    }

    /// The normalized word for its format: as declared, else by its header.
    pub fn format(&self) -> Option<DiskFormat> {
        self.declared.or_else(|| self.own_format())
    }

    fn own_format(&self) -> Option<DiskFormat> {
        match self.info.format {
            Format::Qcow1 => Some(DiskFormat::Qcow),
            other => other.name().parse().ok(),
        }
    }

    /// What people should know, though it stops nothing.
    pub fn warnings(&self) -> Vec<String> {
        let name = self.path.display();
        let mut warnings = Vec::new();
        if let (Some(declared), Some(own)) = (self.declared, self.own_format())
            && declared != own
        {
            warnings.push(format!(
                "`{name}` is {own} by its header, but the clouds are told that it is {declared}"
            ));
        }
        if self.info.dirty {
            warnings.push(format!(
                "`{name}` was not closed cleanly: its guest may have to repair its file systems. Shut the machine down first"
            ));
        }
        if self.info.internal_snapshots > 0 {
            warnings.push(format!(
                "`{name}` holds internal snapshots ({}), which are not imported: the image is the disk as it is now",
                self.info.internal_snapshots
            ));
        }
        warnings
    }

    /// Why no cloud could import this file, each with what to do.
    pub fn obstacles(&self) -> Vec<String> {
        let found = self.obstacles_and_remedies();
        found
            .into_iter()
            .map(|(what, remedy)| format!("{what}. {remedy}"))
            .collect()
    }

    /// The first of them as an error that names the file.
    fn refusal(&self) -> Option<Error> {
        let (what, remedy) = self.obstacles_and_remedies().into_iter().next()?;
        let message = format!("`{}` cannot be imported: {what}", self.path.display());
        Some(Error::new(ErrorKind::InvalidRequest, message).with_remedy(remedy))
    }

    fn obstacles_and_remedies(&self) -> Vec<(String, &'static str)> {
        let info = &self.info;
        let mut found = Vec::new();
        if info.format == Format::Iso {
            found.push((
                "it is an ISO image, a disc and not a disk".to_owned(),
                "Install it into a disk image first, and import that.",
            ));
        } else if !info.format.is_disk() {
            found.push((
                format!("it is {}, not a disk image", info.format),
                "Unpack it first, and import the disk image in it.",
            ));
        } else if self.own_format().is_none() {
            found.push((
                format!("it is {}, which no cloud takes", info.format),
                "Convert it to qcow2 with qemu-img convert.",
            ));
        }
        if let Some(backing) = &info.backing_file {
            found.push((
                format!("it holds only the difference to `{}`", backing.escape_debug()),
                "Merge the two into a new file with qemu-img convert.",
            ));
        }
        if !info.external_files.is_empty() {
            found.push((
                "its content is in other files".to_owned(),
                "Make one file of them with qemu-img convert.",
            ));
        }
        if info.encryption.is_encrypted() {
            found.push((
                "it is encrypted, and no cloud has the key".to_owned(),
                "Decrypt it into a new file with qemu-img convert.",
            ));
        }
        if info.corrupt {
            found.push((
                "it is marked as corrupt".to_owned(),
                "Repair it with qemu-img check -r all, or make it anew.",
            ));
        }
        if let Some(reason) = &info.truncation {
            found.push((format!("its end is missing ({reason})"), "Fetch or make it anew."));
        }
        found
    }

    /// A disk with what the file says of itself.
    pub fn described(&self, mut disk: Disk) -> Disk {
        disk.format = self.format().or(disk.format);
        disk.virtual_size_bytes = self.info.virtual_size_bytes;
        disk.file_size_bytes = Some(self.info.file_size_bytes);
        disk.partition_table = match self.info.partition_table {
            header::PartitionTable::Mbr => Some(PartitionTable::Mbr),
            header::PartitionTable::Gpt => Some(PartitionTable::Gpt),
            _ => None,
        };
        disk.content_sha256 = self.hashed.as_ref().map(|hashed| hashed.sha256.clone());
        disk
    }

    /// The key under which it is staged: by its content, so that the same file is staged once.
    fn key(&self, prefix: &str) -> String {
        let extension = self.format().map_or("img", DiskFormat::as_str);
        key(prefix, self.hashed.as_deref(), extension)
    }

    pub(crate) fn hashed(&self) -> Option<&Arc<Hashed>> {
        self.hashed.as_ref()
    }
}

impl SideFile {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn hashed(&self) -> Option<&Arc<Hashed>> {
        self.hashed.as_ref()
    }

    pub(crate) async fn with_hash(mut self, state: &State, listener: &Arc<dyn Listener>, stop: &Stop) -> Result<Self> {
        self.hashed = Some(hash(&self.path, state, listener, stop).await?);
        Ok(self)
    }
}

/// Before the content is known, a hash of zeros stands for it: rules about keys look at its form.
fn key(prefix: &str, hashed: Option<&Hashed>, extension: &str) -> String {
    match hashed {
        Some(hashed) => format!("{prefix}{}.{extension}", hashed.sha256),
        None => format!("{prefix}{:064}.{extension}", 0),
    }
}

async fn hash(path: &Path, state: &State, listener: &Arc<dyn Listener>, stop: &Stop) -> Result<Arc<Hashed>> {
    let file = LocalFile::open(path)?;
    let cache = HashCache::new(state.hashes());
    let told = Arc::clone(listener);
    let total = file.size();
    let progress = move |done| told.on(None, &Event::Hashing { done, total });
    Hashed::of(&file, Some(&cache), progress, stop).await.map(Arc::new)
}

impl Image {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&LocalImage> {
        match self {
            Self::File(file) => Some(file),
            Self::There(_) => None,
        }
    }

    pub(crate) async fn with_hash(self, state: &State, listener: &Arc<dyn Listener>, stop: &Stop) -> Result<Self> {
        match self {
            Self::File(mut file) => {
                file.hashed = Some(hash(&file.path, state, listener, stop).await?);
                Ok(Self::File(file))
            }
            there @ Self::There(_) => Ok(there),
        }
    }

    /// What tells the job from others.
    pub(crate) fn facts(&self, name: &str, first: Option<&Destination>) -> JobFacts {
        match self {
            Self::File(file) => {
                let sha256 = file.hashed.as_ref().map(|hashed| hashed.sha256.clone());
                let content = sha256.clone().unwrap_or_default();
                JobFacts::new(name, file.path.display().to_string(), sha256, &content)
            }
            Self::There(shown) => {
                let sources = first.into_iter().flat_map(|first| &first.order.disks);
                let content: Vec<String> = sources.map(|disk| disk.source.identity()).collect();
                JobFacts::new(name, shown.clone(), None, &content.join("\n"))
            }
        }
    }

    /// The bitmap that goes with a raw image to Huawei: the one named, else a file of the same name with the suffix `.mf`.
    pub(crate) fn bitmap(&self, destinations: &[Destination], named: Option<&Path>) -> Result<Option<SideFile>> {
        let side = |path: PathBuf| SideFile { path, hashed: None };
        if let Some(path) = named {
            // A file that cannot be read is told before anything is sent.
            LocalFile::open(path)?;
            return Ok(Some(side(path.to_owned())));
        }
        let to_huawei = destinations
            .iter()
            .any(|destination| destination.importer.provider() == Provider::HUAWEI);
        let beside = self
            .file()
            .filter(|file| to_huawei && file.format() == Some(DiskFormat::Raw))
            .map(|file| file.path.with_extension("mf"))
            .filter(|path| path.is_file());
        Ok(beside.map(side))
    }

    /// The order for a destination, its disk where it is or will be staged, with its key. The link is not signed.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the file cannot be imported anywhere.
    pub(crate) fn order(
        &self,
        destination: &Destination,
        options: &Options,
        bitmap: bool,
    ) -> Result<(ImportRequest, Option<String>)> {
        let mut order = destination.order.clone();
        let (Some(file), Place::Stage(store)) = (self.file(), &destination.place) else {
            return Ok((order, None));
        };
        let provider = destination.importer.provider();
        if let Some(refusal) = file.refusal() {
            return Err(refusal);
        }
        // Before hours go into reading a file that the store would not take.
        part_size(file.info.file_size_bytes, store.limits(), None).map_err(|error| error.with_provider(provider))?;
        let key = file.key(&options.prefix);
        let takes_objects = destination
            .importer
            .capabilities()
            .sources
            .value
            .contains(&SourceForm::Object);
        let bucket = &store.bucket().name;
        let place = if takes_objects {
            Disk::object(bucket, &key)
        } else {
            Disk::url(store.url(&key)?)
        };
        if order.disks.is_empty() {
            order.disks.push(place.clone());
        }
        order.disks[0].source = place.source;
        order.disks[0].pending = file.hashed.is_none();
        order.disks[0] = file.described(order.disks[0].clone());
        if bitmap && provider == Provider::HUAWEI {
            let set = order.vendor.entry(provider).or_default();
            set.entry("bitmap_staged").or_insert(Value::Bool(true));
        }
        Ok((order, Some(key)))
    }
}

/// The key of the bitmap: that of the image with another suffix, as Huawei wants it.
pub(crate) fn bitmap_key(image_key: &str) -> String {
    let base = image_key.rsplit_once('.').map_or(image_key, |(base, _)| base);
    format!("{base}.mf")
}

/// A name for an order as a user of a staged object, fit to be a file name.
pub(crate) fn user(job: &str, target: &str) -> String {
    format!("{job}+{}", &digest::sha256_hex(target.as_bytes())[..16])
}
