//! The client against the recorded requests: given what was asked for, it sends a request that means the same.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use cloud_import_core::{
    RetryPolicy,
    provider::Pipeline,
    testing::{Frozen, Scripted},
};
use cloud_import_sim::wire::WireRequest;
use cloud_import_staging::Store;
use cloud_import_tests::vectors::{self, Change, Vector};
use http::Request;
use md5::{Digest as _, Md5};

use super::{
    clients::{self, LINK},
    verify,
};
use crate::outcome::{Outcome, Reason};

/// Checks one vector.
pub(super) fn check(vector: &Vector) -> Outcome {
    if !clients::is_sent(vector) {
        return Outcome::LeftOut(Reason::SignatureVersionNotOffered);
    }
    compare(&clients::as_signed(vector)).unwrap_or_else(Outcome::failed)
}

fn compare(vector: &Vector) -> Result<Outcome, String> {
    let produced = vectors::to_wire(&send(vector)?);
    let recorded = vector.wire();
    let mut found = differences(vector, &recorded, &produced);
    if let Err(why) = verify::verified(vector, &produced) {
        found.push(why);
    }
    let changes = changes(&recorded, &produced);
    for change in &changes {
        if differences(vector, &change.request, &produced).is_empty() {
            found.push(format!("the comparison does not notice a change: {}", change.what));
        }
    }
    Ok(Outcome::of(found, changes.len()))
}

/// What the client sends for the vector's call, or the link that it makes.
fn send(vector: &Vector) -> Result<Request<Bytes>, String> {
    let script = Arc::new(Scripted::default());
    // One to a look before the call, too, where there is one.
    for _ in 0..2 {
        let answer = http::Response::builder()
            .header("content-length", "0")
            .body(Bytes::new());
        script.push(Ok(answer.map_err(|error| error.to_string())?));
    }
    let mut pipeline = Pipeline::new("", Arc::new(vector.client_credentials()), Arc::clone(&script) as _);
    pipeline.env = Arc::new(Frozen::new(vector.time()?, ""));
    pipeline.retry = RetryPolicy::none();
    let store = Store::new(clients::bucket(vector)?, pipeline).map_err(|error| error.to_string())?;
    let key = clients::text(vector, "Key")?;
    let body = || clients::text(vector, "Body").map(|text| Bytes::from(text.to_owned()));
    let sum = |body: &Bytes| <[u8; 16]>::from(Md5::digest(body));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| error.to_string())?;
    // The empty answer is none that every call can end with; what counts is what was sent.
    match vector.operation.as_str() {
        "PutObject" => {
            let body = body()?;
            drop(runtime.block_on(store.put(key, body.clone(), Some(sum(&body)), None)));
        }
        "HeadObject" => drop(runtime.block_on(store.head(key))),
        "DeleteObject" => drop(runtime.block_on(store.delete(key, None))),
        "InitiateMultipartUpload" => drop(runtime.block_on(store.initiate(key, None))),
        "UploadPart" => {
            let body = body()?;
            let number = u32::try_from(clients::number(vector, "PartNumber")?).map_err(|error| error.to_string())?;
            let id = clients::text(vector, "UploadId")?;
            drop(runtime.block_on(store.upload_part(key, id, number, body.clone(), Some(sum(&body)))));
        }
        LINK => {
            let valid_for = Duration::from_secs(clients::number(vector, "Expires")?);
            let link = runtime.block_on(store.link(key, vector.time()?, valid_for));
            let link = link.map_err(|error| error.to_string())?;
            let request = Request::get(link.expose()).body(Bytes::new());
            let mut request = request.map_err(|error| error.to_string())?;
            let host = request.uri().authority().map(|host| host.as_str().parse());
            let host = host
                .ok_or("the link has no host")?
                .map_err(|_| "the host is no header")?;
            request.headers_mut().insert("host", host);
            return Ok(request);
        }
        other => return Err(format!("the client has no call `{other}`")),
    }
    let mut sent = script.sent().into_iter();
    let is_it = |request: &Request<Bytes>| request.method() == vector.request.method.as_str();
    sent.find(is_it).ok_or_else(|| "nothing was sent".to_owned())
}

/// Headers that say something of the request. `Date` is what the older schemes sign in a date's place.
const COMPARED: &[&str] = &[
    "x-oss-date",
    "x-oss-content-sha256",
    "x-oss-security-token",
    "x-cos-security-token",
    "x-obs-security-token",
    "x-oss-storage-class",
    "x-cos-storage-class",
    "x-obs-storage-class",
];

