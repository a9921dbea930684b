//! The file on disk: opened once, read by offset, watched for change. Knows no store and never writes.

use std::{
    fs::{self, File, Metadata},
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use cloud_import_core::{Error, ErrorKind, Result, env};
use serde::{Deserialize, Serialize};

use crate::form::Form;

/// What tells one state of a file from another without reading it.
///
/// The time of change is the system's own: who may write a file may set its time of writing, but not this one. Linux counts changes,
/// too, but for itself alone (`STATX_CHANGE_COOKIE`, "internal to the kernel for now": include/linux/stat.h, read 2026-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileStamp {
    /// The device; 0 where the system does not tell.
    pub device: u64,
    /// The inode; 0 where the system does not tell.
    pub inode: u64,
    /// Size in bytes.
    pub size: u64,
    /// When it was last written: whole seconds since 1970, rounded down.
    pub modified_seconds: i64,
    /// And nanoseconds beyond them.
    pub modified_nanos: u32,
    /// When its content, its name or its attributes were last changed, as the system noted it: whole seconds since 1970; 0 where the
    /// system does not tell, and in what earlier versions wrote.
    #[serde(default)]
    pub changed_seconds: i64,
    /// And nanoseconds beyond them.
    #[serde(default)]
    pub changed_nanos: u32,
}

impl FileStamp {
    /// Of what is no file here, and of which no more is known.
    pub(crate) const fn of_size(size: u64) -> Self {
        Self {
            device: 0,
            inode: 0,
            size,
            modified_seconds: 0,
            modified_nanos: 0,
            changed_seconds: 0,
            changed_nanos: 0,
        }
    }

    fn of(metadata: &Metadata) -> Self {
        let (device, inode) = identity(metadata);
        let (changed_seconds, changed_nanos) = changed_at(metadata);
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let (modified_seconds, modified_nanos) = since_1970(modified);
        Self {
            device,
            inode,
            size: metadata.len(),
            modified_seconds,
            modified_nanos,
            changed_seconds,
            changed_nanos,
        }
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(unix)]
fn owner(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    metadata.uid()
}

#[cfg(not(unix))]
fn owner(_: &Metadata) -> u32 {
    0
}

#[cfg(unix)]
fn changed_at(metadata: &Metadata) -> (i64, u32) {
    use std::os::unix::fs::MetadataExt as _;
    (
        metadata.ctime(),
        u32::try_from(metadata.ctime_nsec()).unwrap_or_default(),
    )
}

#[cfg(not(unix))]
fn changed_at(_: &Metadata) -> (i64, u32) {
    (0, 0)
}

fn since_1970(instant: SystemTime) -> (i64, u32) {
    let signed = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
    match instant.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (signed(after.as_secs()), after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            match before.subsec_nanos() {
                0 => (-signed(before.as_secs()), 0),
                nanos => (-signed(before.as_secs()) - 1, 1_000_000_000 - nanos),
            }
        }
    }
}

/// A disk image file, open for reading. Cheap to clone; all clones read the same open file.
///
/// It may be [read as](Self::read_as) other bytes than those that stand in it: then size and content are theirs, and all else is the
/// file's own.
///
/// ```
/// use cloud_import_staging::LocalFile;
///
/// let file = LocalFile::open(std::env::current_exe().unwrap())?;
/// let mut head = [0; 4];
/// file.read_at(0, &mut head)?;
/// file.unchanged()?;
/// # Ok::<(), cloud_import_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LocalFile {
    opened: Arc<Inner>,
    form: Option<Form>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    file: File,
    stamp: FileStamp,
}

