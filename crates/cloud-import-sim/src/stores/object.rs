//! Whole objects: put, shown, read, deleted. Receives and sends no bytes itself.

use md5::{Digest as _, Md5};

use super::{
    call::Place,
    reply::{Data, Done, Reply},
    rules::header_prefix,
    trouble::Trouble,
};
use crate::{
    clock::http_date,
    cloud::Cloud,
    objects::{Bucket, Content, Deleted, Disk, Missing, Object, class, digest::Digests, drop_later},
    text::hex,
    world::World,
};

/// `PutObject` with a body that is stored.
pub(crate) fn put(world: &mut World, place: &Place<'_>, content: Content, digests: Digests, disk: Disk) -> Done {
    let bucket = place.bucket(world)?;
    let etag = etag(place.call.cloud, bucket, digests.etag);
    let reply = sealed(Reply::empty(200), bucket, place).header("etag", format!("\"{etag}\""));
    let reply = summed(reply, place, digests.crc64);
    let about = place.call.about(place.aws);
    let object = Object {
        crc64: digests.crc64,
        ..Object::stored(content, disk, etag, 0, about)
    };
    let version = keep(world, place, &place.call.key, object)?;
    Ok(versioned(reply, place, version.as_deref()))
}

/// Puts an object that came through the store where another may have been, and gives the id of its version, if it has one.
pub(crate) fn keep(
    world: &mut World,
    place: &Place<'_>,
    key: &str,
    mut object: Object,
) -> Result<Option<String>, Missing> {
    let id = world.hex(32);
    let bucket = place.bucket_mut(world)?;
    object.version = bucket.settings.versioned.then_some(id);
    let version = object.version.clone();
    drop_later(bucket.put(key, object));
    world.counters.count_object(place.call.cloud);
    Ok(version)
}

/// An ETag as the bucket makes it of the usual one: where it encrypts, of the form of an MD5 and none. COS and OBS say so of any
/// encryption.
pub(crate) fn etag(cloud: Cloud, bucket: &Bucket, usual: String) -> String {
    match bucket.settings.encryption.as_deref() {
        Some("AES256") if matches!(cloud, Cloud::Jdcloud | Cloud::Aliyun) => usual,
        Some(_) => hex(&Md5::digest(format!("sealed {usual}"))),
        None => usual,
    }
}

/// How the bucket encrypts, where it does so with keys of its own.
pub(crate) fn sealed(reply: Reply, bucket: &Bucket, place: &Place<'_>) -> Reply {
    match &bucket.settings.encryption {
        Some(word) if place.call.cloud != Cloud::Ucloud => {
            let prefix = header_prefix(place.call.cloud, place.aws);
            reply.header(format!("{prefix}server-side-encryption"), word)
        }
        _ => reply,
    }
}

/// The CRC-64 of a body, where the store tells it.
pub(crate) fn summed(reply: Reply, place: &Place<'_>, crc64: Option<u64>) -> Reply {
    match crc64 {
        Some(sum) => {
            let prefix = header_prefix(place.call.cloud, place.aws);
            reply.header(format!("{prefix}hash-crc64ecma"), sum.to_string())
        }
        None => reply,
    }
}

/// The id of a version.
pub(crate) fn versioned(reply: Reply, place: &Place<'_>, id: Option<&str>) -> Reply {
    match id {
        Some(id) => reply.header(format!("{}version-id", header_prefix(place.call.cloud, place.aws)), id),
        None => reply,
    }
}

/// What of an object is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Its head.
    Head,
    /// What the request asks for.
    Asked,
    /// All of it, whatever the request asks for.
    Whole,
}

