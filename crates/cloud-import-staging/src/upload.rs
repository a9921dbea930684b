//! Puts one file into one bucket: looks, puts or sends in parts, makes the object, looks again. The order of steps is here;
//! what a step does is in the files below. It must not delete an object, or give up an upload that can go on.

mod begin;
mod finish;
mod journal;
mod present;
mod send;

use std::{fmt, sync::Arc};

use cloud_import_core::{Error, ErrorKind, Provider, Result, Stop};
use serde::{Deserialize, Serialize};

use crate::{
    budget::Budget,
    file::{self, LocalFile},
    hash::Hashed,
    keeper::Keeper,
    parts::{Plan, part_size},
    record::{RecordSchema, UploadRecord},
    store::{ObjectHead, Store},
};
use journal::Journal;

/// How a file is sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UploadOptions {
    /// Size of a part in bytes: see [`part_size`](crate::part_size).
    pub part_size: Option<u64>,
    /// How many parts are sent at the same time, within the budget.
    pub parallel: usize,
    /// The memory for parts, shared with the other uploads of this process.
    pub budget: Budget,
    /// How often a part is tried beyond the retries of a request, with a pause before each.
    pub rounds: u32,
    /// Whether the store's ETag of a part must be its MD5, where the store documents that. A bucket that encrypts with a key
    /// of its own (SSE-KMS) may answer other ETags; each part's Content-MD5 is checked by the store in any case.
    pub compare_etags: bool,
}

impl Default for UploadOptions {
    /// Parts of 8 MiB or as large as it takes, eight at a time within 64 MiB, three rounds.
    fn default() -> Self {
        Self {
            part_size: None,
            parallel: 8,
            budget: Budget::default(),
            rounds: 3,
            compare_etags: true,
        }
    }
}

/// What an upload says of itself while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// So many of `total` bytes are known to be in the store.
    Bytes {
        /// Acknowledged by the store, earlier runs included. Falls when an upload must start anew.
        present: u64,
        /// The whole file.
        total: u64,
    },
    /// A part failed and is sent again after a pause.
    Retrying {
        /// Its number.
        part: u32,
        /// Why it failed, in one line.
        reason: String,
    },
    /// Something that the user should know and that does not stop the upload, in one line.
    Warning(String),
    /// All parts are there; the store makes the object of them.
    Completing,
}

/// Hears of progress. Called from the threads of the runtime; must not block.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// An object in the store that has the file's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staged {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content, in lower-case hex.
    pub sha256: String,
    /// Whether this upload, in this run or an earlier one, put it there. Only then may it be deleted afterwards.
    pub put_by_us: bool,
    /// The store's ETag, without quotes, where it tells one.
    pub etag: Option<String>,
}

/// One file on its way to one bucket.
///
/// The key should hold the content's hash: an object of that key and size is taken for the file, unless its metadata say
/// otherwise, and whoever begins an upload to that key sends the same bytes.
#[derive(Clone)]
pub struct Upload {
    store: Store,
    file: LocalFile,
    hashed: Hashed,
    key: String,
    options: UploadOptions,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("store", &self.store)
            .field("file", &self.file.path())
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Why an upload stands still.
enum Halt {
    /// The store does not know it any more.
    Gone,
    /// It failed, or was stopped.
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// How often an upload that the store lost is begun anew in one run.
const BEGINNINGS: u32 = 3;

/// Up to this size in bytes, a file that is at its key in one piece is summed again to be held against its ETag.
const SUMMED_AGAIN: u64 = 64 << 20;

impl Upload {
    /// A file that was hashed, to be put under this key.
    pub fn new(store: Store, file: LocalFile, hashed: Hashed, key: impl Into<String>) -> Self {
        Self {
            store,
            file,
            hashed,
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
    /// `record` is what the keeper kept of an earlier run, if anything. The record is kept before the first byte is sent and
    /// after each part. It is still kept when this returns [`Staged`]: forget it once that is stored, so that an end of the
    /// process in between loses nothing.
    ///
    /// A stop lets the parts on their way arrive for some seconds. Dropping the future ends everything at once; the record
    /// then lacks at most the parts that were on their way, of which a store that lists its parts tells the next run.
    ///
    /// # Errors
    /// [`ErrorKind::Canceled`] after a stop, and every kind that a request or a file can end with. When the same call may do
    /// better later (network, store, keys, permission, this machine), the upload stays open and its record is kept: call again
    /// with it to go on. Otherwise (the file changed, a wrong object is at the key, the store refuses) the upload is given up
    /// in the store and the record forgotten.
    pub async fn run(
        &self,
        record: Option<UploadRecord>,
        keeper: Arc<dyn Keeper>,
        progress: OnProgress,
        stop: &Stop,
    ) -> Result<Staged> {
        let run = Run {
            upload: self,
            keeper,
            progress,
            stop,
        };
        let outcome = run.run(record).await;
        outcome.map_err(|error| {
            if error.provider().is_some() {
                error
            } else {
                error.with_provider(self.provider())
            }
        })
    }

    /// Gives up an upload of which only the record is left, and forgets the record.
    ///
    /// # Errors
    /// Every kind that a request can end with; the record is kept then.
    pub async fn give_up(store: &Store, record: &UploadRecord, keeper: Arc<dyn Keeper>) -> Result<()> {
        if !record.upload_id.is_empty() {
            store.abort(&record.key, &record.upload_id).await?;
        }
        journal::forget(keeper).await
    }

    fn provider(&self) -> Provider {
        self.store.bucket().provider
    }

    /// Whether ETags are MD5s here.
    fn etags_are_md5(&self) -> bool {
        self.options.compare_etags && self.store.limits().etag_is_md5
    }

    fn plan(&self) -> Result<Plan> {
        let part = part_size(self.file.size(), self.store.limits(), self.options.part_size)?;
        self.plan_of(part)
    }

    fn plan_of(&self, part: u64) -> Result<Plan> {
        Plan::new(self.file.size(), part, self.store.limits()).ok_or_else(|| {
            let most = self.store.limits().max_parts;
            let size = self.file.size();
            Error::new(
                ErrorKind::InvalidRequest,
                format!("a file of {size} bytes makes more than {most} parts of {part} bytes, the most that this store takes"),
            )
            .with_remedy("Make the file smaller: convert the image to compressed qcow2, or shrink its disk.")
        })
    }
}

/// One call of [`Upload::run`].
struct Run<'a> {
    upload: &'a Upload,
    keeper: Arc<dyn Keeper>,
    progress: OnProgress,
    stop: &'a Stop,
}

impl Run<'_> {
    fn store(&self) -> &Store {
        &self.upload.store
    }

