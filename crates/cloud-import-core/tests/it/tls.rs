//! HTTPS: whose certificates count, and what is said of those that do not.

use std::{fs, io::Read as _};

use cloud_import_core::{
    ErrorKind,
    transport::{HttpTransport, HttpTransportBuilder, Stage, TransportError, TransportErrorKind},
};
use rcgen::date_time_ymd;

use crate::net;

fn trusting(authority: &net::Authority) -> HttpTransportBuilder {
    HttpTransport::builder().no_proxy().root_certificates(authority.pem())
}

async fn refused(builder: HttpTransportBuilder, url: &str) -> TransportError {
    let failure = net::ask_over(&builder.build().unwrap(), url).await.unwrap_err();
    assert_eq!(failure.stage, Some(Stage::Tls), "{failure:?}");
    net::shown(&failure);
    failure
}

/// The store is named by a variable, which a process reads once.
#[cfg(target_os = "linux")]
#[test]
fn the_systems_certificates_count_and_no_others() {
    let (ours, another) = (net::authority(), net::authority());
    let address = net::tls_server(&net::for_name("127.0.0.1"), &ours, None);
    let refused = format!("failure: TLS with {address} failed: the certificate is not trusted");
    for (store, expected) in [(&ours, "answer: mine"), (&another, refused.as_str())] {
        let file = std::env::temp_dir().join(format!("cloud-import-core-{}.pem", std::process::id()));
        fs::write(&file, store.pem()).unwrap();
        let said = net::asked_elsewhere(
            format_args!("https://{address}/"),
            &[("SSL_CERT_FILE", file.to_str().unwrap())],
        );
        fs::remove_file(&file).unwrap();
        assert_eq!(said, expected);
    }
}

#[tokio::test]
async fn authorities_of_the_program_count_beside_them() {
    let (one, two) = (net::authority(), net::authority());
    let both = || trusting(&one).root_certificates(two.pem());
    let bundle = HttpTransport::builder()
        .no_proxy()
        .root_certificates(one.pem() + &two.pem());
    for transport in [both().build().unwrap(), bundle.build().unwrap()] {
        for authority in [&one, &two] {
            let address = net::tls_server(&net::for_name("127.0.0.1"), authority, None);
            let body = net::ask_over(&transport, format_args!("https://{address}/")).await;
            assert_eq!(body.unwrap(), "mine");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said_and_not_tried_again() {
    let authority = net::authority();
    let mut old = net::for_name("127.0.0.1");
    (old.not_before, old.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
    let cases = [
        (
            net::for_name("127.0.0.1"),
            HttpTransport::builder().no_proxy(),
            "is not trusted",
        ),
        (
            net::for_name("elsewhere.example"),
            trusting(&authority),
            "is for another name",
        ),
        (old, trusting(&authority), "has expired"),
    ];
    for (params, builder, words) in cases {
        let address = net::tls_server(&params, &authority, None);
        let failure = refused(builder, &format!("https://{address}/")).await;
        assert_eq!(failure.kind, TransportErrorKind::Connect);
        assert!(failure.is_lasting());
        assert_eq!(
            (failure.host.as_deref(), failure.port),
            (Some("127.0.0.1"), Some(address.port()))
        );
        assert_eq!(
            failure.to_string(),
            format!("TLS with {address} failed: the certificate {words}")
        );
        assert!(net::shown(&failure).contains("certificate"), "{failure:?}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_said_to_and_tried_again() {
    let plain = net::listen(|mut stream| {
        net::answer(&mut stream, "plain");
        drop(stream.read_to_end(&mut Vec::new()));
    });
    let silent = net::listen(drop);
    for address in [plain, silent] {
        let failure = refused(HttpTransport::builder().no_proxy(), &format!("https://{address}/")).await;
        assert_eq!(
            (failure.kind, failure.is_lasting()),
            (TransportErrorKind::Connect, false)
        );
        let text = failure.to_string();
        assert!(text.starts_with(&format!("TLS with {address} failed: ")), "{text}");
    }
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let (servers, clients) = (net::authority(), net::authority());
    let address = net::tls_server(&net::for_name("127.0.0.1"), &servers, Some(&clients));
    let url = format!("https://{address}/");
    let known = trusting(&servers)
        .client_identity(net::identity(&clients))
        .build()
        .unwrap();
    assert_eq!(net::ask_over(&known, &url).await.unwrap(), "mine");

    // Of TLS 1.3, a client hears only behind the handshake that it is not let in.
    let unknown = trusting(&servers).build().unwrap();
    let failure = net::ask_over(&unknown, &url).await.unwrap_err();
    net::shown(&failure);
    if cfg!(not(feature = "native-tls")) {
        assert_eq!(
            failure.to_string(),
            format!("TLS with {address} failed: the server asks for a client's certificate")
        );
    }
}

#[test]
fn certificates_and_keys_that_cannot_be_read_are_refused_and_never_shown() {
    let (one, two) = (net::identity(&net::authority()), net::identity(&net::authority()));
    let key = |pem: &str| pem[pem.find("-----BEGIN PRIVATE").unwrap()..].to_owned();
    let certificate = |pem: &str| pem.replace(&key(pem), "");
    let builder = || HttpTransport::builder().no_proxy();
    for bad in [
        builder().root_certificates("no PEM"),
        builder().root_certificates("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        builder().client_identity("no PEM"),
        builder().client_identity(key(&one)),
        builder().client_identity(certificate(&one)),
        builder().client_identity(certificate(&one) + &key(&two)),
    ] {
        let error = bad.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error:?}");
    }
    let secret = key(&one).lines().nth(1).unwrap().to_owned();
    let good = builder().client_identity(&one);
    assert!(!format!("{good:?} {good:#?} {:?}", good.clone().build().unwrap()).contains(&secret));
}
