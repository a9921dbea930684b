//! The date forms that signatures and answers use. Always UTC; parts of a second are cut off, never rounded.

use std::time::{Duration, SystemTime};

use time::{
    OffsetDateTime,
    format_description::well_known::{Rfc2822, Rfc3339},
};

/// `20250102T030405Z`.
pub fn basic(instant: SystemTime) -> String {
    extended(instant).replace(['-', ':'], "")
}

/// `2025-01-02T03:04:05Z`.
pub fn extended(instant: SystemTime) -> String {
    let (hour, minute, second) = OffsetDateTime::from(instant).to_hms();
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", date(instant))
}

/// `2025-01-02`.
pub fn date(instant: SystemTime) -> String {
    let date = OffsetDateTime::from(instant).date();
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// Whole seconds since 1970; negative before.
pub fn unix(instant: SystemTime) -> i64 {
    OffsetDateTime::from(instant).unix_timestamp()
}

/// Milliseconds since 1970.
pub fn unix_millis(instant: SystemTime) -> i128 {
    OffsetDateTime::from(instant).unix_timestamp_nanos() / 1_000_000
}

/// Reads an RFC 3339 date.
pub fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(Into::into)
}

/// Reads the date of an HTTP header.
pub fn parse_http_date(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text.trim(), &Rfc2822).ok().map(Into::into)
}

/// The wait that a `Retry-After` header asks for: seconds, or an HTTP date seen from `now`.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = parse_http_date(value)?;
    Some(at.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_cut_off() {
        let instant = parse_rfc3339("2022-11-09T08:30:00.750Z").unwrap();
        assert_eq!(basic(instant), "20221109T083000Z");
        assert_eq!(extended(instant), "2022-11-09T08:30:00Z");
        assert_eq!(date(instant), "2022-11-09");
        assert_eq!(unix(instant), 1_667_982_600);
        assert_eq!(unix_millis(instant), 1_667_982_600_750);
    }

    #[test]
    fn retry_after_takes_seconds_and_dates() {
        let now = parse_rfc3339("2025-01-02T03:04:05Z").unwrap();
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(
            retry_after("Thu, 02 Jan 2025 03:04:15 GMT", now),
            Some(Duration::from_secs(10))
        );
        assert_eq!(retry_after("Thu, 02 Jan 2025 03:04:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
