//! Tencent Cloud: `TC3-HMAC-SHA256` with POST or GET. Version 1 signatures are handed on.
//!
//! Source: "Signature v3" of the Cloud API documentation and the Python SDK's signer. The payload may be left unsigned by
//! `X-TC-Content-SHA256: UNSIGNED-PAYLOAD`, as that SDK's option does.

use super::{
    Algorithm, Refusal, Secret, SecretOf, Verified,
    authorization::Authorization,
    canonical::{Canonical, check_content_hash, header, path_as_sent, required_header},
    decode::{Strictness, decode_pairs},
    digest::{compare_hmac_sha256, hmac_sha256_chain, sha256_hex},
    instant, tencent_v1,
};
use crate::wire::WireRequest;

const ALGORITHM: &str = "TC3-HMAC-SHA256";
/// The products that the simulator has.
const SERVICES: [&str; 3] = ["cvm", "tag", "sts"];
const TERMINATOR: &str = "tc3_request";
const TIMESTAMP: &str = "x-tc-timestamp";
const CONTENT_HASH: &str = "x-tc-content-sha256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// Verifies a request to Tencent Cloud's CVM, tag or STS API, of either signature version. The scope names the product that the host
/// begins with.
///
/// `secret_of` gives the secret of a secret id. TC3 must sign `content-type` and `host`; `X-TC-Token` and `X-TC-Action` need
/// not be signed, because the SDKs do not sign them.
///
/// # Errors
///
/// The reason why the request is refused.
pub fn tencent(request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
    let Some(authorization) = header(request, "authorization")? else {
        return tencent_v1::verify(request, secret_of);
    };
    let authorization = Authorization::parse(authorization, "Credential")?;
    if authorization.algorithm != ALGORITHM {
        return Err(Refusal::malformed(format!("Authorization does not name {ALGORITHM}")));
    }
    authorization.must_sign("content-type")?;
    authorization.must_sign("host")?;
    let timestamp = required_header(request, TIMESTAMP)?;
    let instant = instant::unix(timestamp, TIMESTAMP)?;
    let (access_key_id, date, service) = parse_credential(authorization.credential)?;
    check_service(request, service)?;
    if date != instant.date().to_string() {
        return Err(Refusal::malformed(
            "the date in Credential is not that of X-TC-Timestamp in UTC",
        ));
    }

    let secret = Secret::find(secret_of, access_key_id, header(request, "x-tc-token")?)?;

    // The query is signed as it stands; a handler must still be able to read it in one way only.
    decode_pairs(request.query.as_bytes(), Strictness::Strict, "the query")?;
    let canonical = Canonical {
        path: path_as_sent(request),
        query: &request.query,
        header_value: |_, value| value.to_lowercase(),
        payload_hash: &payload_hash(request)?,
    };
    let string_to_sign = format!(
        "{ALGORITHM}\n{timestamp}\n{date}/{service}/{TERMINATOR}\n{}",
        canonical.hash(request, &authorization)?
    );
    let key = hmac_sha256_chain(
        &format!("TC3{}", secret.secret_access_key),
        &[date, service, TERMINATOR],
    );
    compare_hmac_sha256(authorization.signature, &key, string_to_sign)?;
    Ok(Verified {
        instant: Some(instant),
        signed_headers: authorization.signed_headers,
        ..Verified::new(Algorithm::Tc3, access_key_id)
    })
}

/// A host of another product than the scope's is refused; one that is named otherwise, such as a private cloud's, takes both.
fn check_service(request: &WireRequest, service: &str) -> Result<(), Refusal> {
    let host = required_header(request, "host")?.to_ascii_lowercase();
    let product = host.split('.').next().unwrap_or_default();
    if !SERVICES.contains(&service) || (SERVICES.contains(&product) && product != service) {
        let expected = if SERVICES.contains(&product) {
            product
        } else {
            SERVICES[0]
        };
        return Err(Refusal::malformed(format!(
            "the service in Credential is not {expected}"
        )));
    }
    Ok(())
}

/// Takes `<secret id>/<yyyy-mm-dd>/<service>/tc3_request` apart into secret id, date and service.
fn parse_credential(credential: &str) -> Result<(&str, &str, &str), Refusal> {
    let mut parts = credential.rsplitn(4, '/');
    let (Some(TERMINATOR), Some(service), Some(date), Some(access_key_id)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::malformed(format!(
            "Credential does not have four parts ending in {TERMINATOR}"
        )));
    };
    if access_key_id.is_empty() {
        return Err(Refusal::malformed("Credential has no secret id"));
    }
    Ok((access_key_id, date, service))
}

fn payload_hash(request: &WireRequest) -> Result<String, Refusal> {
    if header(request, CONTENT_HASH)? == Some(UNSIGNED) {
        return Ok(sha256_hex(UNSIGNED.as_bytes()));
    }
    let actual = sha256_hex(&request.body);
    check_content_hash(request, CONTENT_HASH, &actual)?;
    Ok(actual)
}

#[cfg(test)]
mod tests;
