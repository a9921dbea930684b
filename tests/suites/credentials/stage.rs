//! A machine of the test's own: home directory, variables, a clock that is set by hand, and a network that ends on loopback.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use cloud_import::{
    BoxFuture, Bytes, Credentials, Error, Provider, Result, build,
    credentials::{Chain, ChainOptions, ChainSpec, Context, CredentialSource as _, chain},
    env::{Env, SystemEnv},
    http::{HeaderValue, Request, Response, Uri, header::HOST},
    provider::datetime,
    transport::{HttpTransport, Transport, TransportError, TransportErrorKind},
};
use cloud_import_tests::leaks::Watch;

/// What every test's clock shows at first.
pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";

/// Parts of every secret that the tests write.
pub(crate) const SECRET: &str = "s3cret-key-of-a-test";
pub(crate) const TOKEN: &str = "t0ken-of-temporary-keys";

#[derive(Debug)]
pub(crate) struct Machine {
    home: PathBuf,
    variables: Mutex<BTreeMap<String, String>>,
    ahead: Mutex<Duration>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.home);
    }
}

impl Env for Machine {
    fn now(&self) -> SystemTime {
        datetime::parse_rfc3339(NOW).unwrap() + *self.ahead.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.ahead.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.pass(duration);
        Box::pin(std::future::ready(()))
    }

    fn random(&self) -> Result<[u8; 16]> {
        SystemEnv.random()
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.lock().unwrap().get(name).cloned()
    }
}

impl Machine {
    pub(crate) fn new() -> Arc<Self> {
        let home = std::env::temp_dir().join(format!("cloud-import-home-{}", SystemEnv.nonce().unwrap()));
        fs::create_dir(&home).unwrap();
        let machine = Self {
            variables: Mutex::default(),
            ahead: Mutex::default(),
            home,
        };
        machine.set("HOME", machine.home.to_str().unwrap());
        Arc::new(machine)
    }

    pub(crate) fn set(&self, name: &str, value: &str) {
        self.variables.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn unset(&self, name: &str) {
        self.variables.lock().unwrap().remove(name);
    }

    /// Writes a file in the home directory.
    pub(crate) fn file(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn home(&self) -> &PathBuf {
        &self.home
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        *self.ahead.lock().unwrap() += time;
    }
}

/// Reaches one server, whatever the host; without one, nothing. `nearby` says what was sent as to the machine's own network.
#[derive(Debug)]
pub(crate) struct Loopback {
    server: Option<SocketAddr>,
    inner: HttpTransport,
    pub(crate) nearby: Mutex<Vec<(String, Duration)>>,
}

impl Loopback {
    pub(crate) fn new(server: Option<SocketAddr>) -> Arc<Self> {
        Arc::new(Self {
            server,
            inner: HttpTransport::new().unwrap(),
            nearby: Mutex::default(),
        })
    }

    fn redirected(&self, mut request: Request<Bytes>) -> std::result::Result<Request<Bytes>, TransportError> {
        let Some(server) = self.server else {
            return Err(TransportError::new(
                TransportErrorKind::Connect,
                "nothing is reached here",
            ));
        };
        let uri = request.uri().clone();
        let host = HeaderValue::from_str(uri.authority().unwrap().as_str()).unwrap();
        request.headers_mut().insert(HOST, host);
        let target = uri.path_and_query().unwrap().as_str();
        *request.uri_mut() = format!("http://{server}{target}").parse::<Uri>().unwrap();
        Ok(request)
    }
}

impl Transport for Loopback {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, std::result::Result<Response<Bytes>, TransportError>> {
        Box::pin(async move { self.inner.send(self.redirected(request)?).await })
    }

    fn send_nearby(
        &self,
        request: Request<Bytes>,
        limit: Duration,
    ) -> BoxFuture<'_, std::result::Result<Response<Bytes>, TransportError>> {
        self.nearby.lock().unwrap().push((request.uri().to_string(), limit));
        Box::pin(async move { self.inner.send_nearby(self.redirected(request)?, limit).await })
    }
}

/// The chain of a cloud on this machine.
pub(crate) fn chain_on(
    machine: &Arc<Machine>,
    spec: &'static ChainSpec,
    options: ChainOptions,
    network: &Arc<Loopback>,
) -> Chain {
    let mut context = Context::new("cn-1", Arc::clone(network) as _);
    context.env = Arc::clone(machine) as _;
    chain(spec, options, context)
}

/// The chain of a cloud on this machine, without any network.
pub(crate) fn local(machine: &Arc<Machine>, spec: &'static ChainSpec) -> Chain {
    chain_on(machine, spec, ChainOptions::default(), &Loopback::new(None))
}

pub(crate) fn metadata_allowed() -> ChainOptions {
    build!(ChainOptions {
        instance_metadata: true
    })
}

/// Id, secret and token.
pub(crate) fn parts(credentials: &Credentials) -> (String, String, Option<String>) {
    let keys = credentials.keys().unwrap();
    (
        keys.access_key_id.to_owned(),
        keys.secret_access_key.to_owned(),
        keys.security_token.map(str::to_owned),
    )
}

/// The error, after a look that it is one of credentials, executed nothing, names its cloud and shows no secret.
#[track_caller]
pub(crate) fn refused(provider: Provider, outcome: Result<Credentials>) -> Error {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), cloud_import::ErrorKind::Credentials, "{error}");
    assert_eq!(error.provider(), Some(provider), "{error}");
    assert!(!error.may_have_executed(), "{error}");
    let mut watch = Watch::default();
    watch.secret("secret key", SECRET);
    watch.secret("token", TOKEN);
    watch.shown("error", &error);
    watch.text("error", format!("{error} {:?}", error.remedy()));
    assert_eq!(watch.leaks(), [""; 0]);
    error
}

/// What the chain says where its credentials are from, after a look that it shows no secret.
#[track_caller]
pub(crate) fn described(chain: &Chain) -> String {
    let text = chain.describe().unwrap();
    assert!(!text.contains(SECRET) && !text.contains(TOKEN), "{text}");
    text
}
