//! From an image that is there to objects in a bucket, and from those to files, with the durable job: what is asked for, and which of
//! the steps in `exporting.rs` is due. The same order again finds what was done and sends nothing twice.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use cloud_import_core::{
    Error, ErrorKind, ExportRequest, ImageImporter, Remedy, Result, Stop, WaitOptions, remedy::Change,
};
use cloud_import_staging::{Download, DownloadOptions, Downloaded, Hashed, LocalFile, OnDownload, Store, WhenWhole};
use tokio::sync::OnceCell;

use super::{
    event::{Event, Listener},
    options::Options,
    outcome::{Ended, Outcome},
    store::{ExportRecord, Job, JobFacts, Place, Record, State, Step, blocking},
    target::{Context, Target, now, stopped},
};

/// An image that is there, to be written into a bucket of its region.
///
/// Each step is recorded in a [`State`] before it is done, so that the same order again, after whatever interruption, goes on where it
/// stands: an export that was sent is waited for, one that may have been sent is settled by its token, the cloud's list of exports, the
/// image that is busy or the object that is there, and none is sent twice.
///
/// ```no_run
/// use cloud_import::{ExportRequest, ImageImporter, ImageSource, Result, publish::{Export, State, bucket_of}};
///
/// # async fn backup(importer: std::sync::Arc<dyn ImageImporter>) -> Result<()> {
/// let request = ExportRequest::new(ImageSource::new("cn-hangzhou", "m-bp1abc"), "backups");
/// let store = bucket_of(&*importer, "backups")?;
/// let exported = Export::new(importer, store, request, State::at("jobs")).run().await?;
/// for key in exported.keys() {
///     println!("{key}");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Export {
    importer: Arc<dyn ImageImporter>,
    store: Store,
    request: ExportRequest,
    state: State,
    name: Option<String>,
    into: Option<(PathBuf, bool)>,
    again: bool,
    options: Options,
    listener: Arc<dyn Listener>,
    stop: Stop,
}

/// What came of an export. Its record is held as long as this is there.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exported {
    /// The job.
    pub job: Job,
    /// How it ended.
    pub outcome: Outcome,
    target: Target,
    store: Store,
}

/// A file that an object became.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fetched {
    /// It was fetched.
    Now(Downloaded),
    /// An earlier call had fetched it, and it is as it was then.
    Before {
        /// Where it is.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// Its SHA-256, in lower-case hex.
        sha256: String,
    },
}

impl Export {
    /// An order, with the bucket that it names, to be remembered there. It is waited for.
    pub fn new(importer: Arc<dyn ImageImporter>, store: Store, request: ExportRequest, state: State) -> Self {
        Self {
            importer,
            store,
            request,
            state,
            name: None,
            into: None,
            again: false,
            options: Options::default(),
            listener: Arc::new(()),
            stop: Stop::default(),
        }
    }

