//! What earlier runs left in the clouds, as far as is recorded: finds it, deletes it and says so in the record.

use std::{fmt, time::SystemTime};

use cloud_import_core::{
    Error, ErrorKind, ImageImporter, ImportTask, ImportedImage, Provider, Result, provider::datetime,
};
use cloud_import_staging::Store;

use super::{
    destination::bucket_of,
    naming::Naming,
    store::{Damaged, ImageName, Job, Lease, Record, Remembered, StagedObject, State, Step, What, blocking},
    target::user,
};

/// Something that an earlier run left in a cloud. Its `Display` says what and of which job.
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
    /// Uploads that may be open, and of which the store told no id: a request that begins one left, and its answer was not seen.
    PossibleUpload {
        /// The job.
        job: String,
        /// The target.
        target: String,
        /// The object that they would become.
        object: StagedObject,
        /// When the first of those requests left.
        since: SystemTime,
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

/// What earlier runs left in the clouds, as far as is recorded, and what stands in the place of records that cannot be read: what
/// those left is not known.
///
/// # Errors
/// [`ErrorKind::Local`] when the state directory cannot be read.
pub async fn leftovers(state: &State) -> Result<Vec<Result<Leftover, Damaged>>> {
    let (objects, damaged) = state.staged_objects().await?;
    let mut found: Vec<_> = damaged.into_iter().map(Err).collect();
    for (object, users) in objects {
        let in_use = idle(state, &users).await?.is_none();
        found.push(Ok(Leftover::Object { object, in_use }));
    }
    for remembered in state.all().await? {
        let Remembered { job, records } = match remembered {
            Ok(remembered) => remembered,
            Err(damaged) => {
                found.push(Err(damaged));
                continue;
            }
        };
        for record in records {
            match record {
                Ok(record) => found.extend(left_by(&job.facts().id, record).into_iter().map(Ok)),
                Err(damaged) => found.push(Err(damaged)),
            }
        }
    }
    Ok(found)
}

/// What one target of a job has in a cloud beside its import, as far as is recorded: uploads, and the objects that came of them. What
/// another order may read is not deleted with it.
///
/// # Errors
/// As [`leftovers`].
pub async fn staged_by(job: &Job, target: &str) -> Result<Vec<Leftover>> {
    let records = job.records().await?.into_iter().flatten();
    let Some(record) = records.into_iter().find(|record| record.target == target) else {
        return Ok(Vec::new());
    };
    let staged = record.files.values().filter_map(|file| file.staged.as_ref());
    let objects = staged.map(|staged| Leftover::Object {
        object: StagedObject::in_bucket(&record, &staged.bucket, &staged.key),
        in_use: false,
    });
    let mut found: Vec<Leftover> = objects.collect();
    let is_upload = |one: &Leftover| matches!(one, Leftover::Upload { .. } | Leftover::PossibleUpload { .. });
    found.extend(left_by(&job.facts().id, record).into_iter().filter(is_upload));
    Ok(found)
}

pub(crate) fn left_by(job: &str, record: Record) -> Vec<Leftover> {
    let uploads = record.files.values().filter_map(|file| file.upload.as_ref());
    let mut found = Vec::new();
    for upload in uploads {
        let (job, target) = (job.to_owned(), record.target.clone());
        let object = StagedObject::in_bucket(&record, &upload.bucket, &upload.key);
        if let Some(since) = upload.unanswered_since {
            let (job, target, object) = (job.clone(), target.clone(), object.clone());
            found.push(Leftover::PossibleUpload {
                job,
                target,
                object,
                since,
            });
        }
        // What is put in one piece has none.
        if !upload.upload_id.is_empty() {
            let upload_id = upload.upload_id.clone();
            found.push(Leftover::Upload {
                job,
                target,
                object,
                upload_id,
            });
        }
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

impl Leftover {
    /// The cloud that it is in.
    pub fn provider(&self) -> Provider {
        match self {
            Self::FailedImage { task, .. } => task.provider,
            Self::Object { object, .. } | Self::Upload { object, .. } | Self::PossibleUpload { object, .. } => {
                object.provider
            }
        }
    }

    /// The region that it is in.
    pub fn region(&self) -> &str {
        match self {
            Self::FailedImage { task, .. } => &task.region,
            Self::Object { object, .. } | Self::Upload { object, .. } | Self::PossibleUpload { object, .. } => {
                &object.region
            }
        }
    }

    /// The import that left it, where one did: its importer is that of the task's place.
    pub fn task(&self) -> Option<&ImportTask> {
        match self {
            Self::FailedImage { task, .. } => Some(task),
            Self::Object { .. } | Self::Upload { .. } | Self::PossibleUpload { .. } => None,
        }
    }

    /// Whether an order may still read it: then it is not deleted.
    pub fn is_in_use(&self) -> bool {
        matches!(self, Self::Object { in_use: true, .. })
    }

    /// Deletes it by an importer of its region and account, and records that; `false` when an order began to need it, or another
    /// process works on it. Of a [`PossibleUpload`](Self::PossibleUpload), deletes what is open and holds no part, if anything.
    ///
    /// # Errors
    /// The cloud's own, or [`ErrorKind::Local`]; [`ErrorKind::Unsupported`] for a possible upload when the store does not list to this
    /// account what is open: it stays on record.
    ///
    /// # Cancel safety
    /// When the future is dropped, it may be gone and still on record. Call it again: what is gone counts as deleted.
    pub async fn delete(&self, state: &State, importer: &dyn ImageImporter) -> Result<bool> {
        match self {
            Self::Object { object, .. } => delete_object(state, &bucket_of(importer, &object.bucket)?, object).await,
            Self::Upload {
                object,
                upload_id,
                job,
                target,
            } => {
                // Whoever works on the target will finish or abort it.
                let Some(lease) = state.job(job).await?.try_hold(target).await? else {
                    return Ok(false);
                };
                let store = bucket_of(importer, &object.bucket)?;
                store.abort(&object.key, upload_id).await?;
                let (key, id) = (object.key.clone(), upload_id.clone());
                record(lease, move |record| {
                    let uploads = record.files.values_mut().map(|file| &mut file.upload);
                    for upload in uploads {
                        if let Some(over) = upload.take_if(|upload| upload.key == key && upload.upload_id == id) {
                            *upload = over.left();
                        }
                    }
                })
                .await
            }
            Self::PossibleUpload {
                object, job, target, ..
            } => {
                let Some(lease) = state.job(job).await?.try_hold(target).await? else {
                    return Ok(false);
                };
                let store = bucket_of(importer, &object.bucket)?;
                if store.abort_empty(&object.key).await?.is_none() {
                    return Err(unlisted(object));
                }
                let key = object.key.clone();
                record(lease, move |record| {
                    let uploads = record.files.values_mut().map(|file| &mut file.upload);
                    for upload in uploads {
                        if let Some(known) = upload.as_mut().filter(|upload| upload.key == key) {
                            known.unanswered_since = None;
                        }
                        upload.take_if(|upload| upload.key == key && upload.upload_id.is_empty());
                    }
                })
                .await
            }
            Self::FailedImage {
                task,
                image_id,
                job,
                target,
            } => {
                let Some(lease) = state.job(job).await?.try_hold(target).await? else {
                    return Ok(false);
                };
                match importer.delete(&ImportedImage::of(task, image_id)).await {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
                let id = image_id.clone();
                let done = record(lease, |record| {
                    record.task = None;
                    record.happened(What::Retired, id);
                });
                let is_done = done.await?;
                let image = ImageName {
                    provider: task.provider,
                    region: task.region.clone(),
                    id: image_id.clone(),
                };
                Naming::of(state).await.mark(&image, job).await;
                Ok(is_done)
            }
        }
    }
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { object, .. } => write!(f, "object {}", object.shown()),
            Self::Upload { object, job, .. } => write!(f, "unfinished upload of {} (job {job})", object.shown()),
            Self::PossibleUpload { object, job, since, .. } => write!(
                f,
                "upload of {} that may be open since {} (job {job})",
                object.shown(),
                datetime::extended(*since)
            ),
            Self::FailedImage { image_id, job, .. } => write!(f, "failed image {image_id} (job {job})"),
        }
    }
}

fn unlisted(object: &StagedObject) -> Error {
    let message = "the store lists unfinished uploads only for accounts that applied for it";
    Error::new(ErrorKind::Unsupported, message)
        .with_provider(object.provider)
        .with_remedy("Look in the vendor's console: it holds no data, and can be deleted there.")
}

/// Deletes a staged object that this program put there, if no order may still read it; `false` if one may. An order that was not
/// started and on which no process works stages it again when it is repeated.
///
/// # Errors
/// The store's own, or [`ErrorKind::Local`].
///
/// # Cancel safety
/// As [`Leftover::delete`].
pub async fn delete_object(state: &State, store: &Store, object: &StagedObject) -> Result<bool> {
    let Some(registered) = state.try_register(object).await? else {
        return Ok(false);
    };
    let users = registered.with(|object| object.users()).await?;
    let Some(idle) = idle(state, &users).await? else {
        return Ok(false);
    };
    if !registered.with(|object| object.is_ours()).await? {
        return Ok(false);
    }
    let version = registered.with(|object| object.version()).await?;
    store.delete(&object.key, version.as_deref()).await?;
    for lease in idle {
        let key = object.key.clone();
        record(lease, move |record| {
            for file in record.files.values_mut() {
                file.staged.take_if(|staged| staged.key == key);
            }
        })
        .await?;
    }
    let forget = registered.with(move |object| {
        users.iter().try_for_each(|user| object.remove_user(user))?;
        object.forget()
    });
    forget.await.map(|()| true)
}

async fn record(mut lease: Lease, change: impl FnOnce(&mut Record) + Send + 'static) -> Result<bool> {
    blocking(move || lease.change(change)).await.map(|()| true)
}

/// The orders among these of which none reads its object: not started, or over, with no process at work. They are held, so that none
/// begins. `None` when one of them may read it, or is not known.
async fn idle(state: &State, users: &[String]) -> Result<Option<Vec<Lease>>> {
    let mut idle = Vec::new();
    for name in users {
        let id = name.rsplit_once('+').map_or(name.as_str(), |(id, _)| id);
        // Of one that is not there or cannot be read, it cannot be told.
        let Ok(job) = state.job(id).await else { return Ok(None) };
        let records = job.records().await?;
        let Some(record) = records
            .into_iter()
            .flatten()
            .find(|record| user(id, &record.target) == *name)
        else {
            return Ok(None);
        };
        let Some(lease) = job.try_hold(&record.target).await? else {
            return Ok(None);
        };
        match lease.record().step {
            Step::Starting | Step::Started | Step::Unknown => return Ok(None),
            _ => idle.push(lease),
        }
    }
    Ok(Some(idle))
}
