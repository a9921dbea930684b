//! An XML document in bounded depth and size, held to be one and read into a type. Knows no store.

use cloud_import_core::Result;
use quick_xml::{
    Reader,
    de::Deserializer,
    escape::resolve_predefined_entity,
    events::{BytesRef, Event},
};
use serde::de::DeserializeOwned;

use super::faults;

/// The largest document: a page of a thousand entries needs less than half a MiB.
const LARGEST: usize = 8 << 20;

/// The deepest nesting; the stores' own documents end at seven.
const DEEPEST: usize = 24;

/// The local name of the root, of what is a whole document as a store writes it.
///
/// # Errors
/// In what way it is none, without any of its text.
pub(super) fn root(body: &[u8]) -> Result<String, String> {
    let not_xml = || format!("it is not XML ({} bytes)", body.len());
    let mut reader = Reader::from_str(text(body)?);
    let (mut root, mut depth) = (None, 0_usize);
    loop {
        let event = reader.read_event().map_err(|_| not_xml())?;
        match &event {
            Event::Start(start) | Event::Empty(start) if depth < DEEPEST && (depth > 0 || root.is_none()) => {
                root.get_or_insert_with(|| start.local_name().as_ref().to_owned());
                depth += usize::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(piece) if depth > 0 || piece.xml10_content().trim().is_empty() => {}
            Event::CData(_) if depth > 0 => {}
            Event::GeneralRef(reference) if depth > 0 && is_known(reference) => {}
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
            // A document type among them: no store declares entities.
            _ => return Err(not_xml()),
        }
    }
    match root {
        Some(root) if depth == 0 => Ok(root),
        Some(_) => Err(format!("it is cut off ({} bytes)", body.len())),
        None => Err(not_xml()),
    }
}

/// A document as a type.
///
/// # Errors
/// [`InvalidResponse`](cloud_import_core::ErrorKind::InvalidResponse), naming the element that is missing.
pub(super) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let text = text(body).map_err(|why| faults::unlike(&why))?;
    let mut document = Deserializer::from_str(text);
    document.recursion_limit(DEEPEST);
    T::deserialize(&mut document).map_err(|error| faults::unlike(&error))
}

fn text(body: &[u8]) -> Result<&str, String> {
    if body.len() > LARGEST {
        return Err(format!("it is too large ({} bytes)", body.len()));
    }
    let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
    Ok(text.trim_start_matches('\u{feff}').trim_start())
}

fn is_known(reference: &BytesRef<'_>) -> bool {
    match reference.resolve_char_ref() {
        Ok(None) => resolve_predefined_entity(&reference.xml10_content()).is_some(),
        character => character.is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct List {
        t: bool,
        #[serde(default, rename = "Part")]
        parts: Vec<Part>,
        k: String,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Part {
        number: u32,
        #[serde(rename = "ETag", default)]
        etag: String,
    }

    fn part(number: u32, etag: &str) -> Part {
        let etag = etag.to_owned();
        Part { number, etag }
    }

    #[test]
    fn elements_are_read_by_their_local_names_and_repeated_ones_wherever_they_stand() {
        let text = "\n<?xml version=\"1.0\"?>\n<!-- x --><L xmlns=\"http://a\"><n:T xmlns:n=\"b\">true</n:T>\n\
                    <Part a='1'><Number> 1 </Number><ETag>&quot;a&#x62;&amp;&quot;</ETag></Part>\
                    <K><![CDATA[ <k>]]> </K><Part><Number>2</Number><ETag/></Part><Part><New><A>x</A></New><Number>3</Number></Part></L>\n";
        assert_eq!(root(text.as_bytes()).unwrap(), "L");
        assert_eq!(
            decode::<List>(text.as_bytes()).unwrap(),
            List {
                t: true,
                parts: vec![part(1, "\"ab&\""), part(2, ""), part(3, "")],
                k: " <k> ".to_owned(),
            }
        );
    }

    #[test]
    fn what_is_missing_is_named_and_what_is_there_is_not_shown() {
        let said = |text: &str| decode::<List>(text.as_bytes()).unwrap_err().to_string();
        assert!(said("<L><T>true</T></L>").contains("lacks `K`"));
        assert!(said("<L><K/><T>true</T><Part/></L>").contains("lacks `Number`"));
        for text in [
            "<L><K/><T>secret</T></L>",
            "<L><T>true</T><K><secret/></K></L>",
            "secret",
            "",
        ] {
            let said = said(text);
            assert!(
                said.contains("not of the documented form") && !said.contains("secret"),
                "{said}"
            );
        }
    }

    #[test]
    fn what_no_store_writes_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(DEEPEST + 1), "</a>".repeat(DEEPEST + 1));
        for (text, why) in [
            ("", "not XML"),
            ("{}", "not XML"),
            ("<a><b></a>", "not XML"),
            ("<a></a></b>", "not XML"),
            ("<a>&x;</a>", "not XML"),
            ("<a>&#xZ;</a>", "not XML"),
            ("<a/><b/>", "not XML"),
            ("<a/>b", "not XML"),
            ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "not XML"),
            ("<a><b>1</b>", "cut off"),
            (deep.as_str(), "not XML"),
        ] {
            let error = root(text.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(root(b"<a>\xff</a>").unwrap_err().contains("UTF-8"));
        assert!(root(&vec![b' '; LARGEST + 1]).unwrap_err().contains("too large"));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (root(&bytes), decode::<List>(&bytes));
        }

        #[test]
        fn tag_soup_ends_in_an_answer(text in "(<|>|/|a|b|L|Part|&|;|#|\"|!|\\[|\\]|-| |CDATA){0,80}") {
            let _ = (root(text.as_bytes()), decode::<List>(text.as_bytes()));
        }
    }
}
