//! Sign, send, classify, retry: the one loop around every request of every cloud. A request is signed anew for each attempt.
//!
//! What a cloud does in it is a [`Protocol`].

use std::{fmt, sync::Arc, time::SystemTime};

use http::{HeaderMap, Request, header};
use tracing::{Instrument as _, Span, debug, debug_span, field::Empty};

use super::{
    classify::{classify, lost},
    protocol::{Answer, Protocol, Signing},
};
use crate::{
    Bytes, Error, ErrorKind, Remedy, Result, Stop, Throttle,
    credentials::CredentialSource,
    net::{
        clock_offset::ClockOffset,
        env::{Env, SystemEnv},
        pace::Pace,
        retry::{RetryPolicy, RetryState},
        stop::unless,
        transport::{StreamedBody, Transport},
    },
    remedy::Change,
    text::redact,
    wire::Operation,
};

/// Sends signed requests for one client.
///
/// `Debug` shows neither who signs nor what sends.
#[derive(Clone)]
#[non_exhaustive]
pub struct Pipeline {
    /// The region, which spans show.
    pub region: String,
    /// Who signs.
    pub credentials: Arc<dyn CredentialSource>,
    /// Where requests go.
    pub transport: Arc<dyn Transport>,
    /// Clock and randomness.
    pub env: Arc<dyn Env>,
    /// Bounds of the retry loop.
    pub retry: RetryPolicy,
    /// How far the cloud's clock is from this machine's, once a refusal told.
    pub clock_offset: ClockOffset,
    /// How much is under way at a time, together with whoever shares it.
    pub throttle: Throttle,
    /// How many requests are under way at once and how many bytes they carry a second, together with whoever shares it.
    pub pace: Pace,
    /// What stops it: after a request nothing is sent again, and once it is pressed no answer is waited for.
    pub stop: Stop,
}

impl Pipeline {
    /// Sends by this transport, with the system's clock and the usual bounds.
    pub fn new(
        region: impl Into<String>,
        credentials: Arc<dyn CredentialSource>,
        transport: Arc<dyn Transport>,
    ) -> Self {
        Self {
            region: region.into(),
            credentials,
            transport,
            env: Arc::new(SystemEnv),
            retry: RetryPolicy::default(),
            clock_offset: ClockOffset::default(),
            throttle: Throttle::default(),
            pace: Pace::default(),
            stop: Stop::default(),
        }
    }

    /// The cloud's time, as far as its answers told it.
    pub fn now(&self) -> SystemTime {
        self.clock_offset.applied(self.env.now())
    }