impl LocalFile {
    /// Opens a file. Never waits for another process: what is no plain file is refused before it is opened.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] for a file that is missing, cannot be read, is empty, or is a directory, device, pipe or socket.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let metadata = fs::metadata(&path).map_err(|error| cannot("inspected", &path, &error))?;
        if let Some(what) = no_plain_file(&metadata) {
            return Err(refused(
                &path,
                what,
                "Name a plain file; copy a device or a stream into one first.",
            ));
        }
        let file = File::open(&path).map_err(|error| cannot("opened", &path, &error))?;
        Self::of(path, file)
    }

    /// As [`Self::open`], for a file that nobody named: where a symbolic link stands in its place, it is not followed.
    ///
    /// # Errors
    /// As [`Self::open`], and for a link.
    pub fn open_unlinked(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let file = env::open_unlinked(&path).map_err(|error| cannot("opened", &path, &error))?;
        Self::of(path, file)
    }

    fn of(path: PathBuf, file: File) -> Result<Self> {
        let metadata = file.metadata().map_err(|error| cannot("inspected", &path, &error))?;
        let stamp = FileStamp::of(&metadata);
        if stamp.size == 0 {
            return Err(refused(
                &path,
                "is empty",
                "Name a disk image; one that is being written is not ready yet.",
            ));
        }
        Ok(Self {
            opened: Arc::new(Inner { path, file, stamp }),
            form: None,
        })
    }

    /// The same open file, read as these bytes.
    #[must_use]
    pub fn read_as(&self, form: Form) -> Self {
        Self {
            opened: Arc::clone(&self.opened),
            form: Some(form),
        }
    }

    /// What it is read as, if not as what it is.
    pub(crate) fn form(&self) -> Option<&Form> {
        self.form.as_ref()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.opened.path
    }

    /// Whether it and another file belong to one user; `true` where the system does not tell.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the file system cannot be asked.
    pub fn has_owner_of(&self, other: &Self) -> Result<bool> {
        let owner = |file: &Self| {
            let metadata = file.opened.file.metadata();
            metadata
                .map(|metadata| owner(&metadata))
                .map_err(|error| cannot("inspected", &file.opened.path, &error))
        };
        Ok(owner(self)? == owner(other)?)
    }

    /// What it was when it was opened.
    pub fn stamp(&self) -> FileStamp {
        self.opened.stamp
    }

    /// Its size in bytes when it was opened, or that of what it is read as.
    pub fn size(&self) -> u64 {
        let form = self.form.as_ref();
        form.map_or(self.opened.stamp.size, |form| form.bytes.size())
    }

    /// The first range at or behind `from` of the file itself that may hold something but zeros; `None` where there is none. Where the
    /// system does not tell of holes, all of it may.
    pub fn next_data(&self, from: u64) -> Option<Range<u64>> {
        next_data(&self.opened.file, from, self.opened.stamp.size)
    }

    /// Fills the buffer with what stands from `offset` on. Blocks.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the file cannot be read or has become shorter; of another form also what stands against reading it.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        if let Some(form) = &self.form {
            return form.bytes.read_at(offset, buffer);
        }
        read_exact_at(&self.opened.file, buffer, offset).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => changed(&self.opened.path, "it became shorter"),
            _ => cannot("read", &self.opened.path, &error),
        })
    }

    /// Whether it is still what it was when it was opened. Blocks for as long as the file system takes to look.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] with code `FileChanged` when it grew, shrank, was written to, or had its name or attributes changed:
    /// that cannot be told from a write whose time was set back.
    pub fn unchanged(&self) -> Result<()> {
        let metadata = self.opened.file.metadata();
        let now = FileStamp::of(&metadata.map_err(|error| cannot("inspected", &self.opened.path, &error))?);
        let was = self.opened.stamp;
        if now == was {
            return Ok(());
        }
        let time = |stamp: FileStamp| (stamp.modified_seconds, stamp.modified_nanos);
        let how = if now.size != was.size {
            format!("it had {} bytes and now has {}", was.size, now.size)
        } else if time(now) != time(was) {
            "it was written to".to_owned()
        } else {
            "its content, its name or its attributes were changed".to_owned()
        };
        Err(changed(&self.opened.path, &how))
    }
}

/// The code of an error that says that the file is not what it was.
pub(crate) const CHANGED: &str = "FileChanged";

pub(crate) fn changed(path: &Path, how: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("`{}` changed while it was being used: {how}", path.display()),
    )
    .with_code(CHANGED)
    .with_remedy("Wait until nothing writes to the file (shut down the machine that uses it), then start again.")
}

fn refused(path: &Path, what: &str, remedy: &'static str) -> Error {
    Error::new(ErrorKind::Local, format!("`{}` {what}", path.display())).with_remedy(remedy)
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Error {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "Check the path.",
        io::ErrorKind::PermissionDenied => "Allow this user to read it.",
        _ => "Check the disk and the file system.",
    };
    Error::new(
        ErrorKind::Local,
        format!("`{}` cannot be {what}: {error}", path.display()),
    )
    .with_remedy(remedy)
}

fn no_plain_file(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_block_device() || kind.is_char_device() {
            return Some("is a device");
        }
        if kind.is_fifo() {
            return Some("is a pipe");
        }
        if kind.is_socket() {
            return Some("is a socket");
        }
    }
    Some(if kind.is_dir() {
        "is a directory"
    } else {
        "is no plain file"
    })
}

#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    file.read_exact_at(buffer, offset)
}

#[cfg(windows)]
pub(crate) fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt as _;
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                buffer = &mut buffer[read..];
                offset += u64::try_from(read).unwrap_or(u64::MAX);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// By `lseek`, which moves a place in the file that nobody reads by.
#[cfg(target_os = "linux")]
fn next_data(file: &File, from: u64, size: u64) -> Option<Range<u64>> {
    use rustix::{fs::SeekFrom, io::Errno};
    let whole = (from < size).then_some(from..size);
    match rustix::fs::seek(file, SeekFrom::Data(from)) {
        Ok(start) => {
            let end = rustix::fs::seek(file, SeekFrom::Hole(start)).unwrap_or(size);
            (start < end).then_some(start..end)
        }
        // There is nothing at or behind it.
        Err(Errno::NXIO) => None,
        Err(_) => whole,
    }
}

