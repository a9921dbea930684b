//! Fetches one object into one file: looks, fetches in parts, sums, puts the file in its place. The order of steps is here; what a step
//! does is in the files below. It must not change anything in the store, or show a file under its name that is not whole.

mod check;
mod fetch;
mod file;
mod options;
mod range;
mod record;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use cloud_import_core::{Error, ErrorKind, Remedy, Result, Stop, provider::spans, remedy::Change};
use tracing::{field::Empty, info_span};

use self::{
    check::{Mismatch, Sums},
    fetch::{Fetch, Writes},
    file::PartFile,
    range::Known,
    record::Record,
};
use crate::{blocking, objects::ObjectHead, store::Store};

pub use options::{CheckedBy, DownloadOptions, DownloadProgress, Downloaded, OnDownload, WhenWhole};

/// One object on its way into one file.
///
/// What came so far stands in a file with `.part` behind its name, and beside that a small record of it (`.part.json`), so that the same
/// call goes on after any interruption and fetches what is missing. It goes on only with the object that it began with: size and ETag are
/// the same, and each part is asked for on that condition where the store knows one. Both files are this user's alone, and so is what
/// becomes of them.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use cloud_import_core::{Result, Stop};
/// use cloud_import_staging::{Download, Downloaded, Store};
///
/// async fn download(store: Store, stop: &Stop) -> Result<Downloaded> {
///     let download = Download::new(store, "exports/web.qcow2", "web.qcow2");
///     // The same again after an interruption fetches only the parts that are missing.
///     download.run(Arc::new(|progress| println!("{progress:?}")), stop).await
/// }
/// ```
#[derive(Clone)]
pub struct Download {
    store: Store,
    key: String,
    path: PathBuf,
    options: DownloadOptions,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("store", &self.store)
            .field("key", &self.key)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Download {
    /// The object of this key, to become the file at this path, in a folder that is there.
    pub fn new(store: Store, key: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self {
            store,
            key: key.into(),
            path: path.into(),
            options: DownloadOptions::default(),
        }
    }

    /// Fetches it in another way.
    #[must_use]
    pub fn options(mut self, options: DownloadOptions) -> Self {
        self.options = options;
        self
    }

    /// Fetches it, reads what came once more to hold it against the sums that store and caller tell, and puts the file in its place.
    ///
    /// A stop lets the parts on their way arrive for some seconds. Dropping the future ends everything at once; the record then lacks at
    /// most the parts that were on their way.
    ///
    /// # Errors
    /// [`ErrorKind::Stopped`] after a stop; [`ErrorKind::NotFound`] when there is no such object; [`ErrorKind::Local`] for what this
    /// machine refuses, with code `FileExists` where the file is there already; [`ErrorKind::Conflict`] with code `ObjectChanged` when
    /// another object came to the key meanwhile; code `ContentDiffers` when a sum is another, where what came is deleted unless the store
    /// itself vouches for it; every other kind that a request can end with. After all others the same call goes on.
    pub async fn run(&self, progress: OnDownload, stop: &Stop) -> Result<Downloaded> {
        let bucket = self.store.bucket();
        let span = info_span!(
            "download",
            cloud.provider = bucket.provider.id(),
            cloud.region = bucket.region,
            store.bucket = bucket.name,
            store.key = self.key,
            "error.type" = Empty,
            otel.status_code = Empty,
        );
        let downloaded = spans::recorded(span, self.steps(progress, stop)).await;
        downloaded.map_err(|error| match error.provider() {
            Some(_) => error,
            None => error.with_provider(bucket.provider),
        })
    }

    async fn steps(&self, progress: OnDownload, stop: &Stop) -> Result<Downloaded> {
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let (target, overwrite) = (path.clone(), self.options.overwrite);
        blocking::run(move || file::may_be_made(&target, overwrite)).await?;
        let head = self.look().await?;
        let target = path.clone();
        let file = Arc::new(blocking::run(move || PartFile::open(&target)).await?);
        let record = self.begun(&file, &head, &progress).await?;
        let resumed_bytes = record.bytes();
        let total = head.size;
        progress(DownloadProgress::Bytes {
            present: resumed_bytes,
            total,
        });
        let fetch = Fetch {
            store: self.store.clone(),
            known: Known {
                key: self.key.clone(),
                size: head.size,
                etag: head.receipt.etag.clone(),
            },
            file: file.clone(),
            options: self.options.clone(),
            progress: progress.clone(),
            stop: stop.clone(),
            writes: Writes::new(),
        };
        Arc::new(fetch).all(record).await.map_err(resumable)?;
        let sums = Sums::of(file.clone(), &head, progress, stop).await?;
        let etag_is_md5 = self.store.limits().etag_is_md5;
        let expected = self.options.expected_sha256.as_deref();
        let checked_by = match sums.held_against(&head, etag_is_md5, expected) {
            Ok(checked_by) => checked_by,
            Err(mismatch) => {
                if matches!(mismatch, Mismatch::Object(_)) {
                    blocking::run(move || file.discard()).await?;
                }
                return Err(mismatch.told(&self.key));
            }
        };
        let (whole, sha256) = (self.options.when_whole.clone(), sums.sha256.clone());
        blocking::run(move || {
            whole.map_or(Ok(()), |whole| whole.tell(&sha256))?;
            file.place(overwrite)
        })
        .await?;
        Ok(Downloaded {
            path: self.path.clone(),
            size: head.size,
            sha256: sums.sha256,
            etag: head.receipt.etag,
            checked_by,
            resumed_bytes,
        })
    }

    /// What the store says of the object.
    async fn look(&self) -> Result<ObjectHead> {
        let bucket = &self.store.bucket().name;
        let head = self.store.head(&self.key).await?.ok_or_else(|| {
            let message = format!("there is no object `{}` in bucket `{bucket}`", self.key);
            Error::new(ErrorKind::NotFound, message).with_remedy("Check bucket, key and region.")
        })?;
        match (&self.options.expected_sha256, &head.sha256) {
            // Nothing need be fetched to know that.
            (Some(expected), Some(told)) if !expected.eq_ignore_ascii_case(told) => Err(Mismatch::Expected(format!(
                "its metadata say that its SHA-256 is {told}, and not {expected}"
            ))
            .told(&self.key)),
            _ => Ok(head),
        }
    }

    /// The record to go on with: that of an earlier run, if it is of this object, else a new one of an empty file.
    async fn begun(&self, file: &Arc<PartFile>, head: &ObjectHead, progress: &OnDownload) -> Result<Record> {
        let new = Record::new(self.store.bucket(), &self.key, head, self.options.part_size);
        let (file, size) = (file.clone(), head.size);
        let (record, warning) = blocking::run(move || {
            let kept = file.record();
            let why = match kept {
                Ok(Some(record)) if new.goes_on_with(&record) && file.has_size(size) => return Ok((record, None)),
                Ok(Some(record)) if !record.present.is_empty() => {
                    Some("is of another state of the object, or of another one".to_owned())
                }
                Ok(_) => None,
                Err(why) => Some(format!("has a record that cannot be read ({why})")),
            };
            file.begin(size)?;
            Ok((new, why.map(|why| (file.path().to_owned(), why))))
        })
        .await?;
        if let Some((path, why)) = warning {
            let text = from_the_start(&path, &why);
            tracing::warn!(provider = self.store.bucket().provider.id(), "{text}");
            progress(DownloadProgress::Warning(text));
        }
        Ok(record)
    }
}

fn from_the_start(path: &Path, why: &str) -> String {
    format!("`{}` {why}: fetched from the start", path.display())
}

/// Says that the same call goes on where this one ended.
fn resumable(error: Error) -> Error {
    let again = Remedy::Repeat(Change::Nothing);
    match error.remedy().cloned() {
        _ if error.code() == Some(range::CHANGED) => error,
        Some(remedy) if error.kind() != ErrorKind::Stopped => error.with_remedy(remedy.then(again)),
        Some(_) => error,
        None => error.with_remedy(again),
    }
}
