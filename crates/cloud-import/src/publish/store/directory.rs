//! Documents in a directory of this machine. The folders in it are this user's alone and none is a link.

use std::{
    fmt,
    fs::{self, File, TryLockError},
    io, iter,
    path::{Component, Path, PathBuf},
};

use cloud_import_core::{Error, ErrorKind, Field, Remedy, Result, env};

use super::backend::{StateBackend, StateLock};

/// The largest document: a record of an upload of 10,000 parts is about a megabyte.
const LARGEST: u64 = 16 << 20;

/// The directory. A document's name is its path in it.
#[derive(Debug, Clone)]
pub(super) struct Directory(PathBuf);

/// Its path.
impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl StateBackend for Directory {
    fn read(&self, name: &str) -> Result<Option<String>> {
        let path = self.0.join(name);
        self.no_link_to(&path).map_err(|error| unreadable(&path, error))?;
        read(&path)
    }

    /// Links are looked for once.
    fn read_all<'a>(
        &'a self,
        folder: &str,
        names: &'a [String],
    ) -> Box<dyn Iterator<Item = Result<Option<String>>> + 'a> {
        let folder = self.0.join(folder);
        match self.no_link_to(&folder.join("any")) {
            Ok(()) => Box::new(names.iter().map(move |name| read(&folder.join(name)))),
            Err(error) => Box::new(iter::once(Err(unreadable(&folder, error)))),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>> {
        let path = self.0.join(folder);
        let looked = self.no_link_to(&path.join("any")).and_then(|()| fs::read_dir(&path));
        let names = match looked {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
            Ok(entries) => {
                let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
                entries.map(name).collect::<io::Result<Vec<_>>>()
            }
        };
        let mut names = names.map_err(|error| unreadable(&path, error))?;
        // A process may have been killed while it wrote one.
        names.retain(|name| !name.ends_with(".tmp"));
        names.sort();
        Ok(names)
    }

    fn lock(&self, name: &str) -> Result<Option<Box<dyn StateLock>>> {
        let path = self.0.join(name);
        self.make_folders_of(&path)?;
        let file = env::open_lock(&path).map_err(|error| unwritable(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(Held {
                directory: self.clone(),
                path,
                file,
            }))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(without_locks(&path, error)),
        }
    }
}

impl Directory {
    pub(super) fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The folders below the directory are its own: a link among them would lead elsewhere.
    fn no_link_to(&self, path: &Path) -> io::Result<()> {
        let is_link = |folder: &PathBuf| folder.symlink_metadata().is_ok_and(|found| found.is_symlink());
        match self.folders_of(path).into_iter().find(is_link) {
            Some(link) => Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                format!("`{}` is a symbolic link", link.display()),
            )),
            None => Ok(()),
        }
    }

    /// The folders below the directory that lead to a document, from the outermost.
    fn folders_of(&self, path: &Path) -> Vec<PathBuf> {
        let below = path.parent().and_then(|folder| folder.strip_prefix(&self.0).ok());
        let names = below.into_iter().flat_map(Path::components);
        let names = names.filter(|name| matches!(name, Component::Normal(_)));
        names
            .scan(self.0.clone(), |folder, name| {
                folder.push(name);
                Some(folder.clone())
            })
            .collect()
    }

    /// Makes the folders that lead to a document. The directory itself is closed to others only where it is made here: the user may
    /// have named one that holds more.
    fn make_folders_of(&self, path: &Path) -> Result<()> {
        let own = if self.0.is_dir() { None } else { Some(self.0.clone()) };
        for folder in own.into_iter().chain(self.folders_of(path)) {
            env::make_private_folder(&folder).map_err(|error| unwritable(&folder, error))?;
        }
        Ok(())
    }
}

/// The text in a file to which no link among the folders leads.
fn read(path: &Path) -> Result<Option<String>> {
    env::read_private_file(path, LARGEST).map_err(|error| unreadable(path, error))
}

/// A lock that is held until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
struct Held {
    directory: Directory,
    path: PathBuf,
    file: File,
}

impl StateLock for Held {
    fn write(&self, name: &str, text: &str) -> Result<()> {
        self.directory.make_folders_of(&self.directory.0.join(name))?;
        self.change(name, |path| env::write_file(path, text.as_bytes()))
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.change(name, env::remove_file)
    }

    fn remove_folder(&self, name: &str) -> Result<()> {
        self.change(name, |path| fs::remove_dir_all(path))
    }
}

impl Held {
    fn change(&self, name: &str, change: impl FnOnce(&Path) -> io::Result<()>) -> Result<()> {
        if !is_at(&self.file, &self.path).map_err(|error| unwritable(&self.path, error))? {
            let message = format!(
                "the lock `{}` was taken away: another process may be at work, and nothing is recorded any more",
                self.path.display()
            );
            return Err(Error::new(ErrorKind::Local, message)
                .with_remedy("Let nothing remove files of the state directory while imports run, and start again."));
        }
        let path = self.directory.0.join(name);
        change(&path).map_err(|error| unwritable(&path, error))
    }
}

/// Whether an open file is the one at this path: after it was removed, another process can lock the next one of that name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let held = file.metadata()?;
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        there => there.map(|there| (there.dev(), there.ino()) == (held.dev(), held.ino())),
    }
}

