//! Sign, send, classify, retry: the one loop around every request of every cloud.
//!
//! What a cloud does in it is a [`Protocol`], which does no I/O. A request is signed anew for each attempt.

use std::{
    fmt::Debug,
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, Request, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::{Instrument as _, Span, debug, debug_span, field::Empty};

use crate::{
    Bytes, Credentials, Error, ErrorKind, Gate, Provider, Result,
    credentials::CredentialSource,
    model::code::CodeRule,
    model::code::Meaning,
    net::ambient::Ambient,
    net::clock_offset::ClockOffset,
    net::retry::{self, RetryPolicy},
    net::transport::{Transport, TransportError},
    text::datetime,
    text::redact,
    wire::Operation,
};

/// What a signature needs beside the request. The instant's parts of a second are cut off by those who write it.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// Who signs.
    pub credentials: &'a Credentials,
    /// The time of this attempt.
    pub instant: SystemTime,
    /// The nonce of this attempt.
    pub nonce: &'a str,
    /// Names of the headers to sign, lower case and sorted; `None` for those that the vendor asks for.
    pub signed_headers: Option<&'a [&'a str]>,
}

/// One cloud's part of the pipeline. Pure: no clock, no I/O, no retry.
pub trait Protocol: Debug + Send + Sync {
    /// The cloud.
    fn provider(&self) -> Provider;

    /// Puts date, nonce, token and signature into a request. On an error the request is not to be sent.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when these credentials cannot sign for this cloud.
    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()>;

    /// Reads the vendor's envelope.
    fn read(&self, answer: &Response<Bytes>) -> Reading;

    /// What the vendor's error codes mean.
    fn codes(&self) -> &'static [CodeRule];

    /// Secrets that a signed request carries elsewhere than in its `Authorization` header, such as a signature in the
    /// body: the vendor may echo them, and no message may show them.
    fn secrets_of(&self, _: &Request<Bytes>) -> Vec<String> {
        Vec::new()
    }

    /// How long a header of the vendor's own asks to wait. `Retry-After` is read for every cloud.
    fn retry_after(&self, _: &HeaderMap) -> Option<Duration> {
        None
    }
}

/// What the vendor's envelope says.
#[derive(Debug)]
pub enum Reading {
    /// It worked; the value is what is below the envelope.
    Success {
        /// The fields of the answer.
        payload: Value,
        /// The vendor's request id.
        request_id: Option<String>,
    },
    /// The vendor refused or failed.
    Refused {
        /// Its code.
        code: Option<String>,
        /// Its text, unredacted.
        message: String,
        /// Its request id.
        request_id: Option<String>,
    },
    /// It is not of the vendor's form; the text says in what way.
    Unreadable(String),
}

/// A good answer.
#[derive(Debug)]
pub struct Answer {
    /// The fields below the envelope.
    pub payload: Value,
    /// The vendor's request id.
    pub request_id: Option<String>,
    /// The whole answer, for what stands in its headers or in a body that is no JSON.
    pub http: Response<Bytes>,
    provider: Provider,
    operation: &'static str,
    attempts: u32,
}

impl Answer {
    /// The payload as a type.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidResponse`] when it does not fit: the call was executed, but what came back is not known.
    pub fn decode<T: DeserializeOwned>(self) -> Result<T> {
        serde_json::from_value(self.payload).map_err(|error| {
            Error::new(
                ErrorKind::InvalidResponse,
                format!("the answer is not of the documented form{}", expected(&error)),
            )
            .with_provider(self.provider)
            .with_operation(self.operation)
            .with_http_status(self.http.status().as_u16())
            .with_request_id(self.request_id)
            .with_attempts(self.attempts)
        })
    }
}

/// Sends signed requests for one client.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Who signs.
    pub credentials: Arc<dyn CredentialSource>,
    /// Where requests go.
    pub transport: Arc<dyn Transport>,
    /// Clock and randomness.
    pub ambient: Arc<dyn Ambient>,
    /// Bounds of the retry loop.
    pub retry: RetryPolicy,
    /// How far the cloud's clock is from this machine's, once a refusal told.
    pub clock_offset: ClockOffset,
    /// How much is under way at a time, together with whoever shares it.
    pub gate: Gate,
}

