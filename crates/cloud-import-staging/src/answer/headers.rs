//! Reads what an answer says in its headers. Knows no body.

use cloud_import_core::{Result, http::HeaderMap};

use super::faults;
use crate::{objects::ObjectHead, spec::Headers};

/// The text of a header; none of one without a name, which a store does not have.
pub(crate) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then_some(text)
}

/// The ETag of an object or part, without quotes; empty when the answer has none.
pub(crate) fn etag(headers: &HeaderMap) -> String {
    unquoted(text(headers, "etag").unwrap_or_default())
}

/// What HEAD told of an object.
///
/// # Errors
/// [`InvalidResponse`](cloud_import_core::ErrorKind::InvalidResponse) when there is no size in it.
pub(crate) fn head(headers: &HeaderMap, names: &Headers) -> Result<ObjectHead> {
    let size = text(headers, "content-length").and_then(|text| text.parse().ok());
    let is_digest = |text: &&str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(ObjectHead {
        size: size.ok_or_else(|| faults::lacking("the header `content-length`"))?,
        etag: Some(etag(headers)).filter(|etag| !etag.is_empty()),
        sha256: text(headers, names.sha256)
            .filter(is_digest)
            .map(str::to_ascii_lowercase),
    })
}

pub(super) fn unquoted(etag: &str) -> String {
    etag.trim().trim_matches('"').to_owned()
}
