//! The way of one request through a store: counted, verified, hit by faults, executed, answered.

use std::{io, sync::Arc};

use hyper::{
    Response,
    body::{Body, Incoming},
    header::{CONTENT_LENGTH, HeaderValue},
};
use md5::{Digest, Md5};
use sha2::Sha256;

use super::{
    admit::{Admitted, admit},
    body::discard,
    call::{Call, Place},
    data::{self, Mishap, content_md5, looked_at},
    facts, list, made, multipart,
    object::{self, Wanted},
    operation::Operation,
    reply::{Asked, Data, Done, Harm, Reply, complete, refused, streamed},
    traffic::Stores,
    trouble::Trouble,
};
use crate::{
    cloud::Cloud,
    objects::{drop_later, host::StoreHost},
    text::hex,
    wire::{Answer, AnswerBody, Delivery, WireRequest, http},
    world::FaultKind,
};

/// The longest body that is no object: the list of ten thousand parts, with room.
const MAX_BODY: usize = 4 << 20;

/// How much of a body is read though the request is refused, so that the other side comes to read the answer.
const DISCARDED: u64 = 64 << 20;

/// How a request ends.
enum End {
    Answer { reply: Reply, harm: Harm },
    Deliver(Delivery),
}

impl End {
    fn answer(reply: Reply) -> Self {
        let harm = Harm::None;
        End::Answer { reply, harm }
    }
}

/// One request to a store. `host`: `None` is an address, by which the bucket stands in the path.
pub(crate) async fn store_request(
    stores: &Stores,
    cloud: Cloud,
    host: Option<StoreHost>,
    wire: WireRequest,
    body: Incoming,
) -> io::Result<Response<AnswerBody>> {
    let call = Call::new(cloud, host, wire);
    let operation = call.operation.name();
    let mut asked = {
        let mut world = stores.world();
        Asked {
            skew: world.arrived(cloud, operation),
            cloud,
            aws: false,
            head: call.wire.method == "HEAD",
            resource: call.resource(),
            request_id: world.hex(24).to_ascii_uppercase(),
        }
    };
    let mut body = Some(body);
    let end = serve(stores, &call, &mut asked, &mut body).await;
    if !matches!(end, End::Deliver(Delivery::Close)) {
        discard_rest(&call, body).await;
    }
    match end {
        End::Answer { reply, harm } => deliver(stores, &asked, reply, harm),
        End::Deliver(delivery) => http::send(delivery),
    }
}

async fn discard_rest(call: &Call, body: Option<Incoming>) {
    let Some(body) = body else { return };
    // Who waits for a sign to go on sends nothing after a refusal.
    if !body.is_end_stream() && call.wire.header("expect").is_none() {
        discard(body, DISCARDED).await;
    }
}

fn deliver(stores: &Stores, asked: &Asked, reply: Reply, harm: Harm) -> io::Result<Response<AnswerBody>> {
    let answer = complete(asked, reply.answer);
    match reply.data {
        Some(Data::Read(reader, length)) => {
            let rate = stores.rate(asked.cloud).map(Arc::clone);
            stores.note_sent(asked.cloud, length);
            http::response(answer, streamed(reader, length, rate, harm))
        }
        Some(Data::Announced(length)) => {
            let mut response = http::response(answer, AnswerBody::whole(Vec::new()))?;
            let headers = response.headers_mut();
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            Ok(response)
        }
        None if harm == Harm::Half => http::send(Delivery::Half(answer)),
        None => http::send(Delivery::Whole(answer)),
    }
}

