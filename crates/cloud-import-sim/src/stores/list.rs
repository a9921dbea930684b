//! Lists of objects and of unfinished uploads, page by page.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    call::Place,
    multipart::{named, shown_key},
    reply::{Done, Reply, namespace},
    trouble::Trouble,
    xml::Xml,
};
use crate::{
    clock::rfc3339_of_store,
    cloud::Cloud,
    objects::{Bucket, Object, Upload, class},
    world::World,
};

/// The longest page.
const PAGE: usize = 1000;

/// One page of a bucket's objects.
struct Page<'b> {
    objects: Vec<(&'b String, &'b Object)>,
    /// Beginnings of keys up to the delimiter, which stand for all that begin so.
    folders: BTreeSet<&'b str>,
    /// The last key or folder of the page, unless it is the last of all.
    goes_on_after: Option<&'b str>,
}

fn page<'b>(bucket: &'b Bucket, prefix: &str, delimiter: Option<&str>, start: &str, most: usize) -> Page<'b> {
    let mut page = Page {
        objects: Vec::new(),
        folders: BTreeSet::new(),
        goes_on_after: None,
    };
    let mut last = "";
    for (key, object) in bucket.objects.range(start.to_owned()..) {
        if key.as_str() <= start || !key.starts_with(prefix) {
            continue;
        }
        let folder = delimiter.and_then(|delimiter| {
            let end = key[prefix.len()..].find(delimiter)? + prefix.len() + delimiter.len();
            Some(&key[..end])
        });
        // A folder that an earlier page showed ends at its marker.
        let shown = |folder| page.folders.contains(folder) || (start.starts_with(folder) && !start.is_empty());
        if folder.is_some_and(shown) {
            continue;
        }
        if page.objects.len() + page.folders.len() == most {
            page.goes_on_after = Some(last);
            break;
        }
        last = folder.unwrap_or(key);
        match folder {
            Some(folder) => drop(page.folders.insert(folder)),
            None => page.objects.push((key, object)),
        }
    }
    page
}

/// `ListObjects` and `ListObjectsV2`, with prefix and delimiter.
pub(crate) fn objects(world: &World, place: &Place<'_>, second: bool) -> Done {
    let call = place.call;
    let bucket = place.bucket(world)?;
    let prefix = call.parameter("prefix").unwrap_or_default();
    let delimiter = call.parameter("delimiter").filter(|text| !text.is_empty());
    let most = ["max-keys", "limit"].iter().find_map(|name| call.number(name, PAGE));
    let most = most.unwrap_or(PAGE);
    let start = if second {
        call.parameter("continuation-token").or(call.parameter("start-after"))
    } else {
        call.parameter("marker")
    };
    let start = start.unwrap_or_default();
    let page = page(bucket, prefix, delimiter, start, most);
    if call.cloud == Cloud::Ucloud && call.parameter("listobjects").is_some() {
        let object = |(key, object): &(&String, &Object)| {
            json!({
                "Key": key,
                "MimeType": object.about.content_type,
                "ETag": object.etag,
                "Size": object.disk.size.to_string(),
                "StorageClass": "STANDARD",
                "LastModified": object.modified.unix_timestamp(),
                "CreateTime": object.modified.unix_timestamp(),
            })
        };
        let folders = page.folders.iter().map(|folder| json!({"Prefix": folder}));
        return Ok(Reply::json(&json!({
            "Name": call.bucket,
            "Prefix": prefix,
            "MaxKeys": most.to_string(),
            "Delimiter": delimiter.unwrap_or_default(),
            "IsTruncated": page.goes_on_after.is_some(),
            "NextMarker": page.goes_on_after.unwrap_or_default(),
            "Contents": page.objects.iter().map(object).collect::<Vec<_>>(),
            "CommonPrefixes": folders.collect::<Vec<_>>(),
        })));
    }
    if call.cloud == Cloud::Ucloud {
        let object = |(key, object): &(&String, &Object)| json!({"FileName": key, "Size": object.disk.size, "Hash": object.etag});
        return Ok(Reply::json(&json!({
            "BucketName": call.bucket,
            "DataSet": page.objects.iter().map(object).collect::<Vec<_>>(),
            "NextMarker": page.goes_on_after.unwrap_or_default(),
        })));
    }
    let mut xml = Xml::new("ListBucketResult", namespace(call.cloud))
        .element("Name", &call.bucket)
        .element("Prefix", shown_key(call, prefix))
        .element("MaxKeys", most.to_string())
        .element("Delimiter", delimiter.unwrap_or_default())
        .element("IsTruncated", page.goes_on_after.is_some().to_string());
    if call.parameter("encoding-type") == Some("url") {
        xml = xml.element("EncodingType", "url");
    }
    if second {
        xml = xml.element("KeyCount", (page.objects.len() + page.folders.len()).to_string());
    } else {
        xml = xml.element("Marker", shown_key(call, start));
    }
    if let Some(last) = page.goes_on_after {
        let name = if second { "NextContinuationToken" } else { "NextMarker" };
        xml = xml.element(name, shown_key(call, last));
    }
    for (key, object) in page.objects {
        xml = xml.nested("Contents", |xml| {
            xml.element("Key", shown_key(call, key))
                .element("LastModified", rfc3339_of_store(object.modified))
                .element("ETag", format!("\"{}\"", object.etag))
                .element("Size", object.disk.size.to_string())
                .element("StorageClass", class::of_object(call.cloud, bucket, object))
        });
    }
    for folder in page.folders {
        xml = xml.nested("CommonPrefixes", |xml| xml.element("Prefix", shown_key(call, folder)));
    }
    Ok(Reply::xml(xml))
}

/// `ListMultipartUploads`, ordered by key and id.
pub(crate) fn uploads(world: &World, place: &Place<'_>) -> Done {
    let call = place.call;
    // US3 opens it to those who apply for it.
    if !world.config.lists_parts(call.cloud) {
        return Err(Trouble::NotImplemented);
    }
    let bucket = place.bucket(world)?;
    let prefix = call.parameter("prefix").unwrap_or_default();
    let most = ["max-uploads", "limit"].iter().find_map(|name| call.number(name, PAGE));
    let most = most.unwrap_or(PAGE);
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
            .map(|(id, upload)| {
                json!({"UploadId": id, "FileName": upload.key, "StartTime": upload.initiated.unix_timestamp()})
            })
            .collect();
        return Ok(Reply::json(
            &json!({"RetCode": 0, "NextMarker": "", "DataSet": uploads}),
        ));
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
