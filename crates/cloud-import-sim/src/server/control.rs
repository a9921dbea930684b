//! The control endpoint: how a test or a script in any language fills the storage, asks for faults and reads counters.
//!
//! Plain HTTP on loopback, without any authentication; it gives away nothing but what the script itself put in.

use std::{collections::BTreeSet, io, sync::Arc, time::Duration};

use hyper::{Method, Request, Response, body::Incoming};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::backend::Backend;
use crate::{
    cloud::{Cloud, UnknownCloud},
    clouds::operations,
    objects::{BucketSettings, Content, ObjectReader},
    stores::{self, Harm, streamed},
    wire::{
        Answer, AnswerBody, Delivery,
        http::{read, response, send},
    },
    world::Fault,
};

/// The longest object that can be put; a larger file is better named by [`Simulator::put_object_file`](crate::Simulator::put_object_file).
const MAX_OBJECT: usize = 64 << 20;

/// The longest description of a fault.
const MAX_FAULT: usize = 64 << 10;

/// One request to the control endpoint.
pub(crate) async fn control_request(
    backend: Arc<Backend>,
    request: Request<Incoming>,
) -> io::Result<Response<AnswerBody>> {
    if request.method() == Method::GET
        && let Ok(place) = object_place(request.uri().path().trim_matches('/'))
        && let Some((reader, size)) = received(&backend, &place)
    {
        let answer = Answer::new(200, "application/octet-stream", "");
        return response(answer, streamed(reader, size, None, Harm::None));
    }
    send(Delivery::Whole(answered(&backend, request).await?))
}

/// An object that came through a store, and its size.
fn received(backend: &Backend, place: &Place) -> Option<(ObjectReader, u64)> {
    let store = &backend.world().store;
    let content = store.content(place.cloud, &place.region, &place.bucket, &place.key)?;
    matches!(content, Content::Pieces(_)).then(|| (content.reader(0, content.size()), content.size()))
}

async fn answered(backend: &Backend, request: Request<Incoming>) -> io::Result<Answer> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().trim_matches('/');
    let done = match (&parts.method, path) {
        (&Method::GET, "counters") => Ok(json(&backend.counters())),
        (&Method::GET, "images") => Ok(json(&backend.images())),
        (&Method::GET, "objects") => Ok(json(&backend.world().store.list())),
        (&Method::GET, "uploads") => Ok(json(&backend.world().store.open_uploads())),
        (&Method::PUT, path) if path.starts_with("buckets/") => match read(body, MAX_FAULT).await? {
            Some(bytes) => add_bucket(backend, path, &bytes),
            None => Err(text(413, format!("settings have at most {MAX_FAULT} bytes"))),
        },
        (&Method::GET, path) if path.starts_with("objects/") => {
            object_place(path).and_then(|place| fetched(backend, &place))
        }
        (&Method::PUT, path) if path.starts_with("objects/") => match object_place(path) {
            Ok(place) => match read(body, MAX_OBJECT).await? {
                Some(bytes) => {
                    let store = &mut backend.world().store;
                    store.put(place.cloud, &place.region, &place.bucket, &place.key, bytes);
                    Ok(nothing())
                }
                None => Err(text(413, format!("an object has at most {MAX_OBJECT} bytes here"))),
            },
            Err(answer) => Err(answer),
        },
        (&Method::POST, "faults") => match read(body, MAX_FAULT).await? {
            Some(bytes) => add_fault(backend, &bytes),
            None => Err(text(413, format!("a fault has at most {MAX_FAULT} bytes"))),
        },
        (&Method::POST, "time") => match read(body, MAX_FAULT).await? {
            Some(bytes) => pass(backend, &bytes),
            None => Err(text(413, "seconds are a number")),
        },
        (&Method::DELETE, "faults") => {
            backend.world().faults.clear();
            Ok(nothing())
        }
        _ => Err(text(
            404,
            "GET /counters, /images, /objects, /uploads, /objects/{cloud}/{region}/{bucket}/{key}; \
             PUT /objects/{cloud}/{region}/{bucket}/{key}, /buckets/{cloud}/{region}/{bucket}; POST or DELETE /faults; POST /time",
        )),
    };
    Ok(done.unwrap_or_else(|refusal| refusal))
}

/// So many seconds pass at once for all that is under way.
fn pass(backend: &Backend, bytes: &[u8]) -> Result<Answer, Answer> {
    let seconds: u32 =
        serde_json::from_slice(bytes).map_err(|error| text(400, format!("this is no number of seconds: {error}")))?;
    backend.world().pass(Duration::from_secs(seconds.into()));
    Ok(nothing())
}

