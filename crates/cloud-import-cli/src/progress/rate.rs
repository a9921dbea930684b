//! How fast bytes move: over the last seconds, so that what stands still is seen to.

use std::{collections::VecDeque, time::Duration};

/// Over so long.
const WINDOW: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Default)]
pub(super) struct Rate {
    /// Instants with the bytes by then, oldest first: one at or before the window, and those in it.
    samples: VecDeque<(Duration, u64)>,
}

impl Rate {
    /// So many bytes by now. Fewer than before is a new beginning.
    pub(super) fn add(&mut self, now: Duration, done: u64) {
        if self.samples.back().is_some_and(|(_, before)| *before > done) {
            self.samples.clear();
        }
        self.samples.push_back((now, done));
        self.forget(now);
    }

    fn forget(&mut self, now: Duration) {
        while self.samples.get(1).is_some_and(|(at, _)| *at + WINDOW <= now) {
            self.samples.pop_front();
        }
    }

    /// Bytes per second, over the last seconds.
    pub(super) fn per_second(&mut self, now: Duration) -> u64 {
        self.forget(now);
        let (Some((first, from)), Some((last, to))) = (self.samples.front(), self.samples.back()) else {
            return 0;
        };
        if *last + WINDOW <= now {
            return 0;
        }
        let seconds = now.saturating_sub(*first).as_secs_f64();
        if seconds > 0.0 {
            ((to - from) as f64 / seconds) as u64
        } else {
            0
        }
    }

    /// For how long nothing has moved.
    pub(super) fn silent(&self, now: Duration) -> Duration {
        self.samples
            .back()
            .map_or(Duration::ZERO, |(last, _)| now.saturating_sub(*last))
    }
}
