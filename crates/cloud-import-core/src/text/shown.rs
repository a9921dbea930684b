//! Text of others as it may be shown: on one line, with nothing in it that a terminal obeys or the eye does not see, and of bounded
//! length. Changes no text that is stored or sent.

use std::fmt::{self, Write as _};

/// How many characters of a text are shown.
const LONGEST: usize = 4000;

/// A text that came from a cloud, a file or a path, for a terminal, a log or a page. Its `Display` is one line of at most 4,000
/// characters and a word on how many more there are, in which [unseen](Self::is_unseen) characters are written as Rust writes
/// them: `\n`, `\u{1b}`.
///
/// ```
/// use cloud_import_core::Shown;
///
/// assert_eq!(Shown::of("镜像 \u{1b}[2J\nm-1").to_string(), r"镜像 \u{1b}[2J\nm-1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown<'a>(&'a str);

impl<'a> Shown<'a> {
    /// This text.
    pub const fn of(text: &'a str) -> Self {
        Self(text)
    }

    /// Whether a character moves the cursor, ends a line, turns the direction of writing or has no shape of its own: control
    /// characters, line separators, and what Unicode calls default ignorable (Unicode 16.0, DerivedCoreProperties).
    pub const fn is_unseen(c: char) -> bool {
        matches!(
            c,
            '\0'..='\x1f'
                | '\x7f'..='\u{9f}'
                | '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for c in characters.by_ref().take(LONGEST) {
            if Self::is_unseen(c) {
                write!(f, "{}", c.escape_default())?;
            } else {
                f.write_char(c)?;
            }
        }
        match characters.count() {
            0 => Ok(()),
            more => write!(f, "… ({more} more characters)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unseen_is_left_and_what_is_seen_stays() {
        for c in "\0\t\n\r\x1b\x7f\u{85}\u{9b}\u{ad}\u{61c}\u{200b}\u{200e}\u{2028}\u{202e}\u{2066}\u{2069}\u{3164}\u{feff}\u{e0041}"
            .chars()
        {
            let shown = Shown(&format!("a{c}b")).to_string();
            assert!(shown.is_ascii() && shown.starts_with("a\\") && shown.ends_with('b'), "{shown}");
        }
        for text in ["", "web-1 (80%)", "镜像不存在 é ñ \u{301}", "🐧 C:\\disk"] {
            assert_eq!(Shown(text).to_string(), text);
        }
    }

    #[test]
    fn a_long_text_is_cut_and_that_is_told() {
        assert_eq!(Shown(&"é".repeat(LONGEST)).to_string(), "é".repeat(LONGEST));
        let shown = Shown(&"é".repeat(1_000_000)).to_string();
        assert!(
            shown.ends_with("é… (996000 more characters)"),
            "{}",
            &shown[shown.len() - 40..]
        );
    }
}
