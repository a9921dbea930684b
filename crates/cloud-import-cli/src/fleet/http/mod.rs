//! What a worker tells over HTTP, on this machine alone and read-only: its jobs, health and metrics. Few connections, each for one short
//! request: nobody keeps a worker from its work by asking.

mod answers;
mod health;
mod measured;
mod route;

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use cloud_import::{
    Error, ErrorKind, Result,
    env::{Env as _, SystemEnv},
};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

pub(crate) use self::{answers::Answers, health::asked};

/// Connections at a time.
const CONNECTIONS: usize = 16;

/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(5);

/// How long a connection lasts at most.
const LONGEST: Duration = Duration::from_secs(20);

/// The largest head of a request, in bytes. What follows it is not read.
const HEAD: usize = 16 << 10;

/// How long it rests when no connection can be taken: out of descriptors, most likely.
const REST: Duration = Duration::from_millis(100);

/// An address that is listened on.
#[derive(Debug)]
pub(crate) struct Listening(TcpListener);

impl Listening {
    /// # Errors
    /// [`ErrorKind::Local`] when the address is taken, or none of this machine.
    pub(crate) async fn at(address: SocketAddr) -> Result<Self> {
        TcpListener::bind(address).await.map(Self).map_err(|error| {
            Error::new(ErrorKind::Local, format!("cannot answer at {address}: {error}"))
                .with_remedy("Name another port: --http=127.0.0.1:PORT.")
                .with_source(error)
        })
    }

    /// Where it is reached: where port 0 was asked for, this says which it is.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.0.local_addr().ok()
    }

    /// Answers, until the task is aborted.
    pub(crate) async fn answer(self, own: Arc<Answers>) {
        let slots = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                return;
            };
            match self.0.accept().await {
                Ok((stream, _)) => {
                    let own = Arc::clone(&own);
                    connections.spawn(async move {
                        tokio::select! {
                            () = connection(stream, own) => {}
                            () = SystemEnv.sleep(LONGEST) => {}
                        }
                        drop(slot);
                    });
                }
                Err(_) => SystemEnv.sleep(REST).await,
            }
        }
    }
}

/// One request, and its answer.
async fn connection(stream: TcpStream, own: Arc<Answers>) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let own = Arc::clone(&own);
        async move { Ok::<_, Infallible>(own.answer(&request.into_parts().0).await) }
    });
    // A connection that ends badly is the other side's choice.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(ARRIVAL)
        .max_buf_size(HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}
