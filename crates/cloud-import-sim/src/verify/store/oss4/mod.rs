//! Alibaba OSS signature version 4, in headers and in links.
//!
//! Source: Alibaba's pages on V4 signatures in headers and in URLs, and the Python SDKs `oss2` and `alibabacloud-oss-v2`.

use super::{
    incoming::{Incoming, Place},
    verified::{Payload, StoreAlgorithm, StoreVerified},
};
use crate::{
    text::{encode, encode_path},
    verify::{
        Refusal, Secret, SecretOf,
        canonical::{header, required_header},
        digest::{compare_hmac_sha256, hmac_sha256_chain, sha256_hex},
        fields::{fields, names},
        instant,
        scope::{self, Scope},
    },
};

/// The scheme's name, in the header and in a link.
pub(super) const NAME: &str = "OSS4-HMAC-SHA256";
/// The field of a link that holds the signature.
pub(super) const SIGNATURE: &str = "x-oss-signature";

const DATE: &str = "x-oss-date";
const TOKEN: &str = "x-oss-security-token";
const CONTENT_HASH: &str = "x-oss-content-sha256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// Verifies a request.
///
/// `content-type`, `content-md5` and every `x-oss-*` header that is sent are signed, others where they are listed as
/// additional ones. The scheme has no hash of the body, only the marker that leaves it out.
pub(super) fn verify(incoming: &Incoming<'_>, secret_of: SecretOf<'_>) -> Result<StoreVerified, Refusal> {
    let claim = Claim::read(incoming)?;
    let instant = instant::basic(claim.date, DATE)?;
    let scope = Scope::parse(claim.credential, "oss", "aliyun_v4_request", claim.date)?;
    let expires_at = match claim.validity {
        Some(seconds) => Some(scope::end(instant, seconds)?),
        None => None,
    };
    let secret = Secret::find(secret_of, scope.access_key_id, claim.token)?;

    let signed_headers = signed_headers(incoming, &claim.additional);
    let string_to_sign = format!(
        "{NAME}\n{}\n{}\n{}",
        claim.date,
        scope.steps().join("/"),
        canonical_hash(incoming, &signed_headers, &claim.additional)?
    );
    let seed = format!("aliyun_v4{}", secret.secret_access_key);
    let key = hmac_sha256_chain(&seed, &scope.steps());
    compare_hmac_sha256(claim.signature, &key, string_to_sign)?;
    Ok(StoreVerified {
        algorithm: StoreAlgorithm::Oss4,
        access_key_id: scope.access_key_id.to_owned(),
        instant: Some(instant),
        expires_at,
        region: Some(scope.region.to_owned()),
        payload: Payload::Unsigned,
        signed_headers,
        presigned: claim.validity.is_some(),
    })
}

/// What the request says about its signature.
struct Claim<'i> {
    credential: &'i str,
    additional: Vec<String>,
    signature: &'i str,
    date: &'i str,
    token: Option<&'i str>,
    /// In seconds; of a link only.
    validity: Option<&'i str>,
}

impl<'i> Claim<'i> {
    fn read(incoming: &'i Incoming<'_>) -> Result<Self, Refusal> {
        match incoming.signature_in(SIGNATURE)? {
            Place::Header(authorization) => Self::of_header(incoming, authorization),
            Place::Query(signature) => Self::of_link(incoming, signature),
        }
    }

    fn of_header(incoming: &'i Incoming<'_>, authorization: &'i str) -> Result<Self, Refusal> {
        let rest = authorization
            .strip_prefix(NAME)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or_else(|| Refusal::malformed(format!("Authorization does not name {NAME}")))?;
        let lacking = |name: &str| Refusal::malformed(format!("Authorization lacks {name}"));
        let [credential, additional, signature] = fields(rest, ',', ["Credential", "AdditionalHeaders", "Signature"])?;
        if required_header(incoming.request, CONTENT_HASH)? != UNSIGNED {
            return Err(Refusal::malformed(format!("header {CONTENT_HASH} is not {UNSIGNED}")));
        }
        Ok(Self {
            credential: credential.ok_or_else(|| lacking("Credential"))?,
            additional: names(additional.unwrap_or_default())?,
            signature: signature.ok_or_else(|| lacking("Signature"))?,
            date: required_header(incoming.request, DATE)?,
            token: header(incoming.request, TOKEN)?,
            validity: None,
        })
    }

    fn of_link(incoming: &'i Incoming<'_>, signature: &'i str) -> Result<Self, Refusal> {
        if incoming.required_field("x-oss-signature-version")? != NAME {
            return Err(Refusal::malformed(format!("x-oss-signature-version is not {NAME}")));
        }
        Ok(Self {
            credential: incoming.required_field("x-oss-credential")?,
            additional: names(incoming.field("x-oss-additional-headers").unwrap_or_default())?,
            signature,
            date: incoming.required_field(DATE)?,
            token: incoming.field(TOKEN),
            validity: Some(incoming.required_field("x-oss-expires")?),
        })
    }
}

/// Those that are always signed where they are sent, and the additional ones whether sent or not.
fn signed_headers(incoming: &Incoming<'_>, additional: &[String]) -> Vec<String> {
    let always = |name: &str| matches!(name, "content-type" | "content-md5") || name.starts_with("x-oss-");
    let mut signed = incoming.header_names(always);
    signed.extend(additional.iter().cloned());
    signed.sort();
    signed.dedup();
    signed
}

fn canonical_hash(incoming: &Incoming<'_>, signed: &[String], additional: &[String]) -> Result<String, Refusal> {
    let mut text = format!(
        "{}\n{}\n{}\n",
        incoming.request.method,
        encode_path(&incoming.resource),
        canonical_query(incoming)
    );
    for name in signed {
        text.push_str(&format!("{name}:{}\n", incoming.signed_header(name)?));
    }
    text.push_str(&format!("\n{}\n{UNSIGNED}", additional.join(";")));
    Ok(sha256_hex(text.as_bytes()))
}

/// Everything but the signature, sorted by encoded name; an empty value is left out with its `=`.
fn canonical_query(incoming: &Incoming<'_>) -> String {
    let fields = incoming.query.iter().filter(|(name, _)| name != SIGNATURE);
    let mut encoded: Vec<(String, String)> = fields.map(|(name, value)| (encode(name), encode(value))).collect();
    encoded.sort();
    let pieces: Vec<String> = encoded
        .into_iter()
        .map(|(name, value)| {
            if value.is_empty() {
                name
            } else {
                format!("{name}={value}")
            }
        })
        .collect();
    pieces.join("&")
}

#[cfg(test)]
mod tests;
