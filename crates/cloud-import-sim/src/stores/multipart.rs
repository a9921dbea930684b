//! Uploads in parts: begun, filled, listed, completed, aborted. Receives no body: parts come here when they are stored.

use std::borrow::Cow;

use serde_json::json;

use super::{
    call::{Call, Place},
    object,
    reply::{Done, Reply, namespace},
    rules::{self, Limits},
    trouble::Trouble,
    xml::{self, Xml},
};
use crate::{
    clock::{Now, rfc3339_of_store},
    cloud::Cloud,
    objects::{
        About, Content, Disk, Missing, Object, Part, Upload,
        digest::{BLOCK, EtagKind},
        drop_later,
    },
    text::encode_path,
    world::World,
};

/// `InitiateMultipartUpload`.
pub(crate) fn initiate(world: &mut World, place: &Place<'_>) -> Done {
    let call = place.call;
    let id = world.hex(32).to_ascii_uppercase();
    let upload = Upload {
        key: call.key.clone(),
        initiated: Now::read().utc,
        about: call.about(place.aws),
        parts: std::collections::BTreeMap::new(),
    };
    let bucket = place.bucket_mut(world)?;
    bucket.uploads.insert(id.clone(), upload);
    if call.cloud == Cloud::Ucloud {
        return Ok(Reply::json(&json!({
            "UploadId": id,
            "BlkSize": BLOCK,
            "Bucket": call.bucket,
            "Key": call.key,
        })));
    }
    let xml = Xml::new("InitiateMultipartUploadResult", namespace(call.cloud));
    let reply = Reply::xml(
        named(xml, call)
            .element("Key", shown_key(call, &call.key))
            .element("UploadId", id),
    );
    Ok(object::sealed(reply, place.bucket(world)?, place))
}

/// The number of the part that a request brings, if it is one of the store's.
pub(crate) fn part_number(call: &Call) -> Result<u32, Trouble> {
    let limits = rules::limits(call.cloud);
    let number = call.parameter("partNumber").and_then(|text| text.parse::<u32>().ok());
    number
        .filter(|number| (limits.first_part..=limits.last_part).contains(number))
        .ok_or_else(|| {
            let (first, last) = (limits.first_part, limits.last_part);
            Trouble::InvalidArgument(format!("partNumber must be an integer between {first} and {last}."))
        })
}

/// The id of the upload that a request names.
pub(crate) fn upload_id(call: &Call) -> &str {
    call.parameter("uploadId").unwrap_or_default()
}

/// Takes a stored part over.
pub(crate) fn take_part(world: &mut World, place: &Place<'_>, number: u32, part: Part) -> Result<(), Trouble> {
    let call = place.call;
    let upload = place.bucket_mut(world)?.upload_mut(&call.key, upload_id(call))?;
    let old = upload.parts.insert(number, part);
    world.counters.count_part(call.cloud, old.is_some());
    drop_later(old);
    Ok(())
}

/// An object whose parts are there, and which is not yet.
pub(crate) struct Assembled {
    pub(crate) content: Content,
    etag: String,
    parts: u64,
    about: About,
}

/// `CompleteMultipartUpload`, the first half: the listed parts are there and fit.
pub(crate) fn assemble(world: &World, place: &Place<'_>, body: &[u8]) -> Result<Assembled, Trouble> {
    let call = place.call;
    let limits = rules::limits(call.cloud);
    let bucket = place.bucket(world)?;
    let upload = bucket.upload(&call.key, upload_id(call))?;
    let listed = if call.cloud == Cloud::Ucloud {
        blocks_listed(upload, body)?
    } else {
        xml::listed_parts(body).ok_or(Trouble::MalformedXml)?
    };
    let parts = chosen(upload, &listed)?;
    check_sizes(&parts, &limits)?;
    let raws = parts.iter().map(|part| part.raw.as_slice());
    Ok(Assembled {
        etag: EtagKind::of(call.cloud).composed(raws),
        parts: parts.len() as u64,
        about: upload.about.clone(),
        content: Content::joined(parts.into_iter().map(|part| part.piece.clone())),
    })
}

