//! Proxies: which one a request goes through, and what is said of one that does not let it.

use std::{
    io::{Read as _, Write as _},
    net::SocketAddr,
    time::Duration,
};

use base64::Engine as _;
use cloud_import_core::{
    Error, ErrorKind, Remedy,
    transport::{HttpTransport, HttpTransportBuilder, Stage, TransportError, TransportErrorKind},
};

use crate::net::{self, PASSWORD};

/// Through this proxy, whose URL holds a password.
fn through(proxy: impl std::fmt::Display) -> HttpTransportBuilder {
    HttpTransport::builder().proxy(format!("http://importer:{PASSWORD}@{proxy}"))
}

/// A proxy that answers so whatever it is asked.
fn answering(text: &'static str) -> SocketAddr {
    net::listen(move |mut stream| {
        net::head(&mut stream);
        stream.write_all(text.as_bytes()).unwrap();
    })
}

async fn failing(builder: HttpTransportBuilder, url: &str) -> TransportError {
    assert!(!format!("{builder:?}").contains(PASSWORD));
    let transport = builder.build().unwrap();
    assert!(!format!("{transport:?}").contains(PASSWORD));
    let failure = net::ask_over(&transport, url).await.unwrap_err();
    let error = Error::from(failure.clone());
    assert_eq!((error.kind(), error.may_have_executed()), (ErrorKind::Connect, false));
    assert!(failure.proxy.is_some(), "{failure:?}");
    net::shown(&failure);
    failure
}

