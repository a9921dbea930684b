//! A text that names an operating system, cut into words and numbers. It knows forms of text, and no system.

/// A word in lower case, or a number with its dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Word(String),
    Number(String),
}

impl Piece {
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Number(_) => None,
        }
    }

    fn is_word(&self, words: &[&str]) -> bool {
        self.word().is_some_and(|word| words.contains(&word))
    }

    pub(super) fn number(&self) -> Option<&str> {
        match self {
            Self::Number(number) => Some(number),
            Self::Word(_) => None,
        }
    }
}

/// A text in pieces. Words are cut at everything but letters, numbers at everything but digits and the dots between them.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// What stands in no brackets.
    pub(super) text: Vec<Piece>,
    /// What stands in brackets: code names, editions, service packs.
    pub(super) aside: Vec<Piece>,
}

impl Pieces {
    pub(super) fn of(text: &str) -> Self {
        let mut pieces = Self::default();
        let mut depth = 0_usize;
        let mut run = String::new();
        for c in text.chars().flat_map(char::to_lowercase).chain([' ']) {
            let goes_on = match run.chars().next() {
                Some(first) if first.is_ascii_digit() => c.is_ascii_digit() || c == '.',
                Some(_) => c.is_alphabetic(),
                None => false,
            };
            if !goes_on {
                let place = if depth == 0 {
                    &mut pieces.text
                } else {
                    &mut pieces.aside
                };
                place.extend(piece(&run));
                run.clear();
                match c {
                    '(' | '（' | '[' => depth += 1,
                    ')' | '）' | ']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            if goes_on || c.is_alphanumeric() {
                run.push(c);
            }
        }
        pieces.text = joined(without_architecture(pieces.text));
        pieces.aside = joined(without_architecture(pieces.aside));
        pieces
    }
}

fn piece(run: &str) -> Option<Piece> {
    let number = run.trim_end_matches('.');
    match run.chars().next()? {
        first if first.is_ascii_digit() => Some(Piece::Number(number.to_owned())),
        _ => Some(Piece::Word(run.to_owned())),
    }
}

/// `x86_64`, `amd64`, `aarch64`, `64-bit` and the like say nothing of the system.
fn without_architecture(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut left = Vec::new();
    let mut rest = pieces.as_slice();
    while let Some((first, others)) = rest.split_first() {
        let next = |at: usize| others.get(at).and_then(Piece::number);
        let bits = |number: Option<&str>| matches!(number, Some("32" | "64"));
        let length = match first {
            Piece::Word(word) if word == "x" && next(0) == Some("86") => 1 + usize::from(bits(next(1))) + 1,
            Piece::Word(word) if matches!(word.as_str(), "x" | "amd" | "arm" | "aarch") && bits(next(0)) => 2,
            Piece::Word(word) if word == "i" && matches!(next(0), Some("386" | "686")) => 2,
            Piece::Number(number) if bits(Some(number)) && others.first().is_some_and(is_bit) => 2,
            _ => 0,
        };
        if length == 0 {
            left.push(first.clone());
        }
        rest = rest.get(length.max(1)..).unwrap_or_default();
    }
    left
}

fn is_bit(piece: &Piece) -> bool {
    piece.is_word(&["bit", "bits", "位"])
}

/// `2k16` is 2016, `r2` a word, `7u9` and `22-04` are versions with a dot.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let mut rest = pieces.as_slice();
    while let Some((first, others)) = rest.split_first() {
        let (piece, length) = match (first, others) {
            (Piece::Number(two), [k, Piece::Number(year), ..]) if two == "2" && k.is_word(&["k"]) => {
                (Piece::Number(format!("20{year:0>2}")), 3)
            }
            (Piece::Number(two), [k, ..]) if two == "2" && k.is_word(&["k"]) => (Piece::Number("2000".to_owned()), 2),
            (Piece::Word(r), [Piece::Number(two), ..]) if r == "r" && two == "2" => (Piece::Word("r2".to_owned()), 2),
            (Piece::Number(major), [u, Piece::Number(minor), ..])
                if is_short(major) && is_short(minor) && u.is_word(&["u", "update"]) =>
            {
                (Piece::Number(format!("{major}.{minor}")), 3)
            }
            (Piece::Number(major), [Piece::Number(minor), ..]) if is_short(major) && is_short(minor) => {
                (Piece::Number(format!("{major}.{minor}")), 2)
            }
            (other, _) => (other.clone(), 1),
        };
        found.push(piece);
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

fn is_short(number: &str) -> bool {
    number.len() <= 2 && !number.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let list = |pieces: &[Piece]| -> Vec<String> {
            let text = |piece: &Piece| match piece {
                Piece::Word(text) | Piece::Number(text) => text.clone(),
            };
            pieces.iter().map(text).collect()
        };
        let pieces = Pieces::of(text);
        format!("{} | {}", list(&pieces.text).join(" "), list(&pieces.aside).join(" "))
    }

    #[test]
    fn a_text_is_cut_between_letters_and_digits() {
        for (text, pieces) in [
            ("ubuntu22.04", "ubuntu 22.04 | "),
            ("Debian GNU/Linux 12 (bookworm)", "debian gnu linux 12 | bookworm"),
            ("CentOS-7-x86_64-GenericCloud", "centos 7 genericcloud | "),
            ("CentOS 7.9 64位", "centos 7.9 | "),
            ("Other Linux(64 bit)", "other linux | "),
            ("ubuntu_22_04", "ubuntu 22.04 | "),
            ("win2k8r2", "win 2008 r2 | "),
            ("win2k", "win 2000 | "),
            ("centos7u9", "centos 7.9 | "),
            ("CentOS 7 Update 9", "centos 7.9 | "),
            ("debian-12-i686", "debian 12 | "),
            ("EulerOS 2.0 (SP8)", "euleros 2.0 | sp 8"),
            ("sles15sp5", "sles 15 sp 5 | "),
            ("银河麒麟V10（Lance）", "银河麒麟v 10 | lance"),
            ("", " | "),
        ] {
            assert_eq!(shown(text), pieces, "{text}");
        }
    }
}
