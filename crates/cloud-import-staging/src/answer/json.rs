//! Reads the answers of US3: JSON with a `RetCode`, its text and nothing secret, or no body at all.

use std::time::SystemTime;

use cloud_import_core::{
    Bytes, Error, ErrorKind, Result,
    http::{Response, StatusCode},
    provider::{
        datetime, envelope,
        protocol::{Reading, json_body},
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::faults;
use crate::{
    facts::BucketFacts,
    generated::us3::CODES,
    objects::{ListedObject, OpenUpload, Page, Part, Uploading},
};

/// What stands in every answer. The code may be a number or its text.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Envelope {
    #[serde(deserialize_with = "envelope::string_or_number")]
    ret_code: Option<String>,
    err_msg: Option<String>,
    message: Option<String>,
}

/// What an answer says.
pub(crate) fn read(answer: &Response<Bytes>) -> Reading {
    let status = answer.status();
    let envelope = match json_body(answer) {
        // Some bytes of an object, whatever they are.
        _ if status == StatusCode::PARTIAL_CONTENT || answer.body().is_empty() => Ok(Envelope::default()),
        Ok(object @ Value::Object(_)) => {
            serde_json::from_value(object).map_err(|_| "it is not of the documented form".to_owned())
        }
        Ok(_) => Err("it is not a JSON object".to_owned()),
        // A PUT may be answered with a line of text; what counts stands in its headers.
        Err(_) if status.is_success() && answer.headers().contains_key("etag") => Ok(Envelope::default()),
        Err(why) => Err(why),
    };
    let Envelope {
        ret_code,
        err_msg,
        message,
    } = match envelope {
        Ok(envelope) => envelope,
        Err(why) => return Reading::Unreadable(why),
    };
    let code = ret_code.filter(|code| code != "0");
    if code.is_none() && status.is_success() {
        return Reading::Success {
            payload: Value::Null,
            request_id: None,
        };
    }
    let message = err_msg.or(message).unwrap_or_else(|| match status.as_u16() {
        404 => "nothing of that name exists".to_owned(),
        _ => String::new(),
    });
    Reading::Refused {
        code: faults::told(code, status, CODES),
        message,
        request_id: None,
    }
}

fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| faults::unlike(&error))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Initiated {
    upload_id: String,
    #[serde(default, deserialize_with = "envelope::number_or_string")]
    blk_size: Option<u64>,
}

/// The upload that was begun.
///
/// # Errors
/// [`ErrorKind::InvalidResponse`] when there is no id in it.
pub(crate) fn uploading(body: &[u8]) -> Result<Uploading> {
    let begun: Initiated = decode(body)?;
    Ok(Uploading {
        upload_id: faults::upload_id(begun.upload_id)?,
        part_size: begun.blk_size.filter(|size| *size > 0),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parts {
    #[serde(default, deserialize_with = "envelope::bool_or_string")]
    is_truncated: Option<bool>,
    parts: Option<Vec<ListedPart>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedPart {
    part_num: u32,
    #[serde(default, alias = "ETag")]
    etag: String,
    #[serde(default, deserialize_with = "envelope::number_or_string")]
    size: Option<u64>,
}

/// The parts of one page in ascending order.
///
/// # Errors
/// [`ErrorKind::InvalidResponse`] when one has no number, or an ETag that is none.
pub(crate) fn parts(body: &[u8]) -> Result<Page<Part>> {
    let page: Parts = decode(body)?;
    let parts = page.parts.unwrap_or_default().into_iter();
    let parts = parts.map(|part| Ok(Part::new(part.part_num, faults::etag(&part.etag)?, part.size)));
    let mut items: Vec<Part> = parts.collect::<Result<_>>()?;
    items.sort_unstable_by_key(|part| part.number);
    Ok(Page {
        items,
        more: page.is_truncated.unwrap_or_default(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Uploads {
    data_set: Option<Vec<ListedUpload>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedUpload {
    upload_id: String,
    file_name: String,
    start_time: Option<Value>,
}

/// The open uploads of one page.
///
/// # Errors
/// [`ErrorKind::InvalidResponse`] when one has no id or key.
pub(crate) fn uploads(body: &[u8]) -> Result<Vec<OpenUpload>> {
    let Uploads { data_set } = decode(body)?;
    let uploads = data_set.unwrap_or_default().into_iter().map(|upload| {
        Ok(OpenUpload {
            key: upload.file_name,
            upload_id: faults::upload_id(upload.upload_id)?,
            initiated: upload.start_time.as_ref().and_then(time).map(datetime::extended),
        })
    });
    uploads.collect()
}

/// A time as seconds since 1970, or written out.
fn time(value: &Value) -> Option<SystemTime> {
    match value {
        Value::Number(seconds) => datetime::from_unix(seconds.as_u64()?),
        other => datetime::parse_rfc3339(other.as_str()?),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Objects {
    #[serde(default, deserialize_with = "envelope::bool_or_string")]
    is_truncated: Option<bool>,
    contents: Option<Vec<Object>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Object {
    key: String,
    #[serde(deserialize_with = "envelope::number_or_string")]
    size: Option<u64>,
    last_modified: Option<Value>,
}

/// The objects of one page, and whether more follow.
///
/// # Errors
/// [`ErrorKind::InvalidResponse`] when one has no key or size.
pub(crate) fn objects(body: &[u8]) -> Result<Page<ListedObject>> {
    let page: Objects = decode(body)?;
    let items = page.contents.unwrap_or_default().into_iter().map(|object| {
        Ok(ListedObject {
            key: object.key,
            size: object.size.ok_or_else(|| faults::lacking("`Size`"))?,
            modified: object.last_modified.as_ref().and_then(time),
        })
    });
    Ok(Page {
        items: items.collect::<Result<_>>()?,
        more: page.is_truncated.unwrap_or_default(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Buckets {
    data_set: Option<Vec<Described>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    bucket_name: Option<String>,
    region: Option<String>,
    r#type: Option<String>,
}

/// What UCloud's API describes of the bucket of this name.
///
/// # Errors
/// [`ErrorKind::NotFound`] when it is not among what is described; [`ErrorKind::InvalidResponse`] for another form.
pub(crate) fn described(body: &[u8], bucket: &str) -> Result<BucketFacts> {
    let Buckets { data_set } = decode(body)?;
    let is_ours = |found: &Described| found.bucket_name.as_deref().is_none_or(|name| name == bucket);
    let Some(found) = data_set.into_iter().flatten().find(is_ours) else {
        return Err(Error::new(ErrorKind::NotFound, "no bucket of that name is listed"));
    };
    Ok(BucketFacts {
        region: found.region,
        public: found.r#type.map(|kind| kind == "public"),
        ..BucketFacts::default()
    })
}
