//! Reads Alibaba Cloud's envelope: one flat JSON object, an error by its `Code`.
//!
//! The body decides, never the HTTP status alone. A gateway in front of the API may answer an error as XML; every other
//! text is no answer. Source: Troubleshoot API errors (40644); alibabacloud_tea_openapi for Python 0.4.6, which also
//! reads names with a lower-case first letter.

use std::time::Duration;

use cloud_import_core::{
    Bytes, Provider, Result,
    http::{HeaderMap, Request, Response},
    provider::{
        CodeRule,
        protocol::{Protocol, Reading, Signing, json_body},
    },
};
use serde_json::{Map, Value};

use crate::{
    generated::ERRORS,
    rpc,
    sign::{SignatureVersion, Signer},
    xml,
};

impl Protocol for Signer {
    fn provider(&self) -> Provider {
        Provider::ALIYUN
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        Self::sign(self, request, signing)
    }

    fn read(&self, answer: &Response<Bytes>) -> Reading {
        match json_body(answer) {
            Ok(Value::Object(body)) => envelope(body, answer),
            Ok(_) => Reading::Unreadable("it is not a JSON object".to_owned()),
            Err(why) => xml_error(answer).unwrap_or(Reading::Unreadable(why)),
        }
    }

    fn codes(&self) -> &'static [CodeRule] {
        ERRORS
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        &["x-acs-request-id"]
    }

    /// The RPC signature, which is a parameter.
    fn secrets_of(&self, request: &Request<Bytes>) -> Vec<String> {
        match self.version {
            SignatureVersion::V3 => Vec::new(),
            SignatureVersion::Rpc => rpc::signatures(request),
        }
    }

    /// `x-acs-retry-after`, in milliseconds; what is not a positive whole number is ignored. Source:
    /// alibabacloud_tea_openapi for Python 0.4.6.
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let milliseconds = headers.get("x-acs-retry-after")?.to_str().ok()?.trim().parse().ok()?;
        (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
    }
}

fn envelope(mut body: Map<String, Value>, answer: &Response<Bytes>) -> Reading {
    let mut take = |names: [&str; 2]| {
        let mut texts = names.into_iter().filter_map(|name| match body.remove(name)? {
            Value::String(text) if !text.is_empty() => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        texts.next()
    };
    let request_id = take(["RequestId", "requestId"]);
    let (code, message) = (take(["Code", "code"]), take(["Message", "message"]));
    if code.is_some() || (!answer.status().is_success() && message.is_some()) {
        let parts = [message, denial(&body)];
        return Reading::Refused {
            code,
            message: parts.into_iter().flatten().collect::<Vec<_>>().join(" "),
            request_id,
        };
    }
    if !answer.status().is_success() {
        return Reading::Unreadable("it is JSON without an error in it".to_owned());
    }
    Reading::Success {
        payload: Value::Object(body),
        request_id,
    }
}

/// What `AccessDeniedDetail` says of a refused permission: the action, and which kind of policy does not allow it in what way. Source:
/// the fields that alibabacloud_tea_openapi for Python 0.4.6 keeps.
fn denial(body: &Map<String, Value>) -> Option<String> {
    let detail = body.get("AccessDeniedDetail")?.as_object()?;
    let parts = [
        ("action", "AuthAction"),
        ("policy", "PolicyType"),
        ("reason", "NoPermissionType"),
    ];
    let told = parts.into_iter().filter_map(|(what, name)| {
        let text = detail.get(name)?.as_str().filter(|text| !text.is_empty())?;
        Some(format!("{what} {text}"))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| format!("({})", told.join(", ")))
}

/// `<Error><RequestId/><HostId/><Code/><Message/></Error>`.
fn xml_error(answer: &Response<Bytes>) -> Option<Reading> {
    let body = std::str::from_utf8(answer.body()).ok()?;
    let elements = xml::children(body, "Error")?;
    let element = |name: &str| {
        let (_, text) = elements.iter().find(|(own, _)| *own == name)?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    Some(Reading::Refused {
        code: Some(element("Code")?),
        message: element("Message").unwrap_or_default(),
        request_id: element("RequestId"),
    })
}
