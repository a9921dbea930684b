//! Assumes a CAM role: `AssumeRole` of STS, version 2018-08-13, with signature TC3.
//!
//! Source: tencentcloud-sdk-python-common 3.1.195. The scope of a signature names the service, so STS has a signer of its
//! own beside that of CVM.

use cloud_import_core::{
    Bytes, CodeRule, Endpoint, Operation, Provider, Repeat, Result, canonical,
    credentials::{AssumeRole, Caller, Flaw, Sts, Temporary, profile},
    datetime, digest,
    encode::{self, Fields},
    http::{Method, Request, Response, header},
    pipeline::{Protocol, Reading, Signing},
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

/// What is signed.
const NAMES: [&str; 2] = ["content-type", "host"];

#[derive(Debug)]
struct StsSigner(Signer);

fn protocol() -> Box<dyn Protocol> {
    Box::new(StsSigner(Signer::default()))
}

impl Protocol for StsSigner {
    fn provider(&self) -> Provider {
        Provider::Tencent
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        let keys = signing.credentials.keys()?;
        let timestamp = datetime::unix(signing.instant).to_string();
        let date = datetime::date(signing.instant);
        canonical::set(request.headers_mut(), "x-tc-timestamp", &timestamp)?;
        if let Some(token) = keys.security_token {
            canonical::set_secret(request.headers_mut(), "x-tc-token", token)?;
        }
        let scope = format!("{date}/sts/tc3_request");
        let canonical_request = format!(
            "{}\n{}\n\n{}\n{}\n{}",
            request.method(),
            request.uri().path(),
            canonical::header_lines(request.headers(), &NAMES)?,
            NAMES.join(";"),
            digest::sha256_hex(request.body())
        );
        let string_to_sign = format!(
            "TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{}",
            digest::sha256_hex(canonical_request.as_bytes())
        );
        let mut key = digest::hmac_sha256(format!("TC3{}", keys.secret_access_key).as_bytes(), date.as_bytes());
        for part in ["sts", "tc3_request"] {
            key = digest::hmac_sha256(&key, part.as_bytes());
        }
        let signature = digest::hex(&digest::hmac_sha256(&key, string_to_sign.as_bytes()));
        let authorization = format!(
            "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
            keys.access_key_id,
            NAMES.join(";")
        );
        canonical::set_secret(request.headers_mut(), header::AUTHORIZATION.as_str(), &authorization)
    }

    fn read(&self, answer: &Response<Bytes>) -> Reading {
        self.0.read(answer)
    }

    fn codes(&self) -> &'static [CodeRule] {
        self.0.codes()
    }
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
    use cloud_import_core::Credentials;

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
