//! An XML document as JSON, in bounded depth and size. Knows no store.

use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesRef, Event},
};
use serde_json::{Map, Value, map::Entry};

/// The largest document: a page of a thousand entries needs less than half a MiB.
const LARGEST: usize = 8 << 20;

/// The deepest nesting; the stores' own documents end at seven.
const DEEPEST: usize = 24;

/// One element that is not closed yet.
#[derive(Default)]
struct Open {
    name: String,
    text: String,
    children: Map<String, Value>,
}

impl Open {
    /// An element with children is an object of them, any other its text; text between children says nothing.
    fn close(self) -> (String, Value) {
        let value = if self.children.is_empty() {
            Value::String(self.text)
        } else {
            Value::Object(self.children)
        };
        (self.name, value)
    }

    fn adopt(&mut self, name: String, value: Value) {
        match self.children.entry(name) {
            Entry::Vacant(place) => {
                place.insert(value);
            }
            // Only a repeated element is an array: no element's own value is one.
            Entry::Occupied(mut place) => match place.get_mut() {
                Value::Array(items) => items.push(value),
                first => *first = Value::Array(vec![first.take(), value]),
            },
        }
    }
}

/// The root's local name and its value: an object of the child elements under their local names, a repeated one as an array;
/// text where there are none. Attributes are left out.
///
/// # Errors
/// In what way it is no document that a store writes, without any of its text.
pub(super) fn parse(body: &[u8]) -> Result<(String, Value), String> {
    if body.len() > LARGEST {
        return Err(format!("it is too large ({} bytes)", body.len()));
    }
    let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
    let not_xml = || format!("it is not XML ({} bytes)", body.len());
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|_| not_xml())?;
        let closed = match event {
            Event::Start(start) => {
                if root.is_some() || open.len() >= DEEPEST {
                    return Err(not_xml());
                }
                open.push(named(start.local_name().as_ref()));
                None
            }
            Event::Empty(start) => {
                if root.is_some() || open.len() >= DEEPEST {
                    return Err(not_xml());
                }
                Some(named(start.local_name().as_ref()).close())
            }
            Event::End(_) => open.pop().map(Open::close),
            Event::Text(piece) => {
                append(&mut open, &piece.xml10_content(), not_xml)?;
                None
            }
            Event::CData(piece) => {
                append(&mut open, &piece.xml10_content(), not_xml)?;
                None
            }
            Event::GeneralRef(reference) => {
                append(&mut open, &referred(&reference).ok_or_else(not_xml)?, not_xml)?;
                None
            }
            // No store declares entities; a document that does is not read.
            Event::DocType(_) => return Err(not_xml()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => None,
            Event::Eof => break,
        };
        if let Some((name, value)) = closed {
            match open.last_mut() {
                Some(parent) => parent.adopt(name, value),
                None => root = Some((name, value)),
            }
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ if open.is_empty() => Err(not_xml()),
        _ => Err(format!("it is cut off ({} bytes)", body.len())),
    }
}

fn named(name: &str) -> Open {
    Open {
        name: name.to_owned(),
        ..Open::default()
    }
}

fn append(open: &mut [Open], piece: &str, not_xml: impl Fn() -> String) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(piece),
        None if piece.trim().is_empty() => {}
        None => return Err(not_xml()),
    }
    Ok(())
}

fn referred(reference: &BytesRef<'_>) -> Option<String> {
    match reference.resolve_char_ref().ok()? {
        Some(character) => Some(character.to_string()),
        None => resolve_predefined_entity(&reference.xml10_content()).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_become_members_and_repeated_ones_arrays() {
        let text = "\n<?xml version=\"1.0\"?>\n<!-- x --><L xmlns=\"http://a\"><n:T xmlns:n=\"b\">true</n:T>\n\
                    <Part><Number>1</Number><ETag>&quot;a&#x62;&amp;&quot;</ETag></Part>\
                    <Part><Number>2</Number><ETag/></Part><Part/><K><![CDATA[<k>]]></K></L>\n";
        assert_eq!(
            parse(text.as_bytes()).unwrap(),
            (
                "L".to_owned(),
                json!({
                    "T": "true",
                    "Part": [{"Number": "1", "ETag": "\"ab&\""}, {"Number": "2", "ETag": ""}, ""],
                    "K": "<k>",
                })
            )
        );
        assert_eq!(
            parse(b"<Where>cn-1</Where>").unwrap(),
            ("Where".to_owned(), json!("cn-1"))
        );
    }

    #[test]
    fn what_no_store_writes_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(DEEPEST + 1), "</a>".repeat(DEEPEST + 1));
        for (text, why) in [
            ("", "not XML"),
            ("{}", "not XML"),
            ("<a><b></a>", "not XML"),
            ("<a>&x;</a>", "not XML"),
            ("<a/><b/>", "not XML"),
            ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "not XML"),
            ("<a><b>1</b>", "cut off"),
            (deep.as_str(), "not XML"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(parse(b"<a>\xff</a>").unwrap_err().contains("UTF-8"));
        assert!(parse(&vec![b' '; LARGEST + 1]).unwrap_err().contains("too large"));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn tag_soup_ends_in_an_answer(text in "(<|>|/|a|b|&|;|#|\"|!|\\[|\\]|-| |CDATA){0,80}") {
            let _ = parse(text.as_bytes());
        }
    }
}
