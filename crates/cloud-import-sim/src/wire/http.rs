//! Between the HTTP library and what the simulator makes of requests and answers. Decides nothing about their content.

use std::{io, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    Response,
    body::Incoming,
    header::{CONTENT_LENGTH, HeaderValue},
    http::request::Parts,
};

use super::{
    answer::{Answer, AnswerBody, Delivery},
    request::WireRequest,
};

/// How long a request may take to arrive.
pub(crate) const ARRIVAL: Duration = Duration::from_secs(30);

/// Reads a body of at most `limit` bytes; `None` when it is longer. An error when it does not arrive.
pub(crate) async fn read(body: Incoming, limit: usize) -> io::Result<Option<Bytes>> {
    let collected = tokio::time::timeout(ARRIVAL, Limited::new(body, limit).collect()).await;
    match collected {
        Ok(Ok(collected)) => Ok(Some(collected.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Ok(None),
        Ok(Err(error)) => Err(io::Error::other(error)),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// A request without its body.
pub(crate) fn wire_request(parts: &Parts) -> WireRequest {
    WireRequest {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.as_str().to_owned(), value.into_owned())
            })
            .collect(),
        body: Vec::new(),
    }
}

/// Turns a delivery into a response; an error closes the connection.
pub(crate) fn send(delivery: Delivery) -> io::Result<Response<AnswerBody>> {
    match delivery {
        Delivery::Close => Err(io::ErrorKind::ConnectionAborted.into()),
        Delivery::Whole(mut answer) => {
            let body = AnswerBody::whole(std::mem::take(&mut answer.body));
            response(answer, body)
        }
        Delivery::Half(mut answer) => {
            let whole = std::mem::take(&mut answer.body);
            let length = HeaderValue::from(whole.len());
            let mut response = response(answer, AnswerBody::half(whole))?;
            response.headers_mut().insert(CONTENT_LENGTH, length);
            Ok(response)
        }
        Delivery::Flood(answer, mib) => response(answer, AnswerBody::flood(mib)),
    }
}

/// A response with this body instead of the answer's.
pub(crate) fn response(answer: Answer, body: AnswerBody) -> io::Result<Response<AnswerBody>> {
    let mut builder = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        builder = builder.header(name.as_ref(), value);
    }
    builder.body(body).map_err(io::Error::other)
}
