//! Rust source as names and marks: all that is looked at to see how files hang together. No grammar is here but that of `use`.

/// The tokens of a source, without comments, texts and characters.
pub(crate) fn of(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let raw = rest[word..]
            .trim_start_matches('#')
            .strip_prefix('"')
            .filter(|_| rest[..word].ends_with('r'));
        let (length, is_token) = match rest.as_bytes() {
            [b'/', b'/', ..] => (rest.find('\n').unwrap_or(rest.len()), false),
            [b'/', b'*', ..] => (past(rest, 2, "*/"), false),
            [b'"', ..] => (quoted(rest), false),
            [b'\'', b'\\', ..] => (past(rest, 3, "'"), false),
            [b'\'', ..] if rest.chars().nth(2) == Some('\'') => (past(rest, 1, "'"), false),
            [b':', b':', ..] => (2, true),
            _ => match raw {
                Some(raw) => {
                    let begin = rest.len() - raw.len();
                    (past(rest, begin, &format!("\"{}", &rest[word..begin - 1])), false)
                }
                None => (word.max(first.len_utf8()), !first.is_whitespace()),
            },
        };
        tokens.extend(is_token.then_some(&rest[..length]));
        rest = &rest[length..];
    }
    tokens
}

/// Where the first `end` behind `from` ends.
fn past(text: &str, from: usize, end: &str) -> usize {
    text[from..].find(end).map_or(text.len(), |at| from + at + end.len())
}

/// Where a text in quotes ends.
fn quoted(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Finds the paths of a `use` item, from `at` on behind `prefix`, each with the name that it has here or `*`. Returns where it
/// ends.
pub(crate) fn names<'a>(
    tokens: &[&'a str],
    mut at: usize,
    prefix: &[&'a str],
    found: &mut dyn FnMut(&[&'a str], &'a str),
) -> usize {
    let mut path = prefix.to_vec();
    let mut name = None;
    while let Some(token) = tokens.get(at).filter(|token| !matches!(**token, "," | "}" | ";")) {
        match *token {
            "{" => {
                while tokens.get(at).is_some_and(|token| *token != "}") {
                    at = names(tokens, at + 1, &path, found);
                }
                return at + 1;
            }
            "as" => name = tokens.get(at + 1).copied(),
            part if part != "::" && name.is_none() => path.push(part),
            _ => {}
        }
        at += 1;
    }
    if path.len() == prefix.len() {
        return at;
    }
    if path.len() > 1 && path.last() == Some(&"self") {
        path.pop();
    }
    match path.split_last() {
        Some((&"*", before)) => found(before, "*"),
        Some((last, _)) => found(&path, name.unwrap_or(last)),
        None => {}
    }
    at
}
