//! Assumes a RAM role: `AssumeRole` of STS, version 2015-04-01, signed as every other call.
//!
//! Source: alibabacloud_credentials for Python (2025).

use cloud_import_core::{
    Bytes, Endpoint, Operation, Repeat, Result, canonical,
    credentials::{AssumeRole, Caller, Flaw, Sts, Temporary, profile},
    encode,
    http::{Method, Request, header},
    pipeline::Protocol,
};
use serde_json::Value;

use crate::{profile::temporary, sign::Signer};

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
    Box::new(Signer::default())
}

fn request(role: &AssumeRole, _: &Caller<'_>) -> Result<Request<Bytes>> {
    let endpoint: Endpoint = match &role.region {
        Some(region) => format!("sts.{region}.aliyuncs.com").parse()?,
        None => "sts.aliyuncs.com".parse()?,
    };
    let mut parameters = vec![
        ("RoleArn".to_owned(), role.role.clone()),
        ("RoleSessionName".to_owned(), role.session_name.clone()),
    ];
    let duration = role.duration.map(|duration| duration.as_secs().to_string());
    let optional = [
        ("DurationSeconds", duration),
        ("Policy", role.policy.clone()),
        ("ExternalId", role.external_id.clone()),
    ];
    parameters.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?))),
    );
    let target = format!("/?{}", encode::sorted_pairs(parameters));
    let mut request = encode::request(&endpoint, Method::POST, &target, None, Bytes::new())?;
    let headers = request.headers_mut();
    canonical::set(headers, header::ACCEPT.as_str(), "application/json")?;
    canonical::set(headers, "x-acs-action", OPERATION.name)?;
    canonical::set(headers, "x-acs-version", "2015-04-01")?;
    Ok(request)
}

fn read(answer: &Value, _: &AssumeRole) -> Result<Temporary, Flaw> {
    temporary(profile::object(answer, "Credentials")?)
}
