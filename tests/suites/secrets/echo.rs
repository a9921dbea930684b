//! Clouds that send back what they were sent: worse than any real one, to be on the safe side.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

/// Stands in an answer where the whole request is to stand.
pub(crate) const HERE: &str = "@@THE WHOLE REQUEST@@";

/// Everything of a request in one text, as it was sent.
fn dump(request: &Request<Bytes>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    text.push_str(&String::from_utf8_lossy(request.body()));
    // What is quoted in a message is not escaped twice by real vendors, either.
    text.replace("\\/", "/")
}

fn in_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Puts the request where [`HERE`] is.
pub(crate) fn fill_in(request: &Request<Bytes>, answer: Response<Bytes>) -> Response<Bytes> {
    answer.map(|body| {
        let text = String::from_utf8_lossy(&body);
        if text.contains(HERE) {
            Bytes::from(text.replace(HERE, &in_json(&dump(request))))
        } else {
            body
        }
    })
}

/// Puts the signature of the request, and the request behind it, where an answer tells the request's id.
pub(crate) fn as_request_id(request: &Request<Bytes>, mut answer: Response<Bytes>) -> Response<Bytes> {
    let text = dump(request);
    let signature = signature_in(&text);
    let ids = answer.headers().keys().filter(|name| name.as_str().contains("request"));
    for name in ids.cloned().collect::<Vec<_>>() {
        answer.headers_mut().insert(name, signature.parse().unwrap());
    }
    let text = format!("{signature} {text}");
    answer.map(|body| match serde_json::from_slice::<Value>(&body) {
        Ok(mut json) => {
            replace_ids(&mut json, &text);
            Bytes::from(json.to_string())
        }
        Err(_) => body,
    })
}

/// What follows the last `Signature=` of a request, however it is written; nothing in one that has none.
fn signature_in(text: &str) -> &str {
    let (_, rest) = text.rsplit_once("ignature=").unwrap_or_default();
    let end = rest
        .find(|c: char| !c.is_ascii_graphic() || matches!(c, '&' | ',' | '"'))
        .unwrap_or(rest.len());
    &rest[..end]
}

fn replace_ids(json: &mut Value, text: &str) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(|item| replace_ids(item, text)),
        Value::Object(members) => {
            for (name, value) in members {
                match name.to_ascii_lowercase().replace('_', "").as_str() {
                    "requestid" | "requestuuid" => *value = Value::from(text),
                    _ => replace_ids(value, text),
                }
            }
        }
        _ => {}
    }
}

/// Answers every request with itself, which is no answer of any vendor's form.
pub(crate) fn mirror(request: &Request<Bytes>, answer: Response<Bytes>) -> Response<Bytes> {
    answer.map(|_| Bytes::from(dump(request)))
}

/// Puts the request in the place of every list and of every object below the envelope: a form that nobody documents.
pub(crate) fn misshape(request: &Request<Bytes>, answer: Response<Bytes>) -> Response<Bytes> {
    let text = dump(request);
    answer.map(|body| match serde_json::from_slice::<Value>(&body) {
        Ok(mut json) => {
            replace_lists(&mut json, &text);
            Bytes::from(json.to_string())
        }
        Err(_) => body,
    })
}

fn replace_lists(json: &mut Value, text: &str) {
    match json {
        Value::Array(_) => *json = Value::from(text),
        Value::Object(members) => {
            for (name, value) in members {
                if value.is_number() && !matches!(name.as_str(), "RetCode" | "code") || name == "entities" {
                    *value = Value::from(text);
                }
                replace_lists(value, text);
            }
        }
        _ => {}
    }
}
