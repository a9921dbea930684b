//! Text in HTML and XML. Nothing that a cloud or a file wrote is more than text there.

use cloud_import::Shown;

/// Text as HTML, with what is unseen escaped as everywhere.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in Shown::of(text).to_string().chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
