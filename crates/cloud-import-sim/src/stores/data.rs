//! Requests that bring an object or a part: what is checked before their body is read, and after it is stored.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::body::Incoming;

use super::{
    admit::Admitted,
    body::{Broken, Received, Wanted, receive},
    call::{Call, Place},
    multipart::{part_number, take_part, upload_id},
    object,
    operation::Operation,
    reply::{Done, Reply},
    rules,
    traffic::Stores,
    trouble::Trouble,
};
use crate::{
    clock::Now,
    cloud::Cloud,
    objects::{Content, Disk, Part, digest::EtagKind},
    world::Activity,
};

/// What shall go wrong with a body.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mishap {
    pub(crate) corrupt: bool,
    pub(crate) drop_in_the_middle: bool,
}

/// `PutObject` and `UploadPart`; `None`: nothing is answered any more. A body that is refused unread stays in `body`.
pub(crate) async fn take(
    stores: &Stores,
    call: &Call,
    admitted: &Admitted,
    body: &mut Option<Incoming>,
    mishap: Mishap,
) -> Result<Option<Reply>, Trouble> {
    let place = admitted.place(call);
    let plan = Plan::check(stores, &place)?;
    let Some(incoming) = body.take() else {
        return Ok(None);
    };
    let _in_flight = plan.part.map(|_| stores.shared.enter(call.cloud, Activity::Part));
    let wanted = Wanted {
        etag: EtagKind::of(call.cloud),
        sha256: admitted.sha256.is_some(),
        crc64: rules::tells_crc64(call.cloud),
        corrupt: mishap.corrupt,
        stop_after: mishap.drop_in_the_middle.then_some(plan.length / 2),
    };
    let dir = Arc::clone(&stores.dir);
    let rate = stores.rate(call.cloud).map(Arc::as_ref);
    let note = |bytes| stores.note_received(call.cloud, bytes);
    let received = match receive(incoming, dir, rate, wanted, note).await {
        Ok(received) => received,
        Err(Broken::Cut | Broken::Asked) => return Ok(None),
        Err(Broken::Disk) => return Err(Trouble::Broken { http: 500 }),
    };
    let reply = plan.finish(stores, &place, admitted, received, mishap.corrupt).await?;
    Ok(Some(reply))
}

/// What is known of a body before it is read.
struct Plan {
    length: u64,
    md5: Option<Vec<u8>>,
    /// The part's number; `None` for a whole object.
    part: Option<u32>,
}

impl Plan {
    fn check(stores: &Stores, place: &Place<'_>) -> Result<Plan, Trouble> {
        let call = place.call;
        let limits = rules::limits(call.cloud);
        let prefix = rules::header_prefix(call.cloud, place.aws);
        let has = |name: &str| call.wire.header(name).is_some();
        // Neither copies nor bodies with a frame of their own are played here.
        let framed = call
            .wire
            .header("x-amz-content-sha256")
            .is_some_and(|text| text.starts_with("STREAMING-"));
        if framed || has(&format!("{prefix}copy-source")) {
            return Err(Trouble::NotImplemented);
        }
        let part = match call.operation {
            Operation::UploadPart => Some(part_number(call)?),
            _ => None,
        };
        let length = call.length().ok_or(Trouble::MissingLength)?;
        let largest = match part {
            Some(_) => limits.largest_part,
            None => limits.largest_put,
        };
        if length > largest {
            return Err(Trouble::EntityTooLarge);
        }
        let md5 = content_md5(call)?;
        if part.is_some() {
            let world = stores.world();
            place.bucket(&world)?.upload(&call.key, upload_id(call))?;
        }
        Ok(Plan { length, md5, part })
    }

    async fn finish(
        self,
        stores: &Stores,
        place: &Place<'_>,
        admitted: &Admitted,
        received: Received,
        corrupt: bool,
    ) -> Done {
        let digests = &received.digests;
        // What was changed on purpose arrived whole.
        if !corrupt {
            if self.md5.is_some_and(|md5| md5 != digests.raw) {
                return Err(Trouble::BadDigest);
            }
            if admitted.sha256.is_some() && admitted.sha256 != digests.sha256 {
                return Err(Trouble::WrongSha256);
            }
        }
        let Some(number) = self.part else {
            let content = Content::joined([received.piece]);
            let disk = looked_at(content.clone()).await?;
            return object::put(&mut stores.world(), place, content, received.digests, disk);
        };
        let mut world = stores.world();
        let reply = object::sealed(Reply::empty(200), place.bucket(&world)?, place);
        let reply = object::summed(reply, place, digests.crc64);
        let etag = object::etag(place.call.cloud, place.bucket(&world)?, received.digests.etag);
        let reply = reply.header("etag", format!("\"{etag}\""));
        let part = Part {
            piece: received.piece,
            raw: received.digests.raw,
            etag,
            modified: Now::read().utc,
        };
        take_part(&mut world, place, number, part)?;
        Ok(reply)
    }
}

/// The MD5 that a request says its body has. US3 does not look at it.
pub(crate) fn content_md5(call: &Call) -> Result<Option<Vec<u8>>, Trouble> {
    match call.wire.header("content-md5") {
        Some(text) if call.cloud != Cloud::Ucloud => {
            let md5 = STANDARD.decode(text.trim()).map_err(|_| Trouble::InvalidDigest)?;
            if md5.len() == 16 {
                Ok(Some(md5))
            } else {
                Err(Trouble::InvalidDigest)
            }
        }
        _ => Ok(None),
    }
}

/// What an object's bytes tell about the disk.
pub(crate) async fn looked_at(content: Content) -> Result<Disk, Trouble> {
    let look = move || content.disk().map(|found| Disk::new(content.size(), found));
    match tokio::task::spawn_blocking(look).await {
        Ok(Ok(disk)) => Ok(disk),
        _ => Err(Trouble::Broken { http: 500 }),
    }
}
