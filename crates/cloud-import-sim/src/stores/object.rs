//! Whole objects: put, shown, read, deleted. Receives and sends no bytes itself.

use super::bucket::{Disk, Object};
use super::call::Call;
use super::memory::class;
use super::reply::{Reply, ReplyBody};
use super::rules::{header_prefix, standard_class};
use super::trouble::Trouble;
use super::{Done, Place};
use crate::clock::{Now, http_date};
use crate::cloud::Cloud;
use crate::world::World;

use super::body::Received;
use super::bucket::joined;

/// `PutObject` with a body that is stored. Gives the object that was there before, too: dropping it removes files.
pub(crate) fn put(
    world: &mut World,
    place: &Place<'_>,
    received: Received,
    disk: Disk,
) -> Result<(Reply, Option<Object>), Trouble> {
    let call = place.call;
    let etag = received.digests.etag;
    let object = Object {
        content: joined(std::iter::once(received.piece)),
        disk,
        etag: etag.clone(),
        parts: 0,
        about: call.about(place.aws),
        modified: Now::read().utc,
        guarded: true,
    };
    let bucket = world.store.bucket_mut(call.cloud, place.region, &call.bucket)?;
    let old = bucket.objects.insert(call.key.clone(), object);
    world.counters.count_object(call.cloud);
    Ok((Reply::empty(200).header("etag", format!("\"{etag}\"")), old))
}

/// `HeadObject` and `GetObject`.
pub(crate) fn get(world: &World, place: &Place<'_>, head: bool) -> Done {
    let call = place.call;
    let bucket = world.store.bucket(call.cloud, place.region, &call.bucket)?;
    let object = bucket.object(&call.key)?;
    let size = object.disk.size;
    let range = match call.wire.header("range") {
        Some(text) => range(text, size)?,
        None => None,
    };
    let (first, length) = range.unwrap_or((0, size));
    let body = if head {
        ReplyBody::Announced(length)
    } else {
        ReplyBody::Data(object.content.reader(first, length), length)
    };
    let content_type = object
        .about
        .content_type
        .as_deref()
        .unwrap_or("application/octet-stream");
    let mut reply = Reply::new(if range.is_some() { 206 } else { 200 }, body)
        .header("etag", format!("\"{}\"", object.etag))
        .header("last-modified", http_date(object.modified))
        .header("accept-ranges", "bytes")
        .header("content-type", content_type);
    if range.is_some() {
        let last = first + length - 1;
        reply = reply.header("content-range", format!("bytes {first}-{last}/{size}"));
    }
    let prefix = header_prefix(call.cloud, place.aws);
    for (name, value) in &object.about.metadata {
        reply = reply.header(format!("{prefix}meta-{name}"), value);
    }
    let class = class(call.cloud, bucket, object);
    // Alibaba always names the class, the others only one that is not the standard; US3 is not known to.
    let names_class = call.cloud == Cloud::Aliyun || class != standard_class(call.cloud);
    if names_class && call.cloud != Cloud::Ucloud {
        reply = reply.header(format!("{prefix}storage-class"), class);
    }
    if call.cloud == Cloud::Aliyun {
        let kind = if object.parts > 0 { "Multipart" } else { "Normal" };
        reply = reply.header("x-oss-object-type", kind);
    }
    Ok(reply)
}

/// `DeleteObject`. Gives the object, too: dropping it removes files. Only US3 minds when there is none (unverified).
pub(crate) fn delete(world: &mut World, place: &Place<'_>) -> Result<(Reply, Option<Object>), Trouble> {
    let call: &Call = place.call;
    let bucket = world.store.bucket_mut(call.cloud, place.region, &call.bucket)?;
    let old = bucket.objects.remove(&call.key);
    if old.is_some() {
        world.counters.count_deletion(call.cloud);
        world.object_gone(call.cloud, place.region, &call.bucket, &call.key);
    } else if call.cloud == Cloud::Ucloud {
        return Err(Trouble::NoSuchKey);
    }
    Ok((Reply::empty(204), old))
}

/// First byte and length of a `Range`; `None` for one that is to be overlooked, as several ranges are.
fn range(text: &str, size: u64) -> Result<Option<(u64, u64)>, Trouble> {
    let Some((from, to)) = text
        .trim()
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Ok(None);
    };
    let (from, to) = (from.trim(), to.trim());
    if from.is_empty() {
        let Ok(last) = to.parse::<u64>() else { return Ok(None) };
        let length = last.min(size);
        return if length == 0 {
            Err(Trouble::InvalidRange)
        } else {
            Ok(Some((size - length, length)))
        };
    }
    let Ok(first) = from.parse::<u64>() else {
        return Ok(None);
    };
    let last = if to.is_empty() {
        size.saturating_sub(1)
    } else {
        match to.parse::<u64>() {
            Ok(last) if last >= first => last.min(size.saturating_sub(1)),
            _ => return Ok(None),
        }
    };
    if first >= size {
        return Err(Trouble::InvalidRange);
    }
    Ok(Some((first, last - first + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_object() {
        assert_eq!(range("bytes=0-9", 100), Ok(Some((0, 10))));
        assert_eq!(range("bytes=90-", 100), Ok(Some((90, 10))));
        assert_eq!(range("bytes=90-200", 100), Ok(Some((90, 10))));
        assert_eq!(range("bytes=-10", 100), Ok(Some((90, 10))));
        assert_eq!(range("bytes=-200", 100), Ok(Some((0, 100))));
        assert_eq!(range("bytes=100-", 100), Err(Trouble::InvalidRange));
        assert_eq!(range("bytes=0-", 0), Err(Trouble::InvalidRange));
        assert_eq!(range("bytes=-0", 100), Err(Trouble::InvalidRange));
        for odd in ["bytes=5-1", "bytes=0-1,3-4", "lines=1-2", "bytes=x-"] {
            assert_eq!(range(odd, 100), Ok(None), "{odd}");
        }
    }
}