/// The ETags of a US3 body: those of all parts from the first on, with commas between.
fn blocks_listed(upload: &Upload, body: &[u8]) -> Result<Vec<(u32, String)>, Trouble> {
    let text = std::str::from_utf8(body).map_err(|_| Trouble::InvalidPart)?;
    let listed: Vec<(u32, String)> = (0..)
        .zip(text.trim().split(','))
        .map(|(number, etag)| (number, etag.trim().trim_matches('"').to_owned()))
        .collect();
    if listed.len() != upload.parts.len() {
        return Err(Trouble::InvalidPart);
    }
    Ok(listed)
}

fn chosen<'u>(upload: &'u Upload, listed: &[(u32, String)]) -> Result<Vec<&'u Part>, Trouble> {
    if listed.is_empty() {
        return Err(Trouble::MalformedXml);
    }
    if listed.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
        return Err(Trouble::InvalidPartOrder);
    }
    let part = |(number, etag): &(u32, String)| {
        let found = upload.parts.get(number);
        found
            .filter(|part| part.etag.eq_ignore_ascii_case(etag))
            .ok_or(Trouble::InvalidPart)
    };
    listed.iter().map(part).collect()
}

fn check_sizes(parts: &[&Part], limits: &Limits) -> Result<(), Trouble> {
    let but_last = parts.len().saturating_sub(1);
    if parts[..but_last]
        .iter()
        .any(|part| part.piece.size < limits.smallest_part)
    {
        return Err(Trouble::EntityTooSmall);
    }
    let total: u64 = parts.iter().map(|part| part.piece.size).sum();
    if total > limits.largest_object {
        return Err(Trouble::EntityTooLarge);
    }
    Ok(())
}

/// `CompleteMultipartUpload`, the second half: the upload becomes an object.
pub(crate) fn complete(world: &mut World, place: &Place<'_>, made: Assembled, disk: Disk) -> Done {
    let call = place.call;
    end_upload(world, place)?;
    let key = match call.parameter("newKey") {
        Some(key) if call.cloud == Cloud::Ucloud && !key.is_empty() => key,
        _ => &call.key,
    };
    let etag = format!("\"{}\"", made.etag);
    let object = Object::stored(made.content, disk, made.etag, made.parts, made.about);
    let version = object::keep(world, place, key, object)?;
    let reply = if call.cloud == Cloud::Ucloud {
        let body = json!({"Bucket": call.bucket, "Key": key, "FileSize": disk.size});
        Reply::json(&body).header("etag", etag)
    } else {
        let xml = Xml::new("CompleteMultipartUploadResult", namespace(call.cloud))
            .element("Location", call.location(place.region))
            .element("Bucket", &call.bucket)
            .element("Key", shown_key(call, key))
            .element("ETag", &etag);
        Reply::xml(xml)
    };
    let reply = object::sealed(reply, place.bucket(world)?, place);
    Ok(object::versioned(reply, place, version.as_deref()))
}

/// `AbortMultipartUpload`.
pub(crate) fn abort(world: &mut World, place: &Place<'_>) -> Done {
    end_upload(world, place)?;
    Ok(Reply::empty(204))
}

fn end_upload(world: &mut World, place: &Place<'_>) -> Result<(), Missing> {
    let call = place.call;
    let bucket = place.bucket_mut(world)?;
    bucket.upload(&call.key, upload_id(call))?;
    drop_later(bucket.uploads.remove(upload_id(call)));
    Ok(())
}

