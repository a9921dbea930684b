//! One request over one connection, and the answer as it came.

use std::{io, net::SocketAddr};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A request ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn plain(method: &'static str, target: &str, body: &str) -> Self {
        Request {
            method,
            target: target.to_owned(),
            headers: vec![("host".to_owned(), "127.0.0.1".to_owned())],
            body: body.to_owned(),
        }
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// An answer that came whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a request; an error when the answer does not come whole.
pub(crate) async fn try_send(address: SocketAddr, request: &Request) -> io::Result<Answer> {
    let length = request.body.len().to_string();
    let whole = request
        .clone()
        .set("content-length", &length)
        .set("connection", "close");
    let raw = exchanged(address, &whole).await?;
    parsed(&raw, request.method == "HEAD")
}

/// Sends a request's headers as they are, and no body.
pub(crate) async fn send_as_is(address: SocketAddr, request: &Request) -> Answer {
    let bare = Request {
        body: String::new(),
        ..request.clone()
    }
    .set("connection", "close");
    parsed(&exchanged(address, &bare).await.unwrap(), false).unwrap()
}

/// Sends a request as it is; gives what comes until the other side closes.
async fn exchanged(address: SocketAddr, request: &Request) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    // The other side may answer and close before it has read everything.
    let _ = stream.write_all(request.body.as_bytes()).await;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).await?;
    Ok(raw)
}

pub(crate) async fn send(address: SocketAddr, request: &Request) -> Answer {
    try_send(address, request).await.unwrap()
}

/// `head`: the answer announces a body and has none.
fn parsed(raw: &[u8], head: bool) -> io::Result<Answer> {
    let short = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(short)?;
    let front = String::from_utf8_lossy(&raw[..end]).into_owned();
    let mut body = raw[end + 4..].to_vec();
    let mut lines = front.lines();
    let status = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer {
        status: status.parse().map_err(io::Error::other)?,
        headers,
        body: Vec::new(),
    };
    if answer.header("transfer-encoding") == "chunked" {
        body = unchunked(&body).ok_or_else(short)?;
    } else if let Ok(length) = answer.header("content-length").parse::<usize>()
        && body.len() < length
        && !head
    {
        return Err(short());
    }
    answer.body = body;
    Ok(answer)
}

fn unchunked(mut raw: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = raw.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&raw[..line]).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(raw.get(line + 2..line + 2 + size)?);
        raw = raw.get(line + 2 + size + 2..)?;
    }
}
