//! Tencent Cloud's signature version 1: every parameter in the query or in a form body.
//!
//! Source: "Signature v1" of the Cloud API documentation and the Python SDK's signer.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    Algorithm, Refusal, Secret, SecretOf, Verified,
    canonical::{path_as_sent, required_header},
    digest::{compare, hmac_sha1, hmac_sha256},
    instant,
    params::Params,
};
use crate::wire::WireRequest;

/// Verifies a request signed with version 1.
pub(super) fn verify(request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
    let params = Params::of_query_and_form(request)?;
    let sent = params.signature()?;
    let algorithm = match params.get("SignatureMethod") {
        None | Some("HmacSHA1") => Algorithm::TcHmacSha1,
        Some("HmacSHA256") => Algorithm::TcHmacSha256,
        Some(_) => {
            return Err(Refusal::malformed("SignatureMethod is neither HmacSHA1 nor HmacSHA256"));
        }
    };
    params.required("Action")?;
    params.required("Version")?;
    let instant = instant::unix(params.required("Timestamp")?, "Timestamp")?;
    let nonce = params.required("Nonce")?;
    if !nonce.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::malformed("parameter Nonce is not a positive integer"));
    }
    let access_key_id = params.required("SecretId")?;

    let secret = Secret::find(secret_of, access_key_id, params.get("Token"))?;

    let joined: Vec<String> = params
        .signed()
        .map(|(name, value)| format!("{}={value}", name.replace('_', ".")))
        .collect();
    let string_to_sign = format!(
        "{}{}{}?{}",
        request.method,
        required_header(request, "host")?,
        path_as_sent(request),
        joined.join("&")
    );
    let keyed_hash = match algorithm {
        Algorithm::TcHmacSha256 => hmac_sha256,
        _ => hmac_sha1,
    };
    let digest = keyed_hash(secret.key(), string_to_sign.as_bytes());
    compare(sent, &STANDARD.encode(digest), string_to_sign)?;
    Ok(Verified {
        instant: Some(instant),
        nonce: Some(nonce.to_owned()),
        ..Verified::new(algorithm, access_key_id)
    })
}
