//! The only file that names reqwest.

use std::{net::IpAddr, net::SocketAddr, str::FromStr as _, time::Duration};

use http::{HeaderValue, Method, Request, Response, Uri, header::CONTENT_LENGTH, uri::Scheme};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Failing, Transport, TransportError, limits, tls};
use crate::{BoxFuture, Bytes, Error, ErrorKind};

/// The HTTP client: one connection pool, TLS by rustls, HTTP/1.1, no redirects.
///
/// A server's certificate is judged by the system: its own certificates count, those that a company added to them too. On
/// Linux and the BSDs, `SSL_CERT_FILE` and `SSL_CERT_DIR` name others. Cryptography is ring's, or that of the
/// `CryptoProvider` which the program made rustls' default before.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    /// Uses no proxy.
    nearby: reqwest::Client,
    answer_bytes: usize,
    dials: Option<SocketAddr>,
}

impl HttpTransport {
    /// A transport with time limits of 10 s for the connection and 60 s in all, and answers of at most 8 MiB.
    ///
    /// # Errors
    /// As [`HttpTransportBuilder::build`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Sets limits first.
    pub fn builder() -> HttpTransportBuilder {
        HttpTransportBuilder {
            connect_timeout: limits::CONNECT,
            timeout: limits::TOTAL,
            answer_bytes: limits::ANSWER_BYTES,
            dials: None,
        }
    }
}

/// Limits of an [`HttpTransport`].
#[derive(Debug, Clone)]
#[must_use]
pub struct HttpTransportBuilder {
    connect_timeout: Duration,
    timeout: Duration,
    answer_bytes: usize,
    dials: Option<SocketAddr>,
}

impl HttpTransportBuilder {
    /// Time limit for the connection.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Time limit for one request, answer included.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// The largest answer that is read.
    pub fn answer_bytes(mut self, limit: usize) -> Self {
        self.answer_bytes = limit;
        self
    }

    /// Connects to this address for every host name, over plain HTTP, and to nothing else: the simulator is there.
    ///
    /// URL and Host header stay as they are. A URL with an address or a port in it is refused, and no proxy is used, so
    /// that no request can leave for a real cloud.
    pub fn dial(mut self, address: SocketAddr) -> Self {
        self.dials = Some(address);
        self
    }

    /// Makes the transport.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the TLS library or the resolver cannot be set up, as where the system has no certificates.
    pub fn build(self) -> Result<HttpTransport, Error> {
        let tls = match self.dials {
            Some(_) => tls::trusting_nobody()?,
            None => tls::trusting_the_system()?,
        };
        Ok(HttpTransport {
            client: self.client(tls.clone(), false)?,
            nearby: self.client(tls, true)?,
            answer_bytes: self.answer_bytes,
            dials: self.dials,
        })
    }

    fn client(&self, tls: rustls::ClientConfig, without_proxy: bool) -> Result<reqwest::Client, Error> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("cloud-import/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(self.connect_timeout)
            .timeout(self.timeout);
        if without_proxy || self.dials.is_some() {
            builder = builder.no_proxy();
        }
        if let Some(address) = self.dials {
            builder = builder.dns_resolver(Dial(address));
        }
        builder.build().map_err(|error| {
            Error::new(ErrorKind::Local, "the HTTP client cannot be set up").with_source(error.without_url())
        })
    }
}

/// Resolves every name to one address.
#[derive(Debug)]
struct Dial(SocketAddr);

impl Resolve for Dial {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(std::iter::once(self.0));
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let request = self.outgoing(request)?;
            self.exchange(&self.client, request).await
        })
    }

    fn send_nearby(
        &self,
        request: Request<Bytes>,
        limit: Duration,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let mut request = self.outgoing(request)?;
            *request.timeout_mut() = Some(limit);
            self.exchange(&self.nearby, request).await
        })
    }
}

impl HttpTransport {
    async fn exchange(
        &self,
        client: &reqwest::Client,
        request: reqwest::Request,
    ) -> Result<Response<Bytes>, TransportError> {
        let mut answer = client.execute(request).await.map_err(failure)?;
        let mut head = Response::new(());
        *head.status_mut() = answer.status();
        *head.headers_mut() = std::mem::take(answer.headers_mut());
        match self.body_of(answer).await {
            Ok(body) => Ok(head.map(|()| body)),
            Err(failure) => Err(failure.with_answer(head)),
        }
    }

