//! What all listeners share: the clouds, their stores, and the world that both work on.

use std::sync::{Arc, MutexGuard};

use super::images::{self, ImageSummary};
use crate::{
    cloud::Cloud,
    clouds::Clouds,
    stores::Stores,
    world::{Config, Counters, Shared, World},
};

#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stores: Stores,
    pub(crate) clouds: Clouds,
}

impl Backend {
    pub(crate) fn new(config: Config) -> Self {
        let shared = Arc::new(Shared::new(config));
        Backend {
            stores: Stores::new(Arc::clone(&shared)),
            clouds: Clouds::new(&shared.config),
            shared,
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// The images of all clouds, in the order in which their imports were accepted.
    pub(crate) fn images(&self) -> Vec<ImageSummary> {
        images::all(&self.world(), &self.clouds)
    }

    /// What was counted, with what is counted where bodies move.
    pub(crate) fn counters(&self) -> Counters {
        let world = self.world();
        let mut counters = world.counters.clone();
        for &cloud in Cloud::ALL {
            let (objects, open_uploads) = world.store.totals(cloud);
            counters.note_store(
                cloud,
                self.stores.received(cloud),
                self.stores.sent(cloud),
                objects,
                open_uploads,
            );
        }
        counters
    }
}
