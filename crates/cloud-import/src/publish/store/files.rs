//! Documents in a directory of this machine, by the verbs that all state goes through; all of them block. What a document says
//! is not known here.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use cloud_import_core::{Error, ErrorKind, Field, Remedy, Result, env};
use serde::de::DeserializeOwned;

/// The largest document: a record of an upload of 10,000 parts is about a megabyte.
const LARGEST: u64 = 16 << 20;

/// The directory. A document's name is its path in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Files(PathBuf);

impl Files {
    pub(super) fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// A document; `None` when there is none.
    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.0.join(name);
        let text = env::read_file(&path, LARGEST).map_err(|error| unreadable(&path, error))?;
        let document = text.map(|text| serde_json::from_str(&text)).transpose();
        document.map_err(|error| {
            let message = format!("`{}` is no record that can be read: {error}", path.display());
            Error::new(ErrorKind::Local, message).with_remedy(
                "Move it away if nothing of it is needed: what runs in the clouds is found again by its name.",
            )
        })
    }

    /// The names in a folder, in order; none when there is no such folder.
    pub(super) fn list(&self, folder: &str) -> Result<Vec<String>> {
        let path = self.0.join(folder);
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| unreadable(&path, error))?,
        };
        let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        let names = entries.map(name).collect::<io::Result<Vec<_>>>();
        let mut names = names.map_err(|error| unreadable(&path, error))?;
        // A process may have been killed while it wrote one.
        names.retain(|name| !name.ends_with(".tmp"));
        names.sort();
        Ok(names)
    }

    /// Takes the lock of this name; `None` while another has it.
    pub(super) fn lock(&self, name: &str) -> Result<Option<Lock>> {
        let path = self.0.join(name);
        make_folder_of(&path)?;
        let file = File::create(&path).map_err(|error| unwritable(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock {
                files: self.clone(),
                path,
                file,
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(without_locks(&path, error)),
        }
    }
}

/// A lock that is held until this is dropped, or the process ends in whatever way. What it guards is changed through it alone.
#[derive(Debug)]
pub(super) struct Lock {
    files: Files,
    path: PathBuf,
    file: File,
}

impl Lock {
    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// Replaces a document, wholly and durably. When it cannot be written, the old one is still there.
    pub(super) fn write(&self, name: &str, text: &[u8]) -> Result<()> {
        make_folder_of(&self.files.0.join(name))?;
        self.change(name, |path| env::write_file(path, text))
    }

    /// Removes a document for good.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        self.change(name, env::remove_file)
    }

    fn change(&self, name: &str, change: impl FnOnce(&Path) -> io::Result<()>) -> Result<()> {
        if !is_at(&self.file, &self.path).map_err(|error| unwritable(&self.path, error))? {
            let message = format!(
                "the lock `{}` was taken away: another process may be at work, and nothing is recorded any more",
                self.path.display()
            );
            return Err(Error::new(ErrorKind::Local, message)
                .with_remedy("Let nothing remove files of the state directory while imports run, and start again."));
        }
        let path = self.files.0.join(name);
        change(&path).map_err(|error| unwritable(&path, error))
    }
}

/// Whether an open file is the one at this path: after it was removed, another process can lock the next one of that name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let held = file.metadata()?;
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        there => there.map(|there| (there.dev(), there.ino()) == (held.dev(), held.ino())),
    }
}

// What file it is cannot be asked there.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

fn make_folder_of(path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))
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

    #[cfg(unix)]
    #[test]
    fn a_lost_lock_changes_nothing() {
        let folder = scratch::Folder::new();
        let files = Files::at(folder.path().to_owned());
        let lost = files.lock("jobs/j/t.lock").unwrap().unwrap();
        lost.write("jobs/j/t.json", b"1").unwrap();
        assert!(files.lock("jobs/j/t.lock").unwrap().is_none(), "it is held");
        fs::remove_file(folder.path().join("jobs/j/t.lock")).unwrap();
        let held = files.lock("jobs/j/t.lock").unwrap().unwrap();
        held.write("jobs/j/t.json", b"2").unwrap();
        for error in [
            lost.write("jobs/j/t.json", b"3").unwrap_err(),
            lost.remove("jobs/j/t.json").unwrap_err(),
        ] {
            assert!(error.message().contains("t.lock` was taken away"), "{error}");
        }
        assert_eq!(files.read("jobs/j/t.json").unwrap(), Some(2));
        drop(held);
        assert!(files.lock("jobs/j/t.lock").unwrap().is_some());
    }

    #[test]
    fn what_is_half_written_is_not_listed() {
        let folder = scratch::Folder::new();
        let files = Files::at(folder.path().to_owned());
        assert!(files.list("objects").unwrap().is_empty());
        let lock = files.lock("lock").unwrap().unwrap();
        lock.write("objects/b", b"").unwrap();
        lock.write("objects/a", b"").unwrap();
        fs::write(folder.path().join("objects/c.tmp"), b"").unwrap();
        assert_eq!(files.list("objects").unwrap(), ["a", "b"]);
    }
}
