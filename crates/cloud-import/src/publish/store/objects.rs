//! Who needs a staged object, and whether it is ours to delete. Holds for one state directory; what another machine reads is not
//! known here.

use std::sync::Arc;

use cloud_import_core::{Error, ErrorKind, Provider, Result, Stop, provider::digest};
use cloud_import_staging::Bucket;
use serde::{Deserialize, Serialize};

use super::{
    damaged::Damaged,
    documents::{Documents, Lock},
    record::Record,
    state::{State, blocking},
};

/// A staged object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
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

    /// The object of that key in the bucket that a target's files are staged in.
    pub(crate) fn in_bucket(record: &Record, bucket: &str, key: &str) -> Self {
        Self {
            provider: record.provider,
            region: record.region.clone(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        }
    }

    /// `BUCKET:KEY`.
    pub fn shown(&self) -> String {
        format!("{}:{}", self.bucket, self.key)
    }

    /// What its key begins with, before the hash that names its content; the whole key where it is of another form.
    pub fn prefix(&self) -> &str {
        let name = self.key.rsplit_once('.').map(|(name, _)| name);
        name.and_then(|name| name.get(..name.len().checked_sub(64)?))
            .unwrap_or(&self.key)
    }

    fn folder(&self) -> String {
        let name = [self.provider.id(), &self.region, &self.bucket, &self.key].join("\n");
        format!("objects/{}", &digest::sha256_hex(name.as_bytes())[..24])
    }
}

impl State {
    /// Whether an order of this state directory may still read an object; `None` when nothing is known of the object here.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the state directory cannot be read.
    pub async fn reads(&self, object: &StagedObject) -> Result<Option<bool>> {
        let folder = object.folder();
        let look = move |documents: &Documents| {
            let used = !users(documents, &folder)?.is_empty();
            Ok(match described(documents, &folder) {
                // Whose it is cannot be told: it is left alone.
                Err(_) => Some(true),
                Ok(note) => (used || note.is_some()).then_some(used),
            })
        };
        self.with(look).await
    }

    /// The orders that may still read an object that this program put there and has not deleted; `None` for any other one.
    pub(crate) async fn users_of(&self, object: &StagedObject) -> Result<Option<Vec<String>>> {
        let folder = object.folder();
        let look = move |documents: &Documents| match described(documents, &folder)? {
            Some(_) => users(documents, &folder).map(Some),
            None => Ok(None),
        };
        self.with(look).await
    }

    /// The objects that this program put somewhere and has not deleted, each with the orders that may still read it, and those of
    /// which the note cannot be read.
    pub(crate) async fn staged_objects(&self) -> Result<(Vec<(StagedObject, Vec<String>)>, Vec<Damaged>)> {
        let look = |documents: &Documents| {
            let (mut objects, mut damaged) = (Vec::new(), Vec::new());
            for name in documents.list("objects")? {
                let folder = format!("objects/{name}");
                match described(documents, &folder) {
                    Ok(Some(object)) => objects.push((object, users(documents, &folder)?)),
                    Ok(None) => {}
                    Err(error) => damaged.push(Damaged::object(error)),
                }
            }
            objects.sort();
            Ok((objects, damaged))
        };
        self.with(look).await
    }

    /// Takes the register of an object as soon as no other process has it; `None` when it is stopped meanwhile.
    pub(crate) async fn register(&self, object: &StagedObject, stop: &Stop) -> Result<Option<Registered>> {
        let object = object.clone();
        let take = move |documents: &Documents| Registered::take(documents, object.clone());
        self.when_free(stop, || {}, take).await
    }

    /// Takes the register of an object; `None` while another process has it.
    pub(crate) async fn try_register(&self, object: &StagedObject) -> Result<Option<Registered>> {
        let object = object.clone();
        self.with(|documents| Registered::take(documents, object)).await
    }
}

/// The register of one object, which no other process changes while this is held.
#[derive(Debug)]
pub(crate) struct Registered(Arc<Register>);

impl Registered {
    fn take(documents: &Documents, object: StagedObject) -> Result<Option<Self>> {
        let lock = documents.lock(&format!("{}/lock", object.folder()))?;
        Ok(lock.map(|lock| Self(Arc::new(Register { lock, object }))))
    }

