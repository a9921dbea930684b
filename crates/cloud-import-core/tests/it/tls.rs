//! HTTPS to a server whose certificate is from an authority that only the system's store knows, as a company's own is.
//!
//! The store is named by a variable, which a process reads once: each case asks from a process of its own.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    process::Command,
    sync::Arc,
    thread,
};

use cloud_import_core::{
    Bytes,
    ambient::{Ambient as _, System},
    http::Request,
    transport::{Failing, HttpTransport, Transport as _},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

const URL: &str = "CLOUD_IMPORT_TEST_URL";
const TRUSTED: &str = "CLOUD_IMPORT_TEST_TRUSTED";

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Answers over TLS for ever, with a certificate from the authority. Returns its URL.
fn server(authority: &CertifiedIssuer<'_, KeyPair>) -> String {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .unwrap()
        .signed_by(&key, authority)
        .unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            // A client that does not trust the certificate ends it here.
            if stream.read(&mut [0; 2048]).is_ok() {
                let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nmine";
                stream.write_all(answer).unwrap();
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    url
}

#[test]
fn the_systems_certificates_count_and_no_others() {
    let (ours, another) = (authority(), authority());
    let url = server(&ours);
    for (store, trusted) in [(&ours, "yes"), (&another, "no")] {
        let file = std::env::temp_dir().join(format!("cloud-import-core-{}-{trusted}.pem", std::process::id()));
        fs::write(&file, store.pem()).unwrap();
        let asked = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tls::asks_the_server", "--ignored"])
            .env_clear()
            .env("SSL_CERT_FILE", &file)
            .envs([(URL, url.as_str()), (TRUSTED, trusted)])
            .output();
        fs::remove_file(&file).unwrap();
        let said = String::from_utf8(asked.unwrap().stdout).unwrap();
        assert!(said.contains("1 passed"), "trusted: {trusted}\n{said}");
    }
}

#[tokio::test]
#[ignore = "the test above runs it, in another process"]
async fn asks_the_server() {
    let Some(url) = System.variable(URL) else { return };
    let request = Request::get(url).body(Bytes::new()).unwrap();
    let answer = HttpTransport::new().unwrap().send(request).await;
    if System.variable(TRUSTED).as_deref() == Some("yes") {
        assert_eq!(answer.unwrap().body(), "mine");
    } else {
        let failure = answer.unwrap_err();
        assert_eq!(failure.failing, Failing::Connect);
        let mut shown = String::new();
        let mut cause = std::error::Error::source(&failure);
        while let Some(error) = cause {
            shown.push_str(&format!("{error}\n"));
            cause = error.source();
        }
        assert!(shown.contains("invalid peer certificate"), "{shown}");
    }
}
