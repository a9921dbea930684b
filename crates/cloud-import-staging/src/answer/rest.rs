//! Reads the answers of the four stores that speak XML: what went well, what was refused, what is none of theirs. They differ in
//! the names of their headers.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cloud_import_core::{
    Bytes,
    http::{HeaderMap, Response, StatusCode},
    provider::protocol::Reading,
};
use serde::Deserialize;
use serde_json::Value;

use super::{faults, headers, xml};
use crate::{generated::xml::CODES, spec::StoreSpec};

/// What an answer says.
pub(crate) fn read(answer: &Response<Bytes>, spec: &StoreSpec) -> Reading {
    let (status, body) = (answer.status(), answer.body());
    // Some bytes of an object, whatever they are.
    if status == StatusCode::PARTIAL_CONTENT {
        return success();
    }
    let refusal = Refusal {
        status,
        headers: answer.headers(),
        spec,
    };
    if body.is_empty() && !status.is_success() {
        return refusal.without_body();
    }
    let root = if body.is_empty() {
        Ok(String::new())
    } else {
        xml::root(body)
    };
    match root {
        Ok(root) if root == "Error" => refusal.of(body),
        Ok(root) if status.is_success() && !root.eq_ignore_ascii_case("html") => success(),
        Ok(_) => Reading::Unreadable("it is XML of another kind than the store's".to_owned()),
        Err(why) => Reading::Unreadable(why),
    }
}

fn success() -> Reading {
    Reading::Success {
        payload: Value::Null,
        request_id: None,
    }
}

/// The document of an error. What was signed stands in it, too, and is left out.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorDocument {
    code: Option<String>,
    /// Alibaba's finer code.
    #[serde(rename = "EC")]
    finer: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    region: Option<String>,
    endpoint: Option<String>,
}

struct Refusal<'a> {
    status: StatusCode,
    headers: &'a HeaderMap,
    spec: &'a StoreSpec,
}

/// The code that S3 documents for a bucket that is reached elsewhere.
const ELSEWHERE: &str = "PermanentRedirect";

impl Refusal<'_> {
    fn of(&self, document: &[u8]) -> Reading {
        let Ok(error) = xml::decode::<ErrorDocument>(document) else {
            return Reading::Unreadable("it is an error of another form than the store's".to_owned());
        };
        // A finer code beside the common one counts where the table knows it.
        let finer = error.finer.filter(|finer| CODES.iter().any(|rule| rule.code == *finer));
        let code = match finer.or(error.code).filter(|code| !code.is_empty()) {
            // Alibaba's code for it is that of every refusal of access.
            Some(code) if error.endpoint.is_some() && code == "AccessDenied" => Some(ELSEWHERE.to_owned()),
            code => code,
        };
        let place = error.region.map(|name| self.spec.own_region(&name).to_owned());
        let place = place.or_else(|| {
            let host = error.endpoint?;
            Some(self.spec.region_of_host(&host).map_or(host.clone(), str::to_owned))
        });
        self.told(
            code,
            error.message.unwrap_or_default(),
            place.as_deref(),
            error.request_id,
        )
    }

    /// An answer to HEAD has no body even when it is an error.
    fn without_body(&self) -> Reading {
        let names = &self.spec.headers;
        let document = headers::text(self.headers, names.error_document);
        if let Some(document) = document.and_then(|text| STANDARD.decode(text).ok())
            && xml::root(&document).is_ok_and(|root| root == "Error")
        {
            return self.of(&document);
        }
        let message = match self.status.as_u16() {
            301 | 302 | 307 | 308 => "the bucket is reached elsewhere",
            403 => "the store refuses access and gives no reason",
            404 => "nothing of that name exists",
            _ => "",
        };
        // A redirect without a body has no code: it gets the one that S3 documents for it.
        let code = headers::text(self.headers, names.error_code).or(match self.status.as_u16() {
            301 | 308 => Some(ELSEWHERE),
            302 | 307 => Some("TemporaryRedirect"),
            _ => None,
        });
        self.told(code.map(str::to_owned), message.to_owned(), None, None)
    }

    fn told(&self, code: Option<String>, message: String, place: Option<&str>, request_id: Option<String>) -> Reading {
        let place = place.or_else(|| headers::text(self.headers, self.spec.headers.region));
        Reading::Refused {
            code: faults::told(code, self.status, CODES),
            message: message + &where_it_is(place),
            request_id,
        }
    }
}

/// Where a bucket is, in words; nothing when the text is no name of a region or host.
fn where_it_is(name: Option<&str>) -> String {
    let is_name = |name: &&str| {
        name.len() <= 120
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    };
    match name.filter(is_name) {
        Some(host) if host.contains('.') => format!(" (it is reached at {host})"),
        Some(region) => format!(" (it is in the region {region})"),
        None => String::new(),
    }
}