impl Pipeline {
    /// Sends an unsigned request until there is an answer or no sense in going on.
    ///
    /// `repeatable` says whether it may be executed twice. The error of the last attempt is returned;
    /// [`Error::may_have_executed`] then speaks for all attempts together.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn send(
        &self,
        protocol: &dyn Protocol,
        operation: &Operation,
        repeatable: bool,
        request: Request<Bytes>,
    ) -> Result<Answer> {
        let started = self.ambient.monotonic();
        let mut executed = false;
        let mut attempts = 0;
        let mut clock_is_set = false;
        loop {
            attempts += 1;
            let instant = self.clock_offset.applied(self.ambient.now());
            let span = debug_span!(
                "request",
                provider = protocol.provider().id(),
                operation = operation.name,
                attempt = attempts,
                request_id = Empty,
            );
            let place = self.gate.pass(&*self.ambient).await;
            let error = match self
                .attempt(protocol, operation, &request, instant)
                .instrument(span)
                .await
            {
                Ok(answer) => return Ok(Answer { attempts, ..answer }),
                Err(error) => error
                    .with_provider(protocol.provider())
                    .with_operation(operation.name)
                    .with_attempts(attempts),
            };
            drop(place);
            executed |= error.may_have_executed();
            // A date that was refused is tried once more by the cloud's own clock. A refusal executed nothing.
            if !clock_is_set && self.clock_offset.learn(&error, instant, self.ambient.now()) {
                debug!(
                    provider = protocol.provider().id(),
                    "this machine's clock is off: signing by the cloud's"
                );
                clock_is_set = true;
                continue;
            }
            let elapsed = self.ambient.monotonic().saturating_sub(started);
            let random = self.ambient.random().map_or(1.0, |bytes| f64::from(bytes[0]) / 255.0);
            let Some(delay) = retry::decide(&self.retry, &error, repeatable, attempts, elapsed, random) else {
                return Err(error.with_may_have_executed(executed));
            };
            debug!(
                provider = protocol.provider().id(),
                operation = operation.name,
                kind = error.kind().as_str(),
                delay_ms = delay.as_millis(),
                "sending again"
            );
            if error.kind() == ErrorKind::RateLimited {
                self.gate.close(&*self.ambient, delay);
            }
            self.ambient.sleep(delay).await;
        }
    }

    async fn attempt(
        &self,
        protocol: &dyn Protocol,
        operation: &Operation,
        request: &Request<Bytes>,
        instant: SystemTime,
    ) -> Result<Answer> {
        let credentials = self.credentials.credentials().await?;
        let nonce = self.ambient.nonce()?;
        let signing = Signing {
            credentials: &credentials,
            instant,
            nonce: &nonce,
            signed_headers: None,
        };
        let mut signed = request.clone();
        protocol.sign(&mut signed, &signing)?;
        let mut sent = protocol.secrets_of(&signed);
        sent.extend(signature_of(signed.headers()));
        // A part of a file holds no link of ours, and is large.
        if !is_octets(signed.headers()) {
            sent.extend(redact::secrets_of_links(signed.body()));
        }
        sent.extend(redact::secrets_of_links(
            signed.uri().query().unwrap_or_default().as_bytes(),
        ));
        let answer = self.transport.send(signed).await.map_err(lost)?;
        let secrets = || credentials.secrets().chain(sent.iter().map(String::as_str));
        let outcome = self.classify(protocol, operation, &answer, secrets);
        match &outcome {
            Ok(answer) => {
                Span::current().record("request_id", answer.request_id.as_deref());
                debug!(status = answer.http.status().as_u16(), "answered");
            }
            Err(error) => {
                Span::current().record("request_id", error.request_id());
                debug!(
                    status = error.http_status(),
                    kind = error.kind().as_str(),
                    code = error.code(),
                    "refused"
                );
            }
        }
        outcome
    }

    fn classify<'a, S: Iterator<Item = &'a str>>(
        &self,
        protocol: &dyn Protocol,
        operation: &Operation,
        answer: &Response<Bytes>,
        secrets: impl Fn() -> S,
    ) -> Result<Answer> {
        let status = answer.status();
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let server_date = header(header::DATE).and_then(datetime::parse_http_date);
        let retry_after = header(header::RETRY_AFTER)
            .and_then(|value| datetime::retry_after(value, self.ambient.now()))
            .max(protocol.retry_after(answer.headers()));
        let finish = |error: Error, request_id| {
            Err(error
                .with_http_status(status.as_u16())
                .with_request_id(request_id)
                .with_retry_after(retry_after)
                .with_server_date(server_date))
        };
        match protocol.read(answer) {
            Reading::Success { payload, request_id } => Ok(Answer {
                payload,
                request_id,
                http: answer.clone(),
                provider: protocol.provider(),
                operation: operation.name,
                attempts: 1,
            }),
            Reading::Refused {
                code,
                message,
                request_id,
            } => {
                let rule = code.as_deref().and_then(|code| CodeRule::find(protocol.codes(), code));
                if rule.is_some_and(|rule| rule.meaning == Meaning::DryRunPassed) {
                    return Ok(Answer {
                        payload: serde_json::json!({ "dry_run": true }),
                        request_id,
                        http: answer.clone(),
                        provider: protocol.provider(),
                        operation: operation.name,
                        attempts: 1,
                    });
                }
                let mut message = redact::vendor_text(&message, secrets());
                if message.is_empty() {
                    message = "the cloud gave no reason".to_owned();
                }
                let error = match rule.and_then(|rule| Some((rule.kind()?, rule))) {
                    Some((ErrorKind::Service, rule)) if is_telling(status) => {
                        by_status(status, message).with_remedy(rule.remedy)
                    }
                    Some((kind, rule)) => Error::new(kind, message)
                        .with_may_have_executed(rule.may_have_executed)
                        .with_remedy(rule.remedy),
                    None => by_status(status, message),
                };
                finish(
                    match code {
                        Some(code) => error.with_code(redact::vendor_text(&code, secrets())),
                        None => error,
                    },
                    request_id,
                )
            }
            Reading::Unreadable(why) if status.is_success() => {
                let error = Error::new(ErrorKind::InvalidResponse, format!("the answer cannot be read: {why}"))
                    .with_remedy("Check that the endpoint is the cloud's API and that no proxy answers in its place.");
                finish(error, header_request_id(answer.headers()))
            }
            Reading::Unreadable(why) => {
                let error = by_status(
                    status,
                    format!("the cloud answered with an error that cannot be read: {why}"),
                );
                finish(error, header_request_id(answer.headers()))
            }
        }
    }
}

