//! Takes secrets out of text that a vendor wrote.
//!
//! Vendors echo what they were sent: Alibaba the whole canonical string, others a link or a parameter. Such text passes
//! through here before it becomes a message.

use std::borrow::Cow;

use crate::{digest, encode};

const HIDDEN: &str = "<hidden>";

/// The longest message kept, in characters.
const LONGEST: usize = 500;

/// Vendor text with the given secrets hidden (as they are, percent-encoded and as base64), everything from an echoed
/// canonical string on cut off, queries of links hidden, on one line of bounded length.
pub fn vendor_text<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = Cow::Borrowed(cut_canonical_string(text));
    for secret in secrets {
        // A secret of a few characters would hide half of every message and protect nothing.
        if secret.len() < 4 {
            continue;
        }
        let forms = [
            secret.to_owned(),
            encode::percent(secret),
            digest::base64(secret.as_bytes()),
        ];
        for form in forms {
            if text.contains(&form) {
                text = Cow::Owned(text.replace(&form, HIDDEN));
            }
        }
    }
    let line: String = hide_queries(&text)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect();
    line.trim().to_owned()
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
    fn text_without_secrets_stays() {
        assert_eq!(vendor_text("镜像不存在 img-1", ["s3cret"]), "镜像不存在 img-1");
        assert_eq!(vendor_text(&"x".repeat(9_000), []).len(), LONGEST);
    }
}
