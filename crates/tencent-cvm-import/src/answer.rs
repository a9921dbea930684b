//! Reads Tencent Cloud's envelope: `{"Response": {…, "RequestId"}}`, with `"Error": {"Code", "Message"}` in it when refused.
//!
//! The body decides: errors usually come with HTTP 200. Source: Tencent Cloud documentation, Common error codes (read 2026);
//! tencentcloud-sdk-python-common 3.1.195.

use cloud_import_core::{
    Bytes, Provider, Result,
    http::{Request, Response},
    provider::{
        CodeRule,
        encode::percent_decode,
        protocol::{Protocol, Reading, Signing, json_body},
    },
};
use serde_json::{Map, Value};

use crate::{
    generated::ERRORS,
    sign::Signer,
    v1::{self, SIGNATURE},
};

/// A value in a link's query of at least so many bytes may be a signature or a token.
const SHORTEST_SECRET: usize = 20;

impl Protocol for Signer {
    fn provider(&self) -> Provider {
        Provider::TENCENT
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        Self::sign(self, request, signing)
    }

    fn read(&self, answer: &Response<Bytes>) -> Reading {
        let mut body = match json_body(answer) {
            Ok(Value::Object(body)) => body,
            Ok(_) => return Reading::Unreadable("it is not a JSON object".to_owned()),
            Err(why) => return Reading::Unreadable(why),
        };
        match body.remove("Response") {
            Some(Value::Object(response)) => envelope(response, answer),
            _ => Reading::Unreadable("it is JSON without an object `Response`".to_owned()),
        }
    }

    fn codes(&self) -> &'static [CodeRule] {
        ERRORS
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        &["x-tc-requestid"]
    }

    /// A signature that is a parameter, and what is secret in the links of a query: the core looks for links in bodies.
    fn secrets_of(&self, request: &Request<Bytes>) -> Vec<String> {
        let mut secrets = Vec::new();
        for (name, value) in v1::parameters(request).unwrap_or_default() {
            if name == SIGNATURE {
                secrets.push(value);
            } else {
                add_of_link(&value, &mut secrets);
            }
        }
        secrets
    }
}

/// A link's query, and the longer values in it as they are and decoded.
fn add_of_link(text: &str, secrets: &mut Vec<String>) {
    let Some((_, query)) = text.split_once('?').filter(|(link, _)| link.contains("://")) else {
        return;
    };
    secrets.push(query.to_owned());
    let values = query.split('&').filter_map(|pair| pair.split_once('='));
    for (_, value) in values.filter(|(_, value)| value.len() >= SHORTEST_SECRET) {
        secrets.extend([value.to_owned(), percent_decode(value)]);
    }
}

fn envelope(response: Map<String, Value>, answer: &Response<Bytes>) -> Reading {
    let request_id = text(&response, "RequestId");
    match response.get("Error") {
        None | Some(Value::Null) if answer.status().is_success() => Reading::Success {
            payload: Value::Object(response),
            request_id,
        },
        None | Some(Value::Null) => Reading::Unreadable("it is JSON without an error in it".to_owned()),
        Some(Value::Object(error)) => Reading::Refused {
            code: text(error, "Code"),
            message: text(error, "Message").unwrap_or_default(),
            request_id,
        },
        Some(_) => Reading::Unreadable("its error is not an object".to_owned()),
    }
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    let text = object.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}
