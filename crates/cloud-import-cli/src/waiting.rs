//! How a command waits for verdicts: how often it asks, and whom it tells.

use std::{sync::Arc, time::Duration};

use cloud_import::{
    WaitOptions,
    publish::{Event, Listener},
};

use crate::{events::Events, metrics, progress::Progress};

/// How to wait: patiently for real clouds, briskly for simulated ones.
pub(crate) fn waiting(limit: Option<Duration>, simulated: bool) -> WaitOptions {
    let options = WaitOptions::default();
    let options = if simulated {
        options.intervals(Duration::from_millis(150), Duration::from_millis(500))
    } else {
        options
    };
    match limit {
        Some(limit) => options.limit(limit),
        None => options,
    }
}

/// Who is told what happens to these targets: programs by events, else people; and who measures it.
pub(crate) fn listener(has_events: bool, labels: Vec<String>) -> Arc<dyn Listener> {
    metrics::measured(
        labels.clone(),
        match has_events {
            true => Arc::new(Events::new(labels)),
            false => Arc::new(Progress::new(labels)),
        },
    )
}

/// Tells of targets by their place among all that were named, of which some may not have come to a start.
#[derive(Debug)]
pub(crate) struct Renumbered {
    to: Arc<dyn Listener>,
    indices: Vec<usize>,
}

impl Renumbered {
    pub(crate) fn new(to: Arc<dyn Listener>, indices: Vec<usize>) -> Self {
        Self { to, indices }
    }
}

impl Listener for Renumbered {
    fn on(&self, target: Option<usize>, event: &Event<'_>) {
        self.to
            .on(target.and_then(|index| self.indices.get(index).copied()), event);
    }
}
