//! One run of an upload: what its steps share, and what is said of its end. The steps themselves are in the files beside this one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use cloud_import_core::{
    Error, ErrorKind, Remedy, Result, Stop,
    provider::{Schema, datetime},
    remedy::Change,
};

use super::{
    journal::Journal,
    options::{OnProgress, Progress, Staged, UploadOptions, stopped},
    source::{Source, Wanted},
    sum::Sum,
};
use crate::{objects::ObjectHead, parts::Plan, record::UploadRecord, record_store::RecordStore, store::Store};

/// One run.
pub(super) struct Run<'a> {
    pub(super) store: &'a Store,
    pub(super) source: &'a Source,
    pub(super) key: &'a str,
    pub(super) options: &'a UploadOptions,
    pub(super) record_store: Arc<dyn RecordStore>,
    pub(super) progress: OnProgress,
    pub(super) stop: &'a Stop,
    /// See [`UploadRecord::unanswered_since`]. It is of the key, not of one upload, and stands in every record.
    pub(super) unanswered_since: Mutex<Option<SystemTime>>,
}

/// Why an upload stands still.
pub(super) enum Halt {
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

impl Run<'_> {
    /// Whether what the store acknowledges is held against what was sent.
    pub(super) fn compares_sums(&self) -> bool {
        self.options.compare_etags && self.store.limits().etag_is_md5
    }

    /// How parts are read: the store compares their MD5, unless it answers with a sum that costs less.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            md5: !self.compares_sums() || !self.store.answers_crc64(),
            streamed: self.store.pipeline().transport.takes_streamed(),
        }
    }

    pub(super) fn plan_of(&self, part: u64) -> Result<Plan> {
        Plan::new(self.source.size(), part, self.store.limits()).ok_or_else(|| {
            let most = self.store.limits().max_parts;
            let size = self.source.size();
            Error::new(
                ErrorKind::InvalidRequest,
                format!("a file of {size} bytes makes more than {most} parts of {part} bytes, the most that this store takes"),
            )
            .with_remedy("Make the file smaller: convert the image to compressed qcow2, or shrink its disk.")
        })
    }

    /// The object at the key, if it is the file. `version`: that which the store acknowledged, if it did.
    pub(super) fn staged(&self, head: ObjectHead, version: Option<String>) -> Result<Staged> {
        let (size, sha256) = (self.source.size(), self.source.sha256());
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
            bucket: self.store.bucket().name.clone(),
            key: self.key.to_owned(),
            size,
            sha256: sha256.to_owned(),
            version: version.or(head.receipt.version),
            etag: Some(head.receipt.etag).filter(|etag| !etag.is_empty()),
        })
    }

    pub(super) fn wrong_object(&self, how: &str) -> Error {
        let bucket = &self.store.bucket().name;
        Error::new(
            ErrorKind::Conflict,
            format!(
                "the object `{}` in bucket `{bucket}` is not this file: it has {how}",
                self.key
            ),
        )
        .with_code(WRONG_OBJECT)
        .with_may_have_executed(false)
        .with_remedy("It is broken or somebody else's. Delete it if nothing needs it, or choose another prefix.")
    }

    /// Gives an upload up as far as that can be done.
    pub(super) async fn abandon(&self, upload_id: &str) {
        if let Err(error) = self.store.abort(self.key, upload_id).await {
            self.warn(format!(
                "the upload {upload_id} of `{}` may stay open and cost money: {error}",
                self.key
            ));
        }
    }

    pub(super) fn journal(&self, record: UploadRecord) -> Journal {
        Journal::new(self.record_store.clone(), record, self.store.pipeline().env.clone())
    }

    pub(super) fn go_on(&self) -> Result<()> {
        if self.stop.is_requested() {
            return Err(stopped());
        }
        Ok(())
    }

    pub(super) fn warn(&self, text: String) {
        tracing::warn!(provider = self.store.bucket().provider.id(), "{text}");
        (self.progress)(Progress::Warning(text));
    }

    pub(super) fn new_record(&self, upload_id: String, part_size: u64) -> UploadRecord {
        UploadRecord {
            schema: Schema,
            bucket: self.store.bucket().name.clone(),
            key: self.key.to_owned(),
            upload_id,
            file: self.source.stamp(),
            sha256: self.source.sha256().to_owned(),
            part_size,
            parts: BTreeMap::new(),
            completing: false,
            unanswered_since: *self.unanswered(),
            web: self
                .source
                .web()
                .map(|web| Sum::new(self.store.limits().first_part).remembered(web.stamp())),
        }
    }

    pub(super) fn unanswered(&self) -> MutexGuard<'_, Option<SystemTime>> {
        self.unanswered_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn report(&self, present: u64, total: u64) {
        (self.progress)(Progress::Bytes { present, total });
    }
}

/// What is told of an upload whose beginning was not answered, where the store is not asked or does not list what is open.
pub(super) fn may_be_open(place: &str, since: SystemTime) -> String {
    format!(
        "an upload of {place} may be open since {}: the answer to its beginning was not seen. It holds no data; if the vendor's \
         console shows it, delete it there",
        datetime::extended(since)
    )
}

/// The code of an error that says that something else is at the key.
pub(super) const WRONG_OBJECT: &str = "WrongObject";

/// Whether going on with this upload can never succeed, so that it is given up in the store.
pub(super) fn is_final(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidRequest | ErrorKind::Unsupported | ErrorKind::NotFound | ErrorKind::Conflict
    )
}

/// Says that the same call goes on where this one ended.
pub(super) fn resumable(error: Error) -> Error {
    let again = Remedy::Repeat(Change::Nothing);
    match error.remedy().cloned() {
        Some(remedy) if error.kind() != ErrorKind::Stopped => error.with_remedy(remedy.then(again)),
        Some(_) => error,
        None => error.with_remedy(again),
    }
}

/// Whether an answer says that the upload, and not its bucket, is not there.
pub(super) fn is_gone(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound && error.code() != Some("NoSuchBucket")
}
