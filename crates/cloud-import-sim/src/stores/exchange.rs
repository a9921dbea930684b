//! The way of one request through a store: counted, verified, hit by faults, executed, answered.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use md5::{Digest, Md5};
use sha2::Sha256;

use super::admit::{Admitted, admit};
use super::body::discard;
use super::call::Call;
use super::data::{self, Mishap, content_md5, drop_later, looked_at};
use super::digest::hex;
use super::host::StoreHost;
use super::operation::Operation;
use super::reply::{Asked, Reply, ReplyBody, refused, streamed, written};
use super::trouble::Trouble;
use super::{Done, Place, bucket, facts, list, multipart, object};
use crate::answer::{Answer, AnswerBody, Delivery};
use crate::clock;
use crate::cloud::Cloud;
use crate::exchange::{Shared, seconds};
use crate::faults::{FaultKind, When};
use crate::server;
use crate::wire::WireRequest;

/// The longest body that is no object: the list of ten thousand parts, with room.
const MAX_BODY: usize = 4 << 20;

/// How much of a body is read though the request is refused, so that the other side comes to read the answer.
const DISCARDED: u64 = 64 << 20;

/// How a request ends.
enum End {
    Answer { reply: Reply, half: bool },
    Deliver(Delivery),
}

impl End {
    fn answer(reply: Reply) -> Self {
        End::Answer { reply, half: false }
    }
}

/// One request to a store. `host`: `None` is an address, by which the bucket stands in the path.
pub(crate) async fn store_request(
    shared: &Shared,
    cloud: Cloud,
    host: Option<StoreHost>,
    wire: WireRequest,
    body: Incoming,
) -> io::Result<Response<AnswerBody>> {
    let call = Call::new(cloud, host, wire);
    let operation = call.operation.name();
    let mut asked = {
        let mut world = shared.world();
        world.counters.count_request(cloud, operation);
        let skew = world.faults.hit(When::Clock, cloud, operation);
        Asked {
            cloud,
            aws: false,
            head: call.wire.method == "HEAD",
            resource: call.resource(),
            request_id: world.hex(24).to_ascii_uppercase(),
            skew: seconds(&skew),
        }
    };
    let mut body = Some(body);
    let end = serve(shared, &call, &mut asked, &mut body).await;
    let End::Answer { reply, half } = end else {
        let End::Deliver(delivery) = end else {
            return Err(io::ErrorKind::ConnectionAborted.into());
        };
        if delivery != Delivery::Close {
            discard_rest(&call, body).await;
        }
        return server::send(delivery);
    };
    discard_rest(&call, body).await;
    deliver(shared, &asked, reply, half)
}

async fn discard_rest(call: &Call, body: Option<Incoming>) {
    let Some(body) = body else { return };
    // Who waits for a sign to go on sends nothing after a refusal.
    if !body.is_end_stream() && call.wire.header("expect").is_none() {
        discard(body, DISCARDED).await;
    }
}

fn deliver(shared: &Shared, asked: &Asked, reply: Reply, half: bool) -> io::Result<Response<AnswerBody>> {
    let (mut answer, body) = written(asked, reply);
    let text = match body {
        ReplyBody::Data(reader, length) => {
            let rate = shared.stores.rate(asked.cloud).map(Arc::clone);
            return server::response(answer, streamed(reader, length, rate, half));
        }
        ReplyBody::Announced(length) => {
            let mut response = server::response(answer, AnswerBody::whole(Vec::new()))?;
            let headers = response.headers_mut();
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            return Ok(response);
        }
        ReplyBody::Empty => String::new(),
        ReplyBody::Xml(text) => text,
        ReplyBody::Json(value) => value.to_string(),
    };
    answer.body = text.into_bytes();
    server::send(if half {
        Delivery::Half(answer)
    } else {
        Delivery::Whole(answer)
    })
}

async fn serve(shared: &Shared, call: &Call, asked: &mut Asked, body: &mut Option<Incoming>) -> End {
    let admitted = match admit(shared, call, asked.skew) {
        Ok(admitted) => admitted,
        Err(trouble) => return End::answer(refused(asked, &trouble, None)),
    };
    asked.aws = admitted.aws;
    let operation = call.operation.name();
    let mut faults = shared.world().faults.hit(When::Request, call.cloud, operation);
    for fault in &faults {
        if let FaultKind::Delay(millis) = fault {
            clock::sleep(Duration::from_millis(*millis)).await;
        }
    }
    faults.retain(|fault| !matches!(fault, FaultKind::Delay(_)));
    let fault = faults.pop();
    if let Some(fault) = &fault
        && let Some(end) = instead(asked, fault)
    {
        return end;
    }
    let mishap = Mishap {
        corrupt: fault == Some(FaultKind::CorruptBody),
        drop_in_the_middle: fault == Some(FaultKind::DropMidBody),
    };
    if fault == Some(FaultKind::ForgetUpload) {
        forget_upload(shared, call, &admitted);
    }
    let done = if call.operation.takes_data() {
        match data::take(shared, call, &admitted, body, mishap).await {
            data::End::Done(reply) => Ok(reply),
            data::End::Refused(trouble) => Err(trouble),
            data::End::Close => return End::Deliver(Delivery::Close),
        }
    } else {
        execute(shared, call, &admitted, body).await
    };
    let reply = done.unwrap_or_else(|trouble| refused(asked, &trouble, None));
    match fault {
        Some(FaultKind::DropAfter | FaultKind::DropMidBody) => End::Deliver(Delivery::Close),
        Some(FaultKind::Cut) => End::Answer { reply, half: true },
        _ => End::answer(reply),
    }
}

