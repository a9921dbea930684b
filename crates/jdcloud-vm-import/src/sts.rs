//! Assumes an IAM role: `assumeRole` of STS, with signature version 2.
//!
//! Source: jdcloud-sdk-go and jdcloud-sdk-php, service `sts`. The scope of a signature names the service, so STS has a signer
//! of its own beside that of VM; its calls name no region, for which the SDKs sign `jdcloud-api`. The vendor's answer writes
//! the expiry without a time zone, so the life that was asked for counts. No temporary keys were to be had for a trial:
//! unverified.

use std::time::Duration;

use cloud_import_core::{
    Bytes, CodeRule, Credentials, Endpoint, Operation, Provider, Repeat, Result, canonical,
    credentials::{
        AssumeRole, Caller, Expiry, Flaw, Sts, Temporary,
        profile::{object, required},
    },
    datetime, digest,
    encode::{self, Fields},
    http::{Method, Request, Response, header},
    pipeline::{Protocol, Reading, Signing},
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

const DATE: &str = "x-jdcloud-date";
const NONCE: &str = "x-jdcloud-nonce";

/// What is signed. The token of keys that are temporary themselves is signed too, as its form here is that of VM.
const NAMES: [&str; 4] = ["content-type", "host", DATE, NONCE];
const TOKEN: &str = "x-jdcloud-security-token";

/// Reads as VM does; signs for STS.
#[derive(Debug)]
struct StsSigner(Signer);

fn protocol() -> Box<dyn Protocol> {
    Box::new(StsSigner(Signer {
        region: REGION.to_owned(),
        version: SignatureVersion::V2,
        security_token_form: SecurityTokenForm::Base64,
    }))
}

impl Protocol for StsSigner {
    fn provider(&self) -> Provider {
        Provider::Jdcloud
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        let keys = signing.credentials.keys()?;
        let date = datetime::basic(signing.instant);
        canonical::set(request.headers_mut(), DATE, &date)?;
        canonical::set(request.headers_mut(), NONCE, signing.nonce)?;
        let mut names = NAMES.to_vec();
        if let Some(token) = keys.security_token {
            canonical::set_secret(request.headers_mut(), TOKEN, &digest::base64(token.as_bytes()))?;
            names.push(TOKEN);
        }
        let day = date.get(..8).unwrap_or_default();
        let scope = format!("{day}/{REGION}/sts/jdcloud2_request");
        let canonical_request = format!(
            "{}\n{}\n\n{}\n{}\n{}",
            request.method(),
            canonical::path(request.uri().path()),
            canonical::header_lines(request.headers(), &names)?,
            names.join(";"),
            digest::sha256_hex(request.body())
        );
        let string_to_sign = format!(
            "JDCLOUD2-HMAC-SHA256\n{date}\n{scope}\n{}",
            digest::sha256_hex(canonical_request.as_bytes())
        );
        let mut key = digest::hmac_sha256(format!("JDCLOUD2{}", keys.secret_access_key).as_bytes(), day.as_bytes());
        for part in [REGION, "sts", "jdcloud2_request"] {
            key = digest::hmac_sha256(&key, part.as_bytes());
        }
        let signature = digest::hex(&digest::hmac_sha256(&key, string_to_sign.as_bytes()));
        let authorization = format!(
            "JDCLOUD2-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
            keys.access_key_id,
            names.join(";")
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
    encode::rest(&endpoint, &OPERATION, fields, &[])
}

fn life(role: &AssumeRole) -> Duration {
    role.duration.unwrap_or(LIFE)
}

fn read(answer: &Value, role: &AssumeRole) -> Result<Temporary, Flaw> {
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
