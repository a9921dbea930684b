//! Documents in a directory of this machine, by the verbs that all state goes through; all of them block. The folders in it are this
//! user's alone and none is a link. What a document says is not known here, but for its version.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Component, Path, PathBuf},
};

use cloud_import_core::{Error, ErrorKind, Field, Remedy, Result, env};
use serde::{Deserialize, de::DeserializeOwned};

/// The largest document: a record of an upload of 10,000 parts is about a megabyte.
const LARGEST: u64 = 16 << 20;

/// The version of all documents that say one.
const SCHEMA: u64 = 1;

/// The code of an error of a document that a later version wrote: it is not damaged, and nothing may take its place.
pub(super) const LATER: &str = "LaterVersion";

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
        self.no_link_to(&path).map_err(|error| unreadable(&path, error))?;
        document(&path)
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

    /// The names in a folder, in order; none when there is no such folder.
    pub(super) fn list(&self, folder: &str) -> Result<Vec<String>> {
        self.listed(folder).map(|listed| listed.names)
    }

    /// A folder, with the names in it.
    pub(super) fn listed(&self, folder: &str) -> Result<Listed> {
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
        Ok(Listed { path, names })
    }

    /// Takes the lock of this name; `None` while another has it.
    pub(super) fn lock(&self, name: &str) -> Result<Option<Lock>> {
        let path = self.0.join(name);
        self.make_folders_of(&path)?;
        let file = env::open_lock(&path).map_err(|error| unwritable(&path, error))?;
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

/// A folder that no link leads to, with the names in it, in order.
#[derive(Debug)]
pub(super) struct Listed {
    path: PathBuf,
    names: Vec<String>,
}

impl Listed {
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The document of one of these names; `None` where it is gone by now.
    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        document(&self.path.join(name))
    }
}

/// The document in a file to which no link among the folders leads.
fn document<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let text = env::read_private_file(path, LARGEST).map_err(|error| unreadable(path, error))?;
    text.map(|text| parse(&text, path)).transpose()
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
        self.files.make_folders_of(&self.files.0.join(name))?;
        self.change(name, |path| env::write_file(path, text))
    }

    /// Removes a document for good.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        self.change(name, env::remove_file)
    }

    /// Removes a folder with all that is in it.
    pub(super) fn remove_folder(&self, name: &str) -> Result<()> {
        self.change(name, |path| fs::remove_dir_all(path))
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

/// The one place where the version of a document is looked at.
fn parse<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T> {
    #[derive(Deserialize)]
    struct Versioned {
        schema: Option<u64>,
    }
    let shown = path.display();
    let version = match begins_with_version(text) {
        true => Some(SCHEMA),
        false => serde_json::from_str(text).ok().and_then(|Versioned { schema }| schema),
    };
    if let Some(later) = version.filter(|version| *version > SCHEMA) {
        let message = format!("`{shown}` was written by a later version (schema {later}, this one knows {SCHEMA})");
        return Err(Error::new(ErrorKind::Local, message)
            .with_code(LATER)
            .with_remedy("Use the version of cloud-import that wrote it, or a later one."));
    }
    serde_json::from_str(text).map_err(|error| {
        let message = format!("`{shown}` is damaged: {error}");
        Error::new(ErrorKind::Local, message)
            .with_remedy("Move it away if nothing of it is needed: what runs in the clouds is found again by its name.")
    })
}

/// Whether a document begins with the version of today, as those do that are written here: it is not read twice for it.
fn begins_with_version(text: &str) -> bool {
    let words = ["{", "\"schema\"", ":", "1", ","];
    let mut rest = text;
    words
        .into_iter()
        .all(|word| match rest.trim_start().strip_prefix(word) {
            Some(behind) => {
                rest = behind;
                true
            }
            None => false,
        })
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
    fn a_directory_without_locks_is_told_as_such() {
        let error = without_locks(Path::new("jobs/lock"), io::ErrorKind::Unsupported.into());
        let remedy = error.remedy().unwrap().to_string();
        assert!(error.message().contains("`jobs/lock` cannot be locked"), "{error}");
        assert!(remedy.contains("a file system with locks"), "{remedy}");
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

    #[test]
    fn a_document_of_a_later_version_is_told_from_a_damaged_one() {
        let folder = scratch::Folder::new();
        let files = Files::at(folder.path().to_owned());
        let lock = files.lock("lock").unwrap().unwrap();
        let told = |text: &str| {
            lock.write("a/b", text.as_bytes()).unwrap();
            let error = files.read::<std::collections::BTreeMap<String, u8>>("a/b").unwrap_err();
            assert!(error.message().contains("a/b`") && error.remedy().is_some(), "{error}");
            (error.code().map(str::to_owned), error.message().to_owned())
        };
        let (code, message) = told(r#"{"schema": 99, "new": {}}"#);
        assert_eq!(code.as_deref(), Some(LATER));
        assert!(message.contains("schema 99, this one knows 1"), "{message}");
        for damaged in [
            "",
            "{",
            "[]",
            "null",
            r#"{"schema": 1, "a": "x"}"#,
            r#"{"schema": "99"}"#,
            &"[".repeat(100_000),
        ] {
            let (code, message) = told(damaged);
            assert!(
                code.is_none() && message.contains("is damaged"),
                "{damaged:.40}: {message}"
            );
        }
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
        let files = Files::at(state.clone());
        files
            .lock("jobs/j/t.lock")
            .unwrap()
            .unwrap()
            .write("objects/o/users/u", b"")
            .unwrap();
        for name in ["", "jobs", "jobs/j", "objects", "objects/o/users"] {
            assert_eq!(mode(state.join(name)), 0o700, "{name}");
        }
        // A directory that the user has for more than this stays as it is.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let files = Files::at(folder.path().to_owned());
        let jobs = folder.path().join("jobs");
        fs::create_dir(&jobs).unwrap();
        drop(files.lock("jobs/j/t.lock").unwrap().unwrap());
        assert_eq!((mode(folder.path().to_owned()), mode(jobs.clone())), (0o755, 0o700));
        fs::remove_dir_all(&jobs).unwrap();
        symlink(elsewhere.path(), &jobs).unwrap();
        assert!(files.lock("jobs/j/t.lock").is_err());
        assert!(files.list("jobs").is_err() && files.list("jobs/j").is_err());
        assert!(files.read::<u8>("jobs/j/t.json").is_err());
        assert_eq!(
            fs::read_dir(elsewhere.path().join("j")).unwrap().count(),
            1,
            "nothing was made there"
        );
    }
}
