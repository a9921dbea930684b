//! Takes secrets out of text that a vendor wrote.
//!
//! Vendors echo what they were sent: Alibaba the whole canonical string, others a link or a parameter. Such text passes
//! through here before it becomes a message.

use serde_json::Value;

use crate::text::{digest, percent, shown::Shown};

const HIDDEN: &str = "<hidden>";

/// The longest message kept, in characters.
const LONGEST: usize = 500;

/// The longest word of a vendor that is kept, such as a state, in characters. The longest documented one has 40.
const LONGEST_WORD: usize = 100;

/// The longest request id that is kept, in characters. The longest seen has 76 (OBS).
const LONGEST_ID: usize = 128;

/// Vendor text with the given secrets hidden (as they are, percent-encoded and as base64), everything from an echoed
/// canonical string on cut off, queries of links hidden, on one line of bounded length without [unseen](Shown::is_unseen) characters.
pub fn vendor_text<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    // Links first: what is put in the place of a secret would end one early and leave the rest of its query.
    let mut text = hide_queries(cut_canonical_string(text));
    for secret in secrets {
        // A secret of a few characters would hide half of every message and protect nothing.
        if secret.len() < 4 {
            continue;
        }
        let forms = [
            secret.to_owned(),
            percent::percent(secret),
            digest::base64(secret.as_bytes()),
        ];
        for form in forms {
            if text.contains(&form) {
                text = text.replace(&form, HIDDEN);
            }
        }
    }
    let line: String = text
        .chars()
        .map(|c| if Shown::is_unseen(c) { ' ' } else { c })
        .take(LONGEST)
        .collect();
    line.trim().to_owned()
}

/// A vendor's word, such as a state or a code, as [`vendor_text`] and shorter.
pub fn vendor_word(text: &str) -> String {
    vendor_text(text, []).chars().take(LONGEST_WORD).collect()
}

/// A request id, as [`vendor_text`] and shorter; `None` when nothing is left of it.
pub(crate) fn request_id<'a>(id: &str, secrets: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let id: String = vendor_text(id, secrets).chars().take(LONGEST_ID).collect();
    (!id.is_empty()).then_some(id)
}

/// A value in a link's query of at least so many characters may be a signature or a token.
const SHORTEST_VALUE: usize = 20;

/// What is secret in the links that a request's body holds, as JSON or as a form: their queries and the longer values in
/// them. Storages name a signature that they refuse, and a cloud may pass that on.
pub(crate) fn secrets_of_links(body: &[u8]) -> Vec<String> {
    let mut secrets = Vec::new();
    let Ok(text) = std::str::from_utf8(body) else {
        return secrets;
    };
    match serde_json::from_str(text) {
        Ok(json) => add_of_json(&json, &mut secrets),
        Err(_) => {
            for (_, value) in percent::decode_pairs(text) {
                add_of_link(&value, &mut secrets);
            }
        }
    }
    secrets
}

fn add_of_json(json: &Value, secrets: &mut Vec<String>) {
    match json {
        Value::String(text) => add_of_link(text, secrets),
        Value::Array(items) => items.iter().for_each(|item| add_of_json(item, secrets)),
        Value::Object(members) => members.values().for_each(|member| add_of_json(member, secrets)),
        _ => {}
    }
}

fn add_of_link(text: &str, secrets: &mut Vec<String>) {
    let Some((link, query)) = text.split_once('?') else {
        return;
    };
    if !link.contains("://") {
        return;
    }
    secrets.push(query.to_owned());
    for (_, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        if value.len() >= SHORTEST_VALUE {
            secrets.extend([value.to_owned(), percent::percent_decode(value)]);
        }
    }
}

fn cut_canonical_string(text: &str) -> &str {
    // ASCII lower-casing keeps every byte offset.
    let lower = text.to_ascii_lowercase();
    [
        "string to sign",
        "stringtosign",
        "canonicalstring",
        "canonical string",
        "canonicalrequest",
        "canonical request",
    ]
    .iter()
    .filter_map(|marker| lower.find(marker))
    .min()
    .map_or(text, |at| &text[..at])
}

fn hide_queries(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, link) = rest.split_at(at);
        shown.push_str(before);
        let end = link
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>'))
            .unwrap_or(link.len());
        let (link, after) = link.split_at(end);
        match link.split_once('?') {
            Some((shown_part, _)) => {
                shown.push_str(shown_part);
                shown.push('?');
                shown.push_str(HIDDEN);
            }
            None => shown.push_str(link),
        }
        rest = after;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_links_and_canonical_strings_are_hidden() {
        let text = vendor_text(
            "bad key s3cr+t (s3cr%2Bt, czNjcit0)\nat \"https://b.example/k?Signature=abc\" end. Server string to sign is: GET&secret stuff",
            ["s3cr+t"],
        );
        assert_eq!(
            text,
            "bad key <hidden> (<hidden>, <hidden>) at \"https://b.example/k?<hidden>\" end. Server"
        );
    }

    #[test]
    fn secrets_of_links_are_found_in_json_and_in_forms() {
        let query = "Expires=1&Signature=AAAAAAAAAAAAAAAAAAAA%2B";
        let json = format!(r#"{{"a":[{{"url":"https://b.example/k?{query}"}}],"q":"why? because=it"}}"#);
        let form = format!(
            "Url={}&Other=1%3F2",
            percent::percent(&format!("http://b.example/k?{query}"))
        );
        for body in [json, form] {
            let expected = [query, "AAAAAAAAAAAAAAAAAAAA%2B", "AAAAAAAAAAAAAAAAAAAA+"];
            assert_eq!(secrets_of_links(body.as_bytes()), expected, "{body}");
        }
        assert_eq!(secrets_of_links(b"\xff"), [""; 0]);
    }

    #[test]
    fn a_secret_inside_a_link_does_not_uncover_what_follows_it() {
        let text = vendor_text("see https://b/k?token=t0ken&x-oss-signature=abc now", ["t0ken"]);
        assert_eq!(text, "see https://b/k?<hidden> now");
    }

    #[test]
    fn text_without_secrets_stays() {
        assert_eq!(vendor_text("镜像不存在 img-1", ["s3cret"]), "镜像不存在 img-1");
        assert_eq!(vendor_text(&"x".repeat(9_000), []).len(), LONGEST);
        assert_eq!(vendor_word(&"x".repeat(9_000)).len(), LONGEST_WORD);
        assert_eq!(request_id(&"x".repeat(9_000), []).unwrap().len(), LONGEST_ID);
        assert_eq!(request_id("\u{1b} \n", []), None);
        assert_eq!(
            request_id("r Signature=0123abcd", ["0123abcd"]).unwrap(),
            "r Signature=<hidden>"
        );
        assert_eq!(vendor_text("a\u{202e}b\u{200b}c\u{9b}d\u{feff}", []), "a b c d");
    }
}