fn add_fault(backend: &Backend, bytes: &[u8]) -> Result<Answer, Answer> {
    let fault: Fault =
        serde_json::from_slice(bytes).map_err(|error| text(400, format!("this is no fault: {error}")))?;
    if let Some(operation) = &fault.operation {
        let clouds = fault.cloud.as_ref().map_or(Cloud::ALL, std::slice::from_ref);
        let known = || {
            clouds
                .iter()
                .flat_map(|cloud| operations(*cloud))
                .chain(stores::operations())
        };
        if !known().any(|name| name == operation) {
            let known: BTreeSet<&str> = known().collect();
            let known: Vec<&str> = known.into_iter().collect();
            let message = format!(
                "this is no fault: there is no operation `{operation}`, but {}",
                known.join(", ")
            );
            return Err(text(400, message));
        }
    }
    backend.world().faults.add(fault);
    Ok(nothing())
}

/// `buckets/{cloud}/{region}/{bucket}`, with settings as JSON or nothing.
fn add_bucket(backend: &Backend, path: &str, bytes: &[u8]) -> Result<Answer, Answer> {
    let pieces: Vec<&str> = path.split('/').skip(1).collect();
    let [cloud, region, bucket] = pieces[..] else {
        return Err(text(400, "use /buckets/{cloud}/{region}/{bucket}"));
    };
    let cloud = named(cloud)?;
    if region.is_empty() || bucket.is_empty() {
        return Err(text(400, "use /buckets/{cloud}/{region}/{bucket}"));
    }
    let settings = if bytes.is_empty() {
        BucketSettings::default()
    } else {
        let refused = |error| text(400, format!("these are no settings of a bucket: {error}"));
        serde_json::from_slice(bytes).map_err(refused)?
    };
    backend.world().store.create(cloud, region, bucket, settings);
    Ok(nothing())
}

fn named(cloud: &str) -> Result<Cloud, Answer> {
    cloud
        .parse()
        .map_err(|error: UnknownCloud| text(400, error.to_string()))
}

/// Where an object lies.
struct Place {
    cloud: Cloud,
    region: String,
    bucket: String,
    key: String,
}

/// `objects/{cloud}/{region}/{bucket}/{key…}`; the key is decoded and may have slashes.
fn object_place(path: &str) -> Result<Place, Answer> {
    let pieces: Vec<String> = path
        .splitn(5, '/')
        .skip(1)
        .map(|piece| percent_decode_str(piece).decode_utf8().unwrap_or_default().into_owned())
        .collect();
    match &pieces[..] {
        [cloud, region, bucket, key] if pieces.iter().all(|piece| !piece.is_empty()) => Ok(Place {
            cloud: named(cloud)?,
            region: region.clone(),
            bucket: bucket.clone(),
            key: key.clone(),
        }),
        _ => Err(text(400, "use /objects/{cloud}/{region}/{bucket}/{key}")),
    }
}

fn fetched(backend: &Backend, place: &Place) -> Result<Answer, Answer> {
    let store = &backend.world().store;
    match store.content(place.cloud, &place.region, &place.bucket, &place.key) {
        None => Err(text(404, "no such object")),
        Some(Content::Memory(bytes)) => Ok(Answer::new(200, "application/octet-stream", bytes.clone())),
        Some(Content::File { path, .. }) => {
            let what = format!("the object is the file {}: read it there", path.display());
            Err(text(409, what))
        }
        // It came through the store since it was looked for above.
        Some(Content::Pieces(_)) => Err(text(409, "the object has just changed")),
    }
}

/// Done, and nothing to say.
fn nothing() -> Answer {
    Answer {
        status: 204,
        ..Answer::default()
    }
}

fn json(value: &impl Serialize) -> Answer {
    match serde_json::to_vec_pretty(value) {
        Ok(body) => Answer::new(200, "application/json", body),
        Err(error) => text(500, error.to_string()),
    }
}

fn text(status: u16, text: impl Into<String>) -> Answer {
    let mut text = text.into();
    text.push('\n');
    Answer::new(status, "text/plain; charset=utf-8", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_slashes_and_is_decoded() {
        let place = object_place("objects/ucloud/cn-bj2/b/dir/a%20b.raw").ok().unwrap();
        assert_eq!(place.cloud, Cloud::Ucloud);
        assert_eq!(place.region, "cn-bj2");
        assert_eq!(place.bucket, "b");
        assert_eq!(place.key, "dir/a b.raw");
    }

    #[test]
    fn a_place_has_four_parts() {
        for path in [
            "objects/ucloud/cn-bj2/b",
            "objects/ucloud/cn-bj2//k",
            "objects/nowhere/r/b/k",
        ] {
            assert_eq!(object_place(path).err().unwrap().status, 400, "{path}");
        }
    }
}
