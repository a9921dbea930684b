//! Sending one HTTP request. No retry, no signing, no knowledge of any cloud.

mod client;
mod tls;

use std::{fmt, time::Duration};

use http::{Request, Response};

use crate::{BoxFuture, Bytes, Error, ErrorKind};

pub use client::{HttpTransport, HttpTransportBuilder};

/// Sends requests as they are: it adds no header that could be signed, follows no redirect and re-encodes nothing.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends one request and reads the whole answer, whose size is bounded.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>>;

    /// Sends one request to this machine's own network: never through a proxy, and for no longer than the limit. Where
    /// that makes no difference, as in a test, it is [`Self::send`].
    fn send_nearby(
        &self,
        request: Request<Bytes>,
        _limit: Duration,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.send(request)
    }
}

/// Why no whole answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failing {
    /// No connection: nothing was sent.
    Connect,
    /// The time limit passed; the request may have arrived.
    Timeout,
    /// The connection broke; the request may have arrived.
    Broken,
    /// The answer is larger than the limit; the request arrived.
    TooLarge,
    /// The transport does not send this; nothing was sent.
    Refused,
}

/// No whole answer. Its text never holds the URL, whose query may be signed.
#[derive(Debug)]
pub struct TransportError {
    /// Why.
    pub failing: Failing,
    /// In words.
    pub message: String,
    /// Status and headers of the answer, where they came and only its body is missing.
    pub answered: Option<Box<Response<()>>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl TransportError {
    /// A failure in words that hold no URL.
    pub fn new(failing: Failing, message: impl Into<String>) -> Self {
        Self {
            failing,
            message: message.into(),
            answered: None,
            source: None,
        }
    }

    /// Adds status and headers of the answer whose body is missing.
    #[must_use]
    pub fn with_answer(mut self, head: Response<()>) -> Self {
        self.answered = Some(Box::new(head));
        self
    }

    /// Adds the cause, which must hold no URL.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|cause| cause as _)
    }
}

impl From<TransportError> for Error {
    fn from(failure: TransportError) -> Self {
        let (kind, remedy) = match failure.failing {
            Failing::Connect => (ErrorKind::Connect, "Check the network, the proxy and the endpoint."),
            Failing::Timeout => (
                ErrorKind::Timeout,
                "Try again; if it happens often, raise the time limit.",
            ),
            Failing::Broken => (ErrorKind::Transport, "Try again."),
            Failing::TooLarge => (
                ErrorKind::InvalidResponse,
                "Check that the endpoint is the cloud's API and not another service.",
            ),
            Failing::Refused => (ErrorKind::InvalidRequest, "Name the endpoint by its host name."),
        };
        Self::new(kind, failure.message.clone())
            .with_remedy(remedy)
            .with_source(failure)
    }
}

/// Time limits and sizes that hold where nothing else is set.
pub(crate) mod limits {
    use super::Duration;

    /// For the connection.
    pub(crate) const CONNECT: Duration = Duration::from_secs(10);
    /// For one request, answer included.
    pub(crate) const TOTAL: Duration = Duration::from_secs(60);
    /// For the body of an answer.
    pub(crate) const ANSWER_BYTES: usize = 8 << 20;
}
