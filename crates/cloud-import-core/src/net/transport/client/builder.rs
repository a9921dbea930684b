//! Limits, proxy, certificates and name of the HTTP client.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use http::HeaderValue;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use secrecy::SecretString;

use super::{http::HttpTransport, idle::Idle, proxy::Proxies, tls, trust::Trust};
use crate::{Error, ErrorKind};

/// How long a connection is kept that nothing uses. A poll finds a new one no slower; a server that closes its end after 15 s, as some
/// do, is not met in the act; and a thousand targets, each with a host for its API and one for its bucket, keep few of them.
const KEPT_FOR: Duration = Duration::from_secs(2);

/// Sets up an [`HttpTransport`].
///
/// ```
/// use std::{sync::Arc, time::Duration};
///
/// use cloud_import_core::{Settings, transport::HttpTransport};
///
/// let transport = HttpTransport::builder()
///     .timeout(Duration::from_secs(30))
///     .proxy("http://proxy.example:3128")
///     .user_agent("nightly-images/1.4")
///     .build()?;
/// let settings = Settings::new("cn-hangzhou").transport(Arc::new(transport));
/// # Ok::<(), cloud_import_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct HttpTransportBuilder {
    connect_timeout: Duration,
    timeout: Duration,
    idle_timeout: Option<Duration>,
    answer_bytes: usize,
    dials: Option<SocketAddr>,
    program: Option<String>,
    proxy: Proxy,
    trust: Trust,
}

/// Which proxy is used. A URL may hold a password.
#[derive(Debug, Clone)]
enum Proxy {
    Environment,
    None,
    Url(SecretString),
}

impl HttpTransport {
    /// A transport with time limits of 10 s for the connection and 60 s in all, and answers of at most 8 MiB.
    ///
    /// # Errors
    /// As [`HttpTransportBuilder::build`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Sets limits, proxy, certificates and more first.
    pub fn builder() -> HttpTransportBuilder {
        HttpTransportBuilder::new()
    }
}

impl HttpTransportBuilder {
    pub(super) fn new() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            idle_timeout: None,
            answer_bytes: 8 << 20,
            dials: None,
            program: None,
            proxy: Proxy::Environment,
            trust: Trust::default(),
        }
    }

    /// Time limit for the connection: name, proxy and TLS included. 10 s when not set.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Time limit for one request, answer included. 60 s when not set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Time limit for standing still, for bodies of any size: that long no byte of the request is taken, and none of the answer
    /// comes. The other limit then counts from when the whole request was taken. Without it there is only the other one.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = Some(limit);
        self
    }

    /// The largest answer that is read, in bytes. 8 MiB when not set.
    pub fn answer_bytes(mut self, limit: usize) -> Self {
        self.answer_bytes = limit;
        self
    }

    /// Sends every request through this proxy, whatever the environment says: an `http://` or `https://` URL with host and
    /// port, and the user's name and password where the proxy asks for them. Only
    /// [`send_nearby`](crate::transport::Transport::send_nearby) bypasses it.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Proxy::Url(url.into().into());
        self
    }

    /// Uses no proxy, and looks for none in the environment.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Proxy::None;
        self
    }

    /// Trusts more authorities than the system does: one or more certificates in PEM. May be called several times.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.trust.roots.push(pem.into());
        self
    }

    /// Shows this certificate to servers that ask for one, as gateways of private clouds do. One PEM holds the certificate,
    /// those between it and its authority, and its private key, which is PKCS #8 (`BEGIN PRIVATE KEY`) where the feature
    /// `native-tls` is on.
    pub fn client_identity(mut self, pem: impl AsRef<[u8]>) -> Self {
        // What is no text is no PEM either, and refused as such.
        self.trust.identity = Some(String::from_utf8_lossy(pem.as_ref()).into_owned().into());
        self
    }

    /// Says in the `User-Agent` which program calls, as `web-console/2.3`: it stands behind `cloud-import/VERSION`.
    pub fn user_agent(mut self, program: impl Into<String>) -> Self {
        self.program = Some(program.into());
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
    /// [`ErrorKind::InvalidRequest`] when proxy, certificates, key or user agent are not of their form;
    /// [`ErrorKind::Local`] when the TLS library cannot be set up, as where the system has no certificates.
    pub fn build(self) -> Result<HttpTransport, Error> {
        let proxies = match &self.proxy {
            Proxy::Environment if self.dials.is_none() => Proxies::from_environment(),
            Proxy::Url(url) if self.dials.is_none() => Proxies::all(url)?,
            _ => Proxies::none(),
        };
        let tls = match self.dials {
            Some(_) => tls::trusting_nobody()?,
            None => tls::trusting_the_system_and(&self.trust)?,
        };
        Ok(HttpTransport {
            client: self.client(tls.clone(), &proxies)?,
            nearby: self.client(tls, &Proxies::none())?,
            proxies: Arc::new(proxies),
            answer_bytes: self.answer_bytes,
            idle: self.idle_timeout.map(|still| Idle {
                still,
                answer: self.timeout,
            }),
            dials: self.dials,
        })
    }

    fn client(&self, tls: tls::Config, proxies: &Proxies) -> Result<reqwest::Client, Error> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(self.full_user_agent()?)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(KEPT_FOR)
            // Another crate of the program may have turned on what would change requests and answers here.
            .http1_only()
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd();
        if self.idle_timeout.is_none() {
            builder = builder.timeout(self.timeout);
        }
        builder = proxies.apply(builder).map_err(no_client)?;
        if let Some(address) = self.dials {
            builder = builder.dns_resolver(Dial(address));
        }
        builder.build().map_err(no_client)
    }

    fn full_user_agent(&self) -> Result<HeaderValue, Error> {
        let ours = concat!("cloud-import/", env!("CARGO_PKG_VERSION"));
        let Some(program) = &self.program else {
            return Ok(HeaderValue::from_static(ours));
        };
        HeaderValue::from_str(&format!("{ours} {program}")).map_err(|_| {
            Error::new(
                ErrorKind::InvalidRequest,
                "the user agent holds more than printable ASCII",
            )
        })
    }
}

fn no_client(error: reqwest::Error) -> Error {
    Error::new(ErrorKind::Local, "the HTTP client cannot be set up").with_source(error.without_url())
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
