//! Why no whole answer came, as data. It never holds a URL, whose query may be signed.

use std::{error::Error as StdError, fmt, sync::Arc};

use http::Response;

use crate::{Error, ErrorKind};

/// What a failure means for the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
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

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The host's name is looked up.
    Resolve,
    /// The host is connected to. Also where a connection took too long and it is not known what of it.
    Connect,
    /// The proxy is reached, or connects to the host.
    Proxy,
    /// Host and client agree on TLS, and each looks at the other's certificate.
    Tls,
    /// The request is sent, and its answer has not begun.
    Send,
    /// The answer has begun.
    Receive,
}

/// No whole answer.
///
/// `Display` is one line in plain words with stage, host and port. The causes behind it are those of the libraries below.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TransportError {
    /// What it means for the request.
    pub kind: TransportErrorKind,
    /// How far the request came, where that is known.
    pub stage: Option<Stage>,
    /// The host of the URL.
    pub host: Option<String>,
    /// The port of the URL, or the usual one of its scheme.
    pub port: Option<u16>,
    /// Host and port of the proxy in between.
    pub proxy: Option<String>,
    /// The reason in words; all of `Display` where stage or host are not known.
    pub message: String,
    /// Status and headers of the answer, where they came and only its body is missing.
    pub answered: Option<Box<Response<()>>>,
    lasting: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// A failure in words that hold no URL.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            stage: None,
            host: None,
            port: None,
            proxy: None,
            message: message.into(),
            answered: None,
            lasting: kind == TransportErrorKind::Refused,
            source: None,
        }
    }

    /// Says how far the request came.
    #[must_use]
    pub fn with_stage(mut self, stage: Stage) -> Self {
        self.stage = Some(stage);
        self
    }

    /// Says where the request was to go.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<String>, port: Option<u16>) -> Self {
        self.host = Some(host.into());
        self.port = port;
        self
    }

    /// Says which proxy is in between: host and port, without the user's name and password.
    #[must_use]
    pub fn with_proxy(mut self, proxy: impl Into<String>) -> Self {
        self.proxy = Some(proxy.into());
        self
    }

    /// Adds status and headers of the answer whose body is missing.
    #[must_use]
    pub fn with_answer(mut self, head: Response<()>) -> Self {
        self.answered = Some(Box::new(head));
        self
    }

    /// Adds the cause, which must hold no URL.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into().into());
        self
    }

    /// Says that the next attempt will meet the same, as with a certificate that is not trusted.
    #[must_use]
    pub fn lasting(mut self) -> Self {
        self.lasting = true;
        self
    }

    /// Whether the next attempt will meet the same, so that none is made.
    pub fn is_lasting(&self) -> bool {
        self.lasting
    }

    fn remedy(&self) -> &'static str {
        use TransportErrorKind as Kind;
        match (self.kind, self.stage) {
            (Kind::Refused, Some(Stage::Proxy)) => "Name a proxy by an http or https URL.",
            (_, Some(Stage::Proxy)) => "Check the proxy's address, user name and password, and what it lets through.",
            (_, Some(Stage::Resolve)) => "Check region and endpoint, and whether this machine resolves other names.",
            (_, Some(Stage::Tls)) => {
                "Check the endpoint, this machine's clock, and whether it trusts the authority that signed the certificate."
            }
            (Kind::Connect, _) => "Check the network, the proxy and the endpoint.",
            (Kind::Timeout, _) => "Try again; if it happens often, raise the time limit.",
            (Kind::Broken, _) => "Try again.",
            (Kind::TooLarge, _) => "Check that the endpoint is the cloud's API and not another service.",
            (Kind::Refused, _) => "Name the endpoint by its host name.",
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(stage), Some(host)) = (self.stage, &self.host) else {
            return f.write_str(&self.message);
        };
        let mut place = host.clone();
        if let Some(port) = self.port {
            place.push_str(&format!(":{port}"));
        }
        if let Some(proxy) = &self.proxy {
            place.push_str(&format!(" through the proxy {proxy}"));
        }
        let message = &self.message;
        match stage {
            Stage::Resolve => write!(f, "cannot resolve {host}"),
            Stage::Connect => write!(f, "cannot connect to {place}: {message}"),
            Stage::Proxy => write!(f, "the proxy {} {message}", self.proxy.as_deref().unwrap_or_default()),
            Stage::Tls => write!(f, "TLS with {place} failed: {message}"),
            Stage::Send | Stage::Receive => write!(f, "{message} ({place})"),
        }
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|cause| cause as _)
    }
}

impl From<TransportError> for Error {
    fn from(failure: TransportError) -> Self {
        let kind = match failure.kind {
            TransportErrorKind::Connect => ErrorKind::Connect,
            TransportErrorKind::Timeout => ErrorKind::Timeout,
            TransportErrorKind::Broken => ErrorKind::Transport,
            TransportErrorKind::TooLarge => ErrorKind::InvalidResponse,
            TransportErrorKind::Refused => ErrorKind::InvalidRequest,
        };
        Self::new(kind, failure.to_string())
            .with_remedy(failure.remedy())
            .with_source(failure)
    }
}
