//! Deletes what was staged, once nothing can be reading it any more; and finds what earlier runs left.

use cloud_import_core::{ErrorKind, ImportTask, Result, Stop};
use cloud_import_staging::Store;

use super::{Event, Held, Record, State, Step, attend::Attended, image::user, objects::StagedObject};

impl Attended {
    /// Deletes what was put there for this order, after its verdict, where no other order may still read it. A failure stops
    /// nothing: what stays is found by [`leftovers`].
    pub(crate) async fn tidy(&self) {
        let Some(store) = &self.store else { return };
        for object in staged(&self.record()) {
            match self.tidy_one(store, &object).await {
                Ok(false) => {}
                Ok(true) => self.tell(&Event::Tidied {
                    object: &object.shown(),
                }),
                Err(error) => {
                    let text = format!("{} was not deleted: {}", object.shown(), error.message());
                    self.tell(&Event::Warning { text: &text });
                }
            }
        }
    }

    async fn tidy_one(&self, store: &Store, object: &StagedObject) -> Result<bool> {
        let ambient = self.importer().ambient();
        // Not to be stopped: it is short, and what was begun is finished.
        let registered = self
            .context
            .state
            .register_when_free(object, ambient, &Stop::default())
            .await?;
        let Some(registered) = registered else {
            return Ok(false);
        };
        registered.remove_user(&self.user())?;
        if registered.is_used()? || !registered.is_ours()? {
            return Ok(false);
        }
        if !self.context.options.keep_object {
            store.delete(&object.key).await?;
        }
        registered.forget()?;
        Ok(!self.context.options.keep_object)
    }
}

/// Deletes a staged object that this tool put there, if no order may still read it; `false` if one may. An order that was not
/// started and on which no process works stages it again when it is repeated.
///
/// # Errors
/// The store's own, or [`ErrorKind::Local`](cloud_import_core::ErrorKind::Local).
pub async fn delete_object(state: &State, store: &Store, object: &StagedObject) -> Result<bool> {
    let Some(registered) = state.register(object)? else {
        return Ok(false);
    };
    let users = registered.users()?;
    let Some(idle) = idle(state, &users)? else {
        return Ok(false);
    };
    if !registered.is_ours()? {
        return Ok(false);
    }
    store.delete(&object.key).await?;
    for mut held in idle {
        let Some(mut record) = held.record().cloned() else {
            continue;
        };
        for file in record.files.values_mut() {
            file.staged = file.staged.take().filter(|staged| staged.key != object.key);
        }
        held.save(&record)?;
    }
    for user in &users {
        registered.remove_user(user)?;
    }
    registered.forget()?;
    Ok(true)
}

/// The orders among these of which none reads its object: not started, or over, with no process at work. They are held, so that
/// none begins. `None` when one of them may read it, or is not known.
fn idle(state: &State, users: &[String]) -> Result<Option<Vec<Held>>> {
    let mut idle = Vec::new();
    for name in users {
        let id = name.rsplit_once('+').map_or(name.as_str(), |(id, _)| id);
        let job = match state.job(id) {
            Ok(job) => job,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let records = job.records()?;
        let Some(record) = records.into_iter().find(|record| user(id, &record.target) == *name) else {
            return Ok(None);
        };
        let Some(held) = job.hold(&record.target)? else {
            return Ok(None);
        };
        match held.record().map(|record| record.step) {
            Some(Step::Starting | Step::Started | Step::Unknown) | None => return Ok(None),
            Some(_) => idle.push(held),
        }
    }
    Ok(Some(idle))
}

/// The objects that an order reads, as far as they are staged or being staged.
fn staged(record: &Record) -> Vec<StagedObject> {
    let object = |bucket: &str, key: &str| StagedObject {
        provider: record.provider,
        region: record.region.clone(),
        bucket: bucket.to_owned(),
        key: key.to_owned(),
    };
    record
        .files
        .values()
        .filter_map(|file| match (&file.staged, &file.upload) {
            (Some(staged), _) => Some(object(&staged.bucket, &staged.key)),
            (None, Some(upload)) => Some(object(&upload.bucket, &upload.key)),
            (None, None) => None,
        })
        .collect()
}

/// Something that an earlier run left in a cloud.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Leftover {
    /// A staged object.
    Object {
        /// Which.
        object: StagedObject,
        /// Whether an order may still read it.
        in_use: bool,
    },
    /// An upload that was begun and not finished.
    Upload {
        /// The job.
        job: String,
        /// The target.
        target: String,
        /// The object that it would become.
        object: StagedObject,
        /// The store's id of it.
        upload_id: String,
    },
    /// An image of an import that failed, which some clouds keep with its snapshots.
    FailedImage {
        /// The job.
        job: String,
        /// The target.
        target: String,
        /// What is known of the import.
        task: Box<ImportTask>,
        /// The image's id.
        image_id: String,
    },
}

/// What earlier runs of this state directory left in the clouds, as far as is recorded.
///
/// # Errors
/// [`ErrorKind::Local`](cloud_import_core::ErrorKind::Local) when the state directory cannot be read.
pub fn leftovers(state: &State) -> Result<Vec<Leftover>> {
    let mut found = Vec::new();
    for (object, users) in state.staged_objects()? {
        let in_use = idle(state, &users)?.is_none();
        found.push(Leftover::Object { object, in_use });
    }
    for job in state.jobs()? {
        for record in job.records()? {
            found.extend(left_by(&job.facts().id, record));
        }
    }
    Ok(found)
}

fn left_by(job: &str, record: Record) -> Vec<Leftover> {
    let mut found = Vec::new();
    for upload in record.files.values().filter_map(|file| file.upload.as_ref()) {
        found.push(Leftover::Upload {
            job: job.to_owned(),
            target: record.target.clone(),
            object: StagedObject {
                provider: record.provider,
                region: record.region.clone(),
                bucket: upload.bucket.clone(),
                key: upload.key.clone(),
            },
            upload_id: upload.upload_id.clone(),
        });
    }
    if matches!(record.step, Step::Failed | Step::Canceled)
        && let Some(task) = record.task
        && let Some(image_id) = task.image_id.clone()
    {
        found.push(Leftover::FailedImage {
            job: job.to_owned(),
            target: record.target,
            image_id,
            task: Box::new(task),
        });
    }
    found
}
