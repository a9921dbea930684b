//! The world behind its lock, as all listeners share it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    config::Config,
    counters::Activity,
    faults::{FaultKind, When},
    memory::World,
};
use crate::{clock, cloud::Cloud, verify::Secret};

/// The memory, and the settings that can be read without waiting for it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    world: Mutex<World>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        Shared {
            world: Mutex::new(World::new(config.clone())),
            config,
        }
    }

    /// The memory. A panic of another holder leaves it as it was: every change is one assignment or one push.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn secret_of(&self, access_key_id: &str) -> Option<Secret> {
        self.config.secret_of(access_key_id)
    }

    /// Counts something as going on for as long as what this gives lives.
    pub(crate) fn enter(&self, cloud: Cloud, activity: Activity) -> GoingOn<'_> {
        self.world().enter(cloud, activity);
        GoingOn {
            shared: self,
            cloud,
            activity,
        }
    }

    /// The fault that hits a request whose signature is good. One that delays it is over when this returns.
    pub(crate) async fn fault(&self, cloud: Cloud, operation: &str) -> Option<FaultKind> {
        let faults = self.world().faults.hit(When::Request, cloud, operation);
        let mut other = None;
        for fault in faults {
            match fault {
                FaultKind::Delay(millis) => clock::sleep(Duration::from_millis(millis)).await,
                fault => other = Some(fault),
            }
        }
        other
    }
}

/// Something that goes on.
pub(crate) struct GoingOn<'s> {
    shared: &'s Shared,
    cloud: Cloud,
    activity: Activity,
}

impl Drop for GoingOn<'_> {
    fn drop(&mut self) {
        self.shared.world().leave(self.cloud, self.activity);
    }
}
