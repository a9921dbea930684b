//! Breaks prose into the lines of a terminal. What stands in backticks is kept whole: it may be a command, or a name.

/// The lines of a text, none longer than `width` characters but for a word that is longer itself.
pub(crate) fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in words(text) {
        let length = word.chars().count();
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            used = length;
            line.push_str(word);
        } else if used + 1 + length <= width {
            used += 1 + length;
            line.push(' ');
            line.push_str(word);
        } else {
            used = length;
            lines.push(word.to_owned());
        }
    }
    lines
}

/// The words of a text, in which blanks between backticks part nothing.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut begin, mut is_quoted) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '`' => is_quoted = !is_quoted,
            ' ' if !is_quoted => {
                words.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    words.push(&text[begin..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_and_commands_too() {
        assert_eq!(lines("one two three", 8), ["one two", "three"]);
        assert_eq!(lines("one two three", 80), ["one two three"]);
        assert_eq!(lines("see `a b c d` now", 6), ["see", "`a b c d`", "now"]);
        assert_eq!(lines("镜像 已经 存在", 5), ["镜像 已经", "存在"]);
        assert_eq!(lines("", 5), [""]);
        for width in 0..30 {
            let text = "a `quoted text` and a lonely ` with  blanks";
            assert_eq!(lines(text, width).join(" "), text, "{width}");
        }
    }
}
