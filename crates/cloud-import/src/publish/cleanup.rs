//! Deletes what was staged, once nothing can be reading it any more. What stays is found as a leftover.

use cloud_import_core::{Result, Stop};
use cloud_import_staging::Store;

use super::{
    event::Event,
    store::{Record, StagedObject, State, What},
    target::{Target, user},
};

impl State {
    /// Whether an order of this job still holds what was staged for it, or nobody does: of an order that has its verdict, the process
    /// that recorded it ended before it had cleaned up. The same order again deletes it.
    ///
    /// # Errors
    /// [`ErrorKind::Local`](cloud_import_core::ErrorKind::Local) when what is remembered cannot be read.
    pub async fn holds_staged(&self, job: &str, record: &Record) -> Result<bool> {
        let own = user(job, &record.target);
        for object in staged(record) {
            let users = self.users_of(&object).await?;
            if users.is_some_and(|users| users.is_empty() || users.contains(&own)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Target {
    /// Deletes what was put there for this order, after its verdict, where no other order may still read it. A failure stops
    /// nothing.
    pub(crate) async fn clean_up(&self) {
        let Some(store) = &self.bucket else { return };
        for object in self.with_record(staged) {
            match self.clean_up_one(store, &object).await {
                Ok(false) => {}
                Ok(true) => self.tidied(&object.shown()).await,
                Err(error) => self.warn(&format!("{} was not deleted: {}", object.shown(), error.message())),
            }
        }
    }

    async fn tidied(&self, object: &str) {
        self.tell(&Event::Tidied { object });
        let detail = object.to_owned();
        if let Err(error) = self.change(move |record| record.happened(What::Tidied, detail)).await {
            self.warn(error.message());
        }
    }

    async fn clean_up_one(&self, store: &Store, object: &StagedObject) -> Result<bool> {
        // Not to be stopped: it is short, and what was begun is finished.
        let registered = self.context.job.state().register(object, &Stop::default()).await?;
        let Some(registered) = registered else {
            return Ok(false);
        };
        let user = self.user();
        let may_go = registered.with(move |object| {
            object.remove_user(&user)?;
            Ok(object.users()?.is_empty() && object.is_ours()?)
        });
        if !may_go.await? {
            return Ok(false);
        }
        let is_kept = self.keep_object;
        if !is_kept {
            let version = registered.with(|object| object.version()).await?;
            store.delete(&object.key, version.as_deref()).await?;
        }
        registered.with(|object| object.forget()).await?;
        Ok(!is_kept)
    }
}

/// The objects that an order reads, as far as they are staged or being staged.
fn staged(record: &Record) -> Vec<StagedObject> {
    let files = record.files.values();
    let places = files.filter_map(|file| match (&file.staged, &file.upload) {
        (Some(staged), _) => Some((&staged.bucket, &staged.key)),
        (None, Some(upload)) => Some((&upload.bucket, &upload.key)),
        (None, None) => None,
    });
    places
        .map(|(bucket, key)| StagedObject::in_bucket(record, bucket, key))
        .collect()
}
