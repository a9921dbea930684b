//! A disk image by its own header, wherever its bytes are.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use cloud_import_core::{
    Capabilities, Disk, DiskFormat, Error, ErrorKind, ImageImporter, ImportRequest, PartitionTable, Problem, Remedy,
    Result, Stop, remedy::Change,
};
use cloud_import_disk::{self as header, DiskInfo, Format, inspect};
use cloud_import_staging::{Hashed, LocalFile, WebFile};

use super::{
    converted,
    event::Listener,
    findings::{Judged, findings, with_order},
    store::{State, blocking},
};

/// A disk image file on this machine.
///
/// ```no_run
/// use cloud_import::{Disk, DiskFormat, ImportRequest, Provider, publish::LocalImage};
///
/// # fn open() -> cloud_import::Result<()> {
/// let image = LocalImage::open("web.raw", Some(DiskFormat::Raw))?;
/// let order = ImportRequest::new("web", image.described(Disk::object("images", "web.raw")));
/// for provider in Provider::all() {
///     for problem in image.problems(cloud_import::capabilities(provider)?, &order) {
///         println!("{problem}");
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct LocalImage {
    path: PathBuf,
    /// What people know it by, if not by its path.
    name: Option<String>,
    info: DiskInfo,
    declared: Option<DiskFormat>,
    /// The format of the file that is made of it, where it stands for that.
    planned: Option<DiskFormat>,
    pub(crate) hashed: Option<Arc<Hashed>>,
    /// When reading it for its sum began and ended, where that was not known from earlier runs.
    pub(crate) read_at: Option<(SystemTime, SystemTime)>,
    /// The system on the disk, once somebody looked.
    #[cfg(feature = "guest")]
    guest: Option<Arc<cloud_import_guest::Guest>>,
    /// Where its bytes are, if they are not on this machine.
    pub(crate) web: Option<WebFile>,
    /// What it is read as, if not as what stands in it.
    pub(crate) converted: Option<LocalFile>,
}

