//! The files of a download: what came so far, in a file beside the one that it becomes, and the record of it. One process at a time has
//! them. Knows no store.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use cloud_import_core::{Error, ErrorKind, Result, env};

use super::record::Record;

/// What stands behind the name of a file that is not whole.
const PART: &str = ".part";
/// And behind that, of its record.
const RECORD: &str = ".json";

/// A record of more parts than there can be.
const RECORD_BYTES: u64 = 64 << 20;

/// The code of an error that says that there is a file of that name.
pub(super) const EXISTS: &str = "FileExists";

/// What came so far. The lock goes with it.
#[derive(Debug)]
pub(super) struct PartFile {
    file: File,
    /// What it becomes.
    target: PathBuf,
    path: PathBuf,
    record_path: PathBuf,
}

impl PartFile {
    /// Opens it, or makes it. Blocks.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when it cannot be opened, or another process has it.
    pub(super) fn open(target: &Path) -> Result<Self> {
        if target.file_name().is_none() {
            return Err(local(format!("`{}` names no file", target.display())).with_remedy("Name a file."));
        }
        let with = |path: &Path, end: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        let path = with(target, PART);
        let file = env::open_lock(&path).map_err(|error| cannot("opened", &path, &error))?;
        let own = Self {
            file,
            target: target.to_owned(),
            record_path: with(&path, RECORD),
            path,
        };
        match own.file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(own.is_in_use()),
            // Where there are no locks, there is none.
            _ if own.is_still_there() => Ok(own),
            _ => Err(own.is_in_use()),
        }
    }

    fn is_in_use(&self) -> Error {
        local(format!("another process is writing `{}`", self.path.display()))
            .with_remedy("Wait until it is done, or name another file.")
    }

    /// Whether it is still the file of that name: another process may have finished it before the lock was there.
    #[cfg(unix)]
    fn is_still_there(&self) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        let identity = |found: io::Result<fs::Metadata>| found.map(|found| (found.dev(), found.ino())).ok();
        identity(self.file.metadata()) == identity(fs::symlink_metadata(&self.path))
    }

    #[cfg(not(unix))]
    fn is_still_there(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok()
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is on record of it. One that cannot be read is as good as none: `Err` says why.
    pub(super) fn record(&self) -> Result<Option<Record>, String> {
        let text = env::read_private_file(&self.record_path, RECORD_BYTES).map_err(|error| error.to_string())?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| error.to_string()))
            .transpose()
    }

    /// Whether it has the size of the whole, as it is given from the beginning on.
    pub(super) fn has_size(&self, size: u64) -> bool {
        self.file.metadata().is_ok_and(|found| found.len() == size)
    }

    /// Empties it, and gives it the size of the whole.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the file system refuses that.
    pub(super) fn begin(&self, size: u64) -> Result<()> {
        let begun = self.file.set_len(0).and_then(|()| self.file.set_len(size));
        begun.map_err(|error| self.unwritable(&error))
    }

    /// Writes some bytes at their place.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the file system refuses them.
    pub(super) fn write_at(&self, bytes: &[u8], first: u64) -> Result<()> {
        write_all_at(&self.file, bytes, first).map_err(|error| self.unwritable(&error))
    }

    /// Reads some bytes from their place.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when they cannot be read.
    pub(super) fn read_at(&self, buffer: &mut [u8], first: u64) -> Result<()> {
        crate::file::read_exact_at(&self.file, buffer, first).map_err(|error| cannot("read", &self.path, &error))
    }

    /// Keeps a record of what is in it, durably: first the bytes, then the word that they are there.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when one of them cannot be written.
    pub(super) fn keep(&self, record: &Record) -> Result<()> {
        let text = serde_json::to_vec(record).map_err(|error| local(format!("a record cannot be written: {error}")))?;
        let kept = self
            .file
            .sync_data()
            .and_then(|()| env::write_file(&self.record_path, &text));
        kept.map_err(|error| self.unwritable(&error))
    }

    /// Makes it the file that it was to become.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when that cannot be done; with code `FileExists` when there is one, and it is not to be replaced.
    pub(super) fn place(&self, overwrite: bool) -> Result<()> {
        let placed = self
            .file
            .sync_all()
            .and_then(|()| env::place_file(&self.path, &self.target, overwrite));
        placed.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(&self.target),
            _ => cannot("put in its place", &self.path, &error),
        })?;
        // A record of nothing misleads nobody.
        let _ = env::remove_file(&self.record_path);
        Ok(())
    }

    /// Removes both files.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when they cannot be removed.
    pub(super) fn discard(&self) -> Result<()> {
        let removed = env::remove_file(&self.record_path).and_then(|()| env::remove_file(&self.path));
        removed.map_err(|error| cannot("removed", &self.path, &error))
    }

    fn unwritable(&self, error: &io::Error) -> Error {
        let what = cannot("written", &self.path, error);
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                what.with_remedy("Free space on that disk; the same call goes on where this one ended.")
            }
            io::ErrorKind::FileTooLarge => {
                what.with_remedy("Name a file on a file system, or for a user, that may have files of that size.")
            }
            _ => what,
        }
    }
}

