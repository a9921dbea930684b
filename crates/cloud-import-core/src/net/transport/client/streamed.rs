//! A body that is read while it is sent, as the HTTP client takes it: one piece is read ahead.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http_body::{Body, Frame, SizeHint};
use tokio::{
    sync::watch,
    task::{JoinHandle, spawn_blocking},
};

use super::idle::PIECE;
use crate::{Bytes, net::transport::StreamedBody};

/// How much is read at once, in bytes; two such pieces of a body are in memory.
const STEP: usize = 256 * 1024;

/// What is to be sent cannot be read.
#[derive(Debug)]
pub(super) struct Unread(io::Error);

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "what is to be sent cannot be read: {}", self.0)
    }
}

impl std::error::Error for Unread {}

pub(super) struct Streamed {
    body: StreamedBody,
    /// What is read and not taken yet.
    read: Bytes,
    /// The piece that is being read.
    next: Option<JoinHandle<io::Result<Bytes>>>,
    /// Where the piece after that begins.
    offset: u64,
    /// How much was taken.
    given: u64,
    taken: watch::Sender<()>,
}

impl Streamed {
    /// The body, and what hears when a piece of it is taken. It hears the end when the body is gone.
    pub(super) fn new(body: StreamedBody) -> (Self, watch::Receiver<()>) {
        let (taken, hears) = watch::channel(());
        let streamed = Self {
            body,
            read: Bytes::new(),
            next: None,
            offset: 0,
            given: 0,
            taken,
        };
        (streamed, hears)
    }

    fn read_ahead(&mut self) {
        let left = self.body.source().length() - self.offset;
        let length = usize::try_from(left).unwrap_or(STEP).min(STEP);
        if length == 0 {
            return;
        }
        let (source, offset) = (self.body.source().clone(), self.offset);
        self.offset += left.min(STEP as u64);
        self.next = Some(spawn_blocking(move || {
            let mut piece = vec![0; length];
            source.read_at(offset, &mut piece)?;
            Ok(piece.into())
        }));
    }
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = Unread;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Unread>>> {
        self.taken.send_replace(());
        if self.read.is_empty() {
            if self.next.is_none() {
                self.read_ahead();
            }
            let Some(next) = &mut self.next else {
                return Poll::Ready(None);
            };
            let piece = ready!(Pin::new(next).poll(context));
            self.next = None;
            self.read = match piece.map_err(io::Error::other).flatten() {
                Ok(piece) => piece,
                Err(error) => return Poll::Ready(Some(Err(Unread(error)))),
            };
            self.read_ahead();
        }
        let length = self.read.len().min(PIECE);
        let piece = self.read.split_to(length);
        self.given += piece.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.given == self.body.source().length()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.body.source().length() - self.given)
    }
}
