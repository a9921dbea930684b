//! Assumes a CAM role: `AssumeRole` of STS, version 2018-08-13, with signature TC3.
//!
//! Source: tencentcloud-sdk-python-common 3.1.195. The scope of a signature names the service, so the signer is told it.

use cloud_import_core::{
    Bytes, Endpoint, Operation, Repeat, Result, canonical,
    credentials::{AssumeRole, Caller, Flaw, Sts, Temporary, profile},
    encode::{self, Fields},
    http::{Method, Request},
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
    Box::new(Signer {
        service: "sts",
        ..Signer::default()
    })
}

fn request(role: &AssumeRole, caller: &Caller<'_>) -> Result<Request<Bytes>> {
    let endpoint: Endpoint = "sts.tencentcloudapi.com".parse()?;
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
    let mut request = encode::rest(&endpoint, &OPERATION, fields, &[])?;
    let headers = request.headers_mut();
    canonical::set(headers, "x-tc-action", OPERATION.name)?;
    canonical::set(headers, "x-tc-version", "2018-08-13")?;
    canonical::set(headers, "x-tc-region", role.region.as_deref().unwrap_or(caller.region))?;
    Ok(request)
}

fn read(answer: &Value, _: &AssumeRole) -> Result<Temporary, Flaw> {
    let beside = answer.as_object().ok_or_else(|| Flaw::new("it is not an object"))?;
    temporary(profile::object(answer, "Credentials")?, beside)
}

#[cfg(test)]
mod tests {
    use cloud_import_core::{Credentials, datetime, http::header, pipeline::Signing};

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
