//! The record of one upload in memory and its way to the record_store: one writer, and never more writes than there is time for.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cloud_import_core::{Result, env::Env};
use tokio::{sync::Notify, task::JoinHandle};

use crate::{blocking, record::UploadRecord, record_store::RecordStore};

/// The record of more parts than these is some megabytes, and writing it without pause would keep a disk busy.
const MANY: usize = 20_000;

/// Between two writings of such a record.
const PAUSE: Duration = Duration::from_secs(1);

/// When it is dropped, nothing more is written: another run may have the record then.
pub(super) struct Journal {
    shared: Arc<Shared>,
    writer: JoinHandle<()>,
}

struct Shared {
    record_store: Arc<dyn RecordStore>,
    record: Mutex<UploadRecord>,
    dirty: Notify,
    /// Held while something is written.
    closed: Mutex<bool>,
}

impl Journal {
    pub(super) fn new(record_store: Arc<dyn RecordStore>, record: UploadRecord, env: Arc<dyn Env>) -> Self {
        let shared = Arc::new(Shared {
            record_store,
            record: Mutex::new(record),
            dirty: Notify::new(),
            closed: Mutex::new(false),
        });
        let writing = shared.clone();
        let writer = tokio::spawn(async move {
            loop {
                writing.dirty.notified().await;
                if let Err(error) = writing.write().await {
                    tracing::warn!(%error, "the record of an upload was not kept");
                }
                if locked(&writing.record).parts.len() > MANY {
                    env.sleep(PAUSE).await;
                }
            }
        });
        Self { shared, writer }
    }

    pub(super) fn record(&self) -> MutexGuard<'_, UploadRecord> {
        locked(&self.shared.record)
    }

    /// Changes the record, and has it written soon.
    pub(super) fn note(&self, change: impl FnOnce(&mut UploadRecord)) {
        change(&mut self.record());
        self.shared.dirty.notify_one();
    }

    /// Writes the record as it is; it is durable when this returns.
    pub(super) async fn write(&self) -> Result<()> {
        self.shared.write().await
    }

    /// Ends the writing, and forgets the upload.
    pub(super) async fn forget(self) -> Result<()> {
        let (record_store, record) = (self.shared.record_store.clone(), self.record().clone());
        drop(self);
        keep(record_store, record.left()).await
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
            shared.record_store.keep(Some(&record))
        })
        .await
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has a record kept in the place of another; `None` forgets it.
pub(super) async fn keep(record_store: Arc<dyn RecordStore>, record: Option<UploadRecord>) -> Result<()> {
    blocking::run(move || record_store.keep(record.as_ref())).await
}
