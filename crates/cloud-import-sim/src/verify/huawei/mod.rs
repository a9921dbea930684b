//! Huawei Cloud: `SDK-HMAC-SHA256` with access keys, and IAM tokens in `X-Auth-Token`.
//!
//! Source: the API signing guide and the signers of the Python and Go SDKs.

use super::{
    Algorithm, Refusal, Secret, SecretOf, Verified,
    authorization::Authorization,
    canonical::{Canonical, as_sent, check_content_hash, header, join_encoded, required_header},
    decode::{Strictness, decode_pairs, decode_path},
    digest::{compare_hmac_sha256, sha256_hex},
    instant,
};
use crate::{text::encode_path, wire::WireRequest};

/// The account that [`huawei`] asks for when a request carries an IAM token: its [`Secret::security_token`] is the token to
/// expect. A token names no access key id.
pub const TOKEN_ACCOUNT: &str = "x-auth-token";

const ALGORITHM: &str = "SDK-HMAC-SHA256";
const DATE: &str = "x-sdk-date";
const TOKEN: &str = "x-security-token";
const CONTENT_HASH: &str = "x-sdk-content-sha256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// Verifies a request to a Huawei Cloud API, signed or with an IAM token.
///
/// `secret_of` gives the secret of an access key id, and of [`TOKEN_ACCOUNT`]. `X-Sdk-Date` must be signed, and
/// `X-Security-Token` where it is sent; the guide makes all other headers optional.
///
/// # Errors
///
/// The reason why the request is refused.
pub fn huawei(request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
    let Some(authorization) = header(request, "authorization")? else {
        return with_token(request, secret_of);
    };
    let authorization = Authorization::parse(authorization, "Access")?;
    if authorization.algorithm != ALGORITHM {
        return Err(Refusal::malformed(format!("Authorization does not name {ALGORITHM}")));
    }
    authorization.must_sign(DATE)?;
    let date = required_header(request, DATE)?;
    let instant = instant::basic(date, DATE)?;
    let token = header(request, TOKEN)?;
    if token.is_some() {
        authorization.must_sign(TOKEN)?;
    }

    let secret = Secret::find(secret_of, authorization.credential, token)?;

    let mut pairs = decode_pairs(request.query.as_bytes(), Strictness::Strict, "the query")?;
    pairs.sort();
    let canonical = Canonical {
        path: &canonical_path(request)?,
        query: &join_encoded(&pairs),
        header_value: as_sent,
        payload_hash: &payload_hash(request)?,
    };
    let string_to_sign = format!("{ALGORITHM}\n{date}\n{}", canonical.hash(request, &authorization)?);
    compare_hmac_sha256(authorization.signature, secret.key(), string_to_sign)?;
    Ok(Verified {
        instant: Some(instant),
        signed_headers: authorization.signed_headers,
        ..Verified::new(Algorithm::SdkHmacSha256, authorization.credential)
    })
}

fn with_token(request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
    let token = header(request, "x-auth-token")?.ok_or(Refusal::MissingSignature)?;
    let secret = secret_of(TOKEN_ACCOUNT).ok_or(Refusal::WrongToken)?;
    secret.check_token(Some(token))?;
    Ok(Verified::new(Algorithm::HuaweiToken, TOKEN_ACCOUNT))
}

/// Decoded and encoded again, with a slash at the end that the request line does not have.
fn canonical_path(request: &WireRequest) -> Result<String, Refusal> {
    let mut path = encode_path(&decode_path(&request.path, Strictness::Strict)?);
    if !path.ends_with('/') {
        path.push('/');
    }
    Ok(path)
}

/// The hash of the body, or the marker that leaves it unsigned: the Python SDK sets that for bodies other than JSON.
fn payload_hash(request: &WireRequest) -> Result<String, Refusal> {
    let actual = sha256_hex(&request.body);
    if header(request, CONTENT_HASH)? != Some(UNSIGNED) {
        check_content_hash(request, CONTENT_HASH, &actual)?;
        return Ok(actual);
    }
    if matches!(
        request.media_type().as_deref(),
        None | Some("application/json" | "application/bson")
    ) {
        return Err(Refusal::malformed(format!(
            "header {CONTENT_HASH} leaves a JSON body unsigned"
        )));
    }
    // The marker takes effect for a body only.
    Ok(if request.body.is_empty() {
        actual
    } else {
        UNSIGNED.to_owned()
    })
}

#[cfg(test)]
mod tests;
