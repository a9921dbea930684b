//! The handle to what is remembered, for tasks of a runtime: whatever blocks is done on a thread that may wait.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use cloud_import_core::{
    Error, ErrorKind, Result, Stop,
    env::{Env as _, SystemEnv},
    provider::digest,
};
use cloud_import_staging::HashCache;

use super::{backend::StateBackend, directory::Directory, documents::Documents};

/// How often a lock that another process holds is asked for again.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// Where jobs are remembered, so that any later process can go on with them: a directory, or a [`StateBackend`] that many machines
/// reach. Cheap to clone. It holds no secret.
///
/// ```text
/// STATE/lock                             taken and given back, to see that it can be
/// STATE/hashes/…                         SHA-256 of documents, by device and inode
/// STATE/jobs/JOB/job.json                what is published
/// STATE/jobs/JOB/places                  which record each place has, whatever it is called
/// STATE/jobs/JOB/TARGET.json             how far one target has come
/// STATE/jobs/JOB/TARGET.lock             held by the process that works on it
/// STATE/objects/OBJECT/object.json       a staged object; there only if this program put it there
/// STATE/objects/OBJECT/users/JOB+TARGET  an order that may still read it
/// STATE/objects/OBJECT/lock              held while an order begins to read it, and while it is deleted
/// ```
///
/// ```no_run
/// use cloud_import::publish::State;
///
/// # async fn show() -> cloud_import::Result<()> {
/// for job in State::at("jobs").jobs().await? {
///     match job {
///         Ok(job) => println!("{}: {} records", job.facts().name, job.records().await?.len()),
///         Err(damaged) => println!("{damaged} cannot be read: {}", damaged.error),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct State {
    documents: Documents,
    /// What concerns this machine alone.
    local: PathBuf,
    is_shared: bool,
}

impl State {
    /// Jobs in this directory; it is made when the first job needs it.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        let local = folder.into();
        Self {
            documents: Documents::new(Arc::new(Directory::at(local.clone()))),
            local,
            is_shared: false,
        }
    }

    /// Jobs in a store that many machines reach, and in this directory what concerns this machine alone: the sums of its files, and
    /// which parts of uploads it sent. Another machine goes on with an upload by what the bucket lists, and by the sum of its own copy
    /// of the file.
    pub fn on(backend: Arc<dyn StateBackend>, local: impl Into<PathBuf>) -> Self {
        Self {
            documents: Documents::new(backend),
            local: local.into(),
            is_shared: true,
        }
    }

    /// Whether jobs can be recorded here: makes the directory, and takes and gives back a lock in it. To be asked before work that
    /// would be for nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the directory cannot be written, or has no locks.
    pub async fn check(&self) -> Result<()> {
        // That another process has it at this moment is as good.
        self.with(|documents| documents.lock("lock").map(drop)).await
    }

    /// The sums of documents, which are this machine's.
    pub(crate) fn hashes(&self) -> HashCache {
        HashCache::new(self.local.join("hashes"))
    }

    /// Where this machine keeps which parts of an upload it sent, where the record of it is other machines' too: it would be written
    /// anew for each part.
    pub(crate) fn parts_of(&self, upload: &str) -> Option<PathBuf> {
        let name = format!("{}.json", &digest::sha256_hex(upload.as_bytes())[..24]);
        self.is_shared.then(|| self.local.join("uploads").join(name))
    }

    /// Does something with the documents, to its end even when nobody waits for the outcome any more.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Documents) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let documents = self.documents.clone();
        blocking(move || work(&documents)).await
    }

    /// Takes what `take` takes as soon as no other process holds it; `None` when it is stopped meanwhile. `on_wait` hears, once,
    /// that another is waited for.
    pub(super) async fn when_free<T: Send + 'static>(
        &self,
        stop: &Stop,
        on_wait: impl FnOnce(),
        take: impl Fn(&Documents) -> Result<Option<T>> + Clone + Send + 'static,
    ) -> Result<Option<T>> {
        let mut on_wait = Some(on_wait);
        loop {
            if let Some(taken) = self.with(take.clone()).await? {
                return Ok(Some(taken));
            }
            if let Some(on_wait) = on_wait.take() {
                on_wait();
            }
            tokio::select! {
                // Other processes go by the real clock.
                () = SystemEnv.sleep(ASK_AGAIN) => {}
                () = stop.requested() => return Ok(None),
            }
        }
    }
}

/// Where they are remembered, for people.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.documents.fmt(f)
    }
}

/// Those are equal that are in the same place.
impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.local == other.local && self.to_string() == other.to_string()
    }
}

impl Eq for State {}

/// Runs what would hold a thread of the runtime up on one that may wait.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(Error::new(ErrorKind::Local, "work on a file was interrupted").with_source(error)),
    }
}
