//! The file that a conversion or an unpacking writes: ours alone, locked while it is in use, and removed with its owner. What an owner left that was
//! killed is removed by the next. Must not touch a file of another name or of another user.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use cloud_import::{
    DiskFormat, Result,
    env::{Env as _, SystemEnv},
};

use crate::convert::{ANOTHER_FOLDER, local};

const PREFIX: &str = "cloud-import-";
const LOCK: &str = "lock";
/// What a file ends in whose format is not known yet.
const UNPACKED: &str = "disk";
/// What a file ends in.
const ENDINGS: [&str; 5] = ["qcow2", "raw", "vhd", "vmdk", UNPACKED];
/// How often another name is tried, when a process that sweeps took the new lock for one that was left behind.
const TRIES: u32 = 3;

/// A file of ours alone, which is removed with its owner.
#[derive(Debug)]
pub(crate) struct Temporary {
    path: PathBuf,
    lock_path: PathBuf,
    file: File,
    /// Held until the file is gone; the system gives it back when the process dies.
    _lock: File,
}

impl Temporary {
    /// A new, empty one. What killed owners left in the folder goes first, as it may take all the space there is.
    pub(crate) fn new(folder: &Path, format: DiskFormat) -> Result<Self> {
        Self::ending(folder, format.as_str())
    }

    /// The same for a disk whose format is not known yet.
    pub(crate) fn unpacked(folder: &Path) -> Result<Self> {
        Self::ending(folder, UNPACKED)
    }

    fn ending(folder: &Path, ending: &str) -> Result<Self> {
        let unwritable = |path: &Path, error: &io::Error| {
            local(format!("cannot write `{}`: {error}", path.display())).with_remedy(ANOTHER_FOLDER)
        };
        for _ in 0..TRIES {
            let stem = format!("{PREFIX}{}", SystemEnv.nonce()?);
            let lock_path = folder.join(format!("{stem}.{LOCK}"));
            let lock = create(&lock_path).map_err(|error| unwritable(&lock_path, &error))?;
            // Where there are no locks, nothing is swept either. A process that swept it meanwhile removed it.
            if matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)) || !lock_path.exists() {
                continue;
            }
            if let Ok(own) = lock.metadata() {
                sweep(folder, &own);
            }
            let path = folder.join(format!("{stem}.{ending}"));
            let file = create(&path).map_err(|error| {
                let _ = fs::remove_file(&lock_path);
                unwritable(&path, &error)
            })?;
            return Ok(Self {
                path,
                lock_path,
                file,
                _lock: lock,
            });
        }
        Err(local(format!("cannot lock a new file in `{}`", folder.display())).with_remedy(ANOTHER_FOLDER))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The open file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // That they stay is no second failure: the next conversion removes them. The lock goes last.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(&self.lock_path);
    }
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    // What is in a disk is nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Removes what conversions left in this folder whose process is gone: a file whose lock nobody holds, or which has none. `own` is
/// a file of this user.
fn sweep(folder: &Path, own: &Metadata) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let is_left = is_ours_by_name(&path) && fs::symlink_metadata(&path).is_ok_and(|facts| is_file_of(&facts, own));
        if !is_left {
            continue;
        }
        let lock_path = path.with_extension(LOCK);
        // Not opened before it is known to be a plain file: opening a pipe waits for its other end.
        let lock = match fs::symlink_metadata(&lock_path) {
            Ok(facts) if is_file_of(&facts, own) => File::open(&lock_path).ok(),
            Ok(_) => continue,
            Err(_) => None,
        };
        if lock.as_ref().is_some_and(|lock| lock.try_lock().is_err()) {
            continue;
        }
        for ending in ENDINGS {
            let _ = fs::remove_file(path.with_extension(ending));
        }
        let _ = fs::remove_file(&lock_path);
    }
}

/// `cloud-import-NONCE.FORMAT`, or its lock.
fn is_ours_by_name(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let nonce = stem.strip_prefix(PREFIX).unwrap_or_default();
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    nonce.len() == 36
        && nonce.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
        && (ending == LOCK || ENDINGS.contains(&ending))
}

/// Whether it is a plain file of the user whose file `own` is.
#[cfg(unix)]
fn is_file_of(facts: &Metadata, own: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    facts.is_file() && facts.uid() == own.uid()
}

// Whose it is cannot be asked there; the folder for temporary files is the user's own.
#[cfg(not(unix))]
fn is_file_of(facts: &Metadata, _: &Metadata) -> bool {
    facts.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_killed_owners_left_goes_and_what_is_in_use_stays() {
        let folder = std::env::temp_dir().join(format!("sweep-{}", SystemEnv.nonce().unwrap()));
        fs::create_dir(&folder).unwrap();
        let used = Temporary::new(&folder, DiskFormat::Raw).unwrap();
        let name = |ending: &str| format!("{PREFIX}{}.{ending}", SystemEnv.nonce().unwrap());
        let left: Vec<PathBuf> = ["qcow2", "raw", "vhd", "vmdk", "disk", "lock"]
            .map(|ending| folder.join(name(ending)))
            .into();
        let killed = folder.join(name("vmdk"));
        let others =
            ["cloud-import-disk.qcow2", "other.vmdk", &name("txt"), &name("qcow2.gz")].map(|name| folder.join(name));
        let pair = [killed.clone(), killed.with_extension(LOCK)];
        for path in left.iter().chain(&pair).chain(&others) {
            fs::write(path, "x").unwrap();
        }
        #[cfg(unix)]
        let link = {
            let link = folder.join(name("raw"));
            std::os::unix::fs::symlink(&others[0], &link).unwrap();
            link
        };
        let new = Temporary::new(&folder, DiskFormat::Vmdk).unwrap();
        for path in left.iter().chain(&pair) {
            assert!(!path.exists(), "{}", path.display());
        }
        for path in others
            .iter()
            .chain([&used.path, &used.lock_path, &new.path, &new.lock_path])
        {
            assert!(path.exists(), "{}", path.display());
        }
        #[cfg(unix)]
        assert!(fs::symlink_metadata(link).is_ok());
        let (used_path, lock) = (used.path.clone(), used.lock_path.clone());
        drop(used);
        assert!(!used_path.exists() && !lock.exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
