//! Reads the answers of US3: JSON with a `RetCode`, its text and nothing secret, or no body at all.

use cloud_import_core::{
    Bytes, CodeRule,
    http::Response,
    pipeline::{Reading, json_body},
};
use serde_json::{Map, Value};

use super::{HEADER, header_text, kept, text, told};

/// The id of the request: US3's own calls, and its bucket calls at the API's endpoint.
const REQUEST_ID: [&str; 2] = ["x-sessionid", "x-ucloud-request-uuid"];

/// What an answer says.
pub(crate) fn read(answer: &Response<Bytes>, codes: &[CodeRule]) -> Reading {
    let (status, headers) = (answer.status(), answer.headers());
    let request_id = REQUEST_ID.iter().find_map(|name| header_text(headers, name));
    let request_id = request_id.map(str::to_owned);
    let mut members = if answer.body().is_empty() {
        Map::new()
    } else {
        match json_body(answer) {
            Ok(Value::Object(members)) => members,
            // A PUT may be answered with a line of text; what counts stands in its headers.
            Err(_) if status.is_success() && answer.headers().contains_key("etag") => Map::new(),
            Ok(_) => return Reading::Unreadable("it is not a JSON object".to_owned()),
            Err(why) => return Reading::Unreadable(why),
        }
    };
    let code = members.get("RetCode").and_then(Value::as_i64).filter(|code| *code != 0);
    if code.is_some() || !status.is_success() {
        let members = Value::Object(members);
        let message = text(&members, "ErrMsg").or_else(|| text(&members, "Message"));
        return Reading::Refused {
            code: told(code.map(|code| code.to_string()), status, codes),
            message: match message {
                Some(message) => message.to_owned(),
                None if status.as_u16() == 404 => "there is nothing of that name".to_owned(),
                None => String::new(),
            },
            request_id,
        };
    }
    let kept = kept(headers, [("etag", "etag"), ("content-length", "content-length")]);
    members.insert(HEADER.to_owned(), kept);
    Reading::Success {
        payload: Value::Object(members),
        request_id,
    }
}