/// What serde expected. The value that it met stands before that: it is the vendor's text and may echo a secret.
fn expected(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = match text.rsplit_once(", expected ") {
        Some((_, what)) => what,
        None => text.strip_prefix("expected ").unwrap_or_default(),
    };
    match what.split_once(", got ").map_or(what, |(what, _)| what) {
        "" => String::new(),
        what => format!(": expected {what}"),
    }
}

/// A transport's failure, with what is known of the answer whose body is missing.
fn lost(mut failure: TransportError) -> Error {
    let head = failure.answered.take();
    let error = Error::from(failure);
    match head {
        Some(head) => error
            .with_http_status(head.status().as_u16())
            .with_request_id(header_request_id(head.headers())),
        None => error,
    }
}

/// Whether a status says what happened where the vendor's code only says that something did.
fn is_telling(status: StatusCode) -> bool {
    matches!(status.as_u16(), 404 | 429 | 500..=599)
}

/// What an HTTP status means where the vendor's code is not known.
fn by_status(status: StatusCode, message: String) -> Error {
    let (kind, remedy) = match status.as_u16() {
        400 | 405 | 411 | 413 | 414 | 415 | 422 => (ErrorKind::InvalidRequest, "Correct what the message names."),
        401 => (ErrorKind::Credentials, "Check the keys and this machine's clock."),
        403 => (ErrorKind::PermissionDenied, "Grant the permission for this operation."),
        404 => (ErrorKind::NotFound, "Check id, region and project."),
        409 => (ErrorKind::Conflict, "Wait until nothing else works on it."),
        429 => (ErrorKind::RateLimited, "Send fewer requests."),
        500..=599 => (ErrorKind::Unavailable, "Try again later."),
        _ => (ErrorKind::Service, "Look the code up in the vendor's documents."),
    };
    Error::new(kind, message).with_remedy(remedy)
}

/// Whether a body is a piece of a file.
fn is_octets(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes() == b"application/octet-stream")
}

/// The signature in an `Authorization` header: what follows `Signature=`, or the whole value.
fn signature_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.rsplit("Signature=").next().unwrap_or(value).to_owned())
}

/// The request id from any of the headers that the five vendors use.
fn header_request_id(headers: &HeaderMap) -> Option<String> {
    [
        "x-request-id",
        "x-jdcloud-request-id",
        "x-acs-request-id",
        "x-ucloud-request-uuid",
        "x-tc-requestid",
    ]
    .iter()
    .find_map(|name| headers.get(*name))
    .and_then(|value| value.to_str().ok())
    .map(str::to_owned)
}

/// The body as JSON, or why it is none.
///
/// # Errors
/// The reason, without any of the body's text.
pub fn json_body(answer: &Response<Bytes>) -> Result<Value, String> {
    let body = answer.body();
    if body.is_empty() {
        return Err("it is empty".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| {
        let kind = if error.is_eof() {
            "it is cut off"
        } else {
            "it is not JSON"
        };
        format!("{kind} ({} bytes)", body.len())
    })
}
