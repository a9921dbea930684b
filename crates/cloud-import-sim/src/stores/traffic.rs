//! What the stores need while bodies move, beside the simulator's memory: where bodies lie, how fast they move, and how many
//! bytes came and went.

use std::sync::{
    Arc, MutexGuard,
    atomic::{AtomicU64, Ordering},
};

use super::rate::Rate;
use crate::{
    cloud::Cloud,
    objects::StoreDir,
    world::{Shared, World},
};

/// The stores of all clouds.
#[derive(Debug)]
pub(crate) struct Stores {
    pub(crate) shared: Arc<Shared>,
    pub(crate) dir: Arc<StoreDir>,
    /// In the order of [`Cloud::ALL`].
    traffic: Vec<Traffic>,
}

#[derive(Debug)]
struct Traffic {
    rate: Option<Arc<Rate>>,
    received: AtomicU64,
    sent: AtomicU64,
}

impl Stores {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let traffic = |_: &Cloud| Traffic {
            rate: shared.config.store_rate.map(|rate| Arc::new(Rate::new(rate))),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
        };
        Stores {
            traffic: Cloud::ALL.iter().map(traffic).collect(),
            dir: Arc::new(StoreDir::new(shared.config.store_dir.clone())),
            shared,
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    pub(crate) fn rate(&self, cloud: Cloud) -> Option<&Arc<Rate>> {
        self.traffic[cloud.index()].rate.as_ref()
    }

    pub(crate) fn note_received(&self, cloud: Cloud, bytes: u64) {
        let received = &self.traffic[cloud.index()].received;
        received.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes of objects and parts that a store took off the wire.
    pub(crate) fn received(&self, cloud: Cloud) -> u64 {
        self.traffic[cloud.index()].received.load(Ordering::Relaxed)
    }

    pub(crate) fn note_sent(&self, cloud: Cloud, bytes: u64) {
        self.traffic[cloud.index()].sent.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes of objects that a store set out to send.
    pub(crate) fn sent(&self, cloud: Cloud) -> u64 {
        self.traffic[cloud.index()].sent.load(Ordering::Relaxed)
    }
}
