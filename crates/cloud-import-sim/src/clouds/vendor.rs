//! What the server asks of every cloud, and what the clouds have in common. Speaks no vendor's words.

use std::time::Duration;

use serde_json::Value;

use crate::{
    clock::Now,
    verify::{Algorithm, Refusal, SecretOf, Verified},
    wire::{Answer, WireRequest},
    world::{Config, Import, Stage, World},
};

/// What an operation that was executed answers: status and body, before the vendor's envelope.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) http: u16,
    /// `None` is no body at all.
    pub(crate) body: Option<Value>,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Reply {
            http: 200,
            body: Some(body),
        }
    }
}

/// A refusal, before the vendor's envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) http: u16,
    /// The vendor's code; for JD Cloud its `status`, for UCloud its `RetCode`.
    pub(crate) code: String,
    pub(crate) message: String,
    /// Seconds after which the vendor says to come back.
    pub(crate) retry_after: Option<u32>,
    /// Comes from in front of the API, as a page instead of in the API's form. Only some clouds make the difference.
    pub(crate) page: bool,
}

impl Failure {
    pub(crate) fn new(http: u16, code: &str, message: impl Into<String>) -> Self {
        Failure {
            http,
            code: code.to_owned(),
            message: message.into(),
            retry_after: None,
            page: false,
        }
    }

    pub(crate) fn page(http: u16, code: &str, message: impl Into<String>) -> Self {
        Failure {
            page: true,
            ..Failure::new(http, code, message)
        }
    }
}

/// What an operation ends in.
pub(crate) type Outcome = Result<Reply, Failure>;

/// What the server asks of a cloud.
pub(crate) trait Vendor: Send + Sync {
    /// Whether the host name (lower case, without a port) is one of the cloud's own.
    fn has_host(&self, host: &str) -> bool;

    /// The name of the operation that a request asks for, if the cloud has it.
    fn operation(&self, request: &WireRequest) -> Option<&'static str>;

    /// Checks the signature.
    fn verify(&self, request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal>;

    /// How far a request's time may be off, and what is said beyond that; `None` when requests have no time.
    fn window(&self, algorithm: Algorithm) -> Option<(Duration, Failure)>;

    /// The signature is not good.
    fn refused(&self, refusal: Refusal) -> Failure;

    /// The nonce was used before; `None` where that does not matter.
    fn nonce_used(&self) -> Option<Failure> {
        None
    }

    /// Too many requests.
    fn throttled(&self) -> Failure;

    /// Something broke on the server's side, with this status.
    fn broken(&self, http: u16) -> Failure;

    /// The body is larger than the cloud takes.
    fn too_large(&self) -> Failure;

    /// Executes a request whose signature is good.
    fn execute(&self, world: &mut World, request: &WireRequest, now: &Now) -> Outcome;

    /// Writes an answer in the vendor's form.
    fn render(&self, config: &Config, request: &WireRequest, request_id: &str, outcome: &Outcome) -> Answer;

    /// A new request id.
    fn request_id(&self, world: &mut World) -> String {
        world.uuid()
    }

    /// The state that an image shows at this stage.
    fn image_state(&self, import: &Import, stage: Stage) -> &'static str;
}

/// One page of a list: `number` counts from 1.
pub(crate) fn page<T>(list: Vec<T>, number: i64, size: i64) -> Vec<T> {
    let size = usize::try_from(size).unwrap_or(0);
    let number = usize::try_from(number.max(1)).unwrap_or(1);
    let skip = (number - 1).saturating_mul(size);
    list.into_iter().skip(skip).take(size).collect()
}

/// How many characters a text has.
pub(crate) fn length(text: &str) -> usize {
    text.chars().count()
}

/// A JSON answer with the usual content type.
pub(crate) fn json_answer(status: u16, content_type: &str, body: &Value) -> Answer {
    Answer::new(status, content_type, body.to_string())
}

/// A gateway's own page, where a vendor's API form does not reach.
pub(crate) fn gateway_page(http: u16) -> Answer {
    let page = format!("<html><head><title>{http}</title></head><body><h1>{http}</h1></body></html>");
    Answer::new(http, "text/html", page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_cut_out_of_a_list() {
        let list = || (0..5).collect::<Vec<_>>();
        assert_eq!(page(list(), 1, 2), [0, 1]);
        assert_eq!(page(list(), 3, 2), [4]);
        assert_eq!(page(list(), 0, 2), [0, 1]);
        assert!(page(list(), 9, 2).is_empty());
        assert!(page(list(), 1, -1).is_empty());
        assert!(page(list(), i64::MAX, i64::MAX).is_empty());
    }
}
