//! Reads what an answer says in its headers. Knows no body.

use cloud_import_core::{Result, http::HeaderMap};

use super::faults;
use crate::{
    objects::{ObjectHead, Receipt},
    spec::Headers,
};

/// The text of a header; none of one without a name, which a store does not have.
pub(crate) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then_some(text)
}

/// What an answer says of the object or part that it is about.
pub(crate) fn receipt(headers: &HeaderMap, names: &Headers) -> Receipt {
    Receipt {
        etag: etag(headers),
        crc64: text(headers, names.crc64).and_then(|sum| sum.parse().ok()),
        encryption: encryption(headers, names),
        version: version(headers, names).map(str::to_owned),
    }
}

/// The ETag, without quotes. One that is none is as good as none.
pub(crate) fn etag(headers: &HeaderMap) -> String {
    faults::etag(text(headers, "etag").unwrap_or_default()).unwrap_or_default()
}

/// The id of the version that an answer is about, which is recorded and sent back.
pub(crate) fn version<'h>(headers: &'h HeaderMap, names: &Headers) -> Option<&'h str> {
    text(headers, names.version).filter(|id| faults::is_id(id))
}

/// How an object is encrypted, where its ETag is no MD5 for that: with other keys than the store's, or with any. All four stores that
/// tell have S3's name of the header behind their own prefix, and S3's word for the store's keys.
fn encryption(headers: &HeaderMap, names: &Headers) -> Option<String> {
    if let Some(word) = text(headers, names.encryption) {
        return Some(word.to_owned());
    }
    let named = headers
        .keys()
        .filter(|name| name.as_str().ends_with("-server-side-encryption"));
    let mut words = named.filter_map(|name| text(headers, name.as_str()));
    words
        .find(|word| !word.eq_ignore_ascii_case("AES256"))
        .map(str::to_owned)
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
        sha256: text(headers, names.sha256)
            .filter(is_digest)
            .map(str::to_ascii_lowercase),
        receipt: receipt(headers, names),
    })
}
