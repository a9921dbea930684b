//! The simulator's verification against each recorded request, and against that request with one value changed.

use cloud_import_core::provider::datetime;
use cloud_import_sim::{
    verify::{self, Refusal, Secret, SignedPart, Verified, signed_parts},
    wire::WireRequest,
};
use cloud_import_tests::vectors::{self, Change, Vector};

use crate::outcome::Outcome;

/// The headers that hold the time of signing.
const INSTANT: [&str; 4] = ["x-jdcloud-date", "x-tc-timestamp", "x-sdk-date", "x-acs-date"];

type Verify = fn(&WireRequest, &dyn Fn(&str) -> Option<Secret>) -> Result<Verified, Refusal>;

/// Checks a request as a cloud's server would, knowing the vector's keys only.
pub(crate) fn verified(vector: &Vector, request: &WireRequest) -> Result<Verified, String> {
    let verify = verifier(vector)?;
    let secret = vector.server_secret();
    verify(request, &|id| {
        (id == vector.credentials.access_key_id).then(|| secret.clone())
    })
    .map_err(|refusal| format!("the simulator refuses it: {refusal}"))
}

fn verifier(vector: &Vector) -> Result<Verify, String> {
    Ok(match vector.provider.as_str() {
        "jdcloud" => verify::jdcloud,
        "tencent" => verify::tencent,
        "huawei" => verify::huawei,
        "aliyun" => verify::aliyun,
        "ucloud" => verify::ucloud,
        other => return Err(format!("there is no provider `{other}`")),
    })
}

/// Checks one vector.
pub(crate) fn check(vector: &Vector) -> Outcome {
    let request = vector.wire();
    let verified = match verified(vector, &request) {
        Ok(verified) => verified,
        Err(why) => return Outcome::failed(why),
    };
    let mut differences = said(vector, &verified);
    let changes = changes(&request, &verified);
    for change in &changes {
        if self::verified(vector, &change.request).is_ok() {
            differences.push(format!("it is accepted although this was changed: {}", change.what));
        }
    }
    if let Some(change) = reordered(&request, &verified)
        && let Err(why) = self::verified(vector, &change.request)
    {
        differences.push(format!("{}: {why}", change.what));
    }
    let verify = match verifier(vector) {
        Ok(verify) => verify,
        Err(why) => return Outcome::failed(why),
    };
    let keys = other_keys(vector.server_secret(), |secret| {
        verify(&request, &|_| secret.clone()).err()
    });
    let tried = changes.len() + keys.len();
    differences.extend(keys.into_iter().flatten());
    Outcome::of(differences, tried)
}

/// What the simulator reads from the request against what the vector says.
fn said(vector: &Vector, verified: &Verified) -> Vec<String> {
    let mut differences = Vec::new();
    if verified.algorithm.name() != vector.algorithm {
        differences.push(format!("read as {}", verified.algorithm.name()));
    }
    if verified.access_key_id != vector.credentials.access_key_id {
        differences.push("read another access key id".to_owned());
    }
    if let Some(instant) = verified.instant {
        match vector.time().map(datetime::unix) {
            Ok(expected) if expected == instant.unix_timestamp() => {}
            Ok(_) => differences.push(format!("read another time: {instant}")),
            Err(why) => differences.push(why),
        }
    }
    if let Some(nonce) = &vector.nonce
        && verified.nonce.as_ref() != Some(nonce)
    {
        differences.push("read another nonce".to_owned());
    }
    if let (Some(region), Some(scope)) = (&vector.region, &verified.region)
        && region != scope
    {
        differences.push(format!("read another region: {scope}"));
    }
    differences
}

/// The request with each value that the scheme signs changed in turn.
fn changes(request: &WireRequest, verified: &Verified) -> Vec<Change> {
    let mut changes = vectors::header(request, "authorization");
    for part in signed_parts(verified.algorithm) {
        changes.extend(match part {
            SignedPart::Method => vectors::method(request),
            SignedPart::Path => vectors::path(request),
            SignedPart::Host => vectors::host(request),
            SignedPart::Query | SignedPart::QueryAsSent => vectors::query(request),
            SignedPart::SignedHeaders => vectors::signed_headers(request, &verified.signed_headers),
            SignedPart::Instant => INSTANT.iter().flat_map(|name| vectors::header(request, name)).collect(),
            SignedPart::Body => [vectors::body_bytes(request), vectors::json_body(request)].concat(),
            SignedPart::Parameters if has_form(request) => [vectors::query(request), vectors::form(request)].concat(),
            SignedPart::Parameters => vectors::query(request),
            SignedPart::CredentialScope => vectors::credential(request),
        });
    }
    changes.retain(|change| change.request != *request);
    changes
}

/// The request with its fields in another order and escaping, where the scheme signs them decoded.
fn reordered(request: &WireRequest, verified: &Verified) -> Option<Change> {
    let parts = signed_parts(verified.algorithm);
    let decoded = parts.contains(&SignedPart::Parameters) || parts.contains(&SignedPart::Query);
    decoded.then(|| vectors::reordered(request, has_form(request)))
}

fn has_form(request: &WireRequest) -> bool {
    let form = "application/x-www-form-urlencoded";
    !request.body.is_empty()
        && request
            .header("content-type")
            .is_some_and(|value| value.starts_with(form))
}

/// Other keys on the server's side than the `right` ones, when `ask` says why a server with these keys refuses the request:
/// each must lead to its refusal. `Some` is a difference.
pub(crate) fn other_keys(right: Secret, ask: impl Fn(Option<Secret>) -> Option<Refusal>) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let mut expect = |what: &str, refused: Option<Refusal>, fits: fn(&Refusal) -> bool| {
        found.push(match refused {
            Some(refusal) if fits(&refusal) => None,
            Some(refusal) => Some(format!("with {what} it is refused otherwise: {refusal}")),
            None => Some(format!("with {what} it is accepted")),
        });
    };
    let other_secret = Secret {
        secret_access_key: format!("{}x", right.secret_access_key),
        ..right.clone()
    };
    expect("another secret", ask(Some(other_secret)), |refusal| {
        matches!(refusal, Refusal::SignatureMismatch { .. })
    });
    let other_token = Secret {
        security_token: Some(format!("{}x", right.security_token.as_deref().unwrap_or_default())),
        ..right.clone()
    };
    let wrong_token = |refusal: &Refusal| matches!(refusal, Refusal::WrongToken);
    expect("another token", ask(Some(other_token)), wrong_token);
    if right.security_token.is_some() {
        let no_token = Secret {
            security_token: None,
            ..right
        };
        expect("no token", ask(Some(no_token)), wrong_token);
    }
    expect("an unknown key", ask(None), |refusal| {
        matches!(refusal, Refusal::UnknownAccessKey(_))
    });
    found
}
