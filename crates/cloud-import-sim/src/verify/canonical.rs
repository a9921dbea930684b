//! What the schemes that sign headers have in common: reading headers unambiguously, and the canonical request.

use super::{Refusal, authorization::Authorization, digest::sha256_hex};
use crate::{text::encode, wire::WireRequest};

/// A header that may be absent but not repeated: with two values it would be open which one was signed.
pub(super) fn header<'r>(request: &'r WireRequest, name: &str) -> Result<Option<&'r str>, Refusal> {
    let mut values = request.header_values(name);
    let first = values.next();
    if values.next().is_some() {
        return Err(Refusal::malformed(format!("header {name} was sent twice")));
    }
    Ok(first.map(str::trim))
}

/// A header that must be there once.
pub(super) fn required_header<'r>(request: &'r WireRequest, name: &str) -> Result<&'r str, Refusal> {
    header(request, name)?.ok_or_else(|| Refusal::malformed(format!("header {name} is missing")))
}

/// The pieces of a canonical request that the schemes make differently.
pub(super) struct Canonical<'r> {
    /// The path as the scheme canonicalizes it.
    pub(super) path: &'r str,
    /// The query as the scheme canonicalizes it.
    pub(super) query: &'r str,
    /// How a header's trimmed value (second) of this name (first) is written.
    pub(super) header_value: fn(&str, &str) -> String,
    /// The last line: the body's hash or what stands for it.
    pub(super) payload_hash: &'r str,
}

impl Canonical<'_> {
    /// The lower-case hexadecimal SHA-256 of the canonical request.
    pub(super) fn hash(&self, request: &WireRequest, authorization: &Authorization<'_>) -> Result<String, Refusal> {
        let mut text = format!("{}\n{}\n{}\n", request.method, self.path, self.query);
        for name in &authorization.signed_headers {
            let value = header(request, name)?
                .ok_or_else(|| Refusal::malformed(format!("header {name} is signed but was not sent")))?;
            // A line break in a value could stand for another header.
            if value.contains(['\n', '\r']) {
                return Err(Refusal::malformed(format!("header {name} holds a line break")));
            }
            text.push_str(name);
            text.push(':');
            text.push_str(&(self.header_value)(name, value));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&authorization.signed_headers.join(";"));
        text.push('\n');
        text.push_str(self.payload_hash);
        Ok(sha256_hex(text.as_bytes()))
    }
}

/// The header value as sent, the rule of most schemes.
pub(super) fn as_sent(_name: &str, value: &str) -> String {
    value.to_owned()
}

/// Encodes and joins pairs in the order given.
pub(super) fn join_encoded(pairs: &[(String, String)]) -> String {
    let joined: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    joined.join("&")
}

/// Refuses a content hash that was sent and is not that of the body received.
pub(super) fn check_content_hash(request: &WireRequest, header_name: &str, actual: &str) -> Result<(), Refusal> {
    match header(request, header_name)? {
        Some(sent) if sent != actual => Err(Refusal::malformed(format!(
            "header {header_name} is not the SHA-256 of the body"
        ))),
        _ => Ok(()),
    }
}

/// The path as sent; an empty one is `/`.
pub(super) fn path_as_sent(request: &WireRequest) -> &str {
    if request.path.is_empty() { "/" } else { &request.path }
}
