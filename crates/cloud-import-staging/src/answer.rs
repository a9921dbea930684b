//! Reads what a store answers: status, headers and XML or JSON into one [`Reading`], and its parts into the types of
//! [`crate::store`]. Of an error only code, text, request id and place are taken: the vendors put the string to sign beside
//! them, and UCloud's holds the private key.

#[cfg(feature = "us3")]
mod json;
#[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs"))]
mod rest;
#[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs"))]
mod xml;

use cloud_import_core::{
    CodeRule, Error, ErrorKind, Result, datetime,
    http::{HeaderMap, StatusCode},
};
use serde_json::{Map, Value};

use crate::store::{ListedObject, ObjectHead, OpenUpload, Part, Uploading};

#[cfg(feature = "us3")]
pub(crate) use json::read as read_json;
#[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs"))]
pub(crate) use rest::{Headers, read as read_xml};

/// The member of a payload that holds the headers.
pub(crate) const HEADER: &str = "header";

/// The ETag of an object or part that was put, without quotes; empty when the answer has none.
pub(crate) fn etag(payload: &Value) -> String {
    unquoted(header(payload, "etag").unwrap_or_default())
}

/// What HEAD told.
///
/// # Errors
/// [`ErrorKind::InvalidResponse`] when there is no size in it.
pub(crate) fn head(payload: &Value) -> Result<ObjectHead> {
    let size = header(payload, "content-length").and_then(|text| text.parse().ok());
    let is_digest = |text: &&str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(ObjectHead {
        size: size.ok_or_else(|| lacking("a size"))?,
        etag: Some(etag(payload)).filter(|etag| !etag.is_empty()),
        sha256: header(payload, "sha256").filter(is_digest).map(str::to_ascii_lowercase),
    })
}

/// The upload that was begun.
///
/// # Errors
/// [`ErrorKind::InvalidResponse`] when there is no id in it.
pub(crate) fn uploading(payload: &Value) -> Result<Uploading> {
    let upload_id = text(payload, "UploadId").filter(|id| !id.is_empty());
    Ok(Uploading {
        upload_id: upload_id.ok_or_else(|| lacking("an upload id"))?.to_owned(),
        part_size: number(payload, "BlkSize").filter(|size| *size > 0),
    })
}

/// The parts of one page in ascending order, and whether more follow.
///
/// # Errors
/// [`ErrorKind::InvalidResponse`] when a part has no number.
pub(crate) fn parts(payload: &Value) -> Result<(Vec<Part>, bool)> {
    let mut parts = items(payload, "Part")
        .map(|part| {
            let number = number(part, "PartNumber").and_then(|number| u32::try_from(number).ok());
            Ok(Part {
                number: number.ok_or_else(|| lacking("the number of a part"))?,
                etag: unquoted(text(part, "ETag").unwrap_or_default()),
                size: self::number(part, "Size"),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    parts.sort_unstable_by_key(|part| part.number);
    Ok((parts, is_truncated(payload)))
}

/// The open uploads of one page.
///
/// # Errors
/// [`ErrorKind::InvalidResponse`] when one has no key or id.
pub(crate) fn open_uploads(payload: &Value) -> Result<Vec<OpenUpload>> {
    items(payload, "Upload")
        .map(|upload| {
            Ok(OpenUpload {
                key: text(upload, "Key")
                    .ok_or_else(|| lacking("the key of an upload"))?
                    .to_owned(),
                upload_id: text(upload, "UploadId")
                    .ok_or_else(|| lacking("an upload id"))?
                    .to_owned(),
                initiated: text(upload, "Initiated").map(str::to_owned),
            })
        })
        .collect()
}

/// The objects of one page, and whether more follow.
///
/// # Errors
/// [`ErrorKind::InvalidResponse`] when one has no key or size.
pub(crate) fn objects(payload: &Value) -> Result<(Vec<ListedObject>, bool)> {
    let objects = items(payload, "Contents")
        .map(|object| {
            let key = text(object, "Key").ok_or_else(|| lacking("the key of an object"))?;
            let size = number(object, "Size").ok_or_else(|| lacking("the size of an object"))?;
            Ok(ListedObject {
                key: key.to_owned(),
                size,
                modified: text(object, "LastModified").and_then(datetime::parse_rfc3339),
            })
        })
        .collect::<Result<_>>()?;
    Ok((objects, is_truncated(payload)))
}

/// A header of the answer.
pub(crate) fn header<'v>(payload: &'v Value, name: &str) -> Option<&'v str> {
    payload.get(HEADER)?.get(name)?.as_str()
}

/// The members of that name: none, one or many.
pub(crate) fn items<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    let found: &[Value] = match value.get(name) {
        Some(Value::Array(items)) => items,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    found.iter()
}

/// A member that is text.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str()
}

/// A member that is a number, in XML or in JSON.
fn number(value: &Value, name: &str) -> Option<u64> {
    match value.get(name)? {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    }
}

fn is_truncated(payload: &Value) -> bool {
    match payload.get("IsTruncated") {
        Some(Value::String(text)) => text.trim().eq_ignore_ascii_case("true"),
        Some(other) => other.as_bool().unwrap_or_default(),
        None => false,
    }
}

fn unquoted(etag: &str) -> String {
    etag.trim().trim_matches('"').to_owned()
}

fn lacking(what: &str) -> Error {
    Error::new(ErrorKind::InvalidResponse, format!("the answer lacks {what}"))
        .with_remedy("Check that the endpoint is the store's and that no proxy answers in its place.")
}

/// The code of a refusal. A status that says that there is no such call counts as S3's code for it where the vendor's own is
/// not in the table: without that it would pass for a failure that another attempt may mend.
fn told(code: Option<String>, status: StatusCode, codes: &[CodeRule]) -> Option<String> {
    let is_known = |code: &String| CodeRule::find(codes, code).is_some();
    match code {
        code if status == StatusCode::NOT_IMPLEMENTED && !code.as_ref().is_some_and(is_known) => {
            Some("NotImplemented".to_owned())
        }
        code => code,
    }
}

/// The text of a header.
fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get(name)?
        .to_str()
        .ok()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// The headers that a payload keeps, where they came: pairs of the name in the payload and the name on the wire.
fn kept<'n>(headers: &HeaderMap, names: impl IntoIterator<Item = (&'n str, &'n str)>) -> Value {
    let found = names.into_iter().filter_map(|(kept, name)| {
        let text = header_text(headers, name)?;
        Some((kept.to_owned(), Value::String(text.to_owned())))
    });
    Value::Object(found.collect::<Map<_, _>>())
}