/// `HeadObject` and `GetObject`.
pub(crate) fn get(world: &World, place: &Place<'_>, wanted: Wanted) -> Done {
    let call = place.call;
    let bucket = place.bucket(world)?;
    let object = bucket.version(&call.key, call.parameter("versionId"))?;
    let size = object.disk.size;
    // US3 documents no such header.
    let expected = call.wire.header("if-match").filter(|_| call.cloud != Cloud::Ucloud);
    if expected.is_some_and(|expected| !names(expected, &object.etag)) {
        return Err(Trouble::PreconditionFailed);
    }
    let range = match call.wire.header("range") {
        Some(text) if wanted != Wanted::Whole => range(text, size)?,
        _ => None,
    };
    let (first, length) = range.unwrap_or((0, size));
    let content_type = object.about.content_type.as_deref();
    let mut reply = Reply::empty(if range.is_some() { 206 } else { 200 })
        .header("etag", format!("\"{}\"", object.etag))
        .header("last-modified", http_date(object.modified))
        .header("accept-ranges", "bytes")
        .header("content-type", content_type.unwrap_or("application/octet-stream"));
    reply = summed(sealed(reply, bucket, place), place, object.crc64);
    reply = versioned(reply, place, object.version.as_deref());
    reply.data = Some(match wanted {
        Wanted::Head => Data::Announced(length),
        Wanted::Asked | Wanted::Whole => Data::Read(object.content.reader(first, length), length),
    });
    if range.is_some() {
        let last = first + length - 1;
        reply = reply.header("content-range", format!("bytes {first}-{last}/{size}"));
    }
    let prefix = header_prefix(call.cloud, place.aws);
    for (name, value) in &object.about.metadata {
        reply = reply.header(format!("{prefix}meta-{name}"), value);
    }
    let class = class::of_object(call.cloud, bucket, object);
    // Alibaba always names the class, the others only one that is not the standard; US3 is not known to.
    let names_class = call.cloud == Cloud::Aliyun || class != class::standard(call.cloud);
    if names_class && call.cloud != Cloud::Ucloud {
        reply = reply.header(format!("{prefix}storage-class"), class);
    }
    if call.cloud == Cloud::Aliyun {
        let kind = if object.parts > 0 { "Multipart" } else { "Normal" };
        reply = reply.header("x-oss-object-type", kind);
    }
    Ok(reply)
}

/// `DeleteObject`, of one version where it is named. Only US3 minds when there is none (unverified).
pub(crate) fn delete(world: &mut World, place: &Place<'_>) -> Done {
    let call = place.call;
    let mark = world.hex(32);
    let bucket = place.bucket_mut(world)?;
    let version = call.parameter("versionId").filter(|_| call.cloud != Cloud::Ucloud);
    // A lock holds versions; a mark may still be put over them.
    if bucket.settings.locked && (version.is_some() || !bucket.settings.versioned) {
        return Err(Trouble::AccessDenied);
    }
    let deleted = match version {
        Some(id) => bucket.delete_version(&call.key, id),
        None => bucket.delete(&call.key, mark),
    };
    let reply = versioned(Reply::empty(204), place, version);
    let marked = |reply: Reply| reply.header(format!("{}delete-marker", header_prefix(call.cloud, place.aws)), "true");
    match deleted {
        Deleted::Nothing if call.cloud == Cloud::Ucloud => Err(Trouble::Missing(Missing::Key)),
        Deleted::Nothing => Ok(Reply::empty(204)),
        Deleted::Object(object) => {
            drop_later(Some(object));
            world.counters.count_deletion(call.cloud);
            world.object_gone(call.cloud, place.region, &call.bucket, &call.key);
            Ok(reply)
        }
        Deleted::Mark => Ok(marked(reply)),
        Deleted::Marked(id) => {
            world.counters.count_deletion(call.cloud);
            world.object_gone(call.cloud, place.region, &call.bucket, &call.key);
            Ok(marked(versioned(reply, place, Some(&id))))
        }
    }
}

/// Whether an `If-Match` names this ETag.
fn names(expected: &str, etag: &str) -> bool {
    let mut tags = expected.split(',').map(|tag| tag.trim().trim_matches('"'));
    tags.any(|tag| tag == "*" || tag == etag)
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
    fn an_object_is_expected_by_its_etag() {
        for good in ["\"a-2\"", "a-2", "*", "\"b\", \"a-2\""] {
            assert!(names(good, "a-2"), "{good}");
        }
        for other in ["\"a\"", "", "\"b\", \"c\""] {
            assert!(!names(other, "a-2"), "{other}");
        }
    }

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
