//! The HTTP client with a limit for standing still: a body takes as long as it takes, and a server that does nothing is left.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use cloud_import_core::{
    Bytes,
    http::{Request, Response},
    transport::{HttpTransport, Stage, Transport as _, TransportError, TransportErrorKind},
};

use crate::net;

/// More than the buffers of two sockets hold.
const LARGE: usize = 48 << 20;

async fn put(to: SocketAddr, length: usize, still: u64, answer: u64) -> Result<Response<Bytes>, TransportError> {
    let transport = HttpTransport::builder()
        .no_proxy()
        .idle_timeout(Duration::from_millis(still))
        .timeout(Duration::from_millis(answer))
        .build()
        .unwrap();
    let request = Request::put(format!("http://{to}/"));
    transport.send(request.body(vec![7; length].into()).unwrap()).await
}

/// A server that does this once it has the head of a request.
fn server(then: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    net::listen(move |mut stream| {
        let head = net::head(&mut stream);
        assert!(head.contains("content-length: "), "{head}");
        then(stream);
    })
}

fn pause(millis: u64) {
    thread::sleep(Duration::from_millis(millis));
}

/// Writes again and again, until nobody listens.
fn drip(mut stream: TcpStream, text: &str) {
    while stream.write_all(text.as_bytes()).is_ok() {
        pause(50);
    }
}

#[tokio::test]
async fn a_body_that_moves_takes_longer_than_both_limits() {
    let slow = server(|mut stream| {
        let mut piece = vec![0; 1 << 20];
        for _ in 0..LARGE >> 20 {
            stream.read_exact(&mut piece).unwrap();
            pause(60);
        }
        net::answer(&mut stream, "all of it");
    });
    let answer = put(slow, LARGE, 1500, 1500).await.unwrap();
    assert_eq!(answer.body(), "all of it");
}

#[tokio::test]
async fn a_server_that_takes_nothing_or_says_nothing_is_left() {
    for length in [0, 100, LARGE] {
        let still = server(|stream| {
            pause(20_000);
            drop(stream);
        });
        let failure = put(still, length, 300, 10_000).await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.stage),
            (TransportErrorKind::Timeout, Some(Stage::Send))
        );
        assert_eq!(
            failure.to_string(),
            format!("nothing was sent or answered within the time limit ({still})")
        );
    }
}

#[tokio::test]
async fn hints_that_it_is_at_work_are_no_answer() {
    let hinting = server(|stream| drip(stream, "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"));
    let failure = put(hinting, 100, 500, 10_000).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.stage),
        (TransportErrorKind::Timeout, Some(Stage::Send))
    );
}

#[tokio::test]
async fn an_answer_that_drips_has_an_end() {
    let dripping = server(|mut stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
            .unwrap();
        drip(stream, "x");
    });
    let failure = put(dripping, 100, 5000, 700).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.stage),
        (TransportErrorKind::Timeout, Some(Stage::Receive))
    );
    let cut = server(|mut stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx")
            .unwrap();
        pause(20_000);
    });
    let failure = put(cut, 100, 300, 10_000).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.stage),
        (TransportErrorKind::Timeout, Some(Stage::Receive))
    );
    assert_eq!(failure.answered.unwrap().status(), 200);
}

#[tokio::test]
async fn an_answer_before_the_body_is_taken_counts() {
    let rude = server(|mut stream| {
        stream
            .write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
            .unwrap();
        pause(3000);
    });
    let answer = put(rude, LARGE, 2000, 2000).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.body()[..]), (403, &b"no"[..]));
}
