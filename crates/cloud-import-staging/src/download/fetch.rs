//! Fetches the parts that are missing, several at a time within the budget, each retried by itself, and keeps the record of them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cloud_import_core::{Error, ErrorKind, Result, Stop};
use tokio::{
    sync::Notify,
    task::{JoinHandle, JoinSet},
};

use super::{
    file::PartFile,
    options::{DownloadOptions, DownloadProgress, OnDownload, stopped},
    range::Known,
    record::Record,
};
use crate::{blocking, store::Store};

/// How long parts on their way may take to arrive when no more are begun.
const GRACE: Duration = Duration::from_secs(10);

/// The pause before a round, times the round's number.
const PAUSE: Duration = Duration::from_secs(3);

/// What the fetching of parts shares.
pub(super) struct Fetch {
    pub(super) store: Store,
    pub(super) known: Known,
    pub(super) file: Arc<PartFile>,
    pub(super) options: DownloadOptions,
    pub(super) progress: OnDownload,
    pub(super) stop: Stop,
}

type Outcome = Result<u64>;

impl Fetch {
    /// Fetches what the record does not have. It is kept before this returns, whatever comes of it.
    ///
    /// # Errors
    /// [`ErrorKind::Stopped`], and every kind that a request or the file can end with.
    pub(super) async fn all(self: Arc<Self>, record: Record) -> Result<()> {
        let journal = Journal::new(self.file.clone(), record);
        journal.write().await?;
        let fetched = self.missing(&journal).await;
        let kept = journal.write().await;
        fetched.and(kept)
    }

    async fn missing(self: &Arc<Self>, journal: &Journal) -> Result<()> {
        let mut missing: VecDeque<u64> = journal.record().missing().collect();
        let mut present = journal.record().bytes();
        let total = self.known.size;
        let mut arrived = |number: u64| {
            journal.note(number);
            present += journal.record().range(number).1;
            (self.progress)(DownloadProgress::Bytes { present, total });
        };
        let mut running: JoinSet<Outcome> = JoinSet::new();
        let failure = loop {
            if self.stop.is_requested() {
                break stopped();
            }
            while running.len() < self.options.parallel.max(1)
                && let Some(number) = missing.pop_front()
            {
                let (first, length) = journal.record().range(number);
                running.spawn(self.clone().part(number, first, length));
            }
            let ended = tokio::select! {
                ended = running.join_next() => ended,
                () = self.stop.requested() => break stopped(),
            };
            match ended.map(joined) {
                None => return Ok(()),
                Some(Ok(number)) => arrived(number),
                Some(Err(error)) => break error,
            }
        };
        // Their bytes are almost there: what arrives need not be fetched again.
        let mut late = self.store.pipeline().env.sleep(GRACE);
        while let Some(ended) = tokio::select! {
            ended = running.join_next() => ended,
            () = &mut late => None,
        } {
            if let Ok(number) = joined(ended) {
                arrived(number);
            }
        }
        Err(failure)
    }

    /// One part, until it is in the file or no sense is in going on.
    async fn part(self: Arc<Self>, number: u64, first: u64, length: u64) -> Outcome {
        let mut rounds = 0;
        loop {
            let error = match self.once(first, length).await {
                Ok(()) => return Ok(number),
                Err(error) => error,
            };
            rounds += 1;
            if !error.is_retryable() || rounds > self.options.rounds || self.stop.is_requested() {
                return Err(error);
            }
            (self.progress)(DownloadProgress::Retrying {
                first,
                reason: error.to_string(),
            });
            tokio::select! {
                () = self.store.pipeline().env.sleep(PAUSE.saturating_mul(rounds)) => {}
                () = self.stop.requested() => return Err(stopped()),
            }
        }
    }

    async fn once(&self, first: u64, length: u64) -> Result<()> {
        let room = self.options.budget.reserve(length).await;
        let bytes = self.known.fetch(&self.store, first, length).await?;
        let file = self.file.clone();
        blocking::run(move || {
            let written = file.write_at(&bytes, first);
            drop((bytes, room));
            written
        })
        .await
    }
}

fn joined(ended: Result<Outcome, tokio::task::JoinError>) -> Outcome {
    ended
        .unwrap_or_else(|error| Err(Error::new(ErrorKind::Local, "fetching a part was interrupted").with_source(error)))
}

/// The record in memory and its way to the disk: one writer, which writes no more often than it can. When it is dropped, nothing more
/// is written: what came may be done with by then.
struct Journal {
    shared: Arc<Shared>,
    writer: JoinHandle<()>,
}

struct Shared {
    file: Arc<PartFile>,
    record: Mutex<Record>,
    dirty: Notify,
    /// Held while something is written, so that nothing older comes behind it.
    closed: Mutex<bool>,
}

impl Journal {
    fn new(file: Arc<PartFile>, record: Record) -> Self {
        let shared = Arc::new(Shared {
            file,
            record: Mutex::new(record),
            dirty: Notify::new(),
            closed: Mutex::new(false),
        });
        let written = shared.clone();
        let writer = tokio::spawn(async move {
            loop {
                written.dirty.notified().await;
                if let Err(error) = written.write().await {
                    tracing::warn!(%error, "the record of a download was not kept");
                }
            }
        });
        Self { shared, writer }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        locked(&self.shared.record)
    }

    fn note(&self, number: u64) {
        self.record().present.insert(number);
        self.shared.dirty.notify_one();
    }

    async fn write(&self) -> Result<()> {
        self.shared.write().await
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.writer.abort();
        // Waits for a write that has begun: that is one small file.
        *locked(&self.shared.closed) = true;
    }
}

impl Shared {
    async fn write(self: &Arc<Self>) -> Result<()> {
        let shared = self.clone();
        blocking::run(move || {
            let closed = locked(&shared.closed);
            if *closed {
                return Ok(());
            }
            let record = locked(&shared.record).clone();
            shared.file.keep(&record)
        })
        .await
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
