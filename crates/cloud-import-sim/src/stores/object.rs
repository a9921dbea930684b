//! Whole objects: put, shown, read, deleted. Receives and sends no bytes itself.

use super::{
    call::Place,
    reply::{Data, Done, Reply},
    rules::header_prefix,
    trouble::Trouble,
};
use crate::{
    clock::http_date,
    cloud::Cloud,
    objects::{Content, Disk, Missing, Object, class, drop_later},
    world::World,
};

/// `PutObject` with a body that is stored.
pub(crate) fn put(world: &mut World, place: &Place<'_>, content: Content, etag: String, disk: Disk) -> Done {
    let reply = Reply::empty(200).header("etag", format!("\"{etag}\""));
    let about = place.call.about(place.aws);
    keep(
        world,
        place,
        &place.call.key,
        Object::stored(content, disk, etag, 0, about),
    )?;
    Ok(reply)
}

/// Puts an object that came through the store where another may have been.
pub(crate) fn keep(world: &mut World, place: &Place<'_>, key: &str, object: Object) -> Result<(), Missing> {
    let old = place.bucket_mut(world)?.objects.insert(key.to_owned(), object);
    drop_later(old);
    world.counters.count_object(place.call.cloud);
    Ok(())
}

/// `HeadObject` and `GetObject`.
pub(crate) fn get(world: &World, place: &Place<'_>, head: bool) -> Done {
    let call = place.call;
    let bucket = place.bucket(world)?;
    let object = bucket.object(&call.key)?;
    let size = object.disk.size;
    let range = match call.wire.header("range") {
        Some(text) => range(text, size)?,
        None => None,
    };
    let (first, length) = range.unwrap_or((0, size));
    let content_type = object.about.content_type.as_deref();
    let mut reply = Reply::empty(if range.is_some() { 206 } else { 200 })
        .header("etag", format!("\"{}\"", object.etag))
        .header("last-modified", http_date(object.modified))
        .header("accept-ranges", "bytes")
        .header("content-type", content_type.unwrap_or("application/octet-stream"));
    reply.data = Some(match head {
        true => Data::Announced(length),
        false => Data::Read(object.content.reader(first, length), length),
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

/// `DeleteObject`. Only US3 minds when there is none (unverified).
pub(crate) fn delete(world: &mut World, place: &Place<'_>) -> Done {
    let call = place.call;
    let old = place.bucket_mut(world)?.objects.remove(&call.key);
    if old.is_some() {
        drop_later(old);
        world.counters.count_deletion(call.cloud);
        world.object_gone(call.cloud, place.region, &call.bucket, &call.key);
    } else if call.cloud == Cloud::Ucloud {
        return Err(Trouble::Missing(Missing::Key));
    }
    Ok(Reply::empty(204))
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
