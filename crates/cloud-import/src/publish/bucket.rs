//! What any machine staged in a bucket, by the form of its keys, and what is known of it here. Nothing that an order of this state
//! may read is deleted.

use std::time::{Duration, SystemTime};

use cloud_import_core::{Result, provider::datetime};
use cloud_import_staging::Store;
use serde::Serialize;

use super::{
    key::is_staged,
    leftovers::{Leftover, delete_object, leftovers},
    store::{StagedObject, State},
};

/// Something in a bucket whose key has the form of what is staged: prefix, SHA-256 in hex, a suffix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BucketItem {
    /// Its key; of an upload, that of the object it would become.
    pub key: String,
    /// The store's id of an upload that was not finished; `None` of an object.
    pub upload_id: Option<String>,
    /// Its size; `None` of an upload.
    pub size_bytes: Option<u64>,
    /// Since when it is there, where the store tells.
    pub since: Option<SystemTime>,
    /// What is known of it here.
    pub known: Known,
}

/// What a state knows of something in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Known {
    /// An order may still read it, or goes on with it.
    InUse,
    /// It was left by a job of this state.
    Left,
    /// Nothing: another machine's, or another tool's.
    NotHere,
}

/// What lies in a bucket under a prefix: objects, then uploads that were not finished, where the store lists those (US3 only for accounts that applied for it).
///
/// # Errors
/// The store's own, or [`ErrorKind::Local`](cloud_import_core::ErrorKind::Local) when the state directory cannot be read.
pub async fn in_bucket(state: &State, store: &Store, prefix: &str) -> Result<Vec<BucketItem>> {
    let mut items = Vec::new();
    for object in store.list(prefix).await? {
        if is_staged(prefix, &object.key) {
            let known = match state.reads(&StagedObject::of(store.bucket(), &object.key)).await? {
                Some(true) => Known::InUse,
                Some(false) => Known::Left,
                None => Known::NotHere,
            };
            items.push(BucketItem {
                key: object.key,
                upload_id: None,
                size_bytes: Some(object.size),
                since: object.modified,
                known,
            });
        }
    }
    let recorded = leftovers(state).await?;
    let is_recorded = |id: &str| {
        let mut recorded = recorded.iter().flatten();
        recorded.any(|left| matches!(left, Leftover::Upload { upload_id, .. } if upload_id == id))
    };
    for upload in store.open_uploads(prefix).await?.unwrap_or_default() {
        if is_staged(prefix, &upload.key) {
            // A job of this state goes on with one that is recorded, or it is deleted as a leftover.
            let known = match is_recorded(&upload.upload_id) {
                true => Known::InUse,
                false => Known::NotHere,
            };
            items.push(BucketItem {
                key: upload.key,
                upload_id: Some(upload.upload_id),
                size_bytes: None,
                since: upload.initiated.as_deref().and_then(datetime::parse_rfc3339),
                known,
            });
        }
    }
    Ok(items)
}

impl BucketItem {
    /// How old it is, where the store tells.
    pub fn age(&self, now: SystemTime) -> Option<Duration> {
        Some(now.duration_since(self.since?).unwrap_or_default())
    }

    /// Whether it may be deleted. What nothing is known of here must be as old as this; whose age the store does not tell stays.
    pub fn may_go(&self, older_than: Duration, now: SystemTime) -> bool {
        match self.known {
            Known::InUse => false,
            Known::Left => true,
            Known::NotHere => self.age(now).is_some_and(|age| age >= older_than),
        }
    }

    /// Deletes it; `false` when an order of this state may read it, or began to meanwhile.
    ///
    /// # Errors
    /// The store's own, or [`ErrorKind::Local`](cloud_import_core::ErrorKind::Local).
    ///
    /// # Cancel safety
    /// When the future is dropped, it may be gone and still on record. Call it again: what is gone counts as deleted.
    pub async fn delete(&self, state: &State, store: &Store) -> Result<bool> {
        if self.known == Known::InUse {
            return Ok(false);
        }
        if let Some(upload_id) = &self.upload_id {
            return store.abort(&self.key, upload_id).await.map(|()| true);
        }
        let object = StagedObject::of(store.bucket(), &self.key);
        if self.known == Known::Left {
            return delete_object(state, store, &object).await;
        }
        // Held, so that no order begins to read it.
        let Some(registered) = state.try_register(&object).await? else {
            return Ok(false);
        };
        if !registered.with(|object| object.users()).await?.is_empty() {
            return Ok(false);
        }
        store.delete(&self.key, None).await.map(|()| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_or_young_or_of_no_known_age_stays() {
        let day = Duration::from_secs(86_400);
        let now = SystemTime::UNIX_EPOCH + 365 * day;
        let may_go = |known, age: Option<Duration>| {
            let item = BucketItem {
                key: String::new(),
                upload_id: None,
                size_bytes: None,
                since: age.map(|age| now - age),
                known,
            };
            item.may_go(day, now)
        };
        assert!(!may_go(Known::InUse, Some(10 * day)));
        assert!(may_go(Known::Left, None));
        assert!(may_go(Known::NotHere, Some(day)));
        assert!(!may_go(Known::NotHere, Some(day - Duration::from_secs(1))));
        assert!(!may_go(Known::NotHere, None));
    }
}
