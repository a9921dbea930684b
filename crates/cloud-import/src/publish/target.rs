//! One target of one call: its cloud, its record, and what it shares with the others. Every step is in the files above.

use std::{
    sync::{Arc, Mutex},
    time::SystemTime,
};

use cloud_import_core::{Error, ErrorKind, ImageImporter, Remedy, Result, Stop, provider::digest, remedy::Change};
use cloud_import_staging::Store;
use tokio::{sync::OnceCell, task::JoinSet};
use tracing::{Instrument as _, instrument::WithSubscriber as _};

pub(crate) use super::stopped::stopped;
use super::{
    event::{Event, Listener},
    keeper::Keeper,
    link::Made,
    naming::Naming,
    options::Options,
    store::{Job, Lease, Record, Role, blocking, held},
    upload_keeper::UploadKeeper,
};

/// What all targets of one call share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) job: Job,
    pub(crate) options: Options,
    pub(crate) listener: Arc<dyn Listener>,
    pub(crate) stop: Stop,
    /// When hashing the file began and ended, where this call had to do it.
    pub(crate) hashed: Option<(SystemTime, SystemTime)>,
    /// Which records name which images, read when the first image is deleted.
    pub(crate) naming: OnceCell<Naming>,
}

/// A target being worked on.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) index: usize,
    pub(crate) importer: Arc<dyn ImageImporter>,
    pub(crate) bucket: Option<Store>,
    pub(crate) context: Arc<Context>,
    /// Whether what is staged for it stays.
    pub(crate) keep_object: bool,
    /// What there is to say of its bucket was found out before this call.
    pub(crate) is_bucket_known: bool,
    /// Tells copies of its image.
    pub(crate) made: Option<Arc<Made>>,
    lease: Arc<Mutex<Lease>>,
}

impl Target {
    pub(crate) fn new(
        index: usize,
        importer: Arc<dyn ImageImporter>,
        bucket: Option<Store>,
        context: Arc<Context>,
        lease: Lease,
    ) -> Self {
        let lease = Arc::new(Mutex::new(lease));
        Self {
            index,
            importer,
            bucket,
            keep_object: context.options.keep_object,
            is_bucket_known: false,
            made: None,
            context,
            lease,
        }
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        self.context.listener.on(Some(self.index), event);
    }

    pub(crate) fn warn(&self, text: &str) {
        self.tell(&Event::Warning { text });
    }

    /// Reads the record.
    pub(crate) fn with_record<T>(&self, read: impl FnOnce(&Record) -> T) -> T {
        read(held(&self.lease).record())
    }

    /// Changes the record durably, away from the threads that drive requests: it waits for the disk.
    pub(crate) async fn change(&self, change: impl FnOnce(&mut Record) + Send + 'static) -> Result<()> {
        let lease = Arc::clone(&self.lease);
        blocking(move || held(&lease).change(change)).await
    }

    /// Records what went wrong. Where that cannot be written, it is told all the same.
    pub(crate) async fn went_wrong(&self, error: &Error) {
        let error = error.clone();
        if let Err(error) = self.change(move |record| record.went_wrong(&error)).await {
            self.warn(error.message());
        }
    }

    /// Keeps the record of an upload of this target.
    pub(crate) fn upload_keeper(&self, role: Role) -> UploadKeeper {
        UploadKeeper::new(&self.context.job, Arc::clone(&self.lease), role)
    }

    /// Keeps what becomes of exported objects.
    pub(super) fn keeper(&self) -> Keeper {
        Keeper::new(Arc::clone(&self.lease))
    }

    /// The name of its order as a user of staged objects.
    pub(crate) fn user(&self) -> String {
        self.with_record(|record| user(&self.context.job.facts().id, &record.target))
    }

    /// # Errors
    /// It is stopped.
    pub(crate) fn unless_stopped(&self) -> Result<()> {
        match self.context.stop.is_requested() {
            true => Err(stopped()),
            false => Ok(()),
        }
    }
}

/// A name for an order as a user of a staged object, fit to be a file name.
pub(crate) fn user(job: &str, record_name: &str) -> String {
    format!("{job}+{}", &digest::sha256_hex(record_name.as_bytes())[..16])
}

/// Does all of it side by side, below the caller's span; what broke off is `None`. When the future is dropped, all of it is.
pub(crate) async fn side_by_side<T: Send + 'static>(
    work: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<Option<T>> {
    let mut set = JoinSet::new();
    for (index, piece) in work.into_iter().enumerate() {
        // In a box: a future that holds another takes its size twice, and there may be thousands.
        let piece = Box::pin(piece);
        let piece = async move { (index, piece.await) };
        set.spawn(piece.in_current_span().with_current_subscriber());
    }
    let mut done: Vec<Option<T>> = (0..set.len()).map(|_| None).collect();
    while let Some(joined) = set.join_next().await {
        if let Ok((index, outcome)) = joined {
            done[index] = Some(outcome);
        }
    }
    done
}

/// What there is to do where it is not known whether an order was sent.
pub(crate) fn look_again() -> Remedy {
    let absent = "the vendor's console shows no image of that name";
    Remedy::Repeat(Change::Nothing).then(Remedy::when(absent, Remedy::Repeat(Change::Generation)))
}

/// The error of a record that names no task where there must be one.
pub(crate) fn no_task() -> Error {
    let message = "the record says that an order was sent, and names no task";
    Error::new(ErrorKind::OutcomeUnknown, message).with_remedy(look_again())
}

/// The time by the cloud's clock, as far as it is known.
pub(crate) fn now(importer: &dyn ImageImporter) -> SystemTime {
    match importer.connection() {
        Some(connection) => connection.pipeline.now(),
        None => importer.env().now(),
    }
}
