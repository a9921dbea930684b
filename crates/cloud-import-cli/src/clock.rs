//! The time of day where the user is, for lines that people read.

use std::{
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use cloud_import::{
    env::{Env as _, SystemEnv},
    provider::datetime,
};
use serde::Serialize;
use time::UtcOffset;

use crate::render;

static OFFSET: OnceLock<UtcOffset> = OnceLock::new();

/// When the command began.
static BEGAN: OnceLock<Duration> = OnceLock::new();

/// Notes when the command began, and how far the user's clocks are from UTC. It has to be asked for before there is a second thread.
pub(crate) fn begin() {
    let _ = OFFSET.set(UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC));
    let _ = BEGAN.set(SystemEnv.monotonic());
}

/// The moment of an event.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct At {
    #[cfg_attr(test, schemars(with = "crate::schema::Instant"))]
    time: String,
    /// Milliseconds since the command began.
    elapsed_ms: u64,
}

impl At {
    pub(crate) fn now() -> Self {
        Self {
            time: render::instant_ms(SystemEnv.now()),
            elapsed_ms: u64::try_from(elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// How long ago the command began.
pub(crate) fn elapsed() -> Duration {
    let now = SystemEnv.monotonic();
    now.saturating_sub(BEGAN.get().copied().unwrap_or(now))
}

/// `2026-11-29 16:00:00`, by the user's clocks; with a `Z` where those are not known to be others than UTC.
pub(crate) fn local(at: SystemTime) -> String {
    let offset = OFFSET.get().copied().unwrap_or(UtcOffset::UTC);
    let at = datetime::utc(at);
    let at = at.checked_to_offset(offset).unwrap_or(at);
    let (date, (hour, minute, second)) = (at.date(), at.to_hms());
    let end = if offset.is_utc() { "Z" } else { "" };
    format!("{date} {hour:02}:{minute:02}:{second:02}{end}")
}