async fn serve(stores: &Stores, call: &Call, asked: &mut Asked, body: &mut Option<Incoming>) -> End {
    let admitted = match admit(stores, call, asked.skew) {
        Ok(admitted) => admitted,
        Err(trouble) => return End::answer(refused(asked, &trouble, None)),
    };
    asked.aws = admitted.aws;
    let fault = stores.shared.fault(call.cloud, call.operation.name()).await;
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
        forget_upload(stores, call, &admitted);
    }
    let done = if call.operation.takes_data() {
        match data::take(stores, call, &admitted, body, mishap).await {
            Ok(Some(reply)) => Ok(reply),
            Ok(None) => return End::Deliver(Delivery::Close),
            Err(trouble) => Err(trouble),
        }
    } else {
        let wanted = match fault {
            Some(FaultKind::WholeObject) => Wanted::Whole,
            _ => Wanted::Asked,
        };
        execute(stores, call, &admitted, body, wanted).await
    };
    let reply = done.unwrap_or_else(|trouble| refused(asked, &trouble, None));
    match fault {
        Some(FaultKind::DropAfter | FaultKind::DropMidBody) => End::Deliver(Delivery::Close),
        Some(FaultKind::Cut) => End::Answer {
            reply,
            harm: Harm::Half,
        },
        Some(FaultKind::CorruptBody) => End::Answer {
            reply,
            harm: Harm::Changed,
        },
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

fn forget_upload(stores: &Stores, call: &Call, admitted: &Admitted) {
    if let Ok(bucket) = admitted.place(call).bucket_mut(&mut stores.world()) {
        drop_later(bucket.uploads.remove(multipart::upload_id(call)));
    }
}

/// Executes a request that brings no object.
async fn execute(
    stores: &Stores,
    call: &Call,
    admitted: &Admitted,
    body: &mut Option<Incoming>,
    wanted: Wanted,
) -> Done {
    let small = small_body(call, admitted, body).await?;
    let place = admitted.place(call);
    match call.operation {
        Operation::HeadObject => object::get(&stores.world(), &place, Wanted::Head),
        Operation::GetObject => object::get(&stores.world(), &place, wanted),
        Operation::DeleteObject => object::delete(&mut stores.world(), &place),
        Operation::InitiateMultipartUpload => multipart::initiate(&mut stores.world(), &place),
        Operation::ListParts => multipart::list_parts(&stores.world(), &place),
        Operation::CompleteMultipartUpload => complete_upload(stores, &place, &small).await,
        Operation::AbortMultipartUpload => multipart::abort(&mut stores.world(), &place),
        Operation::ListMultipartUploads => list::uploads(&stores.world(), &place),
        Operation::ListObjects => list::objects(&stores.world(), &place, false),
        Operation::ListObjectsV2 => list::objects(&stores.world(), &place, true),
        Operation::HeadBucket => facts::head(&stores.world(), &place),
        Operation::CreateBucket => made::create(&mut stores.world(), &place, &small),
        Operation::DeleteBucket => made::delete(&mut stores.world(), &place),
        Operation::GetBucketTagging => made::tags(&stores.world(), &place),
        Operation::PutBucketTagging => made::put_tags(&mut stores.world(), &place, &small),
        Operation::GetBucketEncryption => made::encryption(&stores.world(), &place),
        Operation::PutBucketEncryption => made::put_encryption(&mut stores.world(), &place, &small),
        Operation::PutBucketLifecycle => made::put_lifecycle(&mut stores.world(), &place, &small),
        Operation::GetBucketLocation => facts::location(&stores.world(), &place),
        Operation::GetBucketAcl => facts::acl(&stores.world(), &place),
        Operation::GetBucketLifecycle => facts::lifecycle(&stores.world(), &place),
        Operation::GetBucketInfo => facts::info(&stores.world(), &place),
        Operation::GetBucketStorageClass => facts::storage_class(&stores.world(), &place),
        Operation::PutObject | Operation::UploadPart | Operation::Unknown => Err(Trouble::NotImplemented),
    }
}

/// Reads a body that is no object, and compares it with what the request says of it.
async fn small_body(call: &Call, admitted: &Admitted, body: &mut Option<Incoming>) -> Result<Vec<u8>, Trouble> {
    let bytes = match body.take() {
        Some(body) if !body.is_end_stream() => match http::read(body, MAX_BODY).await {
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

async fn complete_upload(stores: &Stores, place: &Place<'_>, body: &[u8]) -> Done {
    let made = multipart::assemble(&stores.world(), place, body)?;
    let disk = looked_at(made.content.clone()).await?;
    multipart::complete(&mut stores.world(), place, made, disk)
}