/// How a fault answers in the store's stead.
fn instead(asked: &Asked, fault: &FaultKind) -> Option<End> {
    let whole = |text: &str| End::Deliver(Delivery::Whole(Answer::new(200, "application/xml", text)));
    let trouble = match fault {
        FaultKind::DropBefore => return Some(End::Deliver(Delivery::Close)),
        FaultKind::Garbage => return Some(whole("\u{1f}\u{8b} this is not XML <")),
        FaultKind::Empty => return Some(whole("")),
        FaultKind::Oversized(mib) => {
            let answer = Answer::new(200, "application/xml", "");
            return Some(End::Deliver(Delivery::Flood(answer, *mib)));
        }
        FaultKind::Error200 | FaultKind::Error200InBody => {
            let trouble = Trouble::Broken { http: 500 };
            return Some(End::answer(refused(asked, &trouble, Some(200))));
        }
        FaultKind::ThrottleFor { seconds } => {
            let reply = refused(asked, &Trouble::Throttled, None);
            return Some(End::answer(reply.header("retry-after", seconds.to_string())));
        }
        FaultKind::Refuse { http, code, message } => Trouble::Asked {
            http: *http,
            code: code.clone(),
            message: message.clone(),
        },
        FaultKind::Throttle => Trouble::Throttled,
        FaultKind::ServerError { http } => Trouble::Broken { http: *http },
        _ => return None,
    };
    Some(End::answer(refused(asked, &trouble, None)))
}

fn forget_upload(shared: &Shared, call: &Call, admitted: &Admitted) {
    let forgotten = {
        let mut world = shared.world();
        let bucket = world.store.bucket_mut(call.cloud, &admitted.region, &call.bucket);
        bucket
            .ok()
            .and_then(|bucket| bucket.uploads.remove(multipart::upload_id(call)))
    };
    drop_later(forgotten);
}

/// Executes a request that brings no object.
async fn execute(shared: &Shared, call: &Call, admitted: &Admitted, body: &mut Option<Incoming>) -> Done {
    let small = small_body(call, admitted, body).await?;
    let place = Place {
        call,
        region: &admitted.region,
        aws: admitted.aws,
    };
    match call.operation {
        Operation::HeadObject => object::get(&shared.world(), &place, true),
        Operation::GetObject => object::get(&shared.world(), &place, false),
        Operation::DeleteObject => {
            let (reply, old) = object::delete(&mut shared.world(), &place)?;
            drop_later(old);
            Ok(reply)
        }
        Operation::InitiateMultipartUpload => multipart::initiate(&mut shared.world(), &place),
        Operation::ListParts => multipart::list_parts(&shared.world(), &place),
        Operation::CompleteMultipartUpload => complete(shared, &place, &small).await,
        Operation::AbortMultipartUpload => {
            let (reply, old) = multipart::abort(&mut shared.world(), &place)?;
            drop_later(old);
            Ok(reply)
        }
        Operation::ListMultipartUploads => list::uploads(&shared.world(), &place),
        Operation::ListObjects => list::objects(&shared.world(), &place, false),
        Operation::ListObjectsV2 => list::objects(&shared.world(), &place, true),
        Operation::HeadBucket => facts::head(&shared.world(), &place),
        Operation::CreateBucket => create_bucket(shared, &place),
        Operation::GetBucketLocation => facts::location(&shared.world(), &place),
        Operation::GetBucketAcl => facts::acl(&shared.world(), &place),
        Operation::GetBucketLifecycle => facts::lifecycle(&shared.world(), &place),
        Operation::GetBucketInfo => facts::info(&shared.world(), &place),
        Operation::GetBucketStorageClass => facts::storage_class(&shared.world(), &place),
        Operation::PutObject | Operation::UploadPart | Operation::Unknown => Err(Trouble::NotImplemented),
    }
}

/// Reads a body that is no object, and compares it with what the request says of it.
async fn small_body(call: &Call, admitted: &Admitted, body: &mut Option<Incoming>) -> Result<Vec<u8>, Trouble> {
    let bytes = match body.take() {
        Some(body) if !body.is_end_stream() => match server::read(body, MAX_BODY).await {
            Ok(Some(bytes)) => Vec::from(bytes),
            Ok(None) => return Err(Trouble::EntityTooLarge),
            Err(_) => return Err(Trouble::InvalidArgument("The body did not arrive.".to_owned())),
        },
        _ => Vec::new(),
    };
    if content_md5(call)?.is_some_and(|md5| md5.as_slice() != Md5::digest(&bytes).as_slice()) {
        return Err(Trouble::BadDigest);
    }
    let sha256 = admitted.sha256.as_ref();
    if sha256.is_some_and(|sha256| *sha256 != hex(&Sha256::digest(&bytes))) {
        return Err(Trouble::WrongSha256);
    }
    Ok(bytes)
}

async fn complete(shared: &Shared, place: &Place<'_>, body: &[u8]) -> Done {
    let made = multipart::assemble(&shared.world(), place, body)?;
    let disk = looked_at(made.content.clone()).await?;
    let (reply, upload, old) = multipart::complete(&mut shared.world(), place, made, disk)?;
    drop_later(upload);
    drop_later(old);
    Ok(reply)
}

fn create_bucket(shared: &Shared, place: &Place<'_>) -> Done {
    let call = place.call;
    let mut world = shared.world();
    if world.store.region_of(call.cloud, &call.bucket, None).is_ok() {
        return Err(Trouble::BucketExists);
    }
    let settings = bucket::BucketSettings::default();
    world.store.create(call.cloud, place.region, &call.bucket, settings);
    Ok(Reply::empty(200).header("location", format!("/{}", call.bucket)))
}
