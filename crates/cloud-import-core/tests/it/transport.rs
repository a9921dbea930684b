//! The HTTP client over loopback: what it sends, and what it says of a request that comes to nothing, stage by stage.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    task::{Context, Poll, Waker},
    time::Duration,
};

use cloud_import_core::{
    Bytes, Error, ErrorKind,
    http::Request,
    transport::{HttpTransport, HttpTransportBuilder, Stage, Transport as _, TransportError, TransportErrorKind},
};

use crate::net;

fn builder() -> HttpTransportBuilder {
    HttpTransport::builder().no_proxy()
}

async fn failing(builder: HttpTransportBuilder, url: impl std::fmt::Display) -> TransportError {
    let failure = net::ask_over(&builder.build().unwrap(), url).await.unwrap_err();
    net::shown(&failure);
    failure
}

fn known(failure: &TransportError) -> (TransportErrorKind, Option<Stage>, ErrorKind, bool) {
    let error = Error::from(failure.clone());
    (failure.kind, failure.stage, error.kind(), error.may_have_executed())
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    let failure = failing(builder(), "https://vm.invalid/").await;
    let expected = (
        TransportErrorKind::Connect,
        Some(Stage::Resolve),
        ErrorKind::Connect,
        false,
    );
    assert_eq!(known(&failure), expected);
    assert_eq!((failure.host.as_deref(), failure.port), (Some("vm.invalid"), Some(443)));
    assert_eq!(failure.to_string(), "cannot resolve vm.invalid");
}

