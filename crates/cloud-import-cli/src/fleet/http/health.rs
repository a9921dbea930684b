//! Asks a worker on this machine how it is: for probes, which need no other program then.

use std::{net::SocketAddr, time::Duration};

use cloud_import::{
    Error, ErrorKind, Result, Shown,
    env::{Env as _, SystemEnv},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// More than this is no answer of a worker's.
const MOST: u64 = 64 << 10;

/// What a worker says at a path, in a line.
///
/// # Errors
/// [`ErrorKind::Connect`] when nobody answers there; [`ErrorKind::Unavailable`] with its words when it is not well.
pub(crate) async fn asked(address: SocketAddr, path: &str) -> Result<String> {
    let answer = tokio::select! {
        answer = answer(address, path) => answer,
        () = SystemEnv.sleep(PATIENCE) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut)),
    };
    let answer = answer.map_err(|error| {
        Error::new(ErrorKind::Connect, format!("no worker answers at {address}: {error}"))
            .with_remedy("Start it with --http, or name its address: --http=127.0.0.1:PORT.")
            .with_source(error)
    })?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer.as_str(), ""));
    let said = Shown::of(body.trim()).to_string();
    match head.split(' ').nth(1) {
        Some("200") => Ok(said),
        _ => Err(Error::new(
            ErrorKind::Unavailable,
            format!("the worker at {address} is not ready: {said}"),
        )
        .with_remedy("Its log says more; it goes on by itself once that has passed.")),
    }
}

async fn answer(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(MOST).read_to_string(&mut answer).await?;
    Ok(answer)
}
