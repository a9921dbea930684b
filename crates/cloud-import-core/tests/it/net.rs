//! Servers on loopback, with and without TLS, and what a failed request shows.

use std::{
    error::Error as _,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use cloud_import_core::{
    Bytes, Error,
    env::{Env as _, SystemEnv},
    http::Request,
    transport::{HttpTransport, Transport as _, TransportError},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};

/// Stand in every URL and in every proxy's URL here, and in no text about a failure.
pub(crate) const SECRET_QUERY: &str = "Signature=s3cret-of-the-query";
pub(crate) const PASSWORD: &str = "s3cret-of-the-proxy";

/// Lets each connection be handled, for ever.
pub(crate) fn listen(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let handle = Arc::new(handle);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, handle) = (stream.unwrap(), Arc::clone(&handle));
            thread::spawn(move || handle(stream));
        }
    });
    address
}

/// An address at which nobody listens.
pub(crate) fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// What a client sends until the blank line, in small letters.
pub(crate) fn head(stream: &mut impl Read) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).to_lowercase()
}

pub(crate) fn answer(stream: &mut impl Write, body: &str) {
    let length = body.len();
    let text = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    // Whoever asked may be gone by now.
    let _ = stream.write_all(text.as_bytes());
    let _ = stream.flush();
}

/// Answers each request with the head of it, behind its name.
pub(crate) fn server(name: &'static str) -> SocketAddr {
    listen(move |mut stream| {
        let head = head(&mut stream);
        answer(&mut stream, &format!("{name}\n{head}"));
    })
}

/// A proxy that connects to where it is told, or to one address whatever it is told.
pub(crate) fn tunnel(to: Option<SocketAddr>) -> SocketAddr {
    listen(move |mut stream| {
        let head = head(&mut stream);
        let named = head.split_whitespace().nth(1).unwrap();
        let mut far = match to {
            Some(address) => TcpStream::connect(address).unwrap(),
            None => TcpStream::connect(named).unwrap(),
        };
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let (mut back, mut forth) = (far.try_clone().unwrap(), stream.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut back, &mut forth));
        let _ = std::io::copy(&mut stream, &mut far);
    })
}

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

/// One that nobody trusts, under a name of its own.
pub(crate) fn authority() -> Authority {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    let name = format!("authority {}", COUNT.fetch_add(1, Ordering::Relaxed));
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server's certificate for this name or address.
pub(crate) fn for_name(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

/// A client's certificate and key, as PEM.
pub(crate) fn identity(authority: &Authority) -> String {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "importer");
    let certificate = params.signed_by(&key, authority).unwrap();
    format!("{}{}", certificate.pem(), key.serialize_pem())
}

/// Answers with its name over TLS, for ever; asks for a certificate of the authority for clients, where there is one.
pub(crate) fn tls_server(params: &CertificateParams, by: &Authority, for_clients: Option<&Authority>) -> SocketAddr {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, by).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match for_clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).unwrap();
            builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .unwrap(),
            )
        }
    };
    let config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let config = Arc::new(config);
    listen(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        // One that does not trust the other ends it here.
        if head(&mut stream).ends_with("\r\n\r\n") {
            answer(&mut stream, "mine");
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    })
}

pub(crate) fn get(url: impl std::fmt::Display) -> Request<Bytes> {
    Request::get(format!("{url}?{SECRET_QUERY}"))
        .body(Bytes::new())
        .unwrap()
}

/// Asks over a transport without a proxy of the environment.
pub(crate) async fn ask(url: impl std::fmt::Display) -> Result<String, TransportError> {
    ask_over(&HttpTransport::builder().no_proxy().build().unwrap(), url).await
}

pub(crate) async fn ask_over(transport: &HttpTransport, url: impl std::fmt::Display) -> Result<String, TransportError> {
    let answer = transport.send(get(url)).await?;
    Ok(String::from_utf8(answer.body().to_vec()).unwrap())
}

/// All that a failure shows, here and as the error that it becomes; none of it is a secret.
pub(crate) fn shown(failure: &TransportError) -> String {
    let error = Error::from(failure.clone());
    let mut text = format!(
        "{failure} {failure:?} {failure:#?} {error} {error:?} {:?}\n",
        error.remedy()
    );
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("{cause} {cause:?}\n"));
        source = cause.source();
    }
    assert!(!text.contains("s3cret"), "{text}");
    text
}

const URL: &str = "CLOUD_IMPORT_TEST_URL";
/// How to ask: `no_proxy`, `nearby`, or an address to dial; as the environment says when absent.
pub(crate) const HOW: &str = "CLOUD_IMPORT_TEST_HOW";

/// Asks with these variables and no others, in a process of its own as a process reads some of them once; what came of it,
/// as `answer: BODY` or `failure: TEXT`.
pub(crate) fn asked_elsewhere(url: impl std::fmt::Display, variables: &[(&str, &str)]) -> String {
    let asked = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "net::asks", "--ignored", "--nocapture"])
        .env_clear()
        .env(URL, url.to_string())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8(asked.stdout).unwrap();
    let line = said.lines().find_map(|line| line.strip_prefix("::"));
    assert!(line.is_some(), "{said}");
    line.unwrap().to_owned()
}

#[tokio::test]
#[ignore = "the function above runs it, in another process"]
#[expect(clippy::print_stdout, reason = "the process that began this one reads it")]
async fn asks() {
    let Some(url) = SystemEnv.variable(URL) else { return };
    let (how, builder) = (SystemEnv.variable(HOW), HttpTransport::builder());
    let transport = match how.as_deref() {
        None | Some("nearby") => builder.build(),
        Some("no_proxy") => builder.no_proxy().build(),
        Some(address) => builder.dial(address.parse().unwrap()).build(),
    };
    let transport = transport.unwrap();
    let asked = match how.as_deref() {
        Some("nearby") => transport.send_nearby(get(url), Duration::from_secs(20)).await,
        _ => transport.send(get(url)).await,
    };
    match asked {
        Ok(answer) => println!(
            "\n::answer: {}",
            String::from_utf8_lossy(answer.body()).lines().next().unwrap()
        ),
        Err(failure) => println!("\n::failure: {failure}"),
    }
}