#[cfg(not(target_os = "linux"))]
fn next_data(_: &File, from: u64, size: u64) -> Option<Range<u64>> {
    (from < size).then_some(from..size)
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, time::Duration};

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn what_is_no_readable_image_file_is_refused_by_name() {
        let folder = Scratch::new();
        let said = |path: &Path| {
            let error = LocalFile::open(path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Local);
            assert!(error.remedy().is_some());
            assert!(error.message().contains(&path.display().to_string()), "{error}");
            error.to_string()
        };
        assert!(said(&folder.path().join("absent")).contains("No such file"));
        assert!(said(folder.path()).contains("is a directory"));
        let empty = folder.file("empty", b"");
        assert!(said(&empty).contains("is empty"));
    }

    #[cfg(unix)]
    #[test]
    fn devices_pipes_and_sockets_are_refused_without_waiting() {
        let folder = Scratch::new();
        assert!(
            LocalFile::open("/dev/null")
                .unwrap_err()
                .to_string()
                .contains("a device")
        );
        let pipe = folder.path().join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        assert!(LocalFile::open(&pipe).unwrap_err().to_string().contains("a pipe"));
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(LocalFile::open(&socket).unwrap_err().to_string().contains("a socket"));
    }

    #[test]
    fn it_is_read_by_offset() {
        let folder = Scratch::new();
        let file = LocalFile::open(folder.file("image", b"0123456789")).unwrap();
        let mut buffer = [0; 4];
        file.read_at(5, &mut buffer).unwrap();
        assert_eq!(&buffer, b"5678");
        assert_eq!(file.read_at(7, &mut buffer).unwrap_err().code(), Some(CHANGED));
    }

    #[test]
    fn growth_and_writing_are_noticed() {
        let folder = Scratch::new();
        let path = folder.file("image", b"0123456789");
        let file = LocalFile::open(&path).unwrap();
        file.unchanged().unwrap();
        let mut writer = fs::OpenOptions::new().append(true).open(&path).unwrap();
        writer.write_all(b"more").unwrap();
        let error = file.unchanged().unwrap_err();
        assert!(error.message().contains("10 bytes and now has 14"), "{error}");

        let file = LocalFile::open(&path).unwrap();
        writer
            .set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000))
            .unwrap();
        let error = file.unchanged().unwrap_err();
        assert!(error.message().contains("written to"), "{error}");
        assert_eq!(error.code(), Some(CHANGED));
    }

    #[cfg(unix)]
    #[test]
    fn a_write_whose_time_is_set_back_is_noticed() {
        let folder = Scratch::new();
        let path = folder.file("image", b"0123456789");
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let writer = fs::OpenOptions::new().write(true).open(&path).unwrap();
        writer.set_modified(long_ago).unwrap();
        let file = LocalFile::open(&path).unwrap();
        // The system's clock goes in steps.
        std::thread::sleep(Duration::from_millis(20));
        fs::write(&path, b"9876543210").unwrap();
        writer.set_modified(long_ago).unwrap();
        let error = file.unchanged().unwrap_err();
        assert!(
            error.message().contains("its content, its name or its attributes"),
            "{error}"
        );
        let again = LocalFile::open(&path).unwrap();
        assert_ne!(again.stamp(), file.stamp());
        assert_eq!(again.stamp().modified_seconds, file.stamp().modified_seconds);
    }

    #[test]
    fn instants_before_1970_are_rounded_down() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_millis(1500);
        assert_eq!(since_1970(before), (-2, 500_000_000));
        assert_eq!(
            since_1970(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)),
            (1, 500_000_000)
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn holes_are_told_and_content_never_is_one() {
        let folder = Scratch::new();
        let path = folder.file("image", b"");
        let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(64 << 20).unwrap();
        io::Seek::seek(&mut file, io::SeekFrom::Start(32 << 20)).unwrap();
        file.write_all(&[7; 100_000]).unwrap();
        let file = LocalFile::open(&path).unwrap();
        let data = file.next_data(0).unwrap();
        assert!(data.start <= 32 << 20 && data.end >= (32 << 20) + 100_000, "{data:?}");
        // A file system that knows no holes says that all is data.
        let tells_holes = data.start > 0;
        assert_eq!(file.next_data(data.end).is_none(), tells_holes || data.end == 64 << 20);
        assert_eq!(
            file.next_data(data.start + 5).map(|data| data.start),
            Some(data.start + 5)
        );
        assert_eq!(file.next_data(64 << 20), None);
        assert_eq!(file.next_data(u64::MAX), None);
    }
}
