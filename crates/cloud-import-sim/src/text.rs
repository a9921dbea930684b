//! The forms of text that vendors and stores have in common. Knows nothing of what is written.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but `A-Z a-z 0-9 - _ . ~`: all five clouds agree on this set.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The same for a whole path, whose separators stay.
const RESERVED_IN_PATH: AsciiSet = RESERVED.remove(b'/');

/// Percent-encodes a name or a value; upper-case hexadecimal digits.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

/// Percent-encodes a path and leaves its `/`.
pub(crate) fn encode_path(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED_IN_PATH).to_string()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a text of words with blanks between them has this one.
pub(crate) fn has_word(words: &str, wanted: &str) -> bool {
    words.split(' ').any(|word| word == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_keeps_the_unreserved_only() {
        assert_eq!(encode("aZ09-_.~ *+/%:中"), "aZ09-_.~%20%2A%2B%2F%25%3A%E4%B8%AD");
        assert_eq!(encode_path("/v1/images:import"), "/v1/images%3Aimport");
    }

    #[test]
    fn hexadecimal_digits_are_in_lower_case_and_two_a_byte() {
        assert_eq!(hex(&[0, 10, 0xff]), "000aff");
    }
}
