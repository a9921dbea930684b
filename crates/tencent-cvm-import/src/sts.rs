//! Assumes a CAM role: `AssumeRole` of STS, version 2018-08-13, with signature TC3; and `AssumeRoleWithWebIdentity`, which is
//! not signed, as the token in it is the credential.
//!
//! Source: tencentcloud-sdk-python-common 3.1.195. The scope of a signature names the service, so the signer is told it. The
//! names of the fields of `AssumeRoleWithWebIdentity` are unverified.

use cloud_import_core::{
    Bytes, Credentials, Endpoint, Result,
    credentials::{
        AssumeRole, Caller, Exchange, Expiry, Precedence, ProfileError, Sts, Temporary, WebIdentity,
        profile::{instant, object, required},
        web_identity::Unsigned,
    },
    http::{Method, Request, header},
    provider::{
        Operation, Repeat, canonical, datetime,
        encode::{self, Fields},
        protocol::{Protocol, Signing},
    },
};
use serde_json::{Map, Value};

use crate::sign::Signer;

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

/// How a token of another party is exchanged: what a container service (TKE) names in variables.
pub(crate) const WEB_IDENTITY: WebIdentity = WebIdentity {
    precedence: Precedence::Last,
    token_file: &["TKE_WEB_IDENTITY_TOKEN_FILE"],
    role: &["TKE_ROLE_ARN"],
    provider: &["TKE_PROVIDER_ID"],
    session: &[],
    duration: &[],
    region: &["TKE_REGION"],
    endpoint: &[],
    not_understood: &[],
    operation: &WITH_WEB_IDENTITY,
    protocol: unsigned,
    request: exchange,
    read,
};

static WITH_WEB_IDENTITY: Operation = Operation {
    name: "AssumeRoleWithWebIdentity",
    method: Method::POST,
    path: "/",
    repeat: Repeat::Safe,
    placed: &[],
};

fn signer() -> Signer {
    Signer {
        service: "sts",
        ..Signer::default()
    }
}

fn protocol() -> Box<dyn Protocol> {
    Box::new(signer())
}

fn unsigned() -> Box<dyn Protocol> {
    Box::new(Unsigned {
        protocol: signer(),
        stamp,
    })
}

/// The date, and the word by which the vendor's SDK says that there is no signature.
fn stamp(request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
    let headers = request.headers_mut();
    canonical::set(headers, "x-tc-timestamp", &datetime::unix(signing.instant).to_string())?;
    canonical::set(headers, header::AUTHORIZATION.as_str(), "SKIP")
}

fn request(role: &AssumeRole, caller: &Caller<'_>) -> Result<Request<Bytes>> {
    let mut fields = Fields::new();
    fields.insert("RoleArn".to_owned(), role.role.clone().into());
    fields.insert("RoleSessionName".to_owned(), role.session_name.clone().into());
    let optional = [
        (
            "DurationSeconds",
            role.duration.map(|duration| duration.as_secs().into()),
        ),
        ("Policy", role.policy.clone().map(Value::from)),
        ("ExternalId", role.external_id.clone().map(Value::from)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    }
    call(&OPERATION, fields, role.region.as_deref().unwrap_or(caller.region))
}

fn exchange(exchange: &Exchange<'_>, caller: &Caller<'_>) -> Result<Request<Bytes>> {
    let role = exchange.role;
    let mut fields = Fields::new();
    for (name, value) in [
        ("ProviderId", exchange.provider),
        ("RoleArn", role.role.as_str()),
        ("RoleSessionName", role.session_name.as_str()),
        ("WebIdentityToken", exchange.token),
    ] {
        fields.insert(name.to_owned(), value.into());
    }
    if let Some(duration) = role.duration {
        fields.insert("DurationSeconds".to_owned(), duration.as_secs().into());
    }
    call(
        &WITH_WEB_IDENTITY,
        fields,
        role.region.as_deref().unwrap_or(caller.region),
    )
}

fn call(operation: &Operation, fields: Fields, region: &str) -> Result<Request<Bytes>> {
    let endpoint: Endpoint = "sts.tencentcloudapi.com".parse()?;
    let mut request = encode::rest(&endpoint, operation, fields)?;
    let headers = request.headers_mut();
    canonical::set(headers, "x-tc-action", operation.name)?;
    canonical::set(headers, "x-tc-version", "2018-08-13")?;
    canonical::set(headers, "x-tc-region", region)?;
    Ok(request)
}

fn read(answer: &Value, _: &AssumeRole) -> Result<Temporary, ProfileError> {
    let beside = answer
        .as_object()
        .ok_or_else(|| ProfileError::new("it is not an object"))?;
    temporary(object(answer, "Credentials")?, beside)
}

/// Temporary keys, and their expiry, which STS writes beside them.
pub(crate) fn temporary(keys: &Map<String, Value>, beside: &Map<String, Value>) -> Result<Temporary, ProfileError> {
    Ok(Temporary {
        credentials: Credentials::temporary(
            required(keys, "TmpSecretId")?,
            required(keys, "TmpSecretKey")?,
            required(keys, "Token")?,
        ),
        expires: Expiry::At(instant(beside, "ExpiredTime")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run of tencentcloud-sdk-python-common 3.1.195 with service `sts` and its clock held still.
    #[test]
    fn agrees_with_the_official_signer() {
        let caller = Caller {
            region: "ap-guangzhou",
            endpoint: None,
        };
        let role = AssumeRole::new("qcs::cam::uin/12345678:roleName/import");
        let mut request = request(&role, &caller).unwrap();
        let credentials = Credentials::new(
            "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
            "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        );
        let signing = Signing {
            credentials: &credentials,
            instant: datetime::parse_rfc3339("2023-11-14T22:13:20Z").unwrap(),
            nonce: "",
            signed_headers: None,
        };
        protocol().sign(&mut request, &signing).unwrap();
        assert_eq!(
            request.headers()[header::AUTHORIZATION].to_str().unwrap(),
            "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2023-11-14/sts/tc3_request, SignedHeaders=content-type;host, Signature=52ddcadc7eddf6c32389214868ee15f65a9c173dfaba834512253ec519a0e997"
        );
    }
}
