//! UCloud: SHA-1 over all parameters and the private key, sent as a form, a query or a JSON body.
//!
//! The string that is hashed ends in the private key: it must not leave this module. Source: the API documentation's
//! signature page and the Go and Python SDKs.

use super::digest::sha1_hex;
use super::params::{Params, compare};
use super::secret::{check_token, look_up};
use super::{Algorithm, Refusal, Secret, Verified, ucloud_json};
use crate::wire::WireRequest;

/// Verifies a request to the UCloud API.
///
/// `secret_of` gives the secret of a public key. The scheme has neither time nor nonce and does not cover method, path or
/// host; `U-Timestamp-Ms` is a plain header.
///
/// # Errors
///
/// The reason why the request is refused.
pub fn ucloud(request: &WireRequest, secret_of: &dyn Fn(&str) -> Option<Secret>) -> Result<Verified, Refusal> {
    let is_json = request.method != "GET" && request.media_type().as_deref() == Some("application/json");
    let params = if is_json {
        ucloud_json::params(request)?
    } else {
        Params::of_query_and_form(request)?
    };
    let sent = params.signature()?;
    params.required("Action")?;
    let public_key = params.required("PublicKey")?;

    let secret = look_up(secret_of, public_key)?;
    check_token(&secret, params.get("SecurityToken"))?;

    let mut hashed = String::new();
    for (name, value) in params.signed() {
        hashed.push_str(name);
        hashed.push_str(value);
    }
    hashed.push_str(&secret.secret_access_key);
    compare(sent, &sha1_hex(hashed.as_bytes()), String::new())?;
    Ok(Verified {
        algorithm: Algorithm::UcloudSha1,
        access_key_id: public_key.to_owned(),
        instant: None,
        nonce: None,
        region: None,
        signed_headers: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
