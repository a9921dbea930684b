//! AWS signature version 4 in headers and in links: JD Cloud OSS, and Huawei OBS in its S3 dialect.
//!
//! Source: AWS's "Authenticating Requests (AWS Signature Version 4)" for S3; Huawei's FAQ obs_faq_0274 (2026-03-26) and
//! Python SDK. Bodies in signed chunks (`STREAMING-…`) are not taken.

use std::borrow::Cow;

use time::OffsetDateTime;

use super::{
    incoming::{Incoming, Place},
    verified::{Payload, StoreAlgorithm, StoreVerified},
};
use crate::{
    text::{encode, encode_path},
    verify::{
        Refusal, Secret, SecretOf,
        authorization::Authorization,
        canonical::{Canonical, header, join_encoded, required_header},
        digest::{compare_hmac_sha256, hmac_sha256_chain},
        instant,
        scope::{self, Scope},
    },
};

/// The scheme's name, in the header and in a link.
pub(super) const NAME: &str = "AWS4-HMAC-SHA256";
/// The field of a link that holds the signature.
pub(super) const SIGNATURE: &str = "X-Amz-Signature";

const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";
const CONTENT_HASH: &str = "x-amz-content-sha256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
/// The SHA-256 of no bytes.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Verifies a request as [`StoreAlgorithm::S3V4`] or [`StoreAlgorithm::ObsAws4`].
///
/// The host must be signed, and so must every `x-amz-*` header that is sent. Without `x-amz-date` the signed `Date` counts,
/// as Huawei's SDK sends it.
pub(super) fn verify(
    algorithm: StoreAlgorithm,
    incoming: &Incoming<'_>,
    secret_of: SecretOf<'_>,
) -> Result<StoreVerified, Refusal> {
    let place = incoming.signature_in(SIGNATURE)?;
    let presigned = matches!(place, Place::Query(_));
    let text = as_header(incoming, &place)?;
    let authorization = Authorization::parse(&text, "Credential")?;
    if authorization.algorithm != NAME {
        return Err(Refusal::malformed(format!("the request does not name {NAME}")));
    }
    authorization.must_sign("host")?;
    for name in incoming.header_names(|name| name.starts_with("x-amz-")) {
        authorization.must_sign(&name)?;
    }
    let (timestamp, instant) = when(incoming, presigned, &authorization)?;
    let scope = Scope::parse(authorization.credential, "s3", "aws4_request", &timestamp)?;
    let expires_at = match presigned {
        true => Some(scope::end(instant, incoming.required_field("X-Amz-Expires")?)?),
        false => None,
    };
    let (content_hash, payload) = payload(algorithm, incoming, presigned)?;

    let secret = Secret::find(secret_of, scope.access_key_id, token(incoming, presigned)?)?;

    let canonical = Canonical {
        path: &encode_path(&incoming.path),
        query: &canonical_query(incoming),
        header_value,
        payload_hash: content_hash,
    };
    let string_to_sign = format!(
        "{NAME}\n{timestamp}\n{}\n{}",
        scope.steps().join("/"),
        canonical.hash(incoming.request, &authorization)?
    );
    let key = hmac_sha256_chain(&format!("AWS4{}", secret.secret_access_key), &scope.steps());
    compare_hmac_sha256(authorization.signature, &key, string_to_sign)?;
    Ok(StoreVerified {
        algorithm,
        access_key_id: scope.access_key_id.to_owned(),
        instant: Some(instant),
        expires_at,
        region: Some(scope.region.to_owned()),
        payload,
        signed_headers: authorization.signed_headers.clone(),
        presigned,
    })
}

/// The signature as `Authorization` has it, made from the fields of a link where it stands there.
fn as_header<'i>(incoming: &'i Incoming<'_>, place: &Place<'i>) -> Result<Cow<'i, str>, Refusal> {
    Ok(match place {
        Place::Header(authorization) => Cow::Borrowed(authorization),
        Place::Query(signature) => Cow::Owned(format!(
            "{} Credential={},SignedHeaders={},Signature={signature}",
            incoming.required_field("X-Amz-Algorithm")?,
            incoming.required_field("X-Amz-Credential")?,
            incoming.required_field("X-Amz-SignedHeaders")?,
        )),
    })
}

/// When it was signed, as `YYYYMMDDTHHMMSSZ` and as an instant.
fn when<'i>(
    incoming: &'i Incoming<'_>,
    presigned: bool,
    authorization: &Authorization<'_>,
) -> Result<(Cow<'i, str>, OffsetDateTime), Refusal> {
    let sent = match presigned {
        true => Some(incoming.required_field("X-Amz-Date")?),
        false => header(incoming.request, DATE)?,
    };
    if let Some(text) = sent {
        return Ok((Cow::Borrowed(text), instant::basic(text, DATE)?));
    }
    authorization.must_sign("date")?;
    let instant = instant::http(required_header(incoming.request, "date")?, "Date")?;
    let (date, time) = (instant.date(), instant.time());
    let text = format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    Ok((Cow::Owned(text), instant))
}

/// The last line of the canonical request, and what it says about the body. A link leaves the body out unless it says
/// otherwise.
fn payload<'i>(
    algorithm: StoreAlgorithm,
    incoming: &'i Incoming<'_>,
    presigned: bool,
) -> Result<(&'i str, Payload), Refusal> {
    let sent = match header(incoming.request, CONTENT_HASH)? {
        Some(sent) => sent,
        None if presigned => UNSIGNED,
        None => return Err(Refusal::malformed(format!("header {CONTENT_HASH} is missing"))),
    };
    if sent == UNSIGNED {
        return Ok((sent, Payload::Unsigned));
    }
    if sent.starts_with("STREAMING-") {
        return Err(Refusal::malformed(format!(
            "header {CONTENT_HASH} announces a body in chunks, which is not taken here"
        )));
    }
    let is_hash = sent.len() == EMPTY.len() && sent.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hash {
        return Err(Refusal::malformed(format!(
            "header {CONTENT_HASH} is neither a SHA-256 nor {UNSIGNED}"
        )));
    }
    // The FAQ speaks of uploads; that the hash of an empty body passes is an inference, unverified.
    if algorithm == StoreAlgorithm::ObsAws4 && sent != EMPTY {
        return Err(Refusal::malformed(format!(
            "OBS takes no hash of a body in {CONTENT_HASH}, only {UNSIGNED}"
        )));
    }
    Ok((sent, Payload::Sha256(sent.to_owned())))
}

/// Huawei's SDK writes the field of a link in lower case.
fn token<'i>(incoming: &'i Incoming<'_>, presigned: bool) -> Result<Option<&'i str>, Refusal> {
    if presigned {
        return Ok(incoming.field("X-Amz-Security-Token").or_else(|| incoming.field(TOKEN)));
    }
    header(incoming.request, TOKEN)
}

/// Everything but the signature, sorted by encoded name, then encoded value.
fn canonical_query(incoming: &Incoming<'_>) -> String {
    let mut fields = incoming.query.clone();
    fields.retain(|(name, _)| name != SIGNATURE);
    fields.sort_by_cached_key(|(name, value)| (encode(name), encode(value)));
    join_encoded(&fields)
}

/// Runs of blanks count as one.
fn header_value(_name: &str, value: &str) -> String {
    value.split_whitespace().collect::<Vec<&str>>().join(" ")
}

#[cfg(test)]
mod tests;