    /// The image's name, for people: the job is called after it, else after the image's id.
    #[must_use]
    pub fn image_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into()).filter(|name| !name.is_empty());
        self
    }

    /// What it is to become, so that a file that is there already is told before hours of work, unless it may be replaced or an earlier
    /// call made it. A folder is there for what goes into it.
    #[must_use]
    pub fn into_file(mut self, path: impl Into<PathBuf>, overwrite: bool) -> Self {
        self.into = Some((path.into(), overwrite));
        self
    }

    /// Exports it once more although it was exported, to another object where the order names no prefix; or sends an order of which it is
    /// not known whether it was started.
    #[must_use]
    pub fn again(mut self, again: bool) -> Self {
        self.again = again;
        self
    }

    /// Whether its end is waited for.
    #[must_use]
    pub fn wait(mut self, wait: bool) -> Self {
        self.options.wait = wait;
        self
    }

    /// How it is waited for.
    #[must_use]
    pub fn waiting(mut self, waiting: WaitOptions) -> Self {
        self.options.waiting = waiting;
        self
    }

    /// Is told what happens.
    #[must_use]
    pub fn listener(mut self, listener: Arc<dyn Listener>) -> Self {
        self.listener = listener;
        self
    }

    /// What stops it: nothing new is begun.
    #[must_use]
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Exports it.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the state directory cannot be written, or with code `FileExists` for [a file](Self::into_file) that is
    /// there; [`ErrorKind::Stopped`]. What the cloud says is in the outcome.
    ///
    /// # Cancel safety
    /// When the future is dropped, nothing more is sent, and the same call again goes on.
    pub async fn run(self) -> Result<Exported> {
        let (importer, mut request) = (&self.importer, self.request.clone());
        request.generation = 0;
        let (provider, region) = (importer.provider(), importer.region());
        let order = request.token(provider, importer.project());
        let name = self.name.clone().unwrap_or_else(|| request.image.id.clone());
        let place = Place {
            endpoint: importer.connection().map(|connection| connection.endpoint.to_string()),
            project: importer.project().map(str::to_owned),
            ..Place::new(provider, region, &name)
        };
        let (image, bucket) = (&request.image.id, &request.bucket);
        let source = format!("image {image} in {provider}/{region} to {bucket}");
        let facts = JobFacts::new(&format!("export-{name}"), source, None, &format!("export\n{order}"));
        let label = format!("{provider}/{region}");
        let wanted = vec![(label.clone(), place.clone())];
        let opened = Job::open(&self.state, facts, wanted, &self.stop).await?;
        let (job, mut names) = opened.ok_or_else(stopped)?;
        let own = names.pop().unwrap_or_else(|| label.clone());
        let mut new = Record::new(&own, &place, &order);
        new.export = Some(ExportRecord::new(request));
        let on_wait = || self.listener.on(Some(0), &Event::WaitingForOther);
        let lease = job.hold(&own, Some(new), &self.stop, on_wait).await?;
        let lease = lease.ok_or_else(stopped)?;
        let context = Arc::new(Context {
            job: job.clone(),
            options: self.options,
            listener: self.listener,
            stop: self.stop,
            hashed: None,
            naming: OnceCell::new(),
        });
        let store = self.store;
        let target = Target::new(0, self.importer, Some(store.clone()), context, lease);
        if let Some((path, false)) = self.into {
            target.may_become(&path).await?;
        }
        let ended = target.export(self.again).await;
        let (ended, record) = target.with(ended).await;
        let outcome = Outcome::new(own, ended).with_record(Some(record));
        target.tell(&Event::Over { outcome: &outcome });
        Ok(Exported {
            job,
            outcome,
            target,
            store,
        })
    }
}

impl Exported {
    /// Keys of what was written, where it is done and they are known.
    pub fn keys(&self) -> &[String] {
        match &self.outcome.ended {
            Ended::Exported { export, .. } => &export.keys,
            _ => &[],
        }
    }

    /// Fetches an object into a file, as [`Download`] does. One that an earlier call fetched there is not fetched again, as long as the
    /// file is as it was.
    ///
    /// # Errors
    /// As [`Download::run`]; [`ErrorKind::NotFound`] with code `ObjectRemoved` when it was removed after an earlier download.
    pub async fn fetch(
        &self,
        key: &str,
        path: &Path,
        options: DownloadOptions,
        progress: OnDownload,
    ) -> Result<Fetched> {
        let (whole, stop) = (absolute(path), &self.target.context.stop);
        let shown = whole.to_string_lossy().into_owned();
        let known = self.target.with_record(|record| {
            let export = record.export.as_ref()?;
            Some((export.fetched(key, &shown).cloned(), export.is_removed(key)))
        });
        let (earlier, is_removed) = known.unwrap_or_default();
        if let Some(earlier) = earlier
            && let Some(size) = has_sum(&whole, &earlier.sha256, stop).await?
        {
            return Ok(Fetched::Before {
                path: path.to_owned(),
                size,
                sha256: earlier.sha256,
            });
        }
        if is_removed {
            let message = format!("`{key}` was removed from the bucket after an earlier download, as was asked for");
            return Err(Error::new(ErrorKind::NotFound, message)
                .with_code("ObjectRemoved")
                .with_provider(self.target.importer.provider())
                .with_remedy(Remedy::Repeat(Change::Generation)));
        }
        let mut options = options;
        let (target, own) = (self.target.keeper(), key.to_owned());
        options.when_whole = Some(WhenWhole::new(move |sha256| target.became(&own, &shown, sha256)));
        let download = Download::new(self.store.clone(), key, path).options(options);
        Ok(Fetched::Now(download.run(progress, stop).await?))
    }