/// Refuses what is there already.
///
/// # Errors
/// [`ErrorKind::Local`] with code `FileExists` for a file that is not to be replaced, and for what is no file.
pub(super) fn may_be_made(target: &Path, overwrite: bool) -> Result<()> {
    match fs::symlink_metadata(target) {
        Ok(found) if found.is_dir() => {
            Err(local(format!("`{}` is a folder", target.display())).with_remedy("Name a file in it."))
        }
        Ok(_) if !overwrite => Err(exists(target)),
        _ => Ok(()),
    }
}

fn exists(target: &Path) -> Error {
    local(format!("there is a file `{}` already", target.display()))
        .with_code(EXISTS)
        .with_remedy("Name another one, or allow that it is replaced.")
}

fn local(message: String) -> Error {
    Error::new(ErrorKind::Local, message)
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Error {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "Make the folder that it is to be in.",
        io::ErrorKind::PermissionDenied => "Allow this user to write there, or name a file elsewhere.",
        _ => "Check the disk and the file system.",
    };
    local(format!("`{}` cannot be {what}: {error}", path.display())).with_remedy(remedy)
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], first: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    file.write_all_at(bytes, first)
}

#[cfg(windows)]
fn write_all_at(file: &File, mut bytes: &[u8], mut first: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt as _;
    while !bytes.is_empty() {
        match file.seek_write(bytes, first) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                first += u64::try_from(written).unwrap_or(u64::MAX);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_full_disk_is_told_with_what_helps() {
        let folder = Scratch::new();
        let part = PartFile::open(&folder.path().join("web.qcow2")).unwrap();
        for (kind, word) in [
            (io::ErrorKind::StorageFull, "Free space"),
            (io::ErrorKind::QuotaExceeded, "Free space"),
            (io::ErrorKind::FileTooLarge, "files of that size"),
            (io::ErrorKind::PermissionDenied, "Allow this user"),
        ] {
            let error = part.unwritable(&kind.into());
            assert_eq!(error.kind(), ErrorKind::Local);
            assert!(
                !error.is_retryable() && error.message().contains("web.qcow2.part"),
                "{error}"
            );
            assert!(error.remedy().unwrap().to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn one_at_a_time_has_it() {
        let folder = Scratch::new();
        let target = folder.path().join("web.qcow2");
        let first = PartFile::open(&target).unwrap();
        let error = PartFile::open(&target).unwrap_err();
        assert!(error.message().contains("another process"), "{error}");
        drop(first);
        // A process that another test starts has the lock as well, until it becomes its program.
        let mut tries = (0..500).inspect(|_| std::thread::park_timeout(Duration::from_millis(10)));
        let again = tries.find_map(|_| PartFile::open(&target).ok()).unwrap();
        again.place(false).unwrap();
        assert!(!again.is_still_there(), "what was opened is another file by now");
    }

    #[test]
    fn what_is_there_is_replaced_only_where_that_is_allowed() {
        let folder = Scratch::new();
        let target = folder.path().join("web.qcow2");
        let part = PartFile::open(&target).unwrap();
        part.begin(3).unwrap();
        part.write_at(b"new", 0).unwrap();
        fs::write(&target, "old").unwrap();
        assert_eq!(may_be_made(&target, false).unwrap_err().code(), Some(EXISTS));
        assert_eq!(part.place(false).unwrap_err().code(), Some(EXISTS));
        assert_eq!(fs::read(&target).unwrap(), b"old");
        may_be_made(&target, true).unwrap();
        part.place(true).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert!(
            may_be_made(folder.path(), true)
                .unwrap_err()
                .message()
                .contains("a folder")
        );
        let nowhere = PartFile::open(&folder.path().join("no/web")).unwrap_err();
        assert!(nowhere.remedy().unwrap().to_string().contains("folder"), "{nowhere}");
    }
}
