//! Reads flat XML such as a gateway's error, and nothing more: the text of the elements below the root. It resolves no
//! entities of a document's own and refuses documents that declare any.
//!
//! A whole parser would be a dependency of every program that imports here, for an answer that hardly ever comes.

/// How deep elements may be in one another.
const DEPTH: usize = 16;

/// The elements directly below a root of this name, in order, each with its own text. `None` for what is no such document.
pub(crate) fn children<'a>(document: &'a str, root: &str) -> Option<Vec<(&'a str, String)>> {
    let mut found: Vec<(&str, String)> = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = document;
    while let Some((text, markup)) = rest.split_once('<') {
        let own = |found: &mut Vec<(&str, String)>, text: &str| {
            if let (2, Some((_, own))) = (open.len(), found.last_mut()) {
                own.push_str(text);
            }
        };
        own(&mut found, &unescaped(text));
        if let Some(data) = markup.strip_prefix("![CDATA[") {
            let (data, after) = data.split_once("]]>")?;
            own(&mut found, data);
            rest = after;
        } else if let Some(comment) = markup.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
        } else {
            let (tag, after) = markup.split_once('>')?;
            rest = after;
            match tag.chars().next()? {
                '?' => {}
                '!' => return None,
                '/' => {
                    if open.pop()? != tag[1..].trim_end() {
                        return None;
                    }
                    if open.is_empty() {
                        return Some(found);
                    }
                }
                _ => {
                    let name = tag.trim_end_matches('/').split_ascii_whitespace().next()?;
                    match open.len() {
                        0 if name != root => return None,
                        1 => found.push((name, String::new())),
                        DEPTH => return None,
                        _ => {}
                    }
                    if !tag.ends_with('/') {
                        open.push(name);
                    }
                }
            }
        }
    }
    None
}

/// Text with its references replaced; one that is not known stays as it is.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part
            .split_once(';')
            .and_then(|(name, rest)| Some((character(name)?, rest)))
        {
            Some((character, rest)) => {
                plain.push(character);
                plain.push_str(rest);
            }
            None => {
                plain.push('&');
                plain.push_str(part);
            }
        }
    }
    plain
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "amp" => '&',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(document: &str) -> Option<String> {
        let found = children(document, "Error")?;
        found
            .into_iter()
            .find_map(|(name, text)| (name == "Message").then_some(text))
    }

    #[test]
    fn text_is_read_in_every_dress() {
        for (inner, expected) in [
            ("<Message>a b</Message>", "a b"),
            ("<Code/><Message lang='en'>a</Message>", "a"),
            (
                "<Message>&lt;&#39;&#x6d4b;&amp;lt;&apos;&gt;&quot;</Message>",
                "<'测&lt;'>\"",
            ),
            ("<Message>&none; & &#xfffffff;</Message>", "&none; & &#xfffffff;"),
            ("<Message>a<![CDATA[<b>&amp;]]>c</Message>", "a<b>&amp;c"),
            ("<!-- <Message>no</Message> --><Message>yes</Message>", "yes"),
            // What is deeper is not the message's own.
            (
                "<Details><Message>no</Message></Details><Message>y<b>no</b>es</Message>",
                "yes",
            ),
        ] {
            let document = format!("<?xml version=\"1.0\"?>\n<Error xmlns=\"x\">{inner}</Error>\n");
            assert_eq!(message(&document).as_deref(), Some(expected), "{document}");
        }
    }

    #[test]
    fn what_is_no_whole_flat_document_is_none() {
        let deep = format!("<Error>{}", "<a>".repeat(100_000));
        for document in [
            "",
            "no XML",
            "<html><Error><Message>x</Message></Error></html>",
            "<Error><Message>x</Message>",
            "<Error><Message>x</Error></Message>",
            "<Error><Message>x</Message><![CDATA[",
            "<!DOCTYPE Error [<!ENTITY a 'b'>]><Error><Message>&a;</Message></Error>",
            "</Error>",
            "<>",
            &deep,
        ] {
            assert_eq!(children(document, "Error"), None, "{:.80}", document);
        }
    }
}