    /// Sends an unsigned request until there is an answer or no sense in going on.
    ///
    /// `repeatable` says whether it may be executed twice. The error of the last attempt is returned;
    /// [`Error::may_have_executed`](crate::Error::may_have_executed) then speaks for all attempts together.
    ///
    /// # Errors
    /// Every kind that a request can end with; [`ErrorKind::Stopped`] when the stop was pressed before there was an answer.
    pub async fn send(
        &self,
        protocol: &dyn Protocol,
        operation: &Operation,
        repeatable: bool,
        request: Request<Bytes>,
    ) -> Result<Answer> {
        let started = self.env.monotonic();
        let mut executed = false;
        let mut attempts = 0;
        let mut clock_is_set = false;
        loop {
            attempts += 1;
            // It may wait for long, and a signature must be fresh.
            let turn = unless(self.stop.pressed(), self.pace.turn(&*self.env, carried(&request))).await;
            let instant = self.now();
            let span = self.span(protocol, operation, &request, attempts);
            let attempt = async {
                // The place is taken for the time of the attempt.
                let place = unless(self.stop.pressed(), self.throttle.acquire(&*self.env)).await;
                let (Some(_turn), Some(_place)) = (turn, place) else {
                    return Err(stopped().with_may_have_executed(false));
                };
                let sent = self.attempt(protocol, operation, &request, instant);
                unless(self.stop.pressed(), sent)
                    .await
                    .unwrap_or_else(|| Err(stopped()))
            };
            let error = match attempt.instrument(span).await {
                Ok(answer) => return Ok(Answer { attempts, ..answer }),
                Err(error) => error
                    .with_provider(protocol.provider())
                    .with_operation(operation.name)
                    .with_attempts(attempts),
            };
            executed |= error.may_have_executed();
            // A date that was refused is tried once more by the cloud's own clock. A refusal executed nothing.
            if !clock_is_set && self.clock_offset.learn(&error, instant, self.env.now()) {
                debug!(
                    provider = protocol.provider().id(),
                    "this machine's clock is off: signing by the cloud's"
                );
                clock_is_set = true;
                continue;
            }
            let state = RetryState {
                repeatable,
                attempts,
                elapsed: self.env.monotonic().saturating_sub(started),
                random: self.env.random().map_or(1.0, |bytes| f64::from(bytes[0]) / 255.0),
            };
            let error = error.with_may_have_executed(executed);
            let delay = self.retry.delay(&error, &state);
            let Some(delay) = delay.filter(|_| !self.stop.is_requested()) else {
                return Err(error);
            };
            debug!(
                provider = protocol.provider().id(),
                operation = operation.name,
                kind = error.kind().as_str(),
                delay_ms = delay.as_millis(),
                "sending again"
            );
            if error.kind() == ErrorKind::RateLimited {
                self.throttle.pause(&*self.env, delay);
            }
            if unless(self.stop.requested(), self.env.sleep(delay)).await.is_none() {
                return Err(error);
            }
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
        let nonce = self.env.nonce()?;
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
        let answer = self.transport.send(signed).await;
        let secrets = || credentials.secrets().chain(sent.iter().map(String::as_str));
        let outcome = match answer {
            Ok(answer) => classify(protocol, operation, &answer, self.env.now(), secrets),
            Err(failure) => Err(lost(protocol, failure, secrets())),
        };
        record(&outcome);
        outcome
    }

    fn span(&self, protocol: &dyn Protocol, operation: &Operation, request: &Request<Bytes>, attempts: u32) -> Span {
        debug_span!(
            "request",
            cloud.provider = protocol.provider().id(),
            cloud.region = self.region,
            rpc.method = operation.name,
            server.address = request.uri().host(),
            http.request.resend_count = attempts - 1,
            http.response.status_code = Empty,
            request.id = Empty,
            error.code = Empty,
            "error.type" = Empty,
            otel.status_code = Empty,
        )
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("region", &self.region)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Stopped, "stopped before there was an answer")
        .with_may_have_executed(true)
        .with_remedy(Remedy::Repeat(Change::Nothing))
}

/// What an attempt came to, in its span.
fn record(outcome: &Result<Answer>) {
    let span = Span::current();
    match outcome {
        Ok(answer) => {
            span.record("http.response.status_code", answer.http.status().as_u16());
            span.record("request.id", answer.request_id.as_deref());
            debug!("answered");
        }
        Err(error) => {
            span.record("http.response.status_code", error.http_status());
            span.record("request.id", error.request_id());
            span.record("error.code", error.code());
            span.record("error.type", error.kind().as_str());
            span.record("otel.status_code", "ERROR");
            debug!("refused");
        }
    }
}

/// How many bytes of files are on their way by a request: what it carries, or the range that it asks for.
fn carried(request: &Request<Bytes>) -> u64 {
    let asked = request.headers().get(header::RANGE).and_then(|range| {
        let (first, last) = range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-')?;
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        last.checked_sub(first)?.checked_add(1)
    });
    let own = match StreamedBody::of(request) {
        Some(streamed) => streamed.source().length(),
        None => u64::try_from(request.body().len()).unwrap_or(u64::MAX),
    };
    own.saturating_add(asked.unwrap_or_default())
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