/// `ListParts`.
pub(crate) fn list_parts(world: &World, place: &Place<'_>) -> Done {
    let call = place.call;
    if !world.config.lists_parts(call.cloud) {
        return Err(Trouble::NotImplemented);
    }
    let bucket = place.bucket(world)?;
    let upload = match call.cloud {
        // US3 asks the bucket, by the id alone.
        Cloud::Ucloud => bucket.uploads.get(upload_id(call)).ok_or(Missing::Upload)?,
        _ => bucket.upload(&call.key, upload_id(call))?,
    };
    let most = call.number("max-parts", 1000).unwrap_or(1000);
    let marker = call
        .parameter("part-number-marker")
        .and_then(|text| text.parse::<u32>().ok());
    let after = |number: u32| marker.is_none_or(|marker| number > marker);
    let mut shown: Vec<(u32, &Part)> = upload
        .parts
        .iter()
        .map(|(number, part)| (*number, part))
        .filter(|(number, _)| after(*number))
        .take(most + 1)
        .collect();
    let more = shown.len() > most;
    shown.truncate(most);
    let next = shown.last().map_or(marker.unwrap_or(0), |(number, _)| *number);
    if call.cloud == Cloud::Ucloud {
        let parts: Vec<_> = shown
            .iter()
            .map(|(number, part)| json!({"PartNum": number, "Size": part.piece.size, "Etag": part.etag}))
            .collect();
        return Ok(Reply::json(
            &json!({"UploadId": upload_id(call), "Bucket": call.bucket, "Key": upload.key, "Parts": parts, "IsTruncated": more}),
        ));
    }
    let mut xml = named(Xml::new("ListPartsResult", namespace(call.cloud)), call)
        .element("Key", shown_key(call, &call.key))
        .element("UploadId", upload_id(call))
        .element("PartNumberMarker", marker.unwrap_or(0).to_string())
        .element("NextPartNumberMarker", next.to_string())
        .element("MaxParts", most.to_string())
        .element("IsTruncated", more.to_string());
    for (number, part) in shown {
        xml = xml.nested("Part", |xml| {
            let xml = xml
                .element("PartNumber", number.to_string())
                .element("LastModified", rfc3339_of_store(part.modified));
            let xml = if world.config.listed_without_etag {
                xml
            } else {
                xml.element("ETag", format!("\"{}\"", part.etag))
            };
            xml.element("Size", part.piece.size.to_string())
        });
    }
    Ok(Reply::xml(xml))
}

/// The bucket, and how keys are written, if the request chose that.
pub(crate) fn named(xml: Xml, call: &Call) -> Xml {
    let xml = xml.element("Bucket", &call.bucket);
    if call.parameter("encoding-type") == Some("url") {
        xml.element("EncodingType", "url")
    } else {
        xml
    }
}

/// A key as a document shows it: escaped when the request asked for that.
pub(crate) fn shown_key<'k>(call: &Call, key: &'k str) -> Cow<'k, str> {
    if call.parameter("encoding-type") == Some("url") {
        Cow::Owned(encode_path(key))
    } else {
        Cow::Borrowed(key)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::objects::{Piece, StoreDir};

    fn upload(sizes: &[u64]) -> Upload {
        let dir = StoreDir::new(None);
        let part = |(number, size): (u32, &u64)| {
            let (_, file) = dir.create().unwrap();
            let piece = Piece {
                file: Arc::new(file),
                size: *size,
            };
            let part = Part {
                piece,
                raw: vec![0; 16],
                etag: format!("e{number}"),
                modified: Now::read().utc,
            };
            (number, part)
        };
        Upload {
            key: "k".to_owned(),
            initiated: Now::read().utc,
            about: About::default(),
            parts: (1..).zip(sizes).map(part).collect(),
        }
    }

    fn listed(numbers: &[u32]) -> Vec<(u32, String)> {
        numbers.iter().map(|number| (*number, format!("E{number}"))).collect()
    }

    #[test]
    fn parts_have_to_be_there_in_order_and_with_their_etags() {
        let upload = upload(&[1, 1, 1]);
        assert_eq!(chosen(&upload, &listed(&[1, 3])).unwrap().len(), 2);
        let trouble = |listed: &[(u32, String)]| chosen(&upload, listed).err().unwrap();
        assert_eq!(trouble(&listed(&[2, 1])), Trouble::InvalidPartOrder);
        assert_eq!(trouble(&listed(&[1, 1])), Trouble::InvalidPartOrder);
        assert_eq!(trouble(&listed(&[1, 4])), Trouble::InvalidPart);
        assert_eq!(trouble(&[(1, "other".to_owned())]), Trouble::InvalidPart);
        assert_eq!(trouble(&[]), Trouble::MalformedXml);
    }

    #[test]
    fn only_the_last_part_may_be_small() {
        let limits = rules::limits(Cloud::Aliyun);
        let small = limits.smallest_part - 1;
        let check = |sizes: &[u64]| {
            let upload = upload(sizes);
            check_sizes(&upload.parts.values().collect::<Vec<_>>(), &limits)
        };
        assert_eq!(check(&[limits.smallest_part, 1]), Ok(()));
        assert_eq!(check(&[0]), Ok(()));
        assert_eq!(check(&[small, limits.smallest_part]), Err(Trouble::EntityTooSmall));
    }
}
