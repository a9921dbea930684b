//! Sending a request by reqwest.

use std::{
    net::{IpAddr, SocketAddr},
    ops::ControlFlow,
    pin::pin,
    str::FromStr as _,
    sync::Arc,
    time::Duration,
};

use http::{HeaderValue, Method, Request, Response, Uri, header::CONTENT_LENGTH, uri::Scheme};
use tokio::{sync::watch, time::timeout};

use super::{
    failure::{self, Way},
    idle::{Idle, Watched},
    proxy::Proxies,
    streamed::Streamed,
};
use crate::{
    BoxFuture, Bytes,
    net::transport::{Stage, StreamedBody, Taker, Transport, TransportError, TransportErrorKind},
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
    pub(super) idle: Option<Idle>,
    pub(super) dials: Option<SocketAddr>,
}

impl HttpTransport {
    async fn exchange(
        &self,
        client: &reqwest::Client,
        request: reqwest::Request,
        way: &Way,
    ) -> Result<Response<Bytes>, TransportError> {
        let answer = client.execute(request).await;
        self.whole(answer.map_err(|error| way.failure(Stage::Send, error))?, way, None)
            .await
    }

    /// The same for a body of any size, each piece of which is heard of when it is taken.
    async fn exchange_while_it_moves(
        &self,
        request: reqwest::Request,
        mut taken: watch::Receiver<()>,
        idle: Idle,
        way: &Way,
    ) -> Result<Response<Bytes>, TransportError> {
        let mut sent = pin!(self.client.execute(request));
        let stands_still = |_| way.too_long(Stage::Send);
        let early = idle.taken(&mut taken, sent.as_mut()).await.map_err(stands_still)?;
        let rest = async {
            let answer = match early {
                Some(answer) => answer,
                None => idle.within(sent).await.map_err(stands_still)?,
            };
            self.whole(
                answer.map_err(|error| way.failure(Stage::Send, error))?,
                way,
                Some(idle),
            )
            .await
        };
        let late = timeout(idle.answer, rest).await;
        late.unwrap_or_else(|_| Err(way.too_long(Stage::Receive)))
    }

    /// An answer with its body.
    async fn whole(
        &self,
        mut answer: reqwest::Response,
        way: &Way,
        idle: Option<Idle>,
    ) -> Result<Response<Bytes>, TransportError> {
        let head = head_of(&mut answer);
        match self.body_of(answer, way, idle).await {
            Ok(body) => Ok(head.map(|()| body)),
            Err(failure) => Err(failure.with_answer(head)),
        }
    }

    async fn body_of(
        &self,
        mut answer: reqwest::Response,
        way: &Way,
        idle: Option<Idle>,
    ) -> Result<Bytes, TransportError> {
        let mut body = Vec::new();
        while let Some(piece) = next_of(&mut answer, way, idle).await? {
            if body.len() + piece.len() > self.answer_bytes {
                let message = format!("the answer is larger than {} bytes", self.answer_bytes);
                return Err(way.at(
                    Stage::Receive,
                    TransportError::new(TransportErrorKind::TooLarge, message),
                ));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.into())
    }

    /// An answer whose body is handed over as it comes.
    async fn handed_over(
        &self,
        request: reqwest::Request,
        way: &Way,
        taker: &mut Taker<'_>,
    ) -> Result<Response<()>, TransportError> {
        let sent = self.client.execute(request);
        let answer = match self.idle {
            Some(idle) => idle.within(sent).await.map_err(|_| way.too_long(Stage::Send))?,
            None => sent.await,
        };
        let mut answer = answer.map_err(|error| way.failure(Stage::Send, error))?;
        let head = head_of(&mut answer);
        let mut goes_on = taker(&head, &[]);
        while goes_on == ControlFlow::Continue(()) {
            match next_of(&mut answer, way, self.idle).await {
                Ok(Some(piece)) => goes_on = taker(&head, &piece),
                Ok(None) => break,
                Err(failure) => return Err(failure.with_answer(head)),
            }
        }
        Ok(head)
    }

    fn outgoing(&self, request: Request<Bytes>) -> Result<reqwest::Request, TransportError> {
        let (mut parts, body) = request.into_parts();
        if self.dials.is_some() {
            parts.uri = plain_http_by_name(parts.uri)?;
        }
        // Left to itself, the HTTP client says no length at all for an empty body, which some servers refuse (411).
        let is_streamed = parts.extensions.get::<StreamedBody>().is_some();
        if body.is_empty() && !is_streamed && matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
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
            // Cheap: the bytes are shared.
            let (body, streamed) = (request.body().clone(), StreamedBody::of(&request).cloned());
            let mut request = self.outgoing(request)?;
            let way = Way::of(request.url(), proxy, self.dials);
            let taken = match streamed {
                Some(streamed) => {
                    let (body, taken) = Streamed::new(streamed);
                    *request.body_mut() = Some(reqwest::Body::wrap(body));
                    taken
                }
                None => {
                    let is_empty = body.is_empty();
                    let (body, taken) = Watched::new(body);
                    // Nothing stays nothing: a body of no length at all would be told otherwise in the head.
                    match is_empty {
                        true => drop(body),
                        false => *request.body_mut() = Some(reqwest::Body::wrap(body)),
                    }
                    taken
                }
            };
            match self.idle {
                Some(idle) => self.exchange_while_it_moves(request, taken, idle, &way).await,
                None => self.exchange(&self.client, request, &way).await,
            }
        })
    }

    fn takes_streamed(&self) -> bool {
        true
    }

    fn receive<'a>(
        &'a self,
        request: Request<Bytes>,
        taker: &'a mut Taker<'_>,
    ) -> BoxFuture<'a, Result<Response<()>, TransportError>> {
        // Such a request asks for something large and carries nothing itself.
        Box::pin(async move {
            in_a_runtime()?;
            let proxy = self.proxies.of(request.uri())?;
            let request = self.outgoing(request)?;
            let way = Way::of(request.url(), proxy, self.dials);
            self.handed_over(request, &way, taker).await
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
            let way = Way::of(request.url(), None, self.dials);
            self.exchange(&self.nearby, request, &way).await
        })
    }
}

/// Status and headers, which are taken out of the answer.
fn head_of(answer: &mut reqwest::Response) -> Response<()> {
    let mut head = Response::new(());
    *head.status_mut() = answer.status();
    *head.headers_mut() = std::mem::take(answer.headers_mut());
    head
}

/// The next piece of the body.
async fn next_of(
    answer: &mut reqwest::Response,
    way: &Way,
    idle: Option<Idle>,
) -> Result<Option<Bytes>, TransportError> {
    let next = answer.chunk();
    let next = match idle {
        Some(idle) => idle.within(next).await.map_err(|_| way.too_long(Stage::Receive))?,
        None => next.await,
    };
    next.map_err(|error| way.failure(Stage::Receive, error))
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