    /// Removes an object that was fetched from the bucket. One that is gone already is all right.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when no file of it is known; the store's own.
    pub async fn remove(&self, key: &str) -> Result<()> {
        let files = |record: &Record| {
            record
                .export
                .as_ref()
                .map(|export| (export.files.clone(), export.is_removed(key)))
        };
        let (files, is_removed) = self.target.with_record(files).unwrap_or_default();
        if is_removed {
            return Ok(());
        }
        if files.iter().all(|file| file.key != key) {
            let message = format!("`{key}` is no file yet, and stays in the bucket");
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let version = self.store.head(key).await?.and_then(|head| head.receipt.version);
        self.store.delete(key, version.as_deref()).await?;
        let (key, at) = (key.to_owned(), now(&*self.target.importer));
        let change = move |record: &mut Record| {
            let files = record.export.iter_mut().flat_map(|export| &mut export.files);
            files
                .filter(|file| file.key == key)
                .for_each(|file| file.removed_at = Some(at));
        };
        self.target.change(change).await
    }
}

impl Target {
    /// # Errors
    /// [`ErrorKind::Local`] with code `FileExists`: there is a file that this export did not make.
    async fn may_become(&self, path: &Path) -> Result<()> {
        let whole = absolute(path);
        let shown = whole.to_string_lossy().into_owned();
        let is_own = self.with_record(|record| {
            let mut files = record.export.iter().flat_map(|export| &export.files);
            files.any(|file| file.path == shown)
        });
        let is_there = blocking(move || Ok(fs::symlink_metadata(&whole).is_ok_and(|found| !found.is_dir()))).await?;
        match is_there && !is_own {
            true => Err(Error::new(
                ErrorKind::Local,
                format!("there is a file `{}` already", path.display()),
            )
            .with_code("FileExists")
            .with_may_have_executed(false)
            .with_remedy("Name another one, or allow that it is replaced.")),
            false => Ok(()),
        }
    }

    /// Does what is due of an export.
    async fn export(&self, again: bool) -> Ended {
        let step = self.with_record(|record| record.step);
        let begun = match step {
            Step::Staging | Step::Staged => self.send_export(again).await,
            Step::Failed | Step::Canceled => self.export_anew(again).await,
            Step::Succeeded if again => self.export_anew(true).await,
            Step::Succeeded => return self.exported_before().await,
            Step::Started => Ok(false),
            Step::Starting | Step::Unknown => match self.settle_export().await {
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown && again && step == Step::Unknown => {
                    self.send_export(again).await
                }
                settled => settled,
            },
        };
        self.begun_export(begun).await
    }

    async fn export_anew(&self, again: bool) -> Result<bool> {
        self.change(Record::next_export).await?;
        self.send_export(again).await
    }

    /// How it ends, once it was sent or settled, or found to be done.
    async fn begun_export(&self, begun: Result<bool>) -> Ended {
        let (step, task) = self.with_record(|record| (record.step, record.export_task().cloned()));
        match (begun, step, task) {
            (Err(error), Step::Starting | Step::Unknown, _) => Ended::Unknown { task: None, error },
            (Err(error), ..) => Ended::not_started(error),
            (Ok(_), Step::Started, Some(task)) if !self.context.options.wait => Ended::Exporting { task, error: None },
            (Ok(_), Step::Started, Some(task)) => Box::pin(self.wait_for_export(task)).await,
            (Ok(found), Step::Succeeded, _) => self.is_exported(found),
            (Ok(_), ..) => Ended::not_started(super::target::no_task()),
        }
    }

    /// Goes on with what is on record of an export. Starts nothing.
    pub(super) async fn go_on_with_export(&self) -> Ended {
        let step = self.with_record(|record| record.step);
        match step {
            Step::Staging | Step::Staged => {
                let message = "its export was not started";
                let not_started =
                    || Error::new(ErrorKind::Conflict, message).with_remedy(Remedy::Repeat(Change::Original));
                Ended::NotStarted {
                    error: self.with_record(Record::why).unwrap_or_else(not_started),
                }
            }
            Step::Succeeded => self.exported_before().await,
            Step::Failed | Step::Canceled => {
                let unsaid = || Error::new(ErrorKind::TaskFailed, "the export failed");
                Ended::Failed {
                    task: None,
                    error: self.with_record(Record::why).unwrap_or_else(unsaid),
                }
            }
            Step::Started => self.begun_export(Ok(false)).await,
            Step::Starting | Step::Unknown => {
                let settled = self.settle_export().await;
                self.begun_export(settled).await
            }
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The size of a file, where it has this sum; `None` where it has not, or is not there.
async fn has_sum(path: &Path, sha256: &str, stop: &Stop) -> Result<Option<u64>> {
    let path = path.to_owned();
    let is_there = path.clone();
    if !blocking(move || Ok(is_there.is_file())).await? {
        return Ok(None);
    }
    let file = LocalFile::open(path)?;
    let hashed = Hashed::of(&file, None, |_| {}, stop).await?;
    Ok((hashed.sha256 == sha256).then(|| file.size()))
}
