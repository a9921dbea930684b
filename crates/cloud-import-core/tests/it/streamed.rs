//! A body that is read while it is sent: whole, in order, in bounded memory, and never sent on when it cannot be read.

use std::{
    io::{self, Read as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use cloud_import_core::{
    Bytes,
    env::{Env as _, SystemEnv},
    http::Request,
    transport::{BodySource, HttpTransport, StreamedBody, Transport as _, TransportErrorKind},
};

use crate::net;

/// Bytes that differ from place to place, and that cannot be read from one on.
struct Source {
    length: u64,
    broken_at: u64,
    /// How far it was read.
    read: AtomicU64,
}

impl Source {
    fn new(length: u64, broken_at: u64) -> Arc<Self> {
        let read = AtomicU64::default();
        Arc::new(Self {
            length,
            broken_at,
            read,
        })
    }
}

fn byte(at: u64) -> u8 {
    (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
}

impl BodySource for Source {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset + buffer.len() as u64;
        if end > self.broken_at {
            return Err(io::Error::other("the disk is gone"));
        }
        buffer.iter_mut().zip(offset..).for_each(|(to, at)| *to = byte(at));
        self.read.fetch_max(end, Ordering::SeqCst);
        Ok(())
    }
}

fn request(to: std::net::SocketAddr, source: Arc<Source>) -> Request<Bytes> {
    let request = Request::put(format!("http://{to}/"));
    let mut request = request.body(Bytes::new()).unwrap();
    request.extensions_mut().insert(StreamedBody::new(source));
    request
}

fn transports() -> [HttpTransport; 2] {
    let builder = || HttpTransport::builder().no_proxy();
    let idle = builder().idle_timeout(Duration::from_secs(20));
    [builder().build().unwrap(), idle.build().unwrap()]
}

#[tokio::test]
async fn it_arrives_whole_each_time_that_it_is_sent() {
    for length in [1, 64 << 10, (3 << 20) + 17] {
        let (sender, seen) = mpsc::channel();
        let server = net::listen(move |mut stream| {
            let head = net::head(&mut stream);
            let mut body = vec![0; usize::try_from(length).unwrap()];
            stream.read_exact(&mut body).unwrap();
            sender.send((head, body)).unwrap();
            net::answer(&mut stream, "taken");
        });
        for transport in transports() {
            assert!(transport.takes_streamed());
            let request = request(server, Source::new(length, length));
            for _ in 0..2 {
                assert_eq!(transport.send(request.clone()).await.unwrap().body(), "taken");
                let (head, body) = seen.recv().unwrap();
                assert!(head.contains(&format!("content-length: {length}\r\n")), "{head}");
                assert!(body.iter().zip(0..).all(|(found, at)| *found == byte(at)), "{length}");
            }
        }
    }
}

#[tokio::test]
async fn no_more_is_read_than_is_taken() {
    let (sender, go_on) = mpsc::channel::<()>();
    let go_on = std::sync::Mutex::new(go_on);
    let server = net::listen(move |mut stream| {
        net::head(&mut stream);
        let _ = go_on.lock().unwrap().recv();
        drop(stream);
    });
    let source = Source::new(256 << 20, u64::MAX);
    let [transport, _] = transports();
    let sent = tokio::spawn({
        let request = request(server, source.clone());
        async move { transport.send(request).await.is_err() }
    });
    let read = || source.read.load(Ordering::SeqCst);
    // Until nothing moves: what the sockets hold, and two pieces.
    let mut before = u64::MAX;
    while read() == 0 || read() != before {
        before = read();
        SystemEnv.sleep(Duration::from_millis(200)).await;
    }
    assert!(read() < 32 << 20, "{} bytes were read", read());
    drop(sender);
    assert!(sent.await.unwrap());
}

#[tokio::test]
async fn what_cannot_be_read_ends_the_request() {
    let (sender, seen) = mpsc::channel();
    let server = net::listen(move |mut stream| {
        net::head(&mut stream);
        let mut body = Vec::new();
        let _ = stream.read_to_end(&mut body);
        sender.send(body.len()).unwrap();
    });
    for transport in transports() {
        let failure = transport.send(request(server, Source::new(4 << 20, 1 << 20))).await;
        let failure = failure.unwrap_err();
        assert_eq!(failure.kind, TransportErrorKind::Broken, "{failure}");
        assert!(
            failure.to_string().contains("the disk is gone") && failure.is_lasting(),
            "{failure}"
        );
        assert!(seen.recv().unwrap() <= 1 << 20);
    }
}
