//! The time of day where the user is, for lines that people read.

use std::{sync::OnceLock, time::SystemTime};

use time::{OffsetDateTime, UtcOffset};

static OFFSET: OnceLock<UtcOffset> = OnceLock::new();

/// Finds out how far the user's clocks are from UTC. It has to be asked for before there is a second thread.
pub(crate) fn begin() {
    let _ = OFFSET.set(UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC));
}

/// `2026-11-29 16:00:00`, by the user's clocks; with a `Z` where those are not known to be others than UTC.
pub(crate) fn local(at: SystemTime) -> String {
    let offset = OFFSET.get().copied().unwrap_or(UtcOffset::UTC);
    let at = OffsetDateTime::from(at).to_offset(offset);
    let (date, (hour, minute, second)) = (at.date(), at.to_hms());
    let end = if offset.is_utc() { "Z" } else { "" };
    format!("{date} {hour:02}:{minute:02}:{second:02}{end}")
}