    /// Does something with it on a thread that may wait.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Register) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let register = Arc::clone(&self.0);
        blocking(move || work(&register)).await
    }
}

/// What is remembered of one object. Each method blocks.
#[derive(Debug)]
pub(crate) struct Register {
    lock: Lock,
    object: StagedObject,
}

impl Register {
    /// This order reads it from now on.
    pub(crate) fn add_user(&self, user: &str) -> Result<()> {
        self.lock.write(&self.user(user), "")
    }

    /// This order reads it no more.
    pub(crate) fn remove_user(&self, user: &str) -> Result<()> {
        self.lock.remove(&self.user(user))
    }

    /// The orders that may still read it.
    pub(crate) fn users(&self) -> Result<Vec<String>> {
        users(self.lock.documents(), &self.object.folder())
    }

    /// It is ours: it was not there, and is about to be put there.
    pub(crate) fn mark_ours(&self) -> Result<()> {
        let text = serde_json::to_string(&self.object)
            .map_err(|error| Error::new(ErrorKind::Local, "the object cannot be written as JSON").with_source(error))?;
        self.lock.write(&description(&self.object.folder()), &text)
    }

    /// Whether this program put it there.
    pub(crate) fn is_ours(&self) -> Result<bool> {
        Ok(described(self.lock.documents(), &self.object.folder())?.is_some())
    }

    /// The version of it that is ours, where its bucket keeps versions.
    pub(crate) fn keep_version(&self, id: &str) -> Result<()> {
        self.lock.write(
            &version(&self.object.folder()),
            &serde_json::Value::from(id).to_string(),
        )
    }

    /// The id of the version that is ours, where one is known.
    pub(crate) fn version(&self) -> Result<Option<String>> {
        self.lock.documents().read(&version(&self.object.folder()))
    }

    /// It is deleted, or left to the user.
    pub(crate) fn forget(&self) -> Result<()> {
        self.lock.remove(&version(&self.object.folder()))?;
        self.lock.remove(&description(&self.object.folder()))
    }

    fn user(&self, user: &str) -> String {
        format!("{}/users/{user}", self.object.folder())
    }
}

/// Takes the orders of a job, whose names begin like this, from the users of every object. One that is left without any may still
/// be read by what they started: it is no longer ours to delete.
pub(super) fn forget_user(documents: &Documents, beginning: &str) -> Result<()> {
    for object in documents.list("objects")? {
        let folder = format!("objects/{object}");
        let (own, others): (Vec<_>, Vec<_>) = users(documents, &folder)?
            .into_iter()
            .partition(|user| user.starts_with(beginning));
        if own.is_empty() {
            continue;
        }
        let lock = documents.lock(&format!("{folder}/lock"))?.ok_or_else(|| {
            Error::new(
                ErrorKind::Conflict,
                "another process works on what is staged for this job",
            )
            .with_remedy("Wait for its end, or end it.")
        })?;
        for user in own {
            lock.remove(&format!("{folder}/users/{user}"))?;
        }
        if others.is_empty() {
            lock.remove(&description(&folder))?;
        }
    }
    Ok(())
}

fn users(documents: &Documents, folder: &str) -> Result<Vec<String>> {
    documents.list(&format!("{folder}/users"))
}

fn described(documents: &Documents, folder: &str) -> Result<Option<StagedObject>> {
    documents.read(&description(folder))
}

fn version(folder: &str) -> String {
    format!("{folder}/version.json")
}

