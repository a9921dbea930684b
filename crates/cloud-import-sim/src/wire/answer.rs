//! What goes back on the wire: an answer, and bodies that end early or never seem to.

use std::{
    borrow::Cow,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::{sync::mpsc, time::Sleep};

use crate::clock;

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(Cow<'static, str>, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Answer {
            status,
            headers: vec![("content-type".into(), content_type.to_owned())],
            body: body.into(),
        }
    }

    pub(crate) fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// How much of an answer is sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// All of it.
    Whole(Answer),
    /// The headers, which announce all of it, and half of the body.
    Half(Answer),
    /// The headers and then this many MiB of blanks.
    Flood(Answer, u32),
    /// Nothing: the connection is closed.
    Close,
}

/// How long the first half has to get out before the connection is closed.
pub(crate) const FLUSH: Duration = Duration::from_millis(20);

static BLANKS: [u8; 64 * 1024] = [b' '; 64 * 1024];

/// The body of a [`Delivery`].
#[derive(Debug)]
pub(crate) enum AnswerBody {
    Whole(Full<Bytes>),
    Half { half: Option<Bytes>, then: Pin<Box<Sleep>> },
    Flood { chunks: u64 },
    Stream(Stream),
}

/// A body that is made while it is sent.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) chunks: mpsc::Receiver<io::Result<Bytes>>,
    /// Bytes that are announced and yet to come.
    pub(crate) left: u64,
}

impl AnswerBody {
    pub(crate) fn whole(bytes: Vec<u8>) -> Self {
        AnswerBody::Whole(Full::new(Bytes::from(bytes)))
    }

    pub(crate) fn half(mut bytes: Vec<u8>) -> Self {
        bytes.truncate(bytes.len() / 2);
        AnswerBody::Half {
            half: Some(Bytes::from(bytes)),
            then: Box::pin(clock::sleep(FLUSH)),
        }
    }

    pub(crate) fn flood(mib: u32) -> Self {
        AnswerBody::Flood {
            chunks: u64::from(mib) * 16,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            AnswerBody::Whole(full) => Pin::new(full).poll_frame(cx).map_err(|never| match never {}),
            AnswerBody::Half { half, then } => {
                if let Some(bytes) = half.take() {
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                // An error while the body is being sent makes the server close the connection.
                ready!(then.as_mut().poll(cx));
                Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
            }
            AnswerBody::Flood { chunks: 0 } => Poll::Ready(None),
            AnswerBody::Flood { chunks } => {
                *chunks -= 1;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&BLANKS)))))
            }
            AnswerBody::Stream(stream) => {
                let chunk = ready!(stream.chunks.poll_recv(cx));
                if let Some(Ok(chunk)) = &chunk {
                    stream.left = stream.left.saturating_sub(chunk.len() as u64);
                }
                Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            AnswerBody::Whole(full) => full.is_end_stream(),
            AnswerBody::Half { .. } => false,
            AnswerBody::Flood { chunks } => *chunks == 0,
            AnswerBody::Stream(stream) => stream.left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            AnswerBody::Whole(full) => full.size_hint(),
            AnswerBody::Stream(stream) => SizeHint::with_exact(stream.left),
            // Half a body announces the whole one by its header; a flood does not announce its length.
            AnswerBody::Half { .. } | AnswerBody::Flood { .. } => SizeHint::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn half_a_body_ends_in_an_error() {
        let mut body = AnswerBody::half(b"0123456789".to_vec());
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "01234");
        assert!(body.frame().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn a_flood_has_its_size() {
        let collected = AnswerBody::flood(2).collect().await.unwrap();
        assert_eq!(collected.to_bytes().len(), 2 << 20);
    }
}