    fn key(&self) -> &str {
        &self.upload.key
    }

    async fn run(&self, record: Option<UploadRecord>) -> Result<Staged> {
        // Limits first: nothing is sent for a file that the store cannot take.
        let plan = self.upload.plan()?;
        self.check_file().await?;
        self.go_on()?;
        let mut record = self.of_this_file(record).await?;
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
                    "the store does not know the upload of `{}` any more: it begins anew",
                    self.key()
                )),
            }
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            format!("the store lost the upload of `{}` {BEGINNINGS} times", self.key()),
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
        journal::forget(self.keeper.clone()).await?;
        Ok(error)
    }

    /// One upload from where it stands to its end. It is given up when going on has no sense.
    async fn once(&self, plan: Plan, record: Option<UploadRecord>) -> Result<Staged, Halt> {
        let in_one_piece = plan.count <= 1 && plan.size <= self.store().limits().max_put;
        if in_one_piece && record.as_ref().is_none_or(|record| record.upload_id.is_empty()) {
            return Ok(self.put(plan).await?);
        }
        let (plan, record) = match record.filter(|record| !record.upload_id.is_empty()) {
            Some(record) => (self.upload.plan_of(record.part_size)?, record),
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
                // What is completing may be there under its key, so that the record still says whose it is.
                let completing = journal.record().completing;
                if completing && let Some(staged) = self.look(true).await? {
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

    /// The record, if it is of this file, bucket and key; an upload of something else is given up.
    async fn of_this_file(&self, record: Option<UploadRecord>) -> Result<Option<UploadRecord>> {
        let Some(record) = record else { return Ok(None) };
        let upload = self.upload;
        let bucket = &self.store().bucket().name;
        let same_place = record.bucket == *bucket && record.key == upload.key;
        if same_place && record.file == upload.file.stamp() && record.sha256 == upload.hashed.sha256 {
            return Ok(Some(record));
        }
        let place = format!("`{}` in bucket `{}`", record.key, record.bucket);
        if record.bucket != *bucket {
            if !record.upload_id.is_empty() {
                self.warn(format!(
                    "the unfinished upload {} of {place} is left as it is: it belongs to another bucket",
                    record.upload_id
                ));
            }
        } else {
            self.warn(format!(
                "the unfinished upload of {place} is of another state of the file: given up"
            ));
            if !record.upload_id.is_empty() {
                match self.store().abort(&record.key, &record.upload_id).await {
                    Err(error) if error.is_retryable() => return Err(error),
                    Err(error) => self.warn(format!("the upload {} stays open: {error}", record.upload_id)),
                    Ok(()) => {}
                }
            }
        }
        journal::forget(self.keeper.clone()).await?;
        Ok(None)
    }

    /// The object that makes an upload unnecessary.
    async fn already_there(&self, record: Option<&UploadRecord>) -> Result<Option<Staged>> {
        let Some(record) = record.filter(|record| !record.upload_id.is_empty()) else {
            let ours = record.is_some_and(|record| record.completing);
            return match self.look(ours).await? {
                Some(staged) if !self.has_its_sum(&staged).await? => {
                    // A run that ended before it could send it again.
                    if ours {
                        Ok(None)
                    } else {
                        Err(self.wrong_object("another MD5"))
                    }
                }
                found => Ok(found),
            };
        };
        let Some(mut staged) = self.look(record.completing).await? else {
            return Ok(None);
        };
        // Whoever put it there, nothing more is to be sent.
        let still_open = matches!(
            self.store().list_parts(self.key(), &record.upload_id).await,
            Ok(Some(_))
        );
        staged.put_by_us &= !still_open;
        self.abandon(&record.upload_id).await;
        Ok(Some(staged))
    }

    /// Looks at the key; `ours` says whose it is if there is something.
    async fn look(&self, ours: bool) -> Result<Option<Staged>> {
        match self.store().head(self.key()).await? {
            Some(head) => self.staged(head, ours).map(Some),
            None => Ok(None),
        }
    }

    /// The object at the key, if it is the file.
    fn staged(&self, head: ObjectHead, put_by_us: bool) -> Result<Staged> {
        let (size, sha256) = (self.upload.file.size(), &self.upload.hashed.sha256);
        let other_content = head
            .sha256
            .as_ref()
            .is_some_and(|sum| !sum.eq_ignore_ascii_case(sha256));
        if head.size != size || other_content {
            let how = if head.size == size {
                "another SHA-256 in its metadata".to_owned()
            } else {
                format!("{} bytes instead of {size}", head.size)
            };
            return Err(self.wrong_object(&how));
        }
        Ok(Staged {
            bucket: self.store().bucket().name.clone(),
            key: self.key().to_owned(),
            size,
            sha256: sha256.clone(),
            put_by_us,
            etag: head.etag,
        })
    }

    fn wrong_object(&self, how: &str) -> Error {
        let bucket = &self.store().bucket().name;
        Error::new(
            ErrorKind::Conflict,
            format!(
                "the object `{}` in bucket `{bucket}` is not this file: it has {how}",
                self.key()
            ),
        )
        .with_code(WRONG_OBJECT)
        .with_may_have_executed(false)
        .with_remedy("It is broken or somebody else's. Delete it if nothing needs it, or choose another prefix.")
    }

    /// Whether the ETag is the file's MD5, of an object in one piece that is small enough to be summed again. Nothing is said
    /// against one whose ETag is no MD5.
    async fn has_its_sum(&self, staged: &Staged) -> Result<bool> {
        let size = self.upload.file.size();
        let is_md5 = |etag: &&String| etag.len() == 32 && etag.bytes().all(|byte| byte.is_ascii_hexdigit());
        match staged.etag.as_ref().filter(is_md5) {
            Some(etag) if self.upload.etags_are_md5() && size <= SUMMED_AGAIN => {
                let sum = present::md5_of(self.upload.file.clone(), (0, size)).await?;
                Ok(etag.eq_ignore_ascii_case(&sum))
            }
            _ => Ok(true),
        }
    }

    /// Gives an upload up as far as that can be done.
    async fn abandon(&self, upload_id: &str) {
        if let Err(error) = self.store().abort(self.key(), upload_id).await {
            self.warn(format!(
                "the upload {upload_id} of `{}` may stay open and cost money: {error}",
                self.key()
            ));
        }
    }

    async fn check_file(&self) -> Result<()> {
        let file = self.upload.file.clone();
        crate::blocking::run(move || file.unchanged()).await?;
        if self.upload.hashed.stamp == self.upload.file.stamp() {
            return Ok(());
        }
        Err(file::changed(
            self.upload.file.path(),
            "it is not the file whose sum was taken",
        ))
    }

    fn journal(&self, record: UploadRecord) -> Journal {
        Journal::new(self.keeper.clone(), record, self.store().pipeline().ambient.clone())
    }

    fn go_on(&self) -> Result<()> {
        if self.stop.is_requested() {
            return Err(stopped());
        }
        Ok(())
    }

    fn warn(&self, text: String) {
        tracing::warn!(provider = self.upload.provider().id(), "{text}");
        (self.progress)(Progress::Warning(text));
    }

    fn new_record(&self, upload_id: String, part_size: u64) -> UploadRecord {
        UploadRecord {
            schema: RecordSchema,
            bucket: self.store().bucket().name.clone(),
            key: self.key().to_owned(),
            upload_id,
            file: self.upload.file.stamp(),
            sha256: self.upload.hashed.sha256.clone(),
            part_size,
            parts: std::collections::BTreeMap::new(),
            completing: false,
        }
    }
}

/// The code of an error that says that something else is at the key.
pub(crate) const WRONG_OBJECT: &str = "WrongObject";

fn stopped() -> Error {
    Error::new(ErrorKind::Canceled, "the upload was stopped")
        .with_may_have_executed(false)
        .with_remedy("Run it again: it goes on where it stopped.")
}

/// Whether going on with this upload can never succeed, so that it is given up in the store.
fn is_final(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidRequest | ErrorKind::Unsupported | ErrorKind::NotFound | ErrorKind::Conflict
    )
}

/// Says that the same call goes on where this one ended.
fn resumable(error: Error) -> Error {
    const GOES_ON: &str = "run it again to go on: what was sent is kept";
    match error.remedy().cloned() {
        Some(remedy) if error.kind() != ErrorKind::Canceled => error.with_remedy(remedy.then(GOES_ON)),
        Some(_) => error,
        None => error.with_remedy(GOES_ON),
    }
}

/// Whether an answer says that the upload, and not its bucket, is not there.
fn is_gone(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound && error.code() != Some("NoSuchBucket")
}
