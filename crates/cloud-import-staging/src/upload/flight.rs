//! How many parts of an upload are under way at a time: more as long as that makes it faster, and fewer when parts have to be sent again.
//! Pure: the time is told.

use std::time::Duration;

/// So many to begin with.
const FIRST: usize = 4;

/// What more of them have to add to the rate.
const WORTH: f64 = 1.05;

/// The parts under way of one upload.
#[derive(Debug)]
pub(super) struct Flight {
    most: usize,
    allowed: usize,
    /// What arrived since then.
    since: Duration,
    parts: usize,
    bytes: u64,
    /// The best rate so far, in bytes a second.
    best: f64,
}

impl Flight {
    /// At most so many, and at least one. `now` is time since an arbitrary moment, here and below.
    pub(super) fn new(most: usize, now: Duration) -> Self {
        let most = most.max(1);
        Self {
            most,
            allowed: most.min(FIRST),
            since: now,
            parts: 0,
            bytes: 0,
            best: 0.0,
        }
    }

    /// How many may be under way.
    pub(super) fn allowed(&self) -> usize {
        self.allowed
    }

    /// A part of that size is in the store.
    pub(super) fn arrived(&mut self, bytes: u64, now: Duration) {
        self.parts += 1;
        self.bytes += bytes;
        if self.parts < self.allowed {
            return;
        }
        let took = now.saturating_sub(self.since).max(Duration::from_millis(1));
        let rate = self.bytes as f64 / took.as_secs_f64();
        if rate > self.best * WORTH {
            self.best = rate;
            self.allowed = (self.allowed + self.allowed.div_ceil(2)).min(self.most);
        }
        self.count_from(now);
    }

    /// A part has to be sent again: the store, or the way to it, has too much to do.
    pub(super) fn failed(&mut self, now: Duration) {
        self.allowed = (self.allowed / 2).max(1);
        self.best = 0.0;
        self.count_from(now);
    }

    fn count_from(&mut self, now: Duration) {
        (self.since, self.parts, self.bytes) = (now, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends parts of 1 MiB until a window is over, at this rate in MiB a second.
    fn window(flight: &mut Flight, at: &mut Duration, rate: f64) -> usize {
        for _ in 0..flight.allowed() {
            *at += Duration::from_secs_f64(1.0 / rate);
            flight.arrived(1 << 20, *at);
        }
        flight.allowed()
    }

    #[test]
    fn more_are_sent_while_that_is_faster_and_never_more_than_allowed() {
        let (mut flight, mut at) = (Flight::new(16, Duration::ZERO), Duration::ZERO);
        assert_eq!(flight.allowed(), 4);
        assert_eq!(window(&mut flight, &mut at, 10.0), 6);
        assert_eq!(window(&mut flight, &mut at, 15.0), 9);
        assert_eq!(window(&mut flight, &mut at, 15.2), 9, "the line is full");
        assert_eq!(window(&mut flight, &mut at, 9.0), 9);
        assert_eq!(window(&mut flight, &mut at, 30.0), 14);
        assert_eq!(window(&mut flight, &mut at, 60.0), 16);
        assert_eq!(window(&mut flight, &mut at, 90.0), 16);
        for (most, first) in [(0, 1), (1, 1), (3, 3), (100, 4)] {
            assert_eq!(Flight::new(most, at).allowed(), first);
        }
    }

    #[test]
    fn fewer_are_sent_when_parts_fail_and_more_again_when_they_arrive() {
        let (mut flight, mut at) = (Flight::new(8, Duration::ZERO), Duration::ZERO);
        window(&mut flight, &mut at, 10.0);
        window(&mut flight, &mut at, 20.0);
        assert_eq!(flight.allowed(), 8);
        for fewer in [4, 2, 1, 1] {
            flight.failed(at);
            assert_eq!(flight.allowed(), fewer);
        }
        assert_eq!(window(&mut flight, &mut at, 2.0), 2);
        assert_eq!(window(&mut flight, &mut at, 4.0), 3);
    }
}
