//! Assumes an IAM role: `assumeRole` of STS, with signature version 2.
//!
//! Source: jdcloud-sdk-go and jdcloud-sdk-php, service `sts`. The scope of a signature names the service, so the
//! signer is told it; STS names no region, for which the SDKs sign `jdcloud-api`. The vendor's answer writes
//! the expiry without a time zone, so the life that was asked for counts. No temporary keys were to be had for a trial:
//! unverified.

use std::time::Duration;

use cloud_import_core::{
    Bytes, Credentials, Endpoint, Result,
    credentials::{
        AssumeRole, Caller, Expiry, ProfileError, Sts, Temporary,
        profile::{object, required},
    },
    http::{Method, Request},
    provider::{
        Operation, Repeat,
        encode::{self, Fields},
        protocol::Protocol,
    },
};
use serde_json::{Value, json};

use crate::sign::{SecurityTokenForm, SignatureVersion, Signer};

/// How a role is assumed.
pub(crate) const STS: Sts = Sts {
    operation: &OPERATION,
    protocol,
    request,
    read,
};

static OPERATION: Operation = Operation {
    name: "assumeRole",
    method: Method::POST,
    path: "/v1/sessionToken:assumeRole",
    repeat: Repeat::Safe,
    placed: &[],
};

/// What a role's keys live where nothing else is asked for.
const LIFE: Duration = Duration::from_secs(3600);

const REGION: &str = "jdcloud-api";

fn protocol() -> Box<dyn Protocol> {
    Box::new(Signer {
        region: REGION.to_owned(),
        service: "sts",
        version: SignatureVersion::V2,
        security_token_form: SecurityTokenForm::Base64,
    })
}

fn request(role: &AssumeRole, _: &Caller<'_>) -> Result<Request<Bytes>> {
    let endpoint: Endpoint = "sts.jdcloud-api.com".parse()?;
    let mut info = json!({
        "roleJrn": role.role,
        "roleSessionName": role.session_name,
        "durationSeconds": life(role).as_secs(),
    });
    if let Some(policy) = &role.policy {
        info["policy"] = policy.clone().into();
    }
    let mut fields = Fields::new();
    fields.insert("assumeRoleInfo".to_owned(), info);
    encode::rest(&endpoint, &OPERATION, fields)
}

fn life(role: &AssumeRole) -> Duration {
    role.duration.unwrap_or(LIFE)
}

fn read(answer: &Value, role: &AssumeRole) -> Result<Temporary, ProfileError> {
    let keys = object(answer, "credentials")?;
    Ok(Temporary {
        credentials: Credentials::temporary(
            required(keys, "accessKey")?,
            required(keys, "secretKey")?,
            required(keys, "sessionToken")?,
        ),
        expires: Expiry::In(life(role)),
    })
}

#[cfg(test)]
mod tests {
    use cloud_import_core::{
        http::header,
        provider::{datetime, protocol::Signing},
    };

    use super::*;

    /// A run of jdcloud_sdk for Python 1.6.94 with service `sts`, clock and nonce held still.
    #[test]
    fn agrees_with_the_official_signer() {
        let caller = Caller {
            region: "cn-north-1",
            endpoint: None,
        };
        let role = AssumeRole::new("jrn:iam::12345678:role/import");
        let mut request = request(&role, &caller).unwrap();
        let credentials = Credentials::new("AKEXAMPLE", "SKEXAMPLE");
        let signing = Signing {
            credentials: &credentials,
            instant: datetime::parse_rfc3339("2025-01-02T03:04:05Z").unwrap(),
            nonce: "55f3919e-3a7d-4174-b117-f150ff25e274",
            signed_headers: None,
        };
        protocol().sign(&mut request, &signing).unwrap();
        assert_eq!(
            request.headers()[header::AUTHORIZATION].to_str().unwrap(),
            "JDCLOUD2-HMAC-SHA256 Credential=AKEXAMPLE/20250102/jdcloud-api/sts/jdcloud2_request, SignedHeaders=content-type;host;x-jdcloud-date;x-jdcloud-nonce, Signature=14ea20c6d87e5db56777d668ed598155de996971e1cc4837cee7e043bb5269d5"
        );
    }
}
