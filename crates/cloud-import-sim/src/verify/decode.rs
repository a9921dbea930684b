//! Strict decoding of what was sent: what could be read in two ways is refused.

use percent_encoding::percent_decode;

use super::Refusal;

/// What becomes of a `%` that no two hexadecimal digits follow, and of a parameter without `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// The `%` stands for itself and the parameter has an empty value (JD Cloud's worked example and SDK signers).
    Literal,
    /// The request is refused.
    Strict,
}

/// Decodes a path (`+` stays a plus); `part` names it in the refusal.
pub(super) fn decode_path(path: &str, strictness: Strictness) -> Result<String, Refusal> {
    decode(path.as_bytes(), strictness, "the path")
}

/// Splits and decodes a query or form: `+` is a space, empty pieces are left out.
pub(super) fn decode_pairs(text: &[u8], strictness: Strictness, part: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut pairs = Vec::new();
    for piece in text.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
        let equals = piece.iter().position(|byte| *byte == b'=');
        let (name, value): (&[u8], &[u8]) = match equals {
            Some(at) => (&piece[..at], &piece[at + 1..]),
            None if strictness == Strictness::Literal => (piece, b""),
            None => {
                return Err(Refusal::malformed(format!("{part} holds a parameter without '='")));
            }
        };
        pairs.push((
            decode_form(name, strictness, part)?,
            decode_form(value, strictness, part)?,
        ));
    }
    Ok(pairs)
}

fn decode_form(text: &[u8], strictness: Strictness, part: &str) -> Result<String, Refusal> {
    let spaced: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    decode(&spaced, strictness, part)
}

fn decode(text: &[u8], strictness: Strictness, part: &str) -> Result<String, Refusal> {
    if strictness == Strictness::Strict && has_lone_percent(text) {
        return Err(Refusal::malformed(format!(
            "{part} holds a '%' without two hexadecimal digits"
        )));
    }
    percent_decode(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Refusal::malformed(format!("{part} is not UTF-8 after decoding")))
}

fn has_lone_percent(text: &[u8]) -> bool {
    text.iter().enumerate().any(|(at, byte)| {
        *byte == b'%' && !matches!(text.get(at + 1..at + 3), Some(digits) if digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_is_strict_unless_asked() {
        let strict = |text: &str| decode_pairs(text.as_bytes(), Strictness::Strict, "the query");
        assert_eq!(
            strict("a=1+%2B&b=&&c=x=y"),
            Ok(vec![
                ("a".to_owned(), "1 +".to_owned()),
                ("b".to_owned(), String::new()),
                ("c".to_owned(), "x=y".to_owned())
            ])
        );
        for bad in ["a", "a=%", "a=%4", "a=%g0", "a=%ff", "%C3=1"] {
            assert!(matches!(strict(bad), Err(Refusal::Malformed(_))), "{bad}");
        }
        let lenient = |text: &str| decode_pairs(text.as_bytes(), Strictness::Literal, "the query");
        assert_eq!(
            lenient("o=%&n"),
            Ok(vec![("o".to_owned(), "%".to_owned()), ("n".to_owned(), String::new())])
        );
        assert!(lenient("a=%ff").is_err());
    }
}