/// What else goes into some of the signatures, and where the client adds something of its own.
const SIGNED_BESIDE: &[&str] = &["content-md5", "content-type"];

fn differences(vector: &Vector, recorded: &WireRequest, produced: &WireRequest) -> Vec<String> {
    let mut found = Vec::new();
    let mut same = |what: &str, recorded: Option<String>, produced: Option<String>| {
        if recorded != produced {
            found.push(format!("{what}: recorded {recorded:?}, produced {produced:?}"));
        }
    };
    let owned = |text: &str| Some(text.to_owned());
    same("method", owned(&recorded.method), owned(&produced.method));
    same(
        "host",
        recorded.header("host").and_then(owned),
        produced.header("host").and_then(owned),
    );
    same("path", Some(recorded.decoded_path()), Some(produced.decoded_path()));
    for name in COMPARED {
        same(
            name,
            recorded.header(name).and_then(owned),
            produced.header(name).and_then(owned),
        );
    }
    if vector.algorithm == "OBS-HMAC-SHA1" {
        same(
            "date",
            recorded.header("date").and_then(owned),
            produced.header("date").and_then(owned),
        );
    }
    let text = |request: &WireRequest| String::from_utf8_lossy(&request.body).into_owned();
    same("body", Some(text(recorded)), Some(text(produced)));
    same("who signs", who(recorded), who(produced));
    same("query", Some(query(recorded)), Some(query(produced)));
    if signs_the_same(recorded, produced) {
        same(
            "signature",
            clients::signature(recorded).ok(),
            clients::signature(produced).ok(),
        );
    }
    found
}

/// Scheme, key and scope in `Authorization`; the times, too, where it names them.
fn who(request: &WireRequest) -> Option<String> {
    let value = request.header("authorization")?;
    if value.starts_with("q-") {
        let lists = [
            "q-sign-algorithm=",
            "q-ak=",
            "q-sign-time=",
            "q-key-time=",
            "q-url-param-list=",
        ];
        let kept = value
            .split('&')
            .filter(|pair| lists.iter().any(|name| pair.starts_with(name)));
        return Some(kept.collect::<Vec<_>>().join("&"));
    }
    let end = value.rfind([',', ':']).unwrap_or(value.len());
    value.get(..end).map(str::to_owned)
}

/// The decoded query, sorted, without the signature.
fn query(request: &WireRequest) -> String {
    let mut pairs = request.query_pairs();
    pairs.retain(|(name, _)| {
        // Asks for keys in another spelling in the answer.
        !clients::is_signature(name) && name != "encoding-type"
    });
    pairs.sort_unstable();
    format!("{pairs:?}")
}

/// Whether the same bytes go into both signatures: the client's sum of the body, which the SDKs do not send, goes into some.
fn signs_the_same(recorded: &WireRequest, produced: &WireRequest) -> bool {
    let list = |request: &WireRequest| {
        let value = request.header("authorization").unwrap_or_default().to_owned();
        let list = value.split('&').find(|pair| pair.starts_with("q-header-list="));
        list.map(str::to_owned)
    };
    let beside = |name: &&str| recorded.header(name) == produced.header(name);
    let adds_parameter = recorded.query.contains("encoding-type");
    !adds_parameter && list(recorded) == list(produced) && SIGNED_BESIDE.iter().all(beside)
}

/// The recorded request with each compared value changed in turn.
fn changes(recorded: &WireRequest, produced: &WireRequest) -> Vec<Change> {
    let mut changes = [
        vectors::method(recorded),
        vectors::path(recorded),
        vectors::host(recorded),
        vectors::query(recorded),
        vectors::credential(recorded),
    ]
    .concat();
    changes.extend(COMPARED.iter().flat_map(|name| vectors::header(recorded, name)));
    changes.extend(vectors::body_bytes(recorded));
    if !signs_the_same(recorded, produced) {
        changes.retain(|change| !is_of_signature(&change.what));
    }
    changes.retain(|change| !change.what.contains("encoding-type"));
    changes
}

fn is_of_signature(what: &str) -> bool {
    let name = what.trim_end_matches(" removed").rsplit(' ').next();
    name.is_some_and(clients::is_signature)
}
