//! UCloud: SHA-1 over all parameters and the private key, sent as a form, a query or a JSON body.
//!
//! The string that is hashed ends in the private key: it must not leave this module. Source: the API documentation's
//! signature page and the Go and Python SDKs.

use super::{
    Algorithm, Refusal, Secret, SecretOf, Verified,
    digest::{compare, sha1_hex},
    params::Params,
    ucloud_json,
};
use crate::wire::WireRequest;

/// Verifies a request to the UCloud API.
///
/// `secret_of` gives the secret of a public key. The scheme has neither time nor nonce and does not cover method, path or
/// host; `U-Timestamp-Ms` is a plain header.
///
/// # Errors
///
/// The reason why the request is refused.
pub fn ucloud(request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
    let is_json = request.method != "GET" && request.media_type().as_deref() == Some("application/json");
    let params = if is_json {
        ucloud_json::params(request)?
    } else {
        Params::of_query_and_form(request)?
    };
    let sent = params.signature()?;
    params.required("Action")?;
    let public_key = params.required("PublicKey")?;

    let secret = Secret::find(secret_of, public_key, params.get("SecurityToken"))?;

    let mut hashed = String::new();
    for (name, value) in params.signed() {
        hashed.push_str(name);
        hashed.push_str(value);
    }
    hashed.push_str(&secret.secret_access_key);
    compare(sent, &sha1_hex(hashed.as_bytes()), String::new())?;
    Ok(Verified::new(Algorithm::UcloudSha1, public_key))
}

#[cfg(test)]
mod tests;
