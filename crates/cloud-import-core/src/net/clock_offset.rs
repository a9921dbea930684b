//! How far the cloud's clock is from this machine's, learnt from a refusal and remembered.
//!
//! No clock is read here: both times are arguments.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};

use crate::{Error, ErrorKind};

/// A refusal that does not say why is put down to the clock only beyond this: the shortest window of the five clouds is
/// five minutes.
const SUSPICIOUS: Duration = Duration::from_secs(4 * 60);

/// No cloud's clock is behind this, in seconds since 1970 (the end of 2023): what says so is not a cloud's.
const EARLIEST: Duration = Duration::from_secs(1_700_000_000);

/// The offset of the cloud's clock. Clones share it, so that every client of a pipeline learns at once.
#[derive(Debug, Clone, Default)]
pub struct ClockOffset(Arc<AtomicI64>);

impl ClockOffset {
    /// The instant to sign at.
    pub fn applied(&self, now: SystemTime) -> SystemTime {
        let seconds = self.0.load(Ordering::Relaxed);
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let applied = if seconds < 0 {
            now.checked_sub(distance)
        } else {
            now.checked_add(distance)
        };
        applied.unwrap_or(now)
    }

    /// Takes the time that a good answer told over, where it is far from this machine's. For a cloud that signs no time: another
    /// refuses a wrong one, and is learnt from by that.
    pub fn observe(&self, date: Option<SystemTime>, now: SystemTime) {
        let Some(date) = date.filter(|date| *date >= SystemTime::UNIX_EPOCH + EARLIEST) else {
            return;
        };
        let known = self.applied(now);
        let apart = date.duration_since(known).unwrap_or_else(|error| error.duration());
        if apart > SUSPICIOUS {
            self.set(date, now);
        }
    }

    fn set(&self, date: SystemTime, now: SystemTime) {
        let seconds = match date.duration_since(now) {
            Ok(ahead) => i64::try_from(ahead.as_secs()).unwrap_or_default(),
            Err(behind) => -i64::try_from(behind.duration().as_secs()).unwrap_or_default(),
        };
        self.0.store(seconds, Ordering::Relaxed);
    }

    /// Learns from a refusal of a request that was signed at `signed`, while this machine's clock shows `now`. `true` when
    /// another instant is to be tried.
    pub fn learn(&self, error: &Error, signed: SystemTime, now: SystemTime) -> bool {
        let Some(date) = error.server_date() else {
            return false;
        };
        let apart = date.duration_since(signed).unwrap_or_else(|error| error.duration());
        let to_blame = match error.kind() {
            ErrorKind::ClockSkew => !apart.is_zero(),
            // Some have one code for every refused signature.
            ErrorKind::Credentials => apart > SUSPICIOUS,
            _ => false,
        };
        if to_blame {
            self.set(date, now);
        }
        to_blame
    }
}