/// Keys that are signed for one host are not carried to another because that one says so.
#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (sender, asked) = std::sync::mpsc::channel();
    let elsewhere = net::listen(move |mut stream| {
        sender.send(net::head(&mut stream)).unwrap();
        net::answer(&mut stream, "elsewhere");
    });
    for status in [301, 302, 303, 307, 308] {
        let here = net::listen(move |mut stream| {
            net::head(&mut stream);
            let answer =
                format!("HTTP/1.1 {status} Moved\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let transport = builder().build().unwrap();
        let answer = transport.send(net::get(format_args!("http://{here}/"))).await.unwrap();
        assert_eq!(answer.status(), status);
    }
    assert!(asked.try_recv().is_err(), "the other host was asked");
}

/// A server that closes its end of an idle connection is not met in the act.
#[tokio::test]
async fn a_connection_that_nothing_uses_is_closed() {
    let (sender, closed) = std::sync::mpsc::channel();
    let here = net::listen(move |mut stream| {
        net::head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
        // What reqwest has by itself is three times that.
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        sender
            .send(stream.read(&mut [0]).is_ok_and(|count| count == 0))
            .unwrap();
    });
    let transport = builder().build().unwrap();
    transport.send(net::get(format_args!("http://{here}/"))).await.unwrap();
    let is_closed = tokio::task::spawn_blocking(move || closed.recv().unwrap())
        .await
        .unwrap();
    assert!(is_closed, "it was still open");
    drop(transport);
}

#[tokio::test]
async fn a_closed_port() {
    for scheme in ["http", "https"] {
        let address = net::closed();
        let failure = failing(builder(), format_args!("{scheme}://{address}/")).await;
        let expected = (
            TransportErrorKind::Connect,
            Some(Stage::Connect),
            ErrorKind::Connect,
            false,
        );
        assert_eq!(known(&failure), expected);
        assert_eq!(
            failure.to_string(),
            format!("cannot connect to {address}: connection refused")
        );
        assert!(
            net::shown(&failure).contains("Connection refused (os error"),
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_takes_too_long() {
    // Who listens is connected to by the system, and says no word of TLS.
    let silent = net::listen(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let hasty = builder().connect_timeout(Duration::from_millis(200));
    let failure = failing(hasty, format_args!("https://{silent}/")).await;
    let expected = (
        TransportErrorKind::Connect,
        Some(Stage::Connect),
        ErrorKind::Connect,
        false,
    );
    assert_eq!(known(&failure), expected);
    assert_eq!(failure.to_string(), format!("cannot connect to {silent}: timed out"));
}

#[tokio::test]
async fn no_answer_within_the_limit() {
    let silent = net::listen(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let hasty = builder().timeout(Duration::from_millis(200));
    let failure = failing(hasty, format_args!("http://{silent}/")).await;
    let expected = (TransportErrorKind::Timeout, Some(Stage::Send), ErrorKind::Timeout, true);
    assert_eq!(known(&failure), expected);
    assert_eq!(
        failure.to_string(),
        format!("no answer within the time limit ({silent})")
    );
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer() {
    let rude = net::listen(|mut stream| drop(net::head(&mut stream)));
    let failure = failing(builder(), format_args!("http://{rude}/")).await;
    let expected = (
        TransportErrorKind::Broken,
        Some(Stage::Send),
        ErrorKind::Transport,
        true,
    );
    assert_eq!(known(&failure), expected);
    assert_eq!(
        failure.to_string(),
        format!("the connection broke before an answer came ({rude})")
    );
    assert!(failure.answered.is_none());
}

fn begins(mut stream: TcpStream) -> TcpStream {
    net::head(&mut stream);
    let head = b"HTTP/1.1 200 OK\r\nx-request-id: r7\r\ncontent-length: 9\r\n\r\nmi";
    stream.write_all(head).unwrap();
    stream
}

#[tokio::test]
async fn a_connection_that_breaks_within_the_answer() {
    let rude = net::listen(|stream| drop(begins(stream)));
    let failure = failing(builder(), format_args!("http://{rude}/")).await;
    let expected = (
        TransportErrorKind::Broken,
        Some(Stage::Receive),
        ErrorKind::Transport,
        true,
    );
    assert_eq!(known(&failure), expected);
    assert_eq!(
        failure.to_string(),
        format!("the connection broke before the whole answer came ({rude})")
    );
    assert_eq!(failure.answered.unwrap().headers()["x-request-id"], "r7");
}

#[tokio::test]
async fn no_whole_answer_within_the_limit() {
    let slow = net::listen(|stream| drop(begins(stream).read_to_end(&mut Vec::new())));
    let hasty = builder().timeout(Duration::from_secs(2));
    let failure = failing(hasty, format_args!("http://{slow}/")).await;
    let expected = (
        TransportErrorKind::Timeout,
        Some(Stage::Receive),
        ErrorKind::Timeout,
        true,
    );
    assert_eq!(known(&failure), expected);
    assert_eq!(
        failure.to_string(),
        format!("no whole answer within the time limit ({slow})")
    );
}

#[tokio::test]
async fn an_answer_that_is_too_large() {
    let address = net::server("a large one");
    let failure = failing(builder().answer_bytes(10), format_args!("http://{address}/")).await;
    let expected = (
        TransportErrorKind::TooLarge,
        Some(Stage::Receive),
        ErrorKind::InvalidResponse,
        true,
    );
    assert_eq!(known(&failure), expected);
    assert_eq!(
        failure.to_string(),
        format!("the answer is larger than 10 bytes ({address})")
    );
}

#[test]
fn each_stage_has_its_own_remedy() {
    let stages = [None, Some(Stage::Resolve), Some(Stage::Proxy), Some(Stage::Tls)];
    let mut remedies = stages.map(|stage| {
        let failure = TransportError::new(TransportErrorKind::Connect, "x");
        let failure = stage.into_iter().fold(failure, TransportError::with_stage);
        Error::from(failure).remedy().unwrap().to_string()
    });
    remedies.sort();
    assert!(remedies.windows(2).all(|pair| pair[0] != pair[1]), "{remedies:?}");
}

#[tokio::test]
async fn a_simulated_run_refuses_addresses_and_ports() {
    let transport = builder().dial(SocketAddr::from(([127, 0, 0, 1], 9))).build().unwrap();
    for url in [
        "http://10.0.0.1/",
        "https://[::1]/",
        "https://cvm.tencentcloudapi.com:443/",
    ] {
        let failure = net::ask_over(&transport, url).await.unwrap_err();
        assert_eq!(failure.kind, TransportErrorKind::Refused, "{url}");
        net::shown(&failure);
    }
}

#[tokio::test]
async fn a_simulator_that_is_gone_is_told_from_the_cloud() {
    let gone = net::closed();
    let failure = failing(builder().dial(gone), "https://cvm.tencentcloudapi.com/").await;
    assert_eq!(
        failure.to_string(),
        format!("cannot connect to cvm.tencentcloudapi.com:80: connection refused (dialed {gone} in its place)")
    );
}

#[tokio::test]
async fn a_simulated_run_goes_to_one_address_past_any_proxy() {
    let (simulator, proxy) = (net::server("simulator"), net::server("proxy"));
    let transport = HttpTransport::builder()
        .proxy(format!("http://{proxy}"))
        .dial(simulator)
        .build()
        .unwrap();
    let body = net::ask_over(&transport, "https://cvm.tencentcloudapi.com/")
        .await
        .unwrap();
    assert!(body.starts_with("simulator\nget /?"), "{body}");
    assert!(body.contains("\r\nhost: cvm.tencentcloudapi.com\r\n"), "{body}");
}

#[tokio::test]
async fn an_empty_body_has_its_length_said_where_a_body_is_usual() {
    let address = net::server("echo");
    let transport = builder().build().unwrap();
    for (method, length) in [("POST", Some("content-length: 0")), ("GET", None)] {
        let request = Request::builder().method(method).uri(format!("http://{address}/"));
        let sent = transport.send(request.body(Bytes::new()).unwrap()).await.unwrap();
        let head = String::from_utf8_lossy(sent.body());
        let said = head.lines().find(|line| line.starts_with("content-length"));
        assert_eq!(said, length, "{head}");
    }
}

#[tokio::test]
async fn the_user_agent_names_the_program_behind_us() {
    let url = format!("http://{}/", net::server("echo"));
    let ours = concat!("user-agent: cloud-import/", env!("CARGO_PKG_VERSION"));
    for (builder, expected) in [
        (builder(), ours.to_owned()),
        (
            builder().user_agent("web-console/2.3 (nightly)"),
            format!("{ours} web-console/2.3 (nightly)"),
        ),
    ] {
        let head = net::ask_over(&builder.build().unwrap(), &url).await.unwrap();
        let said = head.lines().find(|line| line.starts_with("user-agent"));
        assert_eq!(said, Some(expected.as_str()));
    }
    let error = builder().user_agent("a\r\nb: c").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn nothing_but_the_usual_headers_is_added() {
    let head = net::ask(format_args!("http://{}/", net::server("echo"))).await.unwrap();
    let names: Vec<_> = head
        .lines()
        .skip(2)
        .filter_map(|line| Some(line.split_once(':')?.0))
        .collect();
    assert_eq!(names, ["accept", "user-agent", "host"], "{head}");
}

#[tokio::test]
async fn what_is_nearby_is_asked_past_the_proxy_and_not_for_long() {
    let (proxy, instance) = (net::server("proxy"), net::server("instance"));
    let transport = HttpTransport::builder()
        .proxy(format!("http://{proxy}"))
        .build()
        .unwrap();
    let request = || net::get(format_args!("http://{instance}/"));
    let far = transport.send(request()).await.unwrap();
    assert!(far.body().starts_with(b"proxy"), "{far:?}");
    let near = transport.send_nearby(request(), Duration::from_secs(20)).await.unwrap();
    assert!(near.body().starts_with(b"instance"), "{near:?}");

    let silent = net::listen(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let request = net::get(format_args!("http://{silent}/"));
    let late = transport.send_nearby(request, Duration::from_millis(50)).await;
    assert_eq!(late.unwrap_err().kind, TransportErrorKind::Timeout);
}

#[test]
fn without_a_runtime_it_is_an_error_and_no_panic() {
    let transport = builder().build().unwrap();
    let mut sent = transport.send(Request::get("https://vm.example/").body(Bytes::new()).unwrap());
    let Poll::Ready(outcome) = sent.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits for a runtime that will not come");
    };
    let failure = outcome.unwrap_err();
    assert!(failure.message.contains("no tokio runtime"), "{failure}");
    assert!(!Error::from(failure).may_have_executed());
}
