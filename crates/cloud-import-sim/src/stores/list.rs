//! Lists of objects and of unfinished uploads, page by page.

use std::collections::BTreeSet;

use serde_json::json;

use super::bucket::{Object, Upload};
use super::memory::class;
use super::multipart::{named, shown_key};
use super::reply::{Reply, namespace};
use super::xml::Xml;
use super::{Done, Place};
use crate::clock::rfc3339_of_store;
use crate::cloud::Cloud;
use crate::world::World;

/// The longest page.
const PAGE: usize = 1000;

/// `ListObjects` and `ListObjectsV2`, with prefix and delimiter.
pub(crate) fn objects(world: &World, place: &Place<'_>, second: bool) -> Done {
    let call = place.call;
    let bucket = world.store.bucket(call.cloud, place.region, &call.bucket)?;
    let prefix = call.parameter("prefix").unwrap_or_default();
    let delimiter = call.parameter("delimiter").filter(|text| !text.is_empty());
    let most = ["max-keys", "limit"]
        .iter()
        .find_map(|name| call.number(name, PAGE))
        .unwrap_or(PAGE);
    let start = if second {
        call.parameter("continuation-token").or(call.parameter("start-after"))
    } else {
        call.parameter("marker")
    };
    let start = start.unwrap_or_default();
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    let mut shown: Vec<(&String, &Object)> = Vec::new();
    let mut last = "";
    let mut more = false;
    for (key, object) in bucket.objects.range(start.to_owned()..) {
        if key.as_str() <= start || !key.starts_with(prefix) {
            continue;
        }
        let folder = delimiter.and_then(|delimiter| {
            let end = key[prefix.len()..].find(delimiter)? + prefix.len() + delimiter.len();
            Some(&key[..end])
        });
        // A folder that an earlier page showed ends at its marker.
        if folder.is_some_and(|folder| folders.contains(folder) || (start.starts_with(folder) && !start.is_empty())) {
            continue;
        }
        if shown.len() + folders.len() == most {
            more = true;
            break;
        }
        match folder {
            Some(folder) => {
                folders.insert(folder);
                last = folder;
            }
            None => {
                shown.push((key, object));
                last = key;
            }
        }
    }
    if call.cloud == Cloud::Ucloud {
        let objects: Vec<_> = shown
            .iter()
            .map(|(key, object)| json!({"FileName": key, "Size": object.disk.size, "Hash": object.etag}))
            .collect();
        let next = if more { last } else { "" };
        return Ok(Reply::json(json!({
            "BucketName": call.bucket,
            "DataSet": objects,
            "NextMarker": next,
        })));
    }
    let mut xml = Xml::new("ListBucketResult", namespace(call.cloud))
        .element("Name", &call.bucket)
        .element("Prefix", shown_key(call, prefix))
        .element("MaxKeys", most.to_string())
        .element("Delimiter", delimiter.unwrap_or_default())
        .element("IsTruncated", more.to_string());
    if call.parameter("encoding-type") == Some("url") {
        xml = xml.element("EncodingType", "url");
    }
    if second {
        xml = xml.element("KeyCount", (shown.len() + folders.len()).to_string());
    } else {
        xml = xml.element("Marker", shown_key(call, start));
    }
    if more {
        let name = if second { "NextContinuationToken" } else { "NextMarker" };
        xml = xml.element(name, shown_key(call, last));
    }
    for (key, object) in shown {
        xml = xml.nested("Contents", |xml| {
            xml.element("Key", shown_key(call, key))
                .element("LastModified", rfc3339_of_store(object.modified))
                .element("ETag", format!("\"{}\"", object.etag))
                .element("Size", object.disk.size.to_string())
                .element("StorageClass", class(call.cloud, bucket, object))
        });
    }
    for folder in folders {
        xml = xml.nested("CommonPrefixes", |xml| xml.element("Prefix", shown_key(call, folder)));
    }
    Ok(Reply::xml(xml))
}

/// `ListMultipartUploads`, ordered by key and id.
pub(crate) fn uploads(world: &World, place: &Place<'_>) -> Done {
    let call = place.call;
    let bucket = world.store.bucket(call.cloud, place.region, &call.bucket)?;
    let prefix = call.parameter("prefix").unwrap_or_default();
    let most = call.number("max-uploads", PAGE).unwrap_or(PAGE);
    let marker = (
        call.parameter("key-marker").unwrap_or_default(),
        call.parameter("upload-id-marker").unwrap_or_default(),
    );
    let after = |key: &str, id: &str| {
        // Without an id, the marker's key itself is over.
        if marker.1.is_empty() {
            key > marker.0 || marker.0.is_empty()
        } else {
            (key, id) > marker
        }
    };
    let mut shown: Vec<(&String, &Upload)> = bucket
        .uploads
        .iter()
        .filter(|(id, upload)| upload.key.starts_with(prefix) && after(&upload.key, id))
        .collect();
    shown.sort_by_key(|(id, upload)| (&upload.key, *id));
    let more = shown.len() > most;
    shown.truncate(most);
    if call.cloud == Cloud::Ucloud {
        let uploads: Vec<_> = shown
            .iter()
            .map(|(id, upload)| json!({"UploadId": id, "FileName": upload.key}))
            .collect();
        return Ok(Reply::json(json!({"BucketName": call.bucket, "DataSet": uploads})));
    }
    let mut xml = named(Xml::new("ListMultipartUploadsResult", namespace(call.cloud)), call)
        .element("KeyMarker", marker.0)
        .element("UploadIdMarker", marker.1)
        .element("Prefix", shown_key(call, prefix))
        .element("MaxUploads", most.to_string())
        .element("IsTruncated", more.to_string());
    if let (true, Some((id, upload))) = (more, shown.last()) {
        xml = xml
            .element("NextKeyMarker", shown_key(call, &upload.key))
            .element("NextUploadIdMarker", *id);
    }
    for (id, upload) in shown {
        xml = xml.nested("Upload", |xml| {
            xml.element("Key", shown_key(call, &upload.key))
                .element("UploadId", id)
                .element(
                    "StorageClass",
                    upload.about.storage_class.as_deref().unwrap_or("STANDARD"),
                )
                .element("Initiated", rfc3339_of_store(upload.initiated))
        });
    }
    Ok(Reply::xml(xml))
}
