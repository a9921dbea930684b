//! Who needs a staged object, and whether it is ours to delete: a directory per object, a file per order that reads it.
//!
//! ```text
//! STATE/objects/OBJECT/lock              held while an order begins to use it, and while it is deleted
//! STATE/objects/OBJECT/object.json       which object it is; there only if this tool put it there
//! STATE/objects/OBJECT/users/JOB+TARGET  an order that may still read it
//! ```
//!
//! Holds for one state directory; what another machine reads is not known here.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use cloud_import_core::{
    Error, ErrorKind, Field, Provider, Remedy, Result, Stop, ambient, ambient::Ambient, provider::digest,
};
use cloud_import_staging::Bucket;
use serde::{Deserialize, Serialize};

use super::State;

/// How often a lock that another process holds is asked for again.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// A staged object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StagedObject {
    /// The cloud.
    pub provider: Provider,
    /// The region.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
}

impl StagedObject {
    /// The object of that key.
    pub fn of(bucket: &Bucket, key: &str) -> Self {
        Self {
            provider: bucket.provider,
            region: bucket.region.clone(),
            bucket: bucket.name.clone(),
            key: key.to_owned(),
        }
    }

    /// `BUCKET:KEY`.
    pub fn shown(&self) -> String {
        format!("{}:{}", self.bucket, self.key)
    }
}

/// The register of one object, which no other process changes while this is held.
#[derive(Debug)]
pub(crate) struct Registered {
    folder: PathBuf,
    object: StagedObject,
    _lock: File,
}

impl State {
    /// Takes the register of an object; `None` while another holds it.
    pub(crate) fn register(&self, object: &StagedObject) -> Result<Option<Registered>> {
        let folder = self.folder_of(object);
        fs::create_dir_all(folder.join("users")).map_err(|error| failed(&folder, error))?;
        let lock = File::create(folder.join("lock")).map_err(|error| failed(&folder, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Registered {
                folder,
                object: object.clone(),
                _lock: lock,
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(&folder, error)),
        }
    }

    /// As [`Self::register`], but waits for another; `None` when it is stopped meanwhile.
    pub(crate) async fn register_when_free(
        &self,
        object: &StagedObject,
        ambient: &dyn Ambient,
        stop: &Stop,
    ) -> Result<Option<Registered>> {
        loop {
            if let Some(registered) = self.register(object)? {
                return Ok(Some(registered));
            }
            tokio::select! {
                () = ambient.sleep(ASK_AGAIN) => {}
                () = stop.requested() => return Ok(None),
            }
        }
    }

    /// Whether an order of this state directory may still read an object; `None` when nothing is known of the object here.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the state directory cannot be read.
    pub fn reads(&self, object: &StagedObject) -> Result<Option<bool>> {
        let folder = self.folder_of(object);
        let used = users(&folder)?.next().is_some();
        Ok((used || read(&folder.join("object.json"))?.is_some()).then_some(used))
    }

    /// The objects that this tool put somewhere and has not deleted, each with the orders that may still read it.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the state directory cannot be read.
    pub(crate) fn staged_objects(&self) -> Result<Vec<(StagedObject, Vec<String>)>> {
        let folder = self.objects();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(&folder, error)),
        };
        let mut objects = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| failed(&folder, error))?.path();
            let Some(object) = read(&path.join("object.json"))? else {
                continue;
            };
            objects.push((object, names(&path)?));
        }
        objects.sort();
        Ok(objects)
    }

    fn folder_of(&self, object: &StagedObject) -> PathBuf {
        let name = [object.provider.id(), &object.region, &object.bucket, &object.key].join("\n");
        self.objects().join(&digest::sha256_hex(name.as_bytes())[..24])
    }

    fn objects(&self) -> PathBuf {
        self.folder().join("objects")
    }
}

impl Registered {
    /// This order reads it from now on.
    pub(crate) fn add_user(&self, user: &str) -> Result<()> {
        let path = self.folder.join("users").join(user);
        File::create(&path).map(drop).map_err(|error| failed(&path, error))
    }

    /// This order reads it no more.
    pub(crate) fn remove_user(&self, user: &str) -> Result<()> {
        removed(&self.folder.join("users").join(user))
    }

    /// The orders that may still read it.
    pub(crate) fn users(&self) -> Result<Vec<String>> {
        names(&self.folder)
    }

    /// Whether an order may still read it.
    pub(crate) fn is_used(&self) -> Result<bool> {
        Ok(users(&self.folder)?.next().is_some())
    }

    /// It is ours: it was not there, and is about to be put there.
    pub(crate) fn mark_ours(&self) -> Result<()> {
        let text = serde_json::to_vec(&self.object)
            .map_err(|error| Error::new(ErrorKind::Local, "the object cannot be written as JSON").with_source(error))?;
        let path = self.folder.join("object.json");
        ambient::write_file(&path, &text).map_err(|error| failed(&path, error))
    }

    /// Whether this tool put it there.
    pub(crate) fn is_ours(&self) -> Result<bool> {
        Ok(read(&self.folder.join("object.json"))?.is_some())
    }

    /// It is deleted, or left to the user.
    pub(crate) fn forget(&self) -> Result<()> {
        removed(&self.folder.join("object.json"))
    }
}

fn users(folder: &Path) -> Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    let users = folder.join("users");
    match fs::read_dir(&users) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(failed(&users, error)),
    }
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = users(folder)?
        .map(name)
        .collect::<io::Result<_>>()
        .map_err(|error| failed(folder, error))?;
    names.sort();
    Ok(names)
}

fn removed(path: &Path) -> Result<()> {
    ambient::remove_file(path).map_err(|error| failed(path, error))
}

fn read(path: &Path) -> Result<Option<StagedObject>> {
    let text = ambient::read_file(path, 1 << 16).map_err(|error| failed(path, error))?;
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| failed(path, io::Error::other(error)))
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Local, format!("`{}`: {error}", path.display()))
        .with_remedy(
            Remedy::text("check space and permissions of the state directory").or(Remedy::Another(Field::State)),
        )
        .with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_held_by_one_and_kept_for_all_its_users() {
        let folder = std::env::temp_dir().join(format!("cloud-import-objects-{}", std::process::id()));
        let state = State::at(&folder);
        let bucket = Bucket::new(Provider::ALIYUN, "cn-hangzhou", "images").unwrap();
        let object = StagedObject::of(&bucket, "cloud-import/x.qcow2");
        let registered = state.register(&object).unwrap().unwrap();
        assert!(state.register(&object).unwrap().is_none(), "it is held");
        assert!(!registered.is_used().unwrap() && !registered.is_ours().unwrap());
        registered.add_user("one").unwrap();
        registered.add_user("two").unwrap();
        assert!(state.staged_objects().unwrap().is_empty(), "it is not ours");
        registered.mark_ours().unwrap();
        assert_eq!(
            state.staged_objects().unwrap(),
            [(object.clone(), vec!["one".to_owned(), "two".to_owned()])]
        );
        registered.remove_user("one").unwrap();
        assert!(registered.is_used().unwrap());
        registered.remove_user("two").unwrap();
        assert_eq!(state.staged_objects().unwrap(), [(object.clone(), Vec::new())]);
        registered.forget().unwrap();
        registered.forget().unwrap();
        assert!(state.staged_objects().unwrap().is_empty());
        drop(registered);
        assert!(state.register(&object).unwrap().is_some());
        fs::remove_dir_all(&folder).unwrap();
    }
}