fn description(folder: &str) -> String {
    format!("{folder}/object.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::store::directory::scratch::Folder;

    #[test]
    fn a_prefix_is_what_stands_before_the_hash() {
        let bucket = Bucket::new(Provider::ALIYUN, "cn-hangzhou", "images").unwrap();
        let hash = "ab".repeat(32);
        for prefix in ["cloud-import/", "", "a.b/ü-"] {
            let object = StagedObject::of(&bucket, &format!("{prefix}{hash}.qcow2"));
            assert_eq!(object.prefix(), prefix);
        }
        for other in ["", "web.raw", "no-ending"] {
            assert_eq!(StagedObject::of(&bucket, other).prefix(), other);
        }
    }

    #[tokio::test]
    async fn an_object_is_held_by_one_and_kept_for_all_its_users() {
        let folder = Folder::new();
        let state = State::at(folder.path());
        let bucket = Bucket::new(Provider::ALIYUN, "cn-hangzhou", "images").unwrap();
        let object = StagedObject::of(&bucket, "cloud-import/x.qcow2");
        let registered = state.try_register(&object).await.unwrap().unwrap();
        assert!(state.try_register(&object).await.unwrap().is_none(), "it is held");
        let register = &registered.0;
        assert!(register.users().unwrap().is_empty() && !register.is_ours().unwrap());
        assert_eq!(state.reads(&object).await.unwrap(), None);
        assert_eq!(state.users_of(&object).await.unwrap(), None);
        register.add_user("one").unwrap();
        register.add_user("two").unwrap();
        assert!(state.staged_objects().await.unwrap().0.is_empty(), "it is not ours");
        register.mark_ours().unwrap();
        let users = |users: &[&str]| users.iter().map(|user| (*user).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            state.staged_objects().await.unwrap().0,
            [(object.clone(), users(&["one", "two"]))]
        );
        register.remove_user("one").unwrap();
        assert_eq!(state.reads(&object).await.unwrap(), Some(true));
        assert_eq!(state.users_of(&object).await.unwrap(), Some(users(&["two"])));
        assert_eq!(register.version().unwrap(), None);
        register.keep_version("a\"b").unwrap();
        assert_eq!(register.version().unwrap().as_deref(), Some("a\"b"));
        register.remove_user("two").unwrap();
        assert_eq!(state.staged_objects().await.unwrap().0, [(object.clone(), users(&[]))]);
        assert_eq!(state.reads(&object).await.unwrap(), Some(false));
        register.forget().unwrap();
        register.forget().unwrap();
        assert_eq!(register.version().unwrap(), None);
        assert!(state.staged_objects().await.unwrap().0.is_empty());
        drop(registered);
        assert!(state.try_register(&object).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_note_that_cannot_be_read_is_one_object_and_left_alone() {
        let folder = Folder::new();
        let state = State::at(folder.path());
        let bucket = Bucket::new(Provider::ALIYUN, "cn-hangzhou", "images").unwrap();
        let objects = ["a", "b"].map(|key| StagedObject::of(&bucket, key));
        for object in &objects {
            state
                .try_register(object)
                .await
                .unwrap()
                .unwrap()
                .0
                .mark_ours()
                .unwrap();
        }
        std::fs::write(folder.path().join(description(&objects[0].folder())), "{").unwrap();
        let (found, damaged) = state.staged_objects().await.unwrap();
        assert_eq!((found.len(), found[0].0.key.as_str(), damaged.len()), (1, "b", 1));
        assert_eq!(state.reads(&objects[0]).await.unwrap(), Some(true));
        assert_eq!(state.reads(&objects[1]).await.unwrap(), Some(false));
    }

    #[tokio::test]
    async fn what_a_forgotten_job_alone_may_read_is_no_longer_ours_to_delete() {
        let folder = Folder::new();
        let state = State::at(folder.path());
        let bucket = Bucket::new(Provider::ALIYUN, "cn-hangzhou", "images").unwrap();
        let objects = ["alone", "shared", "others"].map(|key| StagedObject::of(&bucket, key));
        let users: [&[&str]; 3] = [&["web-1+a"], &["web-1+a", "web-12+b"], &["web-12+b"]];
        for (object, orders) in objects.iter().zip(users) {
            let registered = state.try_register(object).await.unwrap().unwrap();
            registered.0.mark_ours().unwrap();
            orders.iter().for_each(|order| registered.0.add_user(order).unwrap());
        }
        state.with(|documents| forget_user(documents, "web-1+")).await.unwrap();
        let (found, _) = state.staged_objects().await.unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|(object, users)| (object.key.as_str(), users.len()))
            .collect();
        assert_eq!(found, [("others", 1), ("shared", 1)]);
        assert_eq!(state.reads(&objects[0]).await.unwrap(), None);
    }
}
