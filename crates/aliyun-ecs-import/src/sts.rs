//! Assumes a RAM role: `AssumeRole` of STS, version 2015-04-01, signed as every other call; and `AssumeRoleWithOIDC`, which is
//! not signed, as the token in it is the credential.
//!
//! Source: alibabacloud_credentials for Python (2025); AssumeRoleWithOIDC, STS API reference (2024-04). That the unsigned call
//! is taken in the older request form with the role in a form body is the SDK's way and was not tried: unverified.

use cloud_import_core::{
    Bytes, Credentials, Endpoint, Result,
    credentials::{
        AssumeRole, Caller, Exchange, Expiry, Precedence, ProfileError, Sts, Temporary, WebIdentity,
        profile::{instant, object, required},
        web_identity::Unsigned,
    },
    http::{Method, Request, header},
    provider::{Operation, Repeat, canonical, encode, protocol::Protocol},
};
use serde_json::{Map, Value};

use crate::{rpc, sign::Signer};

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

/// How a token of another party is exchanged.
pub(crate) const WEB_IDENTITY: WebIdentity = WebIdentity {
    precedence: Precedence::AfterKeys,
    token_file: &["ALIBABA_CLOUD_OIDC_TOKEN_FILE"],
    role: &["ALIBABA_CLOUD_ROLE_ARN"],
    provider: &["ALIBABA_CLOUD_OIDC_PROVIDER_ARN"],
    session: &["ALIBABA_CLOUD_ROLE_SESSION_NAME"],
    duration: &[],
    region: &["ALIBABA_CLOUD_STS_REGION"],
    endpoint: &[],
    not_understood: &[],
    operation: &WITH_OIDC,
    protocol: unsigned,
    request: exchange,
    read,
};

static WITH_OIDC: Operation = Operation {
    name: "AssumeRoleWithOIDC",
    method: Method::POST,
    path: "/",
    repeat: Repeat::Safe,
    placed: &[],
};

const VERSION: &str = "2015-04-01";

fn protocol() -> Box<dyn Protocol> {
    Box::new(Signer::default())
}

fn unsigned() -> Box<dyn Protocol> {
    Box::new(Unsigned {
        protocol: Signer::default(),
        stamp: rpc::stamp,
    })
}

fn endpoint(role: &AssumeRole) -> Result<Endpoint> {
    match &role.region {
        Some(region) => format!("sts.{region}.aliyuncs.com").parse(),
        None => "sts.aliyuncs.com".parse(),
    }
}

fn request(role: &AssumeRole, _: &Caller<'_>) -> Result<Request<Bytes>> {
    let endpoint = endpoint(role)?;
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
    canonical::set(headers, "x-acs-version", VERSION)?;
    Ok(request)
}

fn exchange(exchange: &Exchange<'_>, _: &Caller<'_>) -> Result<Request<Bytes>> {
    let role = exchange.role;
    let query = [("Action", WITH_OIDC.name), ("Format", "JSON"), ("Version", VERSION)];
    let duration = role.duration.map(|duration| duration.as_secs().to_string());
    let form = [
        ("DurationSeconds", duration.as_deref()),
        ("OIDCProviderArn", Some(exchange.provider)),
        ("OIDCToken", Some(exchange.token)),
        ("Policy", role.policy.as_deref()),
        ("RoleArn", Some(role.role.as_str())),
        ("RoleSessionName", Some(role.session_name.as_str())),
    ];
    let form = encode::pairs(form.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let target = format!("/?{}", encode::pairs(query));
    let mut request = encode::request(&endpoint(role)?, Method::POST, &target, Some(rpc::FORM), form.into())?;
    canonical::set(request.headers_mut(), header::ACCEPT.as_str(), "application/json")?;
    Ok(request)
}

fn read(answer: &Value, _: &AssumeRole) -> Result<Temporary, ProfileError> {
    temporary(object(answer, "Credentials")?)
}

/// Temporary keys as STS and metadata write them.
pub(crate) fn temporary(keys: &Map<String, Value>) -> Result<Temporary, ProfileError> {
    Ok(Temporary {
        credentials: Credentials::temporary(
            required(keys, "AccessKeyId")?,
            required(keys, "AccessKeySecret")?,
            required(keys, "SecurityToken")?,
        ),
        expires: Expiry::At(instant(keys, "Expiration")?),
    })
}
