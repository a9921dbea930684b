//! The simulator's clock and the ways in which the vendors write a time. The only place that reads the time or waits.
//!
//! The simulator depends on no other crate of the workspace, so that its clock is its own.

use std::time::{Duration, Instant};

use time::{
    OffsetDateTime, PrimitiveDateTime,
    format_description::BorrowedFormatItem,
    macros::{format_description, offset},
};
use tokio::time::Sleep;

/// One reading of the clock: monotonic for life cycles, civil for what is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) instant: Instant,
    pub(crate) utc: OffsetDateTime,
}

impl Now {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place where the simulator reads the time"
    )]
    pub(crate) fn read() -> Self {
        Now {
            instant: Instant::now(),
            utc: OffsetDateTime::now_utc(),
        }
    }
}

/// The time by a clock that is so many seconds ahead.
pub(crate) fn ahead(seconds: i64) -> OffsetDateTime {
    Now::read().utc + time::Duration::seconds(seconds)
}

/// Waits.
#[allow(clippy::disallowed_methods, reason = "the one place where the simulator waits")]
pub(crate) fn sleep(duration: Duration) -> Sleep {
    tokio::time::sleep(duration)
}

/// Holds the thread up; for threads that may be.
pub(crate) fn block(duration: Duration) {
    // Shorter pauses than a thread can keep add up first.
    if duration >= Duration::from_millis(1) {
        std::thread::sleep(duration);
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the form of an HTTP `Date` header.
pub(crate) fn http_date(instant: OffsetDateTime) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    written(instant, FORMAT)
}

/// `2026-01-31T08:49:37Z`.
pub(crate) fn rfc3339(instant: OffsetDateTime) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    written(instant, FORMAT)
}

/// `2026-01-31T08:49:37.123Z`.
pub(crate) fn rfc3339_millis(instant: OffsetDateTime) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    written(instant, FORMAT)
}

/// `2026-01-31T08:49:37.000Z`: the stores count whole seconds and write a fraction all the same.
pub(crate) fn rfc3339_of_store(instant: OffsetDateTime) -> String {
    rfc3339_millis(instant.replace_nanosecond(0).unwrap_or(instant))
}

const CHINA: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// `2026-01-31 16:49:37`, in China's time.
pub(crate) fn china(instant: OffsetDateTime) -> String {
    written(instant.to_offset(offset!(+8)), CHINA)
}

/// Reads [`china`]'s form back.
pub(crate) fn parse_china(text: &str) -> Option<OffsetDateTime> {
    let civil = PrimitiveDateTime::parse(text, CHINA).ok()?;
    Some(civil.assume_offset(offset!(+8)))
}

fn written(instant: OffsetDateTime, format: &[BorrowedFormatItem<'_>]) -> String {
    // The formats above use only parts that every date has, so that writing them cannot fail.
    instant.format(&format).unwrap_or_default()
}

/// Whether two instants are at most `window` apart, in either direction.
pub(crate) fn within(a: OffsetDateTime, b: OffsetDateTime, window: Duration) -> bool {
    (a - b).unsigned_abs() <= window
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_are_written_as_each_vendor_writes_them() {
        let instant = datetime!(2024-01-02 03:04:05.678 UTC);
        assert_eq!(http_date(instant), "Tue, 02 Jan 2024 03:04:05 GMT");
        assert_eq!(rfc3339(instant), "2024-01-02T03:04:05Z");
        assert_eq!(rfc3339_millis(instant), "2024-01-02T03:04:05.678Z");
        assert_eq!(rfc3339_of_store(instant), "2024-01-02T03:04:05.000Z");
        assert_eq!(china(instant), "2024-01-02 11:04:05");
        assert_eq!(
            parse_china("2024-01-02 11:04:05"),
            Some(datetime!(2024-01-02 03:04:05 UTC))
        );
        assert_eq!(parse_china("yesterday"), None);
    }

    #[test]
    fn the_window_is_open_to_both_sides() {
        let base = datetime!(2024-01-02 03:04:05 UTC);
        let window = Duration::from_secs(300);
        assert!(within(base, base + Duration::from_secs(300), window));
        assert!(within(base, base - Duration::from_secs(300), window));
        assert!(!within(base, base + Duration::from_secs(301), window));
        assert!(!within(base, base - Duration::from_secs(301), window));
    }
}
