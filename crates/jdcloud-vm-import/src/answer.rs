//! Reads JD Cloud's envelope: `{"requestId", "result"}` or `{"requestId", "error": {"code", "status", "message"}}`.
//!
//! The body decides, never the HTTP status alone. Source: jdcloud-sdk-go core 1.1.5 (2024-11); documentation,
//! API/Common-Declaration (2021).

use cloud_import_core::{
    Bytes, Provider, Result,
    http::{Request, Response},
    provider::{
        CodeRule,
        protocol::{Protocol, Reading, Signing, json_body},
    },
};
use serde_json::{Map, Value};

use crate::{generated::ERRORS, sign::Signer};

impl Protocol for Signer {
    fn provider(&self) -> Provider {
        Provider::JDCLOUD
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        Self::sign(self, request, signing)
    }

    fn read(&self, answer: &Response<Bytes>) -> Reading {
        match json_body(answer) {
            Ok(Value::Object(body)) => envelope(body, answer),
            Ok(_) => Reading::Unreadable("it is not a JSON object".to_owned()),
            Err(why) => Reading::Unreadable(why),
        }
    }

    fn codes(&self) -> &'static [CodeRule] {
        ERRORS
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        &["x-jdcloud-request-id"]
    }
}

fn envelope(mut body: Map<String, Value>, answer: &Response<Bytes>) -> Reading {
    let request_id = match body.remove("requestId") {
        Some(Value::String(id)) if !id.is_empty() => Some(id),
        _ => None,
    };
    if let Some(Value::Object(error)) = body.get("error") {
        let text = |name| match error.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        // The number as the code where there is no word. Neither means no error.
        let code = text("status").or_else(|| text("code")).filter(|code| code != "0");
        if code.is_some() {
            return Reading::Refused {
                code,
                message: text("message").unwrap_or_default(),
                request_id,
            };
        }
    }
    if !answer.status().is_success() {
        return Reading::Unreadable("it is JSON without an error in it".to_owned());
    }
    // One documentation page of 2021 shows the result without its wrapper.
    let payload = match body.remove("result") {
        Some(Value::Null) | None => Value::Object(body),
        Some(result) => result,
    };
    Reading::Success { payload, request_id }
}
