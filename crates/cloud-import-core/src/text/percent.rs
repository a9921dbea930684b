//! Percent encoding as RFC 3986 has it, and queries made of pairs.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same, but slashes stay.
const PATH: &AsciiSet = &RESERVED.remove(b'/');

/// Names and values; what was there already is borrowed.
pub type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Percent-encodes all but `A-Z a-z 0-9 - . _ ~`, upper-case hex.
pub fn percent(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// As [`percent`], but leaves slashes.
pub fn percent_path(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// Decodes `%XX`; a malformed one stays as it is, and bytes that are not UTF-8 become replacement characters.
pub fn percent_decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// `a=b&c=d`, every name and value percent-encoded, in the order given.
pub fn pairs(pairs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> String {
    let mut text = String::with_capacity(512);
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(utf8_percent_encode(name.as_ref(), RESERVED));
        text.push('=');
        text.extend(utf8_percent_encode(value.as_ref(), RESERVED));
    }
    text
}

/// As [`pairs`], sorted by name and then value: a query in canonical form.
pub fn sorted_pairs<T: AsRef<str> + Ord>(mut parameters: Vec<(T, T)>) -> String {
    parameters.sort_unstable();
    pairs(parameters)
}

/// Decodes `a=b&c=d`; a plus sign is a space.
pub fn decode_pairs(text: &str) -> Vec<(String, String)> {
    let pairs = borrow_pairs(text).into_iter();
    pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// As [`decode_pairs`], with a copy only of what has something to decode.
pub fn borrow_pairs(text: &str) -> Pairs<'_> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_part(name), decode_part(value))
        })
        .collect()
}

fn decode_part(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        percent_decode(&text.replace('+', "%20")).into()
    } else {
        percent_decode_str(text).decode_utf8_lossy()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pairs_come_back(input in prop::collection::vec((".{1,8}", ".{0,12}"), 0..6)) {
            let input: Vec<(String, String)> = input;
            let text = pairs(input.iter().map(|(a, b)| (a.as_str(), b.as_str())));
            prop_assert!(text.is_ascii());
            prop_assert_eq!(decode_pairs(&text), input);
        }
    }
}