    async fn body_of(&self, mut answer: reqwest::Response) -> Result<Bytes, TransportError> {
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failure)? {
            if body.len() + chunk.len() > self.answer_bytes {
                return Err(TransportError::new(
                    Failing::TooLarge,
                    format!("the answer is larger than {} bytes", self.answer_bytes),
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
        reqwest::Request::try_from(Request::from_parts(parts, body)).map_err(|error| {
            TransportError::new(Failing::Refused, "the request is no valid HTTP request")
                .with_source(error.without_url())
        })
    }
}

/// The same URL over plain HTTP; one with an address or a port is refused, as it would pass the resolver by.
fn plain_http_by_name(uri: Uri) -> Result<Uri, TransportError> {
    let refuse = || {
        TransportError::new(
            Failing::Refused,
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

fn failure(error: reqwest::Error) -> TransportError {
    let (failing, message) = if error.is_connect() {
        (Failing::Connect, "no connection to the cloud")
    } else if error.is_timeout() {
        (Failing::Timeout, "no answer within the time limit")
    } else if error.is_builder() {
        (Failing::Refused, "the request is no valid HTTP request")
    } else {
        (Failing::Broken, "the connection broke before the whole answer came")
    };
    TransportError::new(failing, message).with_source(error.without_url())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn an_https_client_can_be_made() {
        HttpTransport::new().unwrap();
    }

    #[tokio::test]
    async fn an_empty_body_has_its_length_said_where_a_body_is_usual() {
        for (method, length) in [("POST", Some("content-length: 0")), ("GET", None)] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            let server = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = [0; 2048];
                let read = stream.read(&mut head).unwrap();
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                    .unwrap();
                String::from_utf8_lossy(&head[..read]).to_lowercase()
            });
            let request = Request::builder().method(method).uri(url).body(Bytes::new()).unwrap();
            HttpTransport::new().unwrap().send(request).await.unwrap();
            let head = server.join().unwrap();
            let said = head.lines().find(|line| line.starts_with("content-length"));
            assert_eq!(said, length, "{head}");
        }
    }

    /// Answers every request with its name, for ever.
    fn server(name: &'static str) -> SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 2048]).unwrap();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{name}",
                    name.len()
                );
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn what_is_nearby_is_asked_without_the_proxy_and_not_for_long() {
        let (proxy, instance) = (server("proxy"), server("instance"));
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::trusting_nobody().unwrap())
            .proxy(reqwest::Proxy::all(format!("http://{proxy}")).unwrap())
            .build()
            .unwrap();
        let transport = HttpTransport {
            client,
            ..HttpTransport::new().unwrap()
        };
        let request = || Request::get(format!("http://{instance}/")).body(Bytes::new()).unwrap();
        let far = transport.send(request()).await.unwrap();
        assert_eq!(far.body(), "proxy");
        let near = transport.send_nearby(request(), Duration::from_secs(20)).await.unwrap();
        assert_eq!(near.body(), "instance");

        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let request = Request::get(url).body(Bytes::new()).unwrap();
        let late = transport.send_nearby(request, Duration::from_millis(50)).await;
        assert_eq!(late.unwrap_err().failing, Failing::Timeout);
    }

    #[tokio::test]
    async fn a_simulated_run_refuses_addresses_and_ports() {
        let transport = HttpTransport::builder()
            .dial(SocketAddr::from(([127, 0, 0, 1], 9)))
            .build()
            .unwrap();
        for url in [
            "http://10.0.0.1/",
            "https://[::1]/",
            "https://cvm.tencentcloudapi.com:443/",
        ] {
            let request = Request::builder().uri(url).body(Bytes::new()).unwrap();
            let failure = transport.send(request).await.unwrap_err();
            assert_eq!(failure.failing, Failing::Refused, "{url}");
        }
    }

    #[tokio::test]
    async fn a_failed_connection_names_no_url() {
        let transport = HttpTransport::builder()
            .dial(SocketAddr::from(([127, 0, 0, 1], 1)))
            .build()
            .unwrap();
        let request = Request::builder()
            .uri("https://cvm.tencentcloudapi.com/?Signature=s3cret")
            .body(Bytes::new())
            .unwrap();
        let failure = transport.send(request).await.unwrap_err();
        assert_eq!(failure.failing, Failing::Connect);
        let mut shown = format!("{failure} {failure:?}");
        let mut source = std::error::Error::source(&failure);
        while let Some(cause) = source {
            shown.push_str(&format!("{cause} {cause:?}"));
            source = cause.source();
        }
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