#[tokio::test]
async fn a_proxy_that_does_not_connect_says_so_by_name() {
    const URL: &str = "https://vm.example.com/";
    let forbids = answering("HTTP/1.1 403 Forbidden\r\n\r\n");
    let asks = answering("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    let hangs_up = answering("");
    let gone = net::closed();
    let cases = [
        (forbids.to_string(), "refused to connect to vm.example.com:443", false),
        (asks.to_string(), "asks for a user name and a password", true),
        (gone.to_string(), "cannot be reached: connection refused", false),
        (
            hangs_up.to_string(),
            "did not connect to vm.example.com:443: tunnel error: unexpected end of file",
            false,
        ),
        ("proxy.invalid:3128".to_owned(), "cannot be resolved", false),
    ];
    for (proxy, words, lasting) in cases {
        let failure = failing(through(&proxy), URL).await;
        assert_eq!(failure.to_string(), format!("the proxy {proxy} {words}"));
        assert_eq!(
            (failure.stage, failure.proxy.as_deref(), failure.is_lasting()),
            (Some(Stage::Proxy), Some(proxy.as_str()), lasting)
        );
        assert_eq!(
            (failure.host.as_deref(), failure.port),
            (Some("vm.example.com"), Some(443))
        );
    }
    let unknown = net::tls_server(&net::for_name("127.0.0.1"), &net::authority(), None);
    let failure = failing(HttpTransport::builder().proxy(format!("https://{unknown}")), URL).await;
    assert_eq!(
        failure.to_string(),
        format!("the proxy {unknown} cannot be reached by TLS: the certificate is not trusted")
    );
    assert_eq!((failure.stage, failure.is_lasting()), (Some(Stage::Proxy), true));
    let failure = failing(through(gone), "http://vm.example.com/").await;
    assert_eq!(
        failure.to_string(),
        format!("the proxy {gone} cannot be reached: connection refused")
    );
}

#[tokio::test]
async fn what_fails_behind_a_proxy_names_both() {
    let authority = net::authority();
    let target = net::tls_server(&net::for_name("vm.example.com"), &authority, None);
    let proxy = net::tunnel(Some(target));
    let failure = failing(through(proxy), "https://vm.example.com/").await;
    assert_eq!(failure.stage, Some(Stage::Tls));
    assert_eq!(
        failure.to_string(),
        format!("TLS with vm.example.com:443 through the proxy {proxy} failed: the certificate is not trusted")
    );

    let silent = net::listen(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let hasty = through(silent).connect_timeout(Duration::from_millis(200));
    let failure = failing(hasty, "https://vm.example.com/").await;
    assert_eq!(failure.stage, Some(Stage::Connect));
    assert_eq!(
        failure.to_string(),
        format!("cannot connect to vm.example.com:443 through the proxy {silent}: timed out")
    );
}

#[tokio::test]
async fn a_proxy_of_the_program_takes_everything_with_its_password() {
    let authority = net::authority();
    let target = net::tls_server(&net::for_name("127.0.0.1"), &authority, None);
    let builder = through(net::tunnel(None)).root_certificates(authority.pem());
    let body = net::ask_over(&builder.build().unwrap(), format_args!("https://{target}/")).await;
    assert_eq!(body.unwrap(), "mine");

    let transport = through(net::server("proxy")).build().unwrap();
    let body = net::ask_over(&transport, "http://vm.example.com/").await.unwrap();
    let password = base64::engine::general_purpose::STANDARD.encode(format!("importer:{PASSWORD}"));
    let header = format!("\r\nproxy-authorization: basic {}\r\n", password.to_lowercase());
    assert!(body.starts_with("proxy\nget http://vm.example.com/?"), "{body}");
    assert!(body.contains(&header), "{body}");
}

#[test]
fn a_proxy_that_is_none_is_refused_without_showing_it() {
    for bad in [
        "socks5://me:s3cret@127.0.0.1:1080",
        "ftp://me:s3cret@x",
        "http://me:s3cret@",
        "",
        "http://a b",
    ] {
        let error = HttpTransport::builder().proxy(bad).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{bad}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn the_environment_is_heeded_as_documented() {
    let proxy = net::server("proxy").to_string();
    let other = net::server("another").to_string();
    let (http, socks) = (format!("http://{proxy}"), format!("socks5://{PASSWORD}@{proxy}"));
    let direct = net::server("direct");
    let url = format!("http://{direct}/");
    let by_proxy = "answer: proxy";
    let refused = "failure: ALL_PROXY is a `socks5` proxy, and only `http` and `https` proxies are supported";
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[], "answer: direct"),
        (&[("HTTP_PROXY", &http)], by_proxy),
        (&[("http_proxy", &http)], by_proxy),
        (&[("HTTP_PROXY", &http), ("http_proxy", &other)], by_proxy),
        (&[("HTTP_PROXY", ""), ("http_proxy", &http)], by_proxy),
        (&[("HTTP_PROXY", &proxy)], by_proxy),
        (&[("HTTPS_PROXY", &http)], "answer: direct"),
        (&[("ALL_PROXY", &http)], by_proxy),
        (&[("all_proxy", &http)], by_proxy),
        (&[("ALL_PROXY", &other), ("HTTP_PROXY", &http)], by_proxy),
        (&[("HTTP_PROXY", &http), ("NO_PROXY", "127.0.0.1")], "answer: direct"),
        (
            &[("HTTP_PROXY", &http), ("no_proxy", "10.0.0.0/8, 127.0.0.0/8")],
            "answer: direct",
        ),
        (&[("HTTP_PROXY", &http), ("NO_PROXY", "*")], by_proxy),
        (&[("HTTP_PROXY", &http), ("NO_PROXY", "example.com")], by_proxy),
        (&[("HTTP_PROXY", &http), ("REQUEST_METHOD", "GET")], "answer: direct"),
        (&[("ALL_PROXY", &socks)], refused),
        (&[("ALL_PROXY", &socks), ("HTTP_PROXY", &http)], by_proxy),
        (&[("ALL_PROXY", &socks), ("NO_PROXY", "127.0.0.1")], "answer: direct"),
        (
            &[("HTTP_PROXY", "http://")],
            "failure: HTTP_PROXY is not the URL of a proxy",
        ),
    ];
    for (variables, expected) in cases {
        assert_eq!(net::asked_elsewhere(&url, variables), *expected, "{variables:?}");
    }
}

#[test]
fn the_environment_is_not_heeded_where_it_should_not_be() {
    let (proxy, direct) = (net::server("proxy").to_string(), net::server("direct").to_string());
    let (by_address, by_name) = (format!("http://{direct}/"), "http://vm.example.com/".to_owned());
    for (how, url) in [
        ("no_proxy", &by_address),
        ("nearby", &by_address),
        (direct.as_str(), &by_name),
    ] {
        let variables = [
            (net::HOW, how),
            ("HTTP_PROXY", &proxy),
            ("ALL_PROXY", "socks5://127.0.0.1"),
        ];
        assert_eq!(net::asked_elsewhere(url, &variables), "answer: direct", "{how}");
    }
}

#[test]
fn domains_that_are_reached_without_a_proxy() {
    // Nothing resolves `.invalid`; what goes through the proxy is answered by it.
    let proxy = net::server("proxy").to_string();
    for (list, host, direct) in [
        ("vm.invalid", "vm.invalid", true),
        ("invalid", "vm.invalid", true),
        (".invalid", "vm.invalid", true),
        ("m.invalid", "vm.invalid", false),
        ("*", "vm.invalid", true),
        ("other.invalid, VM.invalid", "vm.invalid", true),
    ] {
        let url = format!("http://{host}/");
        let said = net::asked_elsewhere(&url, &[("HTTP_PROXY", &proxy), ("NO_PROXY", list)]);
        let expected = if direct {
            "failure: cannot resolve vm.invalid"
        } else {
            "answer: proxy"
        };
        assert_eq!(said, expected, "{list}");
    }
}

#[test]
fn a_proxy_that_cannot_be_used_is_nothing_that_was_sent() {
    let failure = TransportError::new(TransportErrorKind::Refused, "x").with_stage(Stage::Proxy);
    let error = Error::from(failure);
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::InvalidRequest, false)
    );
    assert_eq!(
        error.remedy(),
        Some(&Remedy::text("Name a proxy by an http or https URL."))
    );
}