// What file it is cannot be asked there.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    let message = format!("`{}` cannot be read: {error}", path.display());
    failed(message, "check the state directory", error)
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    let message = format!("`{}` cannot be written: {error}", path.display());
    failed(message, "check space and permissions of the state directory", error)
}

/// The directory can be written, but its file system has no locks, as some network file systems do not.
fn without_locks(path: &Path, error: io::Error) -> Error {
    let message = format!("`{}` cannot be locked: {error}", path.display());
    failed(
        message,
        "move the state directory to a file system with locks, such as a local disk",
        error,
    )
}

fn failed(message: String, remedy: &'static str, error: io::Error) -> Error {
    Error::new(ErrorKind::Local, message)
        .with_remedy(Remedy::text(remedy).or(Remedy::Another(Field::State)))
        .with_source(error)
}

/// A directory that goes with its test.
#[cfg(test)]
pub(super) mod scratch {
    use std::path::{Path, PathBuf};

    use cloud_import_core::env::{Env as _, SystemEnv};

    #[derive(Debug)]
    pub(in super::super) struct Folder(PathBuf);

    impl Folder {
        pub(in super::super) fn new() -> Self {
            Self(std::env::temp_dir().join(format!("cloud-import-state-{}", SystemEnv.nonce().unwrap())))
        }

        pub(in super::super) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::store::check_backend;

    #[cfg(unix)]
    #[test]
    fn a_lost_lock_changes_nothing() {
        let folder = scratch::Folder::new();
        let directory = Directory::at(folder.path().to_owned());
        let lost = directory.lock("jobs/j/t.lock").unwrap().unwrap();
        lost.write("jobs/j/t.json", "1").unwrap();
        assert!(directory.lock("jobs/j/t.lock").unwrap().is_none(), "it is held");
        fs::remove_file(folder.path().join("jobs/j/t.lock")).unwrap();
        let held = directory.lock("jobs/j/t.lock").unwrap().unwrap();
        held.write("jobs/j/t.json", "2").unwrap();
        for error in [
            lost.write("jobs/j/t.json", "3").unwrap_err(),
            lost.remove("jobs/j/t.json").unwrap_err(),
        ] {
            assert!(error.message().contains("t.lock` was taken away"), "{error}");
        }
        assert_eq!(directory.read("jobs/j/t.json").unwrap().as_deref(), Some("2"));
        drop(held);
        assert!(directory.lock("jobs/j/t.lock").unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn the_rules_of_a_backend_are_kept() {
        let folder = scratch::Folder::new();
        let [one, other] = [0, 1].map(|_| Directory::at(folder.path().to_owned()));
        let lose = |name: &str| fs::remove_file(folder.path().join(name)).unwrap();
        check_backend(&one, &other, &lose).unwrap();
    }

    #[test]
    fn a_directory_without_locks_is_told_as_such() {
        let error = without_locks(Path::new("jobs/lock"), io::ErrorKind::Unsupported.into());
        let remedy = error.remedy().unwrap().to_string();
        assert!(error.message().contains("`jobs/lock` cannot be locked"), "{error}");
        assert!(remedy.contains("a file system with locks"), "{remedy}");
    }

    #[test]
    fn what_is_half_written_is_not_listed() {
        let folder = scratch::Folder::new();
        let directory = Directory::at(folder.path().to_owned());
        assert!(directory.list("objects").unwrap().is_empty());
        let lock = directory.lock("lock").unwrap().unwrap();
        lock.write("objects/b", "").unwrap();
        lock.write("objects/a", "").unwrap();
        fs::write(folder.path().join("objects/c.tmp"), "").unwrap();
        assert_eq!(directory.list("objects").unwrap(), ["a", "b"]);
    }

    #[cfg(unix)]
    #[test]
    fn all_folders_are_private_and_none_is_a_link() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let (folder, elsewhere) = (scratch::Folder::new(), scratch::Folder::new());
        fs::create_dir_all(elsewhere.path().join("j")).unwrap();
        fs::write(elsewhere.path().join("j/t.json"), "7").unwrap();
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let state = folder.path().join("state");
        let directory = Directory::at(state.clone());
        directory
            .lock("jobs/j/t.lock")
            .unwrap()
            .unwrap()
            .write("objects/o/users/u", "")
            .unwrap();
        for name in ["", "jobs", "jobs/j", "objects", "objects/o/users"] {
            assert_eq!(mode(state.join(name)), 0o700, "{name}");
        }
        // A directory that the user has for more than this stays as it is.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let directory = Directory::at(folder.path().to_owned());
        let jobs = folder.path().join("jobs");
        fs::create_dir(&jobs).unwrap();
        drop(directory.lock("jobs/j/t.lock").unwrap().unwrap());
        assert_eq!((mode(folder.path().to_owned()), mode(jobs.clone())), (0o755, 0o700));
        fs::remove_dir_all(&jobs).unwrap();
        symlink(elsewhere.path(), &jobs).unwrap();
        assert!(directory.lock("jobs/j/t.lock").is_err());
        assert!(directory.list("jobs").is_err() && directory.list("jobs/j").is_err());
        assert!(directory.read("jobs/j/t.json").is_err());
        let names = ["t.json".to_owned()];
        assert!(directory.read_all("jobs/j", &names).all(|read| read.is_err()));
        assert_eq!(
            fs::read_dir(elsewhere.path().join("j")).unwrap().count(),
            1,
            "nothing was made there"
        );
    }
}
