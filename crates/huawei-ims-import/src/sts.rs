//! Exchanges a token of another party for keys of an agency: `AssumeAgencyWithOIDC` of STS, which is not signed. Agencies are
//! assumed in no other way here.
//!
//! Source: huaweicloudsdkcore and huaweicloudsdksts for Python (2026). Unverified: the form of a policy in a variable, which is
//! therefore refused, and what regions have the service.

use cloud_import_core::{
    Bytes, Credentials, Endpoint, Result,
    credentials::{
        AssumeRole, Caller, Exchange, Expiry, Precedence, ProfileError, Temporary, WebIdentity,
        profile::{instant, object, required},
        web_identity::Unsigned,
    },
    http::{Method, Request},
    provider::{
        Operation, Repeat,
        encode::{self, Fields},
        protocol::Protocol,
    },
};
use serde_json::Value;

use crate::sign::Signer;

/// How a token of another party is exchanged.
pub(crate) const WEB_IDENTITY: WebIdentity = WebIdentity {
    precedence: Precedence::First,
    token_file: &["HUAWEICLOUD_OIDC_TOKEN_FILE"],
    role: &["HUAWEICLOUD_OIDC_AGENCY_URN"],
    provider: &["HUAWEICLOUD_OIDC_PROVIDER_URN"],
    session: &["HUAWEICLOUD_OIDC_SESSION_NAME"],
    duration: &["HUAWEICLOUD_OIDC_DURATION_SECONDS"],
    region: &[],
    endpoint: &["HUAWEICLOUD_SDK_STS_ENDPOINT"],
    not_understood: &["HUAWEICLOUD_OIDC_POLICY", "HUAWEICLOUD_OIDC_POLICY_IDS"],
    operation: &OPERATION,
    protocol: unsigned,
    request,
    read,
};

static OPERATION: Operation = Operation {
    name: "AssumeAgencyWithOIDC",
    method: Method::POST,
    path: "/v5/agencies/assume-with-oidc",
    repeat: Repeat::Safe,
    placed: &[],
};

fn unsigned() -> Box<dyn Protocol> {
    Box::new(Unsigned {
        protocol: Signer,
        stamp: |_, _| Ok(()),
    })
}

fn request(exchange: &Exchange<'_>, caller: &Caller<'_>) -> Result<Request<Bytes>> {
    let endpoint: Endpoint = match exchange.endpoint {
        Some(endpoint) => endpoint.clone(),
        None => format!("sts.{}.myhuaweicloud.com", caller.region).parse()?,
    };
    let role = exchange.role;
    let mut fields = Fields::new();
    for (name, value) in [
        ("agency_session_name", role.session_name.as_str()),
        ("agency_urn", role.role.as_str()),
        ("id_token", exchange.token),
        ("provider_urn", exchange.provider),
    ] {
        fields.insert(name.to_owned(), value.into());
    }
    if let Some(duration) = role.duration {
        fields.insert("duration_seconds".to_owned(), duration.as_secs().into());
    }
    encode::rest(&endpoint, &OPERATION, fields)
}

fn read(answer: &Value, _: &AssumeRole) -> Result<Temporary, ProfileError> {
    let keys = object(answer, "credentials")?;
    Ok(Temporary {
        credentials: Credentials::temporary(
            required(keys, "access_key_id")?,
            required(keys, "secret_access_key")?,
            required(keys, "security_token")?,
        ),
        expires: Expiry::At(instant(keys, "expiration")?),
    })
}
