//! Assumes an IAM role: the action `AssumeRole`, at the same address as every other action.
//!
//! Source: UCloud API documentation, sts-api/assume_role (2026-08). How it writes the expiry is not documented beside that
//! it is UTC: seconds since 1970 and the usual dates are read.

use cloud_import_core::{
    Bytes, Credentials, Endpoint, Result,
    credentials::{
        AssumeRole, Caller, Expiry, ProfileError, Sts, Temporary,
        profile::{instant, object, required},
    },
    http::{Method, Request},
    provider::{Operation, Repeat, encode, protocol::Protocol},
};
use serde_json::{Map, Value};

use crate::{
    generated::HOST,
    sign::{FORM, Signer},
};

/// How a role is assumed.
pub(crate) const STS: Sts = Sts {
    operation: &OPERATION,
    protocol,
    request,
    read,
};

static OPERATION: Operation = Operation {
    name: "AssumeRole",
    method: Method::POST,
    path: "/",
    repeat: Repeat::Safe,
    placed: &[],
};

fn protocol() -> Box<dyn Protocol> {
    Box::new(Signer)
}

fn request(role: &AssumeRole, caller: &Caller<'_>) -> Result<Request<Bytes>> {
    let endpoint: Endpoint = match caller.endpoint {
        Some(endpoint) => endpoint.clone(),
        None => HOST.parse()?,
    };
    let duration = role.duration.map(|duration| duration.as_secs().to_string());
    let parameters = [
        ("Action", Some(OPERATION.name)),
        ("RoleUrn", Some(role.role.as_str())),
        ("RoleSessionName", Some(role.session_name.as_str())),
        ("DurationSeconds", duration.as_deref()),
        ("Policy", role.policy.as_deref()),
    ];
    let body = encode::pairs(parameters.into_iter().filter_map(|(name, value)| Some((name, value?))));
    encode::request(&endpoint, Method::POST, OPERATION.path, Some(FORM), body.into())
}

fn read(answer: &Value, _: &AssumeRole) -> Result<Temporary, ProfileError> {
    temporary(object(answer, "Credentials")?)
}

/// Temporary keys as STS and metadata write them.
pub(crate) fn temporary(keys: &Map<String, Value>) -> Result<Temporary, ProfileError> {
    let (id, secret) = if keys.contains_key("PublicKey") {
        ("PublicKey", "PrivateKey")
    } else {
        ("AccessKeyId", "AccessKeySecret")
    };
    Ok(Temporary {
        credentials: Credentials::temporary(
            required(keys, id)?,
            required(keys, secret)?,
            required(keys, "SecurityToken")?,
        ),
        expires: Expiry::At(instant(keys, "Expiration")?),
    })
}
