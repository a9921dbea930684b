//! Puts one file into one bucket: looks, puts or sends in parts, makes the object, looks again. The order of steps is here;
//! what a step does is in the files below. It must not delete an object, or give up an upload that can go on.

mod begin;
mod finish;
mod flight;
mod journal;
mod options;
mod piece;
mod present;
mod run;
mod send;
mod source;
mod sum;

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use cloud_import_core::{Error, ErrorKind, Result, Stop, provider::spans};
use tracing::{field::Empty, info_span};

use crate::{
    file::LocalFile,
    hash::Hashed,
    parts::{Plan, part_size},
    record::UploadRecord,
    record_store::RecordStore,
    store::Store,
    web::{self, WebFile},
};
use journal::Journal;
use run::{Halt, Run, is_final, may_be_open, resumable};
use source::Source;

pub use options::{OnProgress, Progress, Staged, UploadOptions};

/// One file on its way to one bucket.
///
/// The key should hold the content's hash: an object of that key and size is taken for the file, unless its metadata say
/// otherwise, and whoever begins an upload to that key sends the same bytes.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use cloud_import_core::{Result, Stop};
/// use cloud_import_staging::{FileRecordStore, Hashed, LocalFile, RecordStore, Staged, Store, Upload};
///
/// async fn upload(store: Store, stop: &Stop) -> Result<Staged> {
///     let file = LocalFile::open("web.qcow2")?;
///     let hashed = Hashed::of(&file, None, |_| {}, stop).await?;
///     let key = format!("images/{}.qcow2", hashed.sha256); // named by its content
///     let records = Arc::new(FileRecordStore::new("web.upload.json"));
///     let upload = Upload::new(store, file, hashed, key);
///     // The same again after an interruption sends only the parts that are missing.
///     let progress = Arc::new(|progress| println!("{progress:?}"));
///     let staged = upload.run(records.load()?, records.clone(), progress, stop).await?;
///     records.keep(None)?;
///     Ok(staged)
/// }
/// ```
#[derive(Clone)]
pub struct Upload {
    store: Store,
    source: Source,
    key: String,
    options: UploadOptions,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("store", &self.store)
            .field("source", &self.source.shown())
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// How often an upload that the store lost is begun anew in one run.
const BEGINNINGS: u32 = 3;

impl Upload {
    /// A file that was hashed, to be put under this key.
    pub fn new(store: Store, file: LocalFile, hashed: Hashed, key: impl Into<String>) -> Self {
        Self {
            store,
            source: Source::File { file, hashed },
            key: key.into(),
            options: UploadOptions::default(),
        }
    }

    /// A file on a web server, to be put under this key. An object is made of it only when all its bytes passed and have its SHA-256.
    pub fn of_web(store: Store, file: WebFile, key: impl Into<String>) -> Self {
        Self {
            store,
            source: Source::Web(file),
            key: key.into(),
            options: UploadOptions::default(),
        }
    }

    /// Sends it in another way.
    #[must_use]
    pub fn options(mut self, options: UploadOptions) -> Self {
        self.options = options;
        self
    }

    /// Puts the file there, or finds that it is there.
    ///
    /// `record` is what the record_store kept of an earlier run, if anything. The record is kept before an upload is begun, before
    /// the first byte is sent and after each part. It is still kept when this returns [`Staged`]: forget it once that is stored, so that an end of the
    /// process in between loses nothing.
    ///
    /// A stop lets the parts on their way arrive for some seconds. Dropping the future ends everything at once; the record
    /// then lacks at most the parts that were on their way, of which a store that lists its parts tells the next run.
    ///
    /// # Errors
    /// [`ErrorKind::Stopped`] after a stop, and every kind that a request or a file can end with. When the same call may do
    /// better later (network, store, keys, permission, this machine), the upload stays open and its record is kept: call again
    /// with it to go on. Otherwise (the file changed or has another SHA-256, a wrong object is at the key, the store refuses) the upload is given up
    /// in the store and the record forgotten, but for what its [`unanswered_since`](UploadRecord::unanswered_since) says.
    pub async fn run(
        &self,
        record: Option<UploadRecord>,
        record_store: Arc<dyn RecordStore>,
        progress: OnProgress,
        stop: &Stop,
    ) -> Result<Staged> {
        let run = Run {
            store: &self.store,
            source: &self.source,
            key: &self.key,
            options: &self.options,
            record_store,
            progress,
            stop,
            unanswered_since: Mutex::default(),
        };
        let bucket = self.store.bucket();
        let span = info_span!(
            "upload",
            cloud.provider = bucket.provider.id(),
            cloud.region = bucket.region,
            store.bucket = bucket.name,
            store.key = self.key,
            file.size = self.source.size(),
            "error.type" = Empty,
            otel.status_code = Empty,
        );
        let staged = spans::recorded(span, run.run(record)).await;
        staged.map_err(|error| match error.provider() {
            Some(_) => error,
            None => error.with_provider(bucket.provider),
        })
    }

