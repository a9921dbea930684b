//! Reads what Huawei Cloud answers: on success the object or list itself without an envelope, or 204 with nothing; errors
//! in the forms of IMS, of the services behind it, of the API gateway and of IAM.
//!
//! The body decides, never the HTTP status alone. A job that failed is no error: it answers 200 and tells its own code.
//! Source: IMS API reference (2022-12), API signing guide, IAM API reference; huaweicloudsdkcore for Python 3.1.219, whose
//! order of looking for an error this is.

use cloud_import_core::{
    Bytes, Provider, Result,
    http::{Request, Response, StatusCode},
    provider::{
        CodeRule,
        protocol::{Protocol, Reading, Signing, json_body},
    },
};
use serde_json::{Map, Value};

use crate::{generated::ERRORS, sign::Signer};

/// How code and message are called together.
const NAMES: [(&str, &str); 3] = [
    ("error_code", "error_msg"),
    ("errorCode", "errorMsg"),
    ("code", "message"),
];

impl Protocol for Signer {
    fn provider(&self) -> Provider {
        Provider::HUAWEI
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        Self::sign(self, request, signing)
    }

    fn read(&self, answer: &Response<Bytes>) -> Reading {
        if answer.status() == StatusCode::NO_CONTENT && answer.body().is_empty() {
            return Reading::Success {
                payload: Value::Object(Map::new()),
                request_id: None,
            };
        }
        match json_body(answer) {
            Ok(Value::Object(body)) => object(body, answer.status()),
            // Only `ListOsVersions` answers so. A call that wants an object refuses a list when it is decoded.
            Ok(list @ Value::Array(_)) if answer.status().is_success() => Reading::Success {
                payload: list,
                request_id: None,
            },
            Ok(_) => Reading::Unreadable("it is not a JSON object".to_owned()),
            Err(why) => Reading::Unreadable(why),
        }
    }

    fn codes(&self) -> &'static [CodeRule] {
        ERRORS
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        &["x-request-id"]
    }
}

fn object(body: Map<String, Value>, status: StatusCode) -> Reading {
    let request_id = text(&body, "request_id");
    let error = if status.is_success() {
        error_in_success(&body)
    } else {
        error_at(&body).or_else(|| body.values().filter_map(Value::as_object).find_map(error_at))
    };
    match error {
        Some((code, message)) => Reading::Refused {
            // The vendor's own SDK takes the status for the code where there is none.
            code: code.or_else(|| Some(status.as_str().to_owned())),
            message: message.unwrap_or_default(),
            request_id,
        },
        None if status.is_success() => Reading::Success {
            payload: Value::Object(body),
            request_id,
        },
        None => Reading::Unreadable("it is JSON without an error in it".to_owned()),
    }
}

type CodeAndMessage = (Option<String>, Option<String>);

/// Code and message of an object, if it has either.
fn error_at(object: &Map<String, Value>) -> Option<CodeAndMessage> {
    NAMES
        .iter()
        .map(|(code, message)| (text(object, code), text(object, message)))
        .find(|(code, message)| code.is_some() || message.is_some())
}

/// An error under a status of success: inside `error`, or code and message together at the top. A job is never taken for
/// one: it has a code of its own when it failed.
fn error_in_success(body: &Map<String, Value>) -> Option<CodeAndMessage> {
    if let Some(error) = body.get("error").and_then(Value::as_object) {
        return error_at(error);
    }
    if body.contains_key("job_id") {
        return None;
    }
    error_at(body).filter(|(code, message)| code.is_some() && message.is_some())
}

/// A text that is not empty; IAM writes its code as a number.
fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
