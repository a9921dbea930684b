//! Reads the answers of the four stores that speak XML. They differ in the prefix of their headers.

use cloud_import_core::{
    Bytes, CodeRule,
    http::{HeaderMap, Response, StatusCode},
    pipeline::Reading,
};
use serde_json::{Map, Value};

use super::{HEADER, header_text, kept, text, told, xml};

/// Names of a store's own headers.
#[derive(Debug)]
pub(crate) struct Headers {
    /// Of the request id.
    pub(crate) request_id: &'static str,
    /// Of the object's SHA-256 in its metadata.
    pub(crate) sha256: &'static str,
    /// Of the bucket's region, where there is one.
    pub(crate) region: Option<&'static str>,
    /// Of the storage class of bucket or object.
    pub(crate) storage_class: &'static str,
    /// Of the code of an error that has no body.
    pub(crate) error_code: Option<&'static str>,
    /// Of a whole error document in base64, where the answer has no body.
    pub(crate) error_document: Option<&'static str>,
}

/// What an answer says.
pub(crate) fn read(answer: &Response<Bytes>, names: &Headers, codes: &[CodeRule]) -> Reading {
    let (status, headers, body) = (answer.status(), answer.headers(), answer.body());
    let request_id = header_text(headers, names.request_id).map(str::to_owned);
    if body.is_empty() {
        if status.is_success() {
            let payload = with_headers(Map::new(), headers, names);
            return Reading::Success { payload, request_id };
        }
        return bodiless(status, headers, names, codes, request_id);
    }
    match xml::parse(body) {
        Ok((root, error)) if root == "Error" => refused(&error, status, headers, names, codes, request_id),
        Ok((root, value)) if status.is_success() && !root.eq_ignore_ascii_case("html") => {
            let members = match value {
                Value::Object(members) => members,
                text => Map::from_iter([(root, text)]),
            };
            let payload = with_headers(members, headers, names);
            Reading::Success { payload, request_id }
        }
        Ok(_) => Reading::Unreadable("it is XML of another kind than the store's".to_owned()),
        Err(why) => Reading::Unreadable(why),
    }
}

fn with_headers(mut members: Map<String, Value>, headers: &HeaderMap, names: &Headers) -> Value {
    let common = [
        ("etag", "etag"),
        ("content-length", "content-length"),
        ("sha256", names.sha256),
        ("storage-class", names.storage_class),
    ];
    let region = names.region.map(|name| ("region", name));
    let kept = kept(headers, common.into_iter().chain(region));
    members.insert(HEADER.to_owned(), kept);
    Value::Object(members)
}

/// An answer to HEAD has no body even when it is an error.
fn bodiless(
    status: StatusCode,
    headers: &HeaderMap,
    names: &Headers,
    codes: &[CodeRule],
    request_id: Option<String>,
) -> Reading {
    if let Some(document) = names
        .error_document
        .and_then(|name| decoded(header_text(headers, name)?))
        && let Ok((root, error)) = xml::parse(&document)
        && root == "Error"
    {
        return refused(&error, status, headers, names, codes, request_id);
    }
    let code = names.error_code.and_then(|name| header_text(headers, name));
    let mut message = match status.as_u16() {
        301 | 302 | 307 | 308 => "the bucket is reached elsewhere".to_owned(),
        403 => "the store refuses access and gives no reason".to_owned(),
        404 => "there is nothing of that name".to_owned(),
        _ => String::new(),
    };
    message.push_str(&place(region_of(headers, names)));
    Reading::Refused {
        code: told(code.map(str::to_owned).or_else(|| redirected(status)), status, codes),
        message,
        request_id,
    }
}

/// A redirect without a body has no code: it gets the one that S3 documents for it.
fn redirected(status: StatusCode) -> Option<String> {
    let code = match status.as_u16() {
        301 | 308 => "PermanentRedirect",
        302 | 307 => "TemporaryRedirect",
        _ => return None,
    };
    Some(code.to_owned())
}

fn refused(
    error: &Value,
    status: StatusCode,
    headers: &HeaderMap,
    names: &Headers,
    codes: &[CodeRule],
    request_id: Option<String>,
) -> Reading {
    let place_in_body = ["Region", "Endpoint"].iter().find_map(|name| text(error, name));
    let place = place(place_in_body.or_else(|| region_of(headers, names)));
    // Alibaba's finer code beside the common one counts where the table knows it.
    let finer = text(error, "EC").filter(|finer| codes.iter().any(|rule| rule.code == *finer));
    let code = finer.or_else(|| text(error, "Code")).filter(|code| !code.is_empty());
    let message = text(error, "Message").unwrap_or_default();
    Reading::Refused {
        code: told(code.map(str::to_owned), status, codes),
        message: format!("{message}{place}"),
        request_id: request_id.or_else(|| text(error, "RequestId").map(str::to_owned)),
    }
}

fn region_of<'h>(headers: &'h HeaderMap, names: &Headers) -> Option<&'h str> {
    header_text(headers, names.region?)
}

/// Where a bucket is, in words; nothing when the text is no name of a place.
fn place(name: Option<&str>) -> String {
    let is_name = |name: &&str| {
        name.len() <= 120
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    };
    match name.filter(is_name) {
        Some(name) => format!(" (its place: {name})"),
        None => String::new(),
    }
}

#[cfg(feature = "oss")]
fn decoded(text: &str) -> Option<Vec<u8>> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.decode(text).ok()
}

#[cfg(not(feature = "oss"))]
fn decoded(_: &str) -> Option<Vec<u8>> {
    None
}