    /// Gives up an upload of which only the record is left, and what may be open of its key besides; then forgets the record. Where
    /// the store does not list what is open, that part of the record stays.
    ///
    /// # Errors
    /// Every kind that a request can end with; the record is kept then.
    pub async fn give_up(store: &Store, record: &UploadRecord, record_store: Arc<dyn RecordStore>) -> Result<()> {
        if !record.upload_id.is_empty() {
            store.abort(&record.key, &record.upload_id).await?;
        }
        let left = match record.unanswered_since {
            Some(_) if store.abort_empty(&record.key).await?.is_none() => record.clone().left(),
            _ => None,
        };
        journal::keep(record_store, left).await
    }
}

impl Run<'_> {
    async fn run(&self, record: Option<UploadRecord>) -> Result<Staged> {
        // Limits first: nothing is sent for a file that the store cannot take.
        let part = part_size(self.source.size(), self.store.limits(), self.options.part_size)?;
        let plan = self.plan_of(part)?;
        self.source.check().await?;
        self.go_on()?;
        let mut record = self.of_this_file(record).await?;
        if let Some(error) = self.changed_since(record.as_ref()) {
            return Err(self.given_up(record, error).await?);
        }
        *self.unanswered() = record.as_ref().and_then(|record| record.unanswered_since);
        for _ in 0..BEGINNINGS {
            match self.already_there(record.as_ref()).await {
                Ok(Some(staged)) => return Ok(staged),
                Ok(None) => {}
                Err(error) => return Err(self.given_up(record, error).await?),
            }
            self.go_on()?;
            match self.once(plan, record.take()).await {
                Ok(staged) => return Ok(staged),
                Err(Halt::Failed(error)) => return Err(error),
                // It may have been completed after all: look, then begin anew.
                Err(Halt::Gone) => self.warn(format!(
                    "the store no longer knows the upload of `{}`: starting it again",
                    self.key
                )),
            }
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            format!("the store lost the upload of `{}` {BEGINNINGS} times", self.key),
        )
        .with_may_have_executed(false)
        .with_remedy("Look whether a lifecycle rule or another program removes unfinished uploads from the bucket."))
    }

    /// What is left to do when no upload is wanted at the key.
    async fn given_up(&self, record: Option<UploadRecord>, error: Error) -> Result<Error> {
        let Some(record) = record else { return Ok(error) };
        if !is_final(&error) {
            return Ok(resumable(error));
        }
        if !record.upload_id.is_empty() {
            self.abandon(&record.upload_id).await;
        }
        journal::keep(self.record_store.clone(), record.left()).await?;
        Ok(error)
    }

    /// One upload from where it stands to its end. It is given up when going on has no sense.
    async fn once(&self, plan: Plan, record: Option<UploadRecord>) -> Result<Staged, Halt> {
        let in_one_piece = plan.count <= 1 && plan.size <= self.store.limits().max_put;
        if in_one_piece && record.as_ref().is_none_or(|record| record.upload_id.is_empty()) {
            return Ok(self.put(plan).await?);
        }
        let (plan, record) = match record.filter(|record| !record.upload_id.is_empty()) {
            Some(record) => (self.plan_of(record.part_size)?, record),
            None => self.begin(plan).await?,
        };
        let upload_id = record.upload_id.clone();
        let journal = self.journal(record);
        // Durable before the first part. An upload that nobody would remember is not begun.
        if let Err(error) = journal.write().await {
            self.abandon(&upload_id).await;
            return Err(error.into());
        }
        let outcome = self.parts_and_end(plan, &journal).await;
        match outcome {
            Err(Halt::Gone) => {
                // What is completing may be there under its key.
                let record = journal.record().clone();
                if record.completing
                    && let Some(head) = self.store.head(self.key).await?
                {
                    let staged = self.staged(head.clone(), None)?;
                    self.held_against_parts(&head, &record).await?;
                    return Ok(staged);
                }
                journal.forget().await?;
                Err(Halt::Gone)
            }
            Err(Halt::Failed(error)) if is_final(&error) => {
                self.abandon(&upload_id).await;
                journal.forget().await?;
                Err(error.into())
            }
            Err(Halt::Failed(error)) => Err(Halt::Failed(resumable(error))),
            Ok(staged) => Ok(staged),
        }
    }

    async fn parts_and_end(&self, plan: Plan, journal: &Journal) -> Result<Staged, Halt> {
        self.settle_present(plan, journal).await?;
        let sent = self.send_missing(plan, journal).await;
        let kept = journal.write().await;
        sent?;
        if let Err(error) = kept {
            self.warn(format!("the record of the upload was not kept: {error}"));
        }
        self.finish(plan, journal).await
    }

    /// The record, if it is of this content, bucket and key; an upload of something else is given up.
    async fn of_this_file(&self, record: Option<UploadRecord>) -> Result<Option<UploadRecord>> {
        let Some(record) = record else { return Ok(None) };
        let bucket = &self.store.bucket().name;
        let same_place = record.bucket == *bucket && record.key == self.key;
        // The sum is that of the file as it is now: what its dates were then says nothing more.
        if same_place && record.sha256 == self.source.sha256() {
            return Ok(Some(record));
        }
        let place = format!("`{}` in bucket `{}`", record.key, record.bucket);
        if let Some(since) = record.unanswered_since {
            self.warn(may_be_open(&place, since));
        }
        if record.bucket != *bucket {
            if !record.upload_id.is_empty() {
                self.warn(format!(
                    "the unfinished upload {} of {place} is left alone: it belongs to another bucket",
                    record.upload_id
                ));
            }
        } else {
            self.warn(format!(
                "the unfinished upload of {place} belongs to an earlier state of the file: abandoned"
            ));
            if !record.upload_id.is_empty() {
                match self.store.abort(&record.key, &record.upload_id).await {
                    Err(error) if error.is_retryable() => return Err(error),
                    Err(error) => self.warn(format!("the upload {} stays open: {error}", record.upload_id)),
                    Ok(()) => {}
                }
            }
        }
        journal::keep(self.record_store.clone(), None).await?;
        Ok(None)
    }

    /// Whether a web file is another than that of which the record has parts.
    fn changed_since(&self, record: Option<&UploadRecord>) -> Option<Error> {
        let (now, was) = (self.source.web()?.stamp(), &record?.web.as_ref()?.stamp);
        web::difference(was, now).map(|how| web::changed(&now.url, &how))
    }

    /// The object that makes an upload unnecessary.
    async fn already_there(&self, record: Option<&UploadRecord>) -> Result<Option<Staged>> {
        let Some(head) = self.store.head(self.key).await? else {
            return Ok(None);
        };
        let staged = self.staged(head.clone(), None)?;
        match record {
            // Whoever put it there, nothing more is to be sent.
            Some(record) if !record.upload_id.is_empty() => {
                self.held_against_parts(&head, record).await?;
                self.abandon(&record.upload_id).await;
            }
            _ if self.has_its_sum(&head.receipt).await? => {}
            // A run that ended before it could send it again.
            Some(record) if record.completing => return Ok(None),
            _ => return Err(self.wrong_object("another MD5")),
        }
        Ok(Some(staged))
    }
}