impl LocalImage {
    /// Reads the header, in bounded work, on the thread that it is called on. A format that is declared counts instead of the
    /// file's own.
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
        let info = inspect(file).map_err(|error| fail(format!("is not a readable disk image: {error}")))?;
        Ok(Self {
            path,
            name: None,
            info,
            declared,
            planned: None,
            hashed: None,
            read_at: None,
            #[cfg(feature = "guest")]
            guest: None,
            web: None,
            converted: None,
        })
    }

    /// What people know it by, where its path tells them nothing: findings and the job speak of that.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Looks at the system on the disk, in bounded work, on the thread that it is called on: some tenths of a second. What is found
    /// is part of what [`described`](Self::described) tells of the disk, so that each cloud judges it.
    ///
    /// Nothing is looked at where the disk is not on this machine, or is said to have another format than it has.
    #[cfg(feature = "guest")]
    pub fn look_inside(&mut self) {
        let is_own = self.declared.is_none_or(|declared| Some(declared) == self.own_format());
        if self.guest.is_none() && self.web.is_none() && is_own && self.own_format().is_some() {
            self.guest = super::inside::look(&self.path).map(Arc::new);
        }
    }

    /// The system on the disk, where somebody [looked](Self::look_inside).
    #[cfg(feature = "guest")]
    pub fn guest(&self) -> Option<&cloud_import_guest::Guest> {
        self.guest.as_deref()
    }

    /// What the disk tells of the system on it, in the words of an order, where somebody [looked](Self::look_inside).
    #[cfg(feature = "guest")]
    pub fn system(&self) -> super::GuestSystem {
        self.guest().map(super::GuestSystem::of).unwrap_or_default()
    }

    /// The file that is made of this one by converting it to that format, so that its orders can be validated before it is
    /// there: what is not known yet, as its length, is left out. To be published, the converted file is opened.
    #[must_use]
    pub fn planned(&self, format: DiskFormat) -> Self {
        Self {
            planned: Some(format),
            // It will be the sum of another file.
            hashed: None,
            ..self.clone()
        }
    }

    /// Whether [`Self::converted`] makes it into that format: qcow2, raw and zvhd2, of every image that holds its whole disk in a form that
    /// this program reads, and is neither encrypted, damaged nor left in use. To be asked before hours go into planning.
    pub fn can_be(&self, format: DiskFormat) -> bool {
        let is_itself = self.declared.is_none_or(|declared| self.own_format() == Some(declared));
        self.web.is_none() && self.converted.is_none() && is_itself && converted::can_be(&self.info, format)
    }

    /// The disk in this file as a file of another format, which is not written anywhere: it is made, the same each time, wherever it is
    /// read. One look through the disk tells what it holds; `state` remembers that with the sum of the new file, and `rehash` looks anew.
    /// `progress` hears how many bytes of how many were looked through, from another thread.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for what [cannot be](Self::can_be) converted, or whose disk is found to be damaged.
    /// [`ErrorKind::Conflict`] when the file changed, [`ErrorKind::Local`] when it cannot be read, [`ErrorKind::Stopped`] when a stop was
    /// requested.
    ///
    /// # Cancel safety
    /// When the future is dropped, the reading ends. Call it again.
    pub async fn converted(
        &self,
        format: DiskFormat,
        state: &State,
        rehash: bool,
        progress: impl Fn(u64, u64) + Send + 'static,
        stop: &Stop,
    ) -> Result<Self> {
        if !self.can_be(format) {
            let message = format!("`{}` is not converted to {format}", self.path.display());
            return Err(Error::new(ErrorKind::Unsupported, message).with_remedy("Convert it with qemu-img convert."));
        }
        let image = self.clone();
        let file = blocking(move || image.unchanged().and_then(|()| LocalFile::open(image.path))).await?;
        let cache = state.hashes().rehash(rehash);
        let (file, info) = converted::read_as(file, &self.info, format, cache, progress, stop).await?;
        Ok(Self {
            info,
            declared: Some(format),
            planned: None,
            hashed: None,
            read_at: None,
            converted: Some(file),
            ..self.clone()
        })
    }

    /// Its bytes as they are sent.
    pub(crate) async fn opened(&self) -> Result<LocalFile> {
        let path = self.path.clone();
        match &self.converted {
            Some(file) => Ok(file.clone()),
            None => blocking(move || LocalFile::open(path)).await,
        }
    }

    /// What is in a bucket under this name.
    pub(crate) fn of_object(name: String, info: DiskInfo, declared: Option<DiskFormat>) -> Self {
        Self {
            path: name.into(),
            name: None,
            info,
            declared,
            planned: None,
            hashed: None,
            read_at: None,
            #[cfg(feature = "guest")]
            guest: None,
            web: None,
            converted: None,
        }
    }

    /// What is on a web server.
    pub(crate) fn of_web(file: WebFile, info: DiskInfo, declared: Option<DiskFormat>) -> Self {
        Self {
            web: Some(file.clone()),
            ..Self::of_object(file.stamp().url.clone(), info, declared)
        }
    }

    /// SHA-256 of its content in lower-case hex, once the file was read for that.
    pub fn sha256(&self) -> Option<&str> {
        let hashed = self.hashed.as_ref().map(|hashed| hashed.sha256.as_str());
        hashed.or_else(|| self.web.as_ref().map(WebFile::sha256))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What people know it by.
    pub fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.path.display().to_string())
    }

    /// What its header says.
    pub fn info(&self) -> &DiskInfo {
        &self.info
    }

    /// Reads the file once for its sum, or takes what earlier runs of this state know of it; a [`Publish`](super::Publish) of it then
    /// reads it no more for that. The listener hears how far it is.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when it cannot be read, [`ErrorKind::Conflict`] when it changed meanwhile, [`ErrorKind::Stopped`] when a
    /// stop was requested.
    ///
    /// # Cancel safety
    /// When the future is dropped, the reading ends. Call it again.
    pub async fn hash(&mut self, state: &State, rehash: bool, listener: &Arc<dyn Listener>, stop: &Stop) -> Result<()> {
        self.hash_with(&state.hashes().rehash(rehash), listener, stop).await
    }

    /// Whether the file is still the one whose sum was read.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when it changed; [`ErrorKind::Local`] when it is gone.
    pub fn unchanged(&self) -> Result<()> {
        let stamp = LocalFile::open(&self.path)?.stamp();
        if self.hashed.as_ref().is_none_or(|hashed| hashed.stamp == stamp) {
            return Ok(());
        }
        let message = format!("`{}` was changed since its sum was read", self.path.display());
        Err(Error::new(ErrorKind::Conflict, message).with_remedy(Remedy::Repeat(Change::Nothing)))
    }

    /// The normalized word for its format: as planned, as declared, else by its header.
    pub fn format(&self) -> Option<DiskFormat> {
        self.planned.or(self.declared).or_else(|| self.own_format())
    }

    /// The length of the file in bytes, where it is known.
    pub fn length(&self) -> Option<u64> {
        self.planned.is_none().then_some(self.info.file_size_bytes)
    }

    fn own_format(&self) -> Option<DiskFormat> {
        match self.info.format {
            Format::Qcow1 => Some(DiskFormat::Qcow),
            // A disc is taken for a disk only where that is said.
            Format::Iso => None,
            other => other.name().parse().ok(),
        }
    }

    /// Everything that stands in the way of importing the file by this order at this cloud, or that people should know before. Of
    /// the order it looks at what concerns the file: the kind of image, the architecture and the firmware.
    pub fn problems(&self, cloud: &Capabilities, order: &ImportRequest) -> Vec<Problem> {
        let judged = Judged {
            name: &self.name(),
            info: &self.info,
            declared: self.declared,
            own: self.own_format(),
            is_planned: self.planned.is_some(),
            made_as: self.planned.or(self.declared.filter(|_| self.converted.is_some())),
        };
        let problems = findings(&judged, cloud, order);
        #[cfg(feature = "guest")]
        let problems = [problems, self.system().contradictions(cloud, order)].concat();
        problems
    }

    /// The same with all that its cloud says of the order.
    pub fn problems_at(&self, importer: &dyn ImageImporter, order: &ImportRequest) -> Vec<Problem> {
        let of_file = self.problems(importer.capabilities(), order);
        with_order(of_file, importer.validate(order))
    }

    /// A disk with what the file says of itself.
    pub fn described(&self, mut disk: Disk) -> Disk {
        disk.format = self.format().or(disk.format);
        disk.virtual_size_bytes = match (self.planned, self.format()) {
            (None, Some(DiskFormat::Raw)) => self.info.file_size_bytes.checked_next_multiple_of(512),
            _ => self.info.virtual_size_bytes,
        };
        disk.file_size_bytes = self.length();
        disk.partition_table = match self.info.partition_table {
            header::PartitionTable::Mbr => Some(PartitionTable::Mbr),
            header::PartitionTable::Gpt => Some(PartitionTable::Gpt),
            _ => None,
        };
        #[cfg(feature = "guest")]
        if let Some(guest) = &self.guest {
            disk.guest = super::inside::findings(guest);
        }
        disk.content_sha256 = self.sha256().map(str::to_owned);
        disk
    }
}
