//! Time limits for requests with bodies of any size: by whether anything moves, and not by how long it takes in all. Knows no
//! client and no URL.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http_body::{Body, Frame, SizeHint};
use tokio::{sync::watch, time::timeout};

use crate::{Bytes, net::stop::unless};

/// How much of a body is handed over at once, in bytes: what counts as a move.
pub(super) const PIECE: usize = 64 * 1024;

/// How long a request may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Idle {
    /// Without a byte of it taken, or one of its answer.
    pub(super) still: Duration,
    /// From when it was taken to the end of its answer.
    pub(super) answer: Duration,
}

/// A limit is over.
#[derive(Debug)]
pub(super) struct TooLong;

/// A body that is taken piece by piece, and tells of each.
pub(super) struct Watched {
    left: Bytes,
    taken: watch::Sender<()>,
}

impl Watched {
    /// The body, and what hears when a piece of it is taken. It hears the end when the body is gone.
    pub(super) fn new(body: Bytes) -> (Self, watch::Receiver<()>) {
        let (taken, hears) = watch::channel(());
        (Self { left: body, taken }, hears)
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.taken.send_replace(());
        let piece = self.left.len().min(PIECE);
        let piece = self.left.split_to(piece);
        Poll::Ready((!piece.is_empty()).then_some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.left.len()).unwrap_or(u64::MAX))
    }
}

impl Idle {
    /// Waits until a request is taken: `None` then, or what came before that.
    pub(super) async fn taken<T>(
        self,
        taken: &mut watch::Receiver<()>,
        mut sent: Pin<&mut (impl Future<Output = T> + ?Sized)>,
    ) -> Result<Option<T>, TooLong> {
        loop {
            let mut is_gone = false;
            let moved = async { is_gone = taken.changed().await.is_err() };
            let early = self.within(unless(moved, sent.as_mut())).await?;
            if early.is_some() || is_gone {
                return Ok(early);
            }
        }
    }

    /// The next that comes.
    pub(super) async fn within<T>(self, next: impl Future<Output = T>) -> Result<T, TooLong> {
        timeout(self.still, next).await.map_err(|_| TooLong)
    }
}
