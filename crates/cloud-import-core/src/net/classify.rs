//! What an answer means: success, a refusal of some kind, or none that can be read.

use std::time::SystemTime;

use http::{HeaderMap, Response, StatusCode, header};

use super::protocol::{Answer, Protocol, Reading};
use crate::{
    Bytes, Error, ErrorKind, Result,
    model::code::{CodeRule, Meaning},
    net::transport::TransportError,
    text::{datetime, redact},
    wire::Operation,
};

/// What an answer is. `secrets` are taken out of what it says; `now` is for a `Retry-After` that names an instant.
pub(super) fn classify<'a, S: Iterator<Item = &'a str>>(
    protocol: &dyn Protocol,
    operation: &Operation,
    answer: &Response<Bytes>,
    now: SystemTime,
    secrets: impl Fn() -> S,
) -> Result<Answer> {
    let status = answer.status();
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let server_date = header(header::DATE).and_then(datetime::parse_http_date);
    let retry_after = header(header::RETRY_AFTER)
        .and_then(|value| datetime::retry_after(value, now))
        .max(protocol.retry_after(answer.headers()));
    let id = |told: Option<String>| {
        let id = header_request_id(protocol, answer.headers()).or(told)?;
        redact::request_id(&id, secrets())
    };
    let good = |payload, told| Answer {
        payload,
        request_id: id(told),
        http: answer.clone(),
        provider: protocol.provider(),
        operation: operation.name,
        attempts: 1,
    };
    let finish = |error: Error, told| {
        Err(error
            .with_http_status(status.as_u16())
            .with_request_id(id(told))
            .with_retry_after(retry_after)
            .with_server_date(server_date))
    };
    match protocol.read(answer) {
        Reading::Success { payload, request_id } => Ok(good(payload, request_id)),
        Reading::Refused {
            code,
            message,
            request_id,
        } => {
            let rule = code.as_deref().and_then(|code| CodeRule::find(protocol.codes(), code));
            if rule.is_some_and(|rule| rule.meaning == Meaning::DryRunPassed) {
                return Ok(good(serde_json::json!({ "dry_run": true }), request_id));
            }
            let reason = Reason::of(redact::vendor_text(&message, secrets()));
            let error = match rule.and_then(|rule| Some((rule.kind()?, rule))) {
                Some((ErrorKind::Service, rule)) if is_telling(status) => {
                    by_status(status, reason).with_remedy(rule.remedy)
                }
                Some((kind, rule)) => Error::new(kind, reason.message())
                    .with_may_have_executed(rule.may_have_executed)
                    .with_documented_pause(rule.pause)
                    .with_remedy(rule.remedy),
                // A code that no rule covers is a refusal all the same, unless the cloud says that it failed itself.
                None if code.is_some() => by_status(status, reason).with_may_have_executed(status.is_server_error()),
                None => by_status(status, reason),
            };
            let error = match code {
                Some(code) => error.with_code(redact::vendor_text(&code, secrets())),
                None => error,
            };
            finish(error, request_id)
        }
        Reading::Unreadable(why) if status.is_success() => {
            let error = Error::new(ErrorKind::InvalidResponse, format!("the answer cannot be read: {why}"))
                .with_remedy(NOT_THE_CLOUD);
            finish(error, None)
        }
        Reading::Unreadable(why) => {
            let message = format!("the cloud answered with an error that cannot be read: {why}");
            let error = by_status(status, Reason::Unread(message));
            let error = match answer.body().is_empty() {
                true => error,
                false => by_a_stranger(error),
            };
            finish(error, None)
        }
    }
}

const NOT_THE_CLOUD: &str = "Check that the endpoint is the cloud's API and that no proxy answers in its place.";

/// An error with a text that is not of the vendor's form, such as a gateway's page: it tells nothing of the cloud's keys,
/// permissions and images. Who answers so has not passed the request on, unless the server failed.
fn by_a_stranger(error: Error) -> Error {
    let error = match error.kind() {
        ErrorKind::Credentials | ErrorKind::PermissionDenied | ErrorKind::NotFound => error
            .with_kind(ErrorKind::InvalidResponse)
            .with_may_have_executed(false),
        _ => error,
    };
    error.with_remedy(NOT_THE_CLOUD)
}

/// A transport's failure, with what is known of the answer whose body is missing.
pub(super) fn lost<'a>(
    protocol: &dyn Protocol,
    mut failure: TransportError,
    secrets: impl IntoIterator<Item = &'a str>,
) -> Error {
    let head = failure.answered.take();
    let error = Error::from(failure);
    match head {
        Some(head) => error.with_http_status(head.status().as_u16()).with_request_id(
            header_request_id(protocol, head.headers()).and_then(|id| redact::request_id(&id, secrets)),
        ),
        None => error,
    }
}

/// Whether a status says what happened where the vendor's code only says that something did.
fn is_telling(status: StatusCode) -> bool {
    matches!(status.as_u16(), 404 | 429 | 500..=599)
}

/// Why a request was refused, as far as the answer tells.
enum Reason {
    /// In the cloud's words.
    Told(String),
    /// In words that cannot be read; ours for that.
    Unread(String),
    /// Not at all.
    None,
}

impl Reason {
    fn of(message: String) -> Self {
        match message.trim().is_empty() {
            true => Self::None,
            false => Self::Told(message),
        }
    }

    fn message(self) -> String {
        match self {
            Self::Told(message) | Self::Unread(message) => message,
            Self::None => "the cloud gave no reason".to_owned(),
        }
    }

    /// What to do about a request that is wrong in some way: only a message of the cloud's names it.
    fn correction(&self) -> &'static str {
        match self {
            Self::Told(_) => "Correct what the message names.",
            Self::Unread(_) | Self::None => {
                "Check the names and places in the order, and that no proxy answers in the cloud's place."
            }
        }
    }
}

/// What an HTTP status means where the vendor's code is not known.
fn by_status(status: StatusCode, reason: Reason) -> Error {
    let (kind, remedy) = match status.as_u16() {
        400 | 405 | 411 | 413 | 414 | 415 | 422 => (ErrorKind::InvalidRequest, reason.correction()),
        401 => (ErrorKind::Credentials, "Check the keys and this machine's clock."),
        403 => (ErrorKind::PermissionDenied, "Grant the permission for this operation."),
        404 => (ErrorKind::NotFound, "Check id, region and project."),
        409 => (ErrorKind::Conflict, "Wait until nothing else works on it."),
        429 => (ErrorKind::RateLimited, "Send fewer requests."),
        500..=599 => (ErrorKind::Unavailable, "Try again later."),
        _ => (ErrorKind::Service, "Look the code up in the vendor's documents."),
    };
    Error::new(kind, reason.message()).with_remedy(remedy)
}

/// The request id from the vendor's headers.
fn header_request_id(protocol: &dyn Protocol, headers: &HeaderMap) -> Option<String> {
    let mut values = protocol
        .request_id_headers()
        .iter()
        .filter_map(|name| headers.get(*name));
    let id = values.find_map(|value| value.to_str().ok().filter(|id| !id.trim().is_empty()))?;
    Some(id.trim().to_owned())
}
