//! The date forms that signatures and answers use. Always UTC; parts of a second are cut off, never rounded.
//!
//! A year has four digits in all of them: an instant beyond 9999 is written as the last one that has a form.

use std::time::{Duration, SystemTime};

use time::{
    OffsetDateTime,
    format_description::well_known::{Rfc2822, Rfc3339},
};

/// An instant as a date with a time.
pub fn utc(instant: SystemTime) -> OffsetDateTime {
    let seconds = |duration: Duration| duration.try_into().unwrap_or(time::Duration::MAX);
    match instant.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => OffsetDateTime::UNIX_EPOCH.saturating_add(seconds(since)),
        Err(before) => OffsetDateTime::UNIX_EPOCH.saturating_sub(seconds(before.duration())),
    }
}

/// The instant of seconds since 1970, where its year has four digits.
pub fn from_unix(seconds: u64) -> Option<SystemTime> {
    let at = OffsetDateTime::from_unix_timestamp(seconds.try_into().ok()?);
    at.ok().map(Into::into)
}

/// An instant without its parts of a second.
pub fn whole_seconds(instant: SystemTime) -> SystemTime {
    let since = instant.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

/// The first whole second that is not before an instant.
pub fn next_second(instant: SystemTime) -> SystemTime {
    match whole_seconds(instant) {
        whole if whole == instant => whole,
        whole => whole + Duration::from_secs(1),
    }
}

/// `20250102T030405Z`.
pub fn basic(instant: SystemTime) -> String {
    extended(instant).replace(['-', ':'], "")
}

/// `2025-01-02T03:04:05Z`.
pub fn extended(instant: SystemTime) -> String {
    let (hour, minute, second) = utc(instant).to_hms();
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", date(instant))
}

/// `2025-01-02`.
pub fn date(instant: SystemTime) -> String {
    let date = utc(instant).date();
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`: the date of an HTTP header.
pub fn http(instant: SystemTime) -> String {
    let at = utc(instant);
    let (weekday, month) = (at.weekday().to_string(), at.month().to_string());
    let (hour, minute, second) = at.to_hms();
    format!(
        "{weekday:.3}, {:02} {month:.3} {:04} {hour:02}:{minute:02}:{second:02} GMT",
        at.day(),
        at.year()
    )
}

/// Whole seconds since 1970; negative before.
pub fn unix(instant: SystemTime) -> i64 {
    utc(instant).unix_timestamp()
}

/// Milliseconds since 1970.
pub fn unix_millis(instant: SystemTime) -> i128 {
    utc(instant).unix_timestamp_nanos() / 1_000_000
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

/// Instants in stored forms, as RFC 3339 dates in whole seconds: for `#[serde(with = "…")]`.
pub mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::*;

    /// Writes an instant.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&extended(*at))
    }

    /// Reads an instant.
    ///
    /// # Errors
    /// The deserializer's own, or text that is not an RFC 3339 date.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        read(&String::deserialize(deserializer)?)
    }

    fn read<E: Error>(text: &str) -> Result<SystemTime, E> {
        parse_rfc3339(text).ok_or_else(|| E::custom(format_args!("`{text}` is not an RFC 3339 date")))
    }

    /// The same for an instant that may be absent.
    pub mod option {
        use serde::Serialize as _;

        use super::*;

        /// Writes an instant, or that there is none.
        ///
        /// # Errors
        /// The serializer's own.
        pub fn serialize<S: Serializer>(at: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
            at.map(extended).serialize(serializer)
        }

        /// Reads an instant, or that there is none.
        ///
        /// # Errors
        /// The deserializer's own, or text that is not an RFC 3339 date.
        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
            let text = Option::<String>::deserialize(deserializer)?;
            text.map(|text| read(&text)).transpose()
        }
    }
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
        assert_eq!(http(instant), "Wed, 09 Nov 2022 08:30:00 GMT");
        assert_eq!(unix(instant), 1_667_982_600);
        assert_eq!(unix_millis(instant), 1_667_982_600_750);
    }

    #[test]
    fn what_has_no_form_is_written_as_the_nearest_that_has_one() {
        let last = parse_rfc3339("9999-12-31T23:59:59-23:59").unwrap();
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(i64::MAX as u64);
        for instant in [last, far] {
            assert_eq!(extended(instant), "9999-12-31T23:59:59Z");
            assert_eq!(http(instant), "Fri, 31 Dec 9999 23:59:59 GMT");
            assert_eq!(
                (unix(instant), unix_millis(instant)),
                (253_402_300_799, 253_402_300_799_999)
            );
        }
        let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1 << 62);
        assert_eq!(extended(early), "-9999-01-01T00:00:00Z");
        assert_eq!(unix(SystemTime::UNIX_EPOCH - Duration::from_secs(5)), -5);
        assert_eq!(
            from_unix(253_402_300_799).map(extended).as_deref(),
            Some("9999-12-31T23:59:59Z")
        );
        assert_eq!(from_unix(253_402_300_800), None);
        assert_eq!(from_unix(u64::MAX), None);
    }

    #[test]
    fn an_http_date_is_written_as_it_is_read() {
        for (seconds, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
        ] {
            let instant = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(http(instant), expected);
            assert_eq!(parse_http_date(expected), Some(instant));
        }
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
