//! The simulator's verification of requests to object stores against each recorded one, and against that request with one
//! value changed.

use cloud_import_core::provider::datetime;
use cloud_import_sim::{
    Cloud,
    verify::{
        Refusal, Secret,
        store::{Addressing, Payload, StorePart, StoreVerified, store, store_parts},
    },
    wire::WireRequest,
};
use cloud_import_tests::vectors::{self, Change, Vector};
use serde_json::Value;

use crate::{outcome::Outcome, verify::other_keys};

/// The recorded operation that is a link and nothing else.
const LINK: &str = "PresignedUrl";
/// How far the time of a COS signature begins before it was made. Source: the SDK.
const COS_AHEAD: i64 = 60;

/// Checks a request as a store would, knowing the vector's keys only.
pub(super) fn verified(vector: &Vector, request: &WireRequest) -> Result<StoreVerified, String> {
    let secret = account(vector);
    ask(vector, request, &|id| {
        (id == vector.credentials.access_key_id).then(|| secret.clone())
    })?
    .map_err(|refusal| format!("the simulator refuses it: {refusal}"))
}

/// Asks the store of the vector's cloud about a request whose host begins with the bucket.
fn ask(
    vector: &Vector,
    request: &WireRequest,
    secret_of: &dyn Fn(&str) -> Option<Secret>,
) -> Result<Result<StoreVerified, Refusal>, String> {
    let name = vector.provider.trim_start_matches("storage_");
    let cloud: Cloud = name.parse().map_err(|_| format!("there is no store of `{name}`"))?;
    let bucket = request.header("host").and_then(|host| host.split('.').next());
    let addressing = Addressing::VirtualHost {
        bucket: bucket.unwrap_or_default(),
    };
    Ok(store(cloud, request, addressing, secret_of))
}

/// The keys as the store knows them. The COS SDK signs links of temporary keys without their token: such a link is right only
/// for an account without one.
fn account(vector: &Vector) -> Secret {
    let mut secret = vector.server_secret();
    if drops_token(vector) {
        secret.security_token = None;
    }
    secret
}

fn drops_token(vector: &Vector) -> bool {
    vector.algorithm == "COS-SHA1"
        && vector.operation == LINK
        && vector.credentials.security_token.is_some()
        && !vector.request.query.contains("x-cos-security-token")
}

/// Checks one vector.
pub(super) fn check(vector: &Vector) -> Outcome {
    compare(vector).unwrap_or_else(Outcome::failed)
}

fn compare(vector: &Vector) -> Result<Outcome, String> {
    let request = vector.wire();
    let read = verified(vector, &request)?;
    let mut differences = said(vector, &read)?;
    let changes = changes(&request, &read);
    for change in &changes {
        if verified(vector, &change.request).is_ok() {
            differences.push(format!("it is accepted although this was changed: {}", change.what));
        }
    }
    let reordered = vectors::reordered(&request, false);
    if let Err(why) = verified(vector, &reordered.request) {
        differences.push(format!("{}: {why}", reordered.what));
    }
    let refusal = |secret: Option<Secret>| match ask(vector, &request, &|_| secret.clone()) {
        Ok(outcome) => outcome.err(),
        Err(_) => None,
    };
    let keys = other_keys(account(vector), refusal);
    if drops_token(vector) && !matches!(refusal(Some(vector.server_secret())), Some(Refusal::WrongToken)) {
        differences.push("without its token it is not refused for that".to_owned());
    }
    let tried = changes.len() + keys.len();
    differences.extend(keys.into_iter().flatten());
    Ok(Outcome::of(differences, tried))
}

/// What the simulator reads from the request against what the vector says.
fn said(vector: &Vector, read: &StoreVerified) -> Result<Vec<String>, String> {
    let mut differences = Vec::new();
    let mut same = |what: &str, fits: bool| {
        if !fits {
            differences.push(format!("read another {what}: {read:?}"));
        }
    };
    let signed = datetime::unix(vector.time()?);
    let is_cos = vector.algorithm == "COS-SHA1";
    let begins = if is_cos { signed - COS_AHEAD } else { signed };
    let validity = vector.params.as_ref().and_then(|params| params.get("Expires"));
    let ends = validity.and_then(Value::as_i64).map(|seconds| signed + seconds);
    let has_hash = matches!(
        vector.algorithm.as_str(),
        "OSS4-HMAC-SHA256" | "OBS-AWS4-HMAC-SHA256" | "AWS4-HMAC-SHA256"
    );

    same("algorithm", read.algorithm.name() == vector.algorithm);
    same("access key id", read.access_key_id == vector.credentials.access_key_id);
    same("kind of signature", read.presigned == (vector.operation == LINK));
    same(
        "time",
        read.instant.is_none_or(|instant| instant.unix_timestamp() == begins),
    );
    // COS limits a signature in a header, too, for a time that the vector does not name.
    let end = read.expires_at.map(|instant| instant.unix_timestamp());
    same("end", end == ends || (is_cos && ends.is_none()));
    same("region", read.region.is_none() || read.region == vector.region);
    let payload = if has_hash { Payload::Unsigned } else { Payload::None };
    same("payload", read.payload == payload);
    Ok(differences)
}

/// The request with each value that the scheme signs changed in turn.
fn changes(request: &WireRequest, read: &StoreVerified) -> Vec<Change> {
    let mut changes = vectors::header(request, "authorization");
    for part in store_parts(read.algorithm) {
        changes.extend(match part {
            StorePart::Method => vectors::method(request),
            StorePart::Path => vectors::path(request),
            StorePart::Bucket => vectors::host(request),
            StorePart::Query => vectors::query(request),
            StorePart::KnownQuery => known_fields(request, |_| true),
            StorePart::LinkFields(names) => known_fields(request, |name| names.contains(&name)),
            StorePart::SignedHeaders => vectors::signed_headers(request, &read.signed_headers),
            StorePart::VendorHeaders(prefix) => vec![one_header_more(request, prefix)],
            StorePart::CredentialScope => vectors::credential(request),
        });
    }
    changes.retain(|change| change.request != *request);
    changes
}

/// Each field of the query that is among the signed ones changed and removed, and none added.
fn known_fields(request: &WireRequest, is_signed: impl Fn(&str) -> bool) -> Vec<Change> {
    let names: Vec<String> = request.query_pairs().into_iter().map(|(name, _)| name).collect();
    let signed: Vec<String> = names.into_iter().filter(|name| is_signed(name)).collect();
    let mut changes = vectors::query(request);
    changes.retain(|change| {
        let is_of = |name: &String| {
            let changed = format!("query {name}");
            change.what == changed || change.what == format!("{changed} removed")
        };
        signed.iter().any(is_of)
    });
    changes
}

fn one_header_more(request: &WireRequest, prefix: &str) -> Change {
    let mut changed = request.clone();
    changed
        .headers
        .push((format!("{prefix}not-sent-before"), "1".to_owned()));
    Change {
        what: format!("a header {prefix}… more"),
        request: changed,
    }
}
