//! The date form of HTTP headers, `Wed, 01 Jan 2025 00:00:00 GMT`.

use time::format_description::StaticFormatDescription;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::Refusal;

const FORM: StaticFormatDescription =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
/// The form is of fixed length; the format alone would take a signed or a longer year.
const LENGTH: usize = "Wed, 01 Jan 2025 00:00:00 GMT".len();

/// Reads it; `part` names the header in the refusal.
pub(super) fn parse(text: &str, part: &str) -> Result<OffsetDateTime, Refusal> {
    (text.len() == LENGTH && !text.contains(['+', '-']))
        .then(|| PrimitiveDateTime::parse(text, FORM).ok())
        .flatten()
        .map(PrimitiveDateTime::assume_utc)
        .ok_or_else(|| Refusal::malformed(format!("{part} is not an HTTP date in GMT")))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn only_the_one_form_is_read() {
        let read = parse("Tue, 05 Mar 2024 04:07:09 GMT", "Date");
        assert_eq!(read, Ok(datetime!(2024-03-05 04:07:09 UTC)));
        for bad in [
            "",
            "Tue, 05 Mar 2024 04:07:09 CET",
            "Tue, 5 Mar 2024 04:07:09 GMT",
            "Tue, 05 Mar +024 04:07:09 GMT",
            "Tue, 32 Mar 2024 04:07:09 GMT",
            "20240305T040709Z",
        ] {
            assert!(parse(bad, "Date").is_err(), "{bad}");
        }
    }
}
