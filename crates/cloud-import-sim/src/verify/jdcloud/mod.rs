//! JD Cloud: `JDCLOUD2-HMAC-SHA256` and `JDCLOUD3-HMAC-SHA256`, which differ in their prefix only.
//!
//! Source: "Authorization Rules" of the Common Declaration, and the Go, Python, JavaScript and Java SDKs' signers.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    Algorithm, Refusal, Secret, SecretOf, Verified,
    authorization::Authorization,
    canonical::{Canonical, check_content_hash, header, join_encoded, required_header},
    decode::{Strictness, decode_pairs, decode_path},
    digest::{compare_hmac_sha256, hmac_sha256_chain, same, sha256_hex},
    instant,
    scope::Scope,
};
use crate::{
    text::{encode, encode_path},
    wire::WireRequest,
};

const DATE: &str = "x-jdcloud-date";
const NONCE: &str = "x-jdcloud-nonce";
const TOKEN: &str = "x-jdcloud-security-token";
const CONTENT_HASH: &str = "x-jdcloud-content-sha256";

/// Verifies a request to a JD Cloud API.
///
/// `secret_of` gives the secret of an access key id. The documentation wants host, date and nonce signed; version 2 must
/// sign date and nonce (the Rust signer leaves the host out), version 3 the host alone or date and nonce (the Python SDK
/// signs only `content-type;host`). Date and nonce must be sent in any case, and a token must be signed. It may be sent raw
/// or in base64: which of them the gateway wants is not known.
///
/// # Errors
///
/// The reason why the request is refused.
pub fn jdcloud(request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
    let authorization = header(request, "authorization")?.ok_or(Refusal::MissingSignature)?;
    let authorization = Authorization::parse(authorization, "Credential")?;
    let (algorithm, prefix, terminator) = match authorization.algorithm {
        "JDCLOUD2-HMAC-SHA256" => (Algorithm::Jdcloud2, "JDCLOUD2", "jdcloud2_request"),
        "JDCLOUD3-HMAC-SHA256" => (Algorithm::Jdcloud3, "JDCLOUD3", "jdcloud3_request"),
        _ => {
            return Err(Refusal::malformed("Authorization names an unknown algorithm"));
        }
    };
    let scope = scope(authorization.credential, terminator)?;
    let date = required_header(request, DATE)?;
    let instant = instant::basic(date, DATE)?;
    let nonce = required_header(request, NONCE)?;
    if !date.starts_with(scope.date) {
        return Err(Refusal::malformed(format!(
            "the date in Credential is not that of {DATE}"
        )));
    }
    let signs_instant = authorization.signs(DATE) && authorization.signs(NONCE);
    if !signs_instant && (algorithm == Algorithm::Jdcloud2 || !authorization.signs("host")) {
        return Err(Refusal::malformed(format!("SignedHeaders lacks {DATE} and {NONCE}")));
    }
    if service_of(header(request, "host")?).is_some_and(|service| service != scope.service) {
        return Err(Refusal::malformed("the service in Credential is not that of the host"));
    }
    let path = decode_path(&request.path, Strictness::Literal)?;
    if region_of(&path).is_some_and(|region| region != scope.region) {
        return Err(Refusal::malformed("the region in Credential is not that of the path"));
    }

    let unknown = || Refusal::UnknownAccessKey(scope.access_key_id.to_owned());
    let secret = secret_of(scope.access_key_id).ok_or_else(unknown)?;
    check_token(request, &authorization, &secret)?;

    let payload_hash = sha256_hex(&request.body);
    check_content_hash(request, CONTENT_HASH, &payload_hash)?;
    let canonical = Canonical {
        path: &canonical_path(&path),
        query: &canonical_query(request)?,
        header_value,
        payload_hash: &payload_hash,
    };
    let string_to_sign = format!(
        "{}\n{date}\n{}\n{}",
        authorization.algorithm,
        scope.steps().join("/"),
        canonical.hash(request, &authorization)?
    );
    let key = hmac_sha256_chain(&format!("{prefix}{}", secret.secret_access_key), &scope.steps());
    compare_hmac_sha256(authorization.signature, &key, string_to_sign)?;
    Ok(Verified {
        instant: Some(instant),
        nonce: Some(nonce.to_owned()),
        region: Some(scope.region.to_owned()),
        signed_headers: authorization.signed_headers,
        ..Verified::new(algorithm, scope.access_key_id)
    })
}

fn scope<'r>(credential: &'r str, terminator: &str) -> Result<Scope<'r>, Refusal> {
    let well_formed = |text: &str| {
        let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        !text.is_empty() && text.bytes().all(plain)
    };
    let scope = Scope::split(credential)?;
    if scope.terminator != terminator {
        return Err(Refusal::malformed(format!("Credential does not end in {terminator}")));
    }
    let dated = scope.date.len() == 8 && scope.date.bytes().all(|byte| byte.is_ascii_digit());
    if scope.access_key_id.is_empty() || !dated || !well_formed(scope.region) || !well_formed(scope.service) {
        return Err(Refusal::malformed("Credential has an empty or malformed part"));
    }
    Ok(scope)
}

/// The region of a path `/<version>/regions/<region>/...`; services without regions have none.
fn region_of(path: &str) -> Option<&str> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty()).skip(1);
    (segments.next() == Some("regions")).then(|| segments.next()).flatten()
}

/// The service of a host `<service>.jdcloud-api.com` or `<service>.internal.<region>.jdcloud-api.com`. That the gateway
/// compares it is an inference; the command-line tool's default host `www.jdcloud-api.com` serves every service. The JavaScript
/// SDK writes a hyphen into the host of `resourcetag`, and none into its scope.
fn service_of(host: Option<&str>) -> Option<&str> {
    let name = host?.split(':').next()?.strip_suffix(".jdcloud-api.com")?;
    match name.split('.').next()? {
        "www" => None,
        "resource-tag" => Some("resourcetag"),
        service => Some(service),
    }
}

fn check_token(request: &WireRequest, authorization: &Authorization<'_>, secret: &Secret) -> Result<(), Refusal> {
    let Some(sent) = header(request, TOKEN)? else {
        return secret.check_token(None);
    };
    authorization.must_sign(TOKEN)?;
    let in_base64 = |token: &str| same(STANDARD.encode(token).as_bytes(), sent.as_bytes());
    if secret.security_token.as_deref().is_some_and(in_base64) {
        return Ok(());
    }
    secret.check_token(Some(sent))
}

/// One leading slash, no runs of slashes, every segment encoded.
fn canonical_path(decoded: &str) -> String {
    let mut path = String::from("/");
    for character in decoded.chars() {
        if character != '/' || !path.ends_with('/') {
            path.push(character);
        }
    }
    encode_path(&path)
}

/// Sorted by encoded name, then encoded value; parameters without a name are left out.
fn canonical_query(request: &WireRequest) -> Result<String, Refusal> {
    let mut pairs = decode_pairs(request.query.as_bytes(), Strictness::Literal, "the query")?;
    pairs.retain(|(name, _)| !name.is_empty());
    pairs.sort_by_cached_key(|(name, value)| (encode(name), encode(value)));
    Ok(join_encoded(&pairs))
}

/// The host is signed without a default port, everything else as sent.
fn header_value(name: &str, value: &str) -> String {
    let host = (name == "host")
        .then(|| value.strip_suffix(":80").or_else(|| value.strip_suffix(":443")))
        .flatten();
    host.unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests;
