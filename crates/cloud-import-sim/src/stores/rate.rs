//! The cap on the bytes per second of one store's bodies, both directions and all connections together.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::clock::Now;

/// How far the cap may lag behind: what was not used is lost after this time.
const SLACK: Duration = Duration::from_millis(20);

/// A cap. Bytes get their time in the order in which they ask for it.
#[derive(Debug)]
pub(crate) struct Rate {
    bytes_per_second: u64,
    free_at: Mutex<Option<Instant>>,
}

impl Rate {
    /// At least one byte per second.
    pub(crate) fn new(bytes_per_second: u64) -> Self {
        Rate {
            bytes_per_second: bytes_per_second.max(1),
            free_at: Mutex::new(None),
        }
    }

    /// Reserves the time of so many bytes; says how long to wait before they may go on.
    pub(crate) fn reserve(&self, bytes: usize) -> Duration {
        self.reserve_at(bytes, Now::read().instant)
    }

    fn reserve_at(&self, bytes: usize, now: Instant) -> Duration {
        let takes = Duration::from_secs_f64(bytes as f64 / self.bytes_per_second as f64);
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(SLACK).unwrap_or(now);
        let start = free_at.map_or(now, |free| free.max(earliest));
        let end = start + takes;
        *free_at = Some(end);
        end.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_capped_and_idle_time_is_lost() {
        let rate = Rate::new(1000);
        let now = Now::read().instant;
        assert_eq!(rate.reserve_at(500, now), Duration::from_millis(500));
        assert_eq!(rate.reserve_at(500, now), Duration::from_secs(1));
        let later = now + Duration::from_secs(100);
        assert_eq!(rate.reserve_at(1000, later), Duration::from_secs(1) - SLACK);
    }
}
