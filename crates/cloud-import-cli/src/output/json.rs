//! JSON that is safe to show: the text of a document, in which what is unseen is escaped and each string is bounded. Changes no value
//! that is seen and of a length that a name, a link or a message has.

use cloud_import::Shown;

/// How many characters a string has at the most.
const LONGEST: usize = 16_384;

/// What stands behind the beginning of a longer one.
const CUT: &str = "…";

/// The text of a document with all that is unseen in its strings escaped and each of them cut at its bound.
pub(super) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut place = Place::Outside;
    for c in text.chars() {
        place = match place {
            Place::Outside => {
                out.push(c);
                if c == '"' { Place::Inside { length: 0 } } else { place }
            }
            Place::Inside { .. } | Place::Behind if c == '"' => {
                out.push(c);
                Place::Outside
            }
            Place::Inside { length: LONGEST } => {
                out.push_str(CUT);
                Place::Behind.after(c)
            }
            Place::Inside { length } => {
                push(&mut out, c);
                match c {
                    '\\' => Place::Escape { length: length + 1 },
                    _ => Place::Inside { length: length + 1 },
                }
            }
            Place::Escape { length } => {
                out.push(c);
                match c {
                    'u' => Place::Unit { left: 4, length },
                    _ => Place::Inside { length },
                }
            }
            Place::Unit { left, length } => {
                out.push(c);
                match left {
                    1 => Place::Inside { length },
                    _ => Place::Unit { left: left - 1, length },
                }
            }
            Place::Behind => Place::Behind.after(c),
            Place::BehindEscape => Place::Behind,
        };
    }
    out
}

/// Where in a document a character stands.
#[derive(Clone, Copy)]
enum Place {
    Outside,
    /// In a string, behind so many characters of it.
    Inside {
        length: usize,
    },
    /// Behind a backslash in it.
    Escape {
        length: usize,
    },
    /// Behind `\u`, before so many of its four digits.
    Unit {
        left: u8,
        length: usize,
    },
    /// In a string, behind what is shown of it.
    Behind,
    /// Behind a backslash there.
    BehindEscape,
}

impl Place {
    /// Where the next character stands, in the part of a string that is left out.
    fn after(self, c: char) -> Self {
        if c == '\\' { Self::BehindEscape } else { self }
    }
}

fn push(out: &mut String, c: char) {
    if !Shown::is_unseen(c) {
        out.push(c);
        return;
    }
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.push_str(&format!("\\u{unit:04x}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_document_means_the_same_and_shows_nothing_unseen() {
        let value = json!({
            "a\u{202e}b": "x\u{1b}[31m\"\\\u{7f}\u{9b}\u{feff}\u{e0041}é\n", "c": [1, true, null, "", "\\", "\\\""],
        });
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let safe = safe(&text);
            assert!(!safe.chars().any(|c| c != '\n' && Shown::is_unseen(c)), "{safe:?}");
            assert_eq!(serde_json::from_str::<Value>(&safe).unwrap(), value);
        }
    }

    #[test]
    fn a_string_is_bounded_and_the_document_stays_whole() {
        let read = |text: &str| serde_json::from_str::<Value>(&safe(&json!([text, 7]).to_string())).unwrap();
        let fits = "é".repeat(LONGEST);
        assert_eq!(read(&fits), json!([fits, 7]));
        // An escape sequence at the bound, in every place that it can have there.
        for padding in 0..9 {
            for long in ["\"", "\\", "\u{1}", "\u{202e}", "x"] {
                let text = "a".repeat(LONGEST - padding) + &long.repeat(20_000);
                let value = read(&text);
                let shown = value[0].as_str().unwrap();
                assert!(
                    shown.ends_with(CUT) && text.starts_with(shown.trim_end_matches(CUT)),
                    "{padding} {long:?}"
                );
                assert_eq!(value[1], 7);
            }
        }
    }
}
