//! The control endpoint: how a test or a script in any language fills the storage, asks for faults and reads counters.
//!
//! Plain HTTP on loopback, without any authentication; it gives away nothing but what the script itself put in.

use std::io;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::answer::{Answer, AnswerBody, Delivery};
use crate::cloud::Cloud;
use crate::exchange::Shared;
use crate::faults::Fault;
use crate::images;
use crate::server::{read, response, send};
use crate::stores::{BucketSettings, Content, ObjectReader, streamed};

/// The longest object that can be put; a larger file is better named by [`Simulator::put_object_file`](crate::Simulator::put_object_file).
const MAX_OBJECT: usize = 64 << 20;

/// The longest description of a fault.
const MAX_FAULT: usize = 64 << 10;

/// One request to the control endpoint.
pub(crate) async fn control_request(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> io::Result<Response<AnswerBody>> {
    if request.method() == Method::GET
        && let Ok(place) = place(request.uri().path().trim_matches('/'))
        && let Some((reader, size)) = received(&shared, &place)
    {
        let answer = Answer::new(200, "application/octet-stream", "");
        return response(answer, streamed(reader, size, None, false));
    }
    send(Delivery::Whole(answered(&shared, request).await?))
}

/// An object that came through a store, and its size.
fn received(shared: &Shared, place: &Place) -> Option<(ObjectReader, u64)> {
    let store = &shared.world().store;
    let content = store.content(place.cloud, &place.region, &place.bucket, &place.key)?;
    matches!(content, Content::Pieces(_)).then(|| (content.reader(0, content.size()), content.size()))
}

async fn answered(shared: &Shared, request: Request<Incoming>) -> io::Result<Answer> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().trim_matches('/');
    Ok(match (&parts.method, path) {
        (&Method::GET, "counters") => json(&shared.counters()),
        (&Method::GET, "images") => json(&images::all(&shared.world())),
        (&Method::GET, "objects") => json(&shared.world().store.list()),
        (&Method::GET, "uploads") => json(&shared.world().store.open_uploads()),
        (&Method::PUT, path) if path.starts_with("buckets/") => match read(body, MAX_FAULT).await? {
            Some(bytes) => add_bucket(shared, path, &bytes),
            None => text(413, format!("settings have at most {MAX_FAULT} bytes")),
        },
        (&Method::GET, path) if path.starts_with("objects/") => match place(path) {
            Ok(place) => fetched(shared, &place).await,
            Err(answer) => answer,
        },
        (&Method::PUT, path) if path.starts_with("objects/") => match place(path) {
            Ok(place) => match read(body, MAX_OBJECT).await? {
                Some(bytes) => {
                    let store = &mut shared.world().store;
                    store.put(place.cloud, &place.region, &place.bucket, &place.key, bytes);
                    Answer {
                        status: 204,
                        ..Answer::default()
                    }
                }
                None => text(413, format!("an object has at most {MAX_OBJECT} bytes here")),
            },
            Err(answer) => answer,
        },
        (&Method::POST, "faults") => match read(body, MAX_FAULT).await? {
            Some(bytes) => add_fault(shared, &bytes),
            None => text(413, format!("a fault has at most {MAX_FAULT} bytes")),
        },
        (&Method::DELETE, "faults") => {
            shared.world().faults.clear();
            Answer {
                status: 204,
                ..Answer::default()
            }
        }
        _ => text(
            404,
            "GET /counters, /images, /objects, /uploads, /objects/{cloud}/{region}/{bucket}/{key}; \
             PUT /objects/{cloud}/{region}/{bucket}/{key}, /buckets/{cloud}/{region}/{bucket}; POST or DELETE /faults",
        ),
    })
}

fn add_fault(shared: &Shared, bytes: &[u8]) -> Answer {
    match serde_json::from_slice::<Fault>(bytes) {
        Ok(fault) => {
            shared.world().faults.add(fault);
            Answer {
                status: 204,
                ..Answer::default()
            }
        }
        Err(error) => text(400, format!("this is no fault: {error}")),
    }
}

/// `buckets/{cloud}/{region}/{bucket}`, with settings as JSON or nothing.
fn add_bucket(shared: &Shared, path: &str, bytes: &[u8]) -> Answer {
    let pieces: Vec<&str> = path.split('/').skip(1).collect();
    let [cloud, region, bucket] = pieces[..] else {
        return text(400, "use /buckets/{cloud}/{region}/{bucket}");
    };
    let cloud = match cloud.parse::<Cloud>() {
        Ok(cloud) => cloud,
        Err(error) => return text(400, error.to_string()),
    };
    if region.is_empty() || bucket.is_empty() {
        return text(400, "use /buckets/{cloud}/{region}/{bucket}");
    }
    let settings = if bytes.is_empty() {
        Ok(BucketSettings::default())
    } else {
        serde_json::from_slice(bytes)
    };
    match settings {
        Ok(settings) => {
            shared.world().store.create(cloud, region, bucket, settings);
            Answer {
                status: 204,
                ..Answer::default()
            }
        }
        Err(error) => text(400, format!("these are no settings of a bucket: {error}")),
    }
}

/// Where an object lies.
struct Place {
    cloud: Cloud,
    region: String,
    bucket: String,
    key: String,
}

/// `objects/{cloud}/{region}/{bucket}/{key…}`; the key is decoded and may have slashes.
fn place(path: &str) -> Result<Place, Answer> {
    let mut pieces = path.splitn(5, '/').skip(1).map(|piece| {
        let decoded = percent_decode_str(piece).decode_utf8();
        decoded.map(|text| text.into_owned()).unwrap_or_default()
    });
    let (cloud, region, bucket, key) = (pieces.next(), pieces.next(), pieces.next(), pieces.next());
    let filled = |piece: Option<String>| piece.filter(|piece| !piece.is_empty());
    match (filled(cloud), filled(region), filled(bucket), filled(key)) {
        (Some(cloud), Some(region), Some(bucket), Some(key)) => Ok(Place {
            cloud: cloud
                .parse()
                .map_err(|error: crate::UnknownCloud| text(400, error.to_string()))?,
            region,
            bucket,
            key,
        }),
        _ => Err(text(400, "use /objects/{cloud}/{region}/{bucket}/{key}")),
    }
}

async fn fetched(shared: &Shared, place: &Place) -> Answer {
    let content = {
        let store = &shared.world().store;
        store
            .content(place.cloud, &place.region, &place.bucket, &place.key)
            .cloned()
    };
    match content {
        None => text(404, "no such object"),
        Some(Content::Memory(bytes)) => Answer::new(200, "application/octet-stream", bytes),
        Some(Content::File { path, .. }) => {
            text(409, format!("the object is the file {}: read it there", path.display()))
        }
        // It came through the store since it was looked for above.
        Some(Content::Pieces(_)) => text(409, "the object has just changed"),
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
        let place = place("objects/ucloud/cn-bj2/b/dir/a%20b.raw").ok().unwrap();
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
            assert_eq!(place(path).err().unwrap().status, 400, "{path}");
        }
    }
}
