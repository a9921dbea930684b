//! Tencent COS's signature, in headers and in links.
//!
//! Source: "Request Signature" of the COS API reference and the Python SDK `cos_python_sdk_v5` 1.9.44.

use time::OffsetDateTime;

use super::{
    incoming::{Incoming, Place},
    verified::{Payload, StoreAlgorithm, StoreVerified},
};
use crate::{
    text::{encode, hex},
    verify::{
        Refusal, Secret, SecretOf,
        canonical::header,
        digest::{compare, hmac_sha1, sha1_hex},
        fields::{fields, names},
        instant,
    },
};

const TOKEN: &str = "x-cos-security-token";

/// The parts of `Authorization`, and the fields of a link.
const PARTS: [&str; 7] = [
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
];

/// Verifies a request.
///
/// Which headers are signed is up to who signs; a list names them. Another names the fields of the query, which are all signed,
/// as the vendor's SDKs do: but for a token, which the documents append to a finished link. Every signature has a time in which it holds, in a header as in a link.
pub(super) fn verify(incoming: &Incoming<'_>, secret_of: SecretOf<'_>) -> Result<StoreVerified, Refusal> {
    let place = incoming.signature_in("q-signature")?;
    let parts = match place {
        Place::Header(authorization) => fields(authorization.trim(), '&', PARTS)?,
        Place::Query(_) => PARTS.map(|name| incoming.field(name)),
    };
    let lacking = |name: &str| Refusal::malformed(format!("the signature lacks {name}"));
    let [
        algorithm,
        access_key_id,
        sign_time,
        key_time,
        header_list,
        field_list,
        signature,
    ] = parts;
    if algorithm != Some("sha1") {
        return Err(Refusal::malformed("q-sign-algorithm is not sha1"));
    }
    let access_key_id = access_key_id
        .filter(|id| !id.is_empty())
        .ok_or_else(|| lacking("q-ak"))?;
    let key_time = key_time.ok_or_else(|| lacking("q-key-time"))?;
    if sign_time != Some(key_time) {
        return Err(Refusal::malformed("q-sign-time is not q-key-time"));
    }
    let (from, until) = span(key_time)?;
    let header_list = names(header_list.ok_or_else(|| lacking("q-header-list"))?)?;
    let field_list = names(field_list.ok_or_else(|| lacking("q-url-param-list"))?)?;
    let signature = signature.ok_or_else(|| lacking("q-signature"))?;

    let token = match header(incoming.request, TOKEN)? {
        Some(token) => Some(token),
        None => incoming.field(TOKEN),
    };
    let secret = Secret::find(secret_of, access_key_id, token)?;

    let http_string = format!(
        "{}\n{}\n{}\n{}\n",
        incoming.request.method.to_ascii_lowercase(),
        incoming.path,
        signed_fields(incoming, &field_list)?,
        signed_headers(incoming, &header_list)?
    );
    let string_to_sign = format!("sha1\n{key_time}\n{}\n", sha1_hex(http_string.as_bytes()));
    let key = hex(&hmac_sha1(secret.key(), key_time.as_bytes()));
    let computed = hex(&hmac_sha1(key.as_bytes(), string_to_sign.as_bytes()));
    compare(signature, &computed, string_to_sign)?;
    Ok(StoreVerified {
        algorithm: StoreAlgorithm::CosSha1,
        access_key_id: access_key_id.to_owned(),
        instant: Some(from),
        expires_at: Some(until),
        region: None,
        payload: Payload::None,
        signed_headers: header_list,
        presigned: matches!(place, Place::Query(_)),
    })
}

/// `<from>;<until>` in seconds since 1970.
fn span(text: &str) -> Result<(OffsetDateTime, OffsetDateTime), Refusal> {
    let (from, until) = text
        .split_once(';')
        .ok_or_else(|| Refusal::malformed("q-key-time is not a beginning and an end"))?;
    let span = (instant::unix(from, "q-key-time")?, instant::unix(until, "q-key-time")?);
    if span.0 >= span.1 {
        return Err(Refusal::malformed("q-key-time ends before it begins"));
    }
    Ok(span)
}

fn signed_fields(incoming: &Incoming<'_>, list: &[String]) -> Result<String, Refusal> {
    let sent: Vec<(String, &str)> = incoming
        .query
        .iter()
        .map(|(name, value)| (encode(name).to_ascii_lowercase(), value.as_str()))
        .collect();
    let is_own = |name: &String| PARTS.contains(&name.as_str()) || name == TOKEN;
    if let Some((name, _)) = sent.iter().find(|(name, _)| !is_own(name) && !list.contains(name)) {
        return Err(Refusal::malformed(format!(
            "parameter {name} was sent and is not signed"
        )));
    }
    let mut pieces = Vec::new();
    for name in list {
        let mut values = sent.iter().filter(|(known, _)| known == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => pieces.push(format!("{name}={}", encode(value))),
            (None, _) => {
                return Err(Refusal::malformed(format!(
                    "parameter {name} is signed but was not sent"
                )));
            }
            _ => return Err(Refusal::malformed(format!("parameter {name} was sent twice"))),
        }
    }
    Ok(pieces.join("&"))
}

fn signed_headers(incoming: &Incoming<'_>, list: &[String]) -> Result<String, Refusal> {
    let mut pieces = Vec::new();
    for name in list {
        pieces.push(format!("{name}={}", encode(incoming.signed_header(name)?)));
    }
    Ok(pieces.join("&"))
}

#[cfg(test)]
mod tests;
