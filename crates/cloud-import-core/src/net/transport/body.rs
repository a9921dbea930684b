//! A body that is read while it is sent. Knows no client.

use std::{fmt, io, sync::Arc};

use http::Request;

/// Where the bytes of a body are read from.
pub trait BodySource: Send + Sync {
    /// How many there are.
    fn length(&self) -> u64;

    /// Fills the buffer with what stands from `offset` on. May block. Called with one piece after another, from the first on, for each
    /// time that the request is sent.
    ///
    /// # Errors
    /// They cannot be read: the request ends there, and is not sent again.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// The body of a request that is read while it is sent, so that a large one need not be in memory.
///
/// A request brings it as an extension, beside an empty body of its own, and only to a transport that [takes
/// it](super::Transport::takes_streamed).
#[derive(Clone)]
pub struct StreamedBody(Arc<dyn BodySource>);

impl StreamedBody {
    /// A body that is read from there.
    pub fn new(source: Arc<dyn BodySource>) -> Self {
        Self(source)
    }

    /// Where it is read from.
    pub fn source(&self) -> &Arc<dyn BodySource> {
        &self.0
    }

    /// That of a request.
    pub fn of<T>(request: &Request<T>) -> Option<&Self> {
        request.extensions().get()
    }
}

impl fmt::Debug for StreamedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StreamedBody").field(&self.0.length()).finish()
    }
}
