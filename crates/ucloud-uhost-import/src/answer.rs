//! Reads UCloud's envelope: `{"RetCode", "Action", "Message", …}`, with HTTP 200 also for errors.
//!
//! The code decides, never the HTTP status: 0 is success. It may come as a number or as its text. Source: UCloud API
//! documentation, summary/public (2026-08); ucloud-sdk-go 0.22.98.

use cloud_import_core::{
    Bytes, Provider, Result,
    http::{Request, Response},
    provider::{
        CodeRule,
        protocol::{Protocol, Reading, Signing, json_body},
    },
};
use serde_json::{Map, Value};

use crate::{
    generated::ERRORS,
    sign::{SIGNATURE, Signer, form},
};

impl Protocol for Signer {
    fn provider(&self) -> Provider {
        Provider::UCLOUD
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
        &["x-ucloud-request-uuid"]
    }

    /// The signature, and the query of a signed link: both are in the body.
    fn secrets_of(&self, request: &Request<Bytes>) -> Vec<String> {
        form(request)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(name, value)| match name.as_ref() {
                SIGNATURE => Some(value.into_owned()),
                "UFileUrl" => value.split_once('?').map(|(_, query)| query.to_owned()),
                _ => None,
            })
            .collect()
    }
}

fn envelope(mut body: Map<String, Value>, answer: &Response<Bytes>) -> Reading {
    let code = match body.remove("RetCode") {
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    match code {
        Some(0) if answer.status().is_success() => {
            body.remove("Action");
            Reading::Success {
                payload: Value::Object(body),
                request_id: None,
            }
        }
        Some(0) => Reading::Unreadable("it is JSON without an error in it".to_owned()),
        Some(code) => Reading::Refused {
            code: Some(code.to_string()),
            message: body
                .get("Message")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            request_id: None,
        },
        None => Reading::Unreadable("it has no RetCode".to_owned()),
    }
}
