//! Requests that bring an object or a part: what is checked before their body is read, and after it is stored.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Incoming;

use super::admit::Admitted;
use super::body::{Broken, Received, Wanted, receive};
use super::bucket::{Disk, Part, joined};
use super::call::Call;
use super::digest::EtagKind;
use super::multipart::{part_number, take_part, upload_id};
use super::operation::Operation;
use super::reply::Reply;
use super::rules;
use super::trouble::Trouble;
use super::{Place, object};
use crate::clock::Now;
use crate::cloud::Cloud;
use crate::exchange::Shared;

/// What shall go wrong with a body.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mishap {
    pub(crate) corrupt: bool,
    pub(crate) drop_in_the_middle: bool,
}

/// How a request that brought a body ends.
pub(crate) enum End {
    Done(Reply),
    Refused(Trouble),
    /// Nothing is answered any more.
    Close,
}

/// Counts a part as being on its way for as long as it lives.
struct InFlight<'s> {
    shared: &'s Shared,
    cloud: Cloud,
}

impl<'s> InFlight<'s> {
    fn enter(shared: &'s Shared, cloud: Cloud) -> Self {
        shared.world().enter_part(cloud);
        InFlight { shared, cloud }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.shared.world().leave_part(self.cloud);
    }
}

/// `PutObject` and `UploadPart`. A body that is refused unread stays in `body`.
pub(crate) async fn take(
    shared: &Shared,
    call: &Call,
    admitted: &Admitted,
    body: &mut Option<Incoming>,
    mishap: Mishap,
) -> End {
    let place = Place {
        call,
        region: &admitted.region,
        aws: admitted.aws,
    };
    let plan = match Plan::check(shared, &place, admitted) {
        Ok(plan) => plan,
        Err(trouble) => return End::Refused(trouble),
    };
    let Some(incoming) = body.take() else {
        return End::Close;
    };
    let _in_flight = plan.part.map(|_| InFlight::enter(shared, call.cloud));
    let stores = &shared.stores;
    let wanted = Wanted {
        etag: EtagKind::of(call.cloud),
        sha256: admitted.sha256.is_some(),
        corrupt: mishap.corrupt,
        stop_after: mishap.drop_in_the_middle.then_some(plan.length / 2),
    };
    let dir = Arc::clone(&stores.dir);
    let rate = stores.rate(call.cloud).map(Arc::as_ref);
    let note = |bytes| stores.note_received(call.cloud, bytes);
    let received = match receive(incoming, dir, rate, wanted, note).await {
        Ok(received) => received,
        Err(Broken::Cut | Broken::Asked) => return End::Close,
        Err(Broken::Disk) => return End::Refused(Trouble::Broken { http: 500 }),
    };
    match plan.finish(shared, &place, admitted, received, mishap.corrupt).await {
        Ok(reply) => End::Done(reply),
        Err(trouble) => End::Refused(trouble),
    }
}

/// What is known of a body before it is read.
struct Plan {
    length: u64,
    md5: Option<Vec<u8>>,
    /// The part's number; `None` for a whole object.
    part: Option<u32>,
}

impl Plan {
    fn check(shared: &Shared, place: &Place<'_>, admitted: &Admitted) -> Result<Plan, Trouble> {
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
            let world = shared.world();
            let bucket = world.store.bucket(call.cloud, &admitted.region, &call.bucket)?;
            bucket.upload(&call.key, upload_id(call))?;
        }
        Ok(Plan { length, md5, part })
    }

    async fn finish(
        self,
        shared: &Shared,
        place: &Place<'_>,
        admitted: &Admitted,
        received: Received,
        corrupt: bool,
    ) -> Result<Reply, Trouble> {
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
            let disk = looked_at(joined(std::iter::once(received.piece.clone()))).await?;
            let (reply, old) = object::put(&mut shared.world(), place, received, disk)?;
            drop_later(old);
            return Ok(reply);
        };
        let etag = format!("\"{}\"", digests.etag);
        let part = Part {
            piece: received.piece,
            raw: received.digests.raw,
            etag: received.digests.etag,
            modified: Now::read().utc,
        };
        let old = take_part(&mut shared.world(), place, number, part)?;
        drop_later(old);
        Ok(Reply::empty(200).header("etag", etag))
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
pub(crate) async fn looked_at(content: super::Content) -> Result<Disk, Trouble> {
    let look = move || content.disk().map(|found| Disk::new(content.size(), found));
    match tokio::task::spawn_blocking(look).await {
        Ok(Ok(disk)) => Ok(disk),
        _ => Err(Trouble::Broken { http: 500 }),
    }
}

/// Drops what holds files where removing them holds nobody up.
pub(crate) fn drop_later<T: Send + 'static>(what: Option<T>) {
    if let Some(what) = what {
        // Nobody waits for it.
        drop(tokio::task::spawn_blocking(move || drop(what)));
    }
}
