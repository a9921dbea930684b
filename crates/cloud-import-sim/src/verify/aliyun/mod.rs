//! Alibaba Cloud: signature V3 (`ACS3-HMAC-SHA256`, in headers) and the RPC signature 1.0 (`HMAC-SHA1`, in parameters).
//!
//! Source: "Request syntax and signature method V3" and the RPC signature page, and the Python and TypeScript SDKs.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    Algorithm, Refusal, Secret, SecretOf, Verified,
    authorization::Authorization,
    canonical::{Canonical, as_sent, check_content_hash, header, join_encoded, path_as_sent, required_header},
    decode::{Strictness, decode_pairs},
    digest::{compare, compare_hmac_sha256, hmac_sha1, sha256_hex},
    instant,
    params::Params,
};
use crate::{text::encode, wire::WireRequest};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";
const DATE: &str = "x-acs-date";
const NONCE: &str = "x-acs-signature-nonce";
const CONTENT_HASH: &str = "x-acs-content-sha256";
const KEY_ID: &str = "x-acs-accesskey-id";

/// Verifies a request to an Alibaba Cloud RPC-style API, of either signature version.
///
/// `secret_of` gives the secret of an access key id. V3 must sign `host`, `content-type` where it is sent, and every header
/// whose name begins with `x-acs-`.
///
/// # Errors
///
/// The reason why the request is refused.
pub fn aliyun(request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
    match header(request, "authorization")? {
        Some(authorization) => acs3(request, authorization, secret_of),
        None => rpc(request, secret_of),
    }
}

fn acs3(request: &WireRequest, authorization: &str, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
    let authorization = Authorization::parse(authorization, "Credential")?;
    if authorization.algorithm != ALGORITHM {
        return Err(Refusal::malformed(format!("Authorization does not name {ALGORITHM}")));
    }
    let access_key_id = authorization.credential;
    for name in ["host", "x-acs-action", "x-acs-version", DATE, NONCE, CONTENT_HASH] {
        authorization.must_sign(name)?;
    }
    for (name, _) in &request.headers {
        let name = name.to_ascii_lowercase();
        if name == "content-type" || name.starts_with("x-acs-") {
            authorization.must_sign(&name)?;
        }
    }
    let instant = instant::extended(required_header(request, DATE)?, DATE)?;
    let nonce = required_header(request, NONCE)?;
    if header(request, KEY_ID)?.is_some_and(|id| id != access_key_id) {
        return Err(Refusal::malformed(format!(
            "header {KEY_ID} is not the key in Credential"
        )));
    }

    let secret = Secret::find(secret_of, access_key_id, header(request, "x-acs-security-token")?)?;

    let payload_hash = sha256_hex(&request.body);
    check_content_hash(request, CONTENT_HASH, &payload_hash)?;
    let pairs = decode_pairs(request.query.as_bytes(), Strictness::Strict, "the query")?;
    let params: Vec<(String, String)> = Params::new(pairs, false)?.into_sorted();
    let canonical = Canonical {
        path: path_as_sent(request),
        query: &join_encoded(&params),
        header_value: as_sent,
        payload_hash: &payload_hash,
    };
    let string_to_sign = format!("{ALGORITHM}\n{}", canonical.hash(request, &authorization)?);
    compare_hmac_sha256(authorization.signature, secret.key(), string_to_sign)?;
    Ok(Verified {
        instant: Some(instant),
        nonce: Some(nonce.to_owned()),
        signed_headers: authorization.signed_headers,
        ..Verified::new(Algorithm::Acs3, access_key_id)
    })
}

fn rpc(request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
    let params = Params::of_query_and_form(request)?;
    let sent = params.signature()?;
    params.must_be("SignatureMethod", "HMAC-SHA1")?;
    params.must_be("SignatureVersion", "1.0")?;
    params.required("Action")?;
    params.required("Version")?;
    let instant = instant::extended(params.required("Timestamp")?, "Timestamp")?;
    let nonce = params.required("SignatureNonce")?;
    let access_key_id = params.required("AccessKeyId")?;

    let secret = Secret::find(secret_of, access_key_id, params.get("SecurityToken"))?;

    let joined: Vec<String> = params
        .signed()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let string_to_sign = format!(
        "{}&{}&{}",
        request.method,
        encode(path_as_sent(request)),
        encode(&joined.join("&"))
    );
    let key = format!("{}&", secret.secret_access_key);
    let digest = hmac_sha1(key.as_bytes(), string_to_sign.as_bytes());
    compare(sent, &STANDARD.encode(digest), string_to_sign)?;
    Ok(Verified {
        instant: Some(instant),
        nonce: Some(nonce.to_owned()),
        ..Verified::new(Algorithm::AcsRpcHmacSha1, access_key_id)
    })
}

#[cfg(test)]
mod tests;
