//! What is published: a file on this machine by its own header, or what is in the clouds' reach already.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use cloud_import_core::{Disk, DiskFormat, Error, ErrorKind, PartitionTable, Result};
use cloud_import_disk::{self as header, DiskInfo, Format, inspect};
use cloud_import_staging::{Hashed, LocalFile};

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
///
/// ```no_run
/// use cloud_import::{DiskFormat, publish::LocalImage};
///
/// # fn open() -> cloud_import::Result<()> {
/// let image = LocalImage::open("web.raw", Some(DiskFormat::Raw))?;
/// for obstacle in image.obstacles() {
///     println!("no cloud takes it: {obstacle}");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct LocalImage {
    path: PathBuf,
    info: DiskInfo,
    declared: Option<DiskFormat>,
    pub(crate) hashed: Option<Arc<Hashed>>,
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
    pub(crate) fn refusal(&self) -> Option<Error> {
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
                "Repair it with qemu-img check -r all, or create it again.",
            ));
        }
        if let Some(reason) = &info.truncation {
            found.push((format!("its end is missing ({reason})"), "Download or create it again."));
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
}

impl Image {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&LocalImage> {
        match self {
            Self::File(file) => Some(file),
            Self::There(_) => None,
        }
    }
}

impl From<LocalImage> for Image {
    fn from(file: LocalImage) -> Self {
        Self::File(file)
    }
}
