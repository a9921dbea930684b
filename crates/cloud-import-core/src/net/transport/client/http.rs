//! Sending a request by reqwest.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr as _,
    sync::Arc,
    time::Duration,
};

use http::{HeaderValue, Method, Request, Response, Uri, header::CONTENT_LENGTH, uri::Scheme};

use super::{
    failure::{self, Way},
    proxy::Proxies,
};
use crate::{
    BoxFuture, Bytes,
    net::transport::{Stage, Transport, TransportError, TransportErrorKind},
};

/// The HTTP client: one connection pool, TLS 1.2 or 1.3, HTTP/1.1, no redirects.
///
/// **TLS** is what the features chose ([order and effects](super::super#tls)). Where it is rustls, a `CryptoProvider` that the
/// program made its default before comes first.
///
/// **Who is trusted** is the system's word: its own certificates count, those that a company added to them too. On Linux
/// and the BSDs, `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
///
/// **Proxies** are read from the environment once, when the transport is built, unless
/// [`proxy`](super::HttpTransportBuilder::proxy) or [`no_proxy`](super::HttpTransportBuilder::no_proxy) say otherwise:
///
/// - `HTTPS_PROXY` counts for https and `HTTP_PROXY` for http, else `ALL_PROXY` for both; in capitals first, then in small
///   letters. An empty one counts as unset.
/// - `NO_PROXY` (or `no_proxy`) lists hosts that are reached without: a domain stands for all below it, with or without a
///   leading dot, an address or a network such as `10.0.0.0/8` for itself, `*` for everything.
/// - The URL is `http://` or `https://`, or host and port alone; a user name and a password in it are sent to the proxy.
///   A request that a proxy of another kind (`socks5://`) would have to take is refused.
/// - In a CGI program (`REQUEST_METHOD` is set) none counts: its caller could have set `HTTP_PROXY`. The settings of
///   Windows and macOS do not count.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    pub(super) client: reqwest::Client,
    /// Uses no proxy.
    pub(super) nearby: reqwest::Client,
    pub(super) proxies: Arc<Proxies>,
    pub(super) answer_bytes: usize,
    pub(super) dials: Option<SocketAddr>,
}

impl HttpTransport {
    async fn exchange(
        &self,
        client: &reqwest::Client,
        request: reqwest::Request,
        proxy: Option<String>,
    ) -> Result<Response<Bytes>, TransportError> {
        let way = Way::of(request.url(), proxy, self.dials);
        let mut answer = client
            .execute(request)
            .await
            .map_err(|error| way.failure(Stage::Send, error))?;
        let mut head = Response::new(());
        *head.status_mut() = answer.status();
        *head.headers_mut() = std::mem::take(answer.headers_mut());
        match self.body_of(answer, &way).await {
            Ok(body) => Ok(head.map(|()| body)),
            Err(failure) => Err(failure.with_answer(head)),
        }
    }

    async fn body_of(&self, mut answer: reqwest::Response, way: &Way) -> Result<Bytes, TransportError> {
        let mut body = Vec::new();
        let failed = |error| way.failure(Stage::Receive, error);
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > self.answer_bytes {
                let message = format!("the answer is larger than {} bytes", self.answer_bytes);
                return Err(way.at(
                    Stage::Receive,
                    TransportError::new(TransportErrorKind::TooLarge, message),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.into())
    }

    fn outgoing(&self, request: Request<Bytes>) -> Result<reqwest::Request, TransportError> {
        let (mut parts, body) = request.into_parts();
        if self.dials.is_some() {
            parts.uri = plain_http_by_name(parts.uri)?;
        }
        // Left to itself, the HTTP client says no length at all for an empty body, which some servers refuse (411).
        if body.is_empty() && matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
            let length = parts.headers.entry(CONTENT_LENGTH);
            length.or_insert(HeaderValue::from_static("0"));
        }
        reqwest::Request::try_from(Request::from_parts(parts, body)).map_err(failure::invalid)
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            in_a_runtime()?;
            let proxy = self.proxies.of(request.uri())?;
            let request = self.outgoing(request)?;
            self.exchange(&self.client, request, proxy).await
        })
    }

    fn send_nearby(
        &self,
        request: Request<Bytes>,
        limit: Duration,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            in_a_runtime()?;
            let mut request = self.outgoing(request)?;
            *request.timeout_mut() = Some(limit);
            self.exchange(&self.nearby, request, None).await
        })
    }
}

/// Without a runtime of tokio the client below would panic.
fn in_a_runtime() -> Result<(), TransportError> {
    tokio::runtime::Handle::try_current().map(drop).map_err(|_| {
        let message = "there is no tokio runtime to send in: call it within one, such as by `#[tokio::main]` or `block_on` of a runtime";
        TransportError::new(TransportErrorKind::Refused, message)
    })
}

/// The same URL over plain HTTP; one with an address or a port is refused, as it would pass the resolver by.
fn plain_http_by_name(uri: Uri) -> Result<Uri, TransportError> {
    let refuse = || {
        TransportError::new(
            TransportErrorKind::Refused,
            "a simulated run reaches the simulator only, and this endpoint has an address or a port",
        )
    };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    if uri.port().is_some() || IpAddr::from_str(host).is_ok() {
        return Err(refuse());
    }
    let mut parts = uri.into_parts();
    parts.scheme = Some(Scheme::HTTP);
    Uri::from_parts(parts).map_err(|_| refuse())
}
