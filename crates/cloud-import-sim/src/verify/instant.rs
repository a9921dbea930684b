//! The forms in which the clouds write the time of signing: always UTC, whole seconds.

use time::{
    OffsetDateTime, PrimitiveDateTime, format_description::StaticFormatDescription, macros::format_description,
};

use super::Refusal;

/// `20250102T030405Z` (JD Cloud, Huawei).
const BASIC: StaticFormatDescription = format_description!("[year][month][day]T[hour][minute][second]Z");
/// `2025-01-02T03:04:05Z` (Alibaba).
const EXTENDED: StaticFormatDescription = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// `Wed, 01 Jan 2025 00:00:00 GMT` (HTTP).
const HTTP: StaticFormatDescription =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
/// The form is of fixed length; the format alone would take a signed or a longer year.
const HTTP_LENGTH: usize = "Wed, 01 Jan 2025 00:00:00 GMT".len();

/// Reads `20250102T030405Z`; `part` names the header in the refusal.
pub(super) fn basic(text: &str, part: &str) -> Result<OffsetDateTime, Refusal> {
    parse(text, BASIC, "YYYYMMDDTHHMMSSZ", part)
}

/// Reads `2025-01-02T03:04:05Z`.
pub(super) fn extended(text: &str, part: &str) -> Result<OffsetDateTime, Refusal> {
    parse(text, EXTENDED, "YYYY-MM-DDTHH:MM:SSZ", part)
}

/// Reads `Wed, 01 Jan 2025 00:00:00 GMT`.
pub(super) fn http(text: &str, part: &str) -> Result<OffsetDateTime, Refusal> {
    (text.len() == HTTP_LENGTH && !text.contains(['+', '-']))
        .then(|| PrimitiveDateTime::parse(text, HTTP).ok())
        .flatten()
        .map(PrimitiveDateTime::assume_utc)
        .ok_or_else(|| Refusal::malformed(format!("{part} is not an HTTP date in GMT")))
}

/// Reads decimal seconds since 1970.
pub(super) fn unix(text: &str, part: &str) -> Result<OffsetDateTime, Refusal> {
    // i64's own parser would take a sign.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.parse().ok())
        .flatten()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .ok_or_else(|| Refusal::malformed(format!("{part} is not a time in whole seconds since 1970")))
}

fn parse(text: &str, format: StaticFormatDescription, shape: &str, part: &str) -> Result<OffsetDateTime, Refusal> {
    // The shape is compared first because the format alone would take a signed or a longer year.
    let shaped = text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, form)| match form {
            b'-' | b':' | b'T' | b'Z' => byte == form,
            _ => byte.is_ascii_digit(),
        });
    shaped
        .then(|| PrimitiveDateTime::parse(text, format).ok())
        .flatten()
        .map(PrimitiveDateTime::assume_utc)
        .ok_or_else(|| Refusal::malformed(format!("{part} is not a UTC time of the form {shape}")))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_three_forms_name_the_same_instant() {
        let instant = datetime!(2025-01-02 03:04:05 UTC);
        assert_eq!(basic("20250102T030405Z", "x"), Ok(instant));
        assert_eq!(extended("2025-01-02T03:04:05Z", "x"), Ok(instant));
        assert_eq!(unix("1735787045", "x"), Ok(instant));
    }

    #[test]
    fn everything_else_is_refused() {
        for bad in [
            "",
            "20250102T030405",
            "20251302T030405Z",
            "+0250102T030405Z",
            "20250102T250405Z",
            "２0250102T0304Z",
        ] {
            assert!(basic(bad, "x").is_err(), "{bad}");
        }
        for bad in ["2025-01-02T03:04:05.5Z", "2025-01-02 03:04:05Z", "20250102T030405Z"] {
            assert!(extended(bad, "x").is_err(), "{bad}");
        }
        for bad in ["", "-5", "+5", "1.5", "99999999999999999999", "999999999999999"] {
            assert!(unix(bad, "x").is_err(), "{bad}");
        }
    }

    #[test]
    fn of_http_only_the_one_form_is_read() {
        let read = http("Tue, 05 Mar 2024 04:07:09 GMT", "Date");
        assert_eq!(read, Ok(datetime!(2024-03-05 04:07:09 UTC)));
        for bad in [
            "",
            "Tue, 05 Mar 2024 04:07:09 CET",
            "Tue, 5 Mar 2024 04:07:09 GMT",
            "Tue, 05 Mar +024 04:07:09 GMT",
            "Tue, 32 Mar 2024 04:07:09 GMT",
            "20240305T040709Z",
        ] {
            assert!(http(bad, "Date").is_err(), "{bad}");
        }
    }
}
