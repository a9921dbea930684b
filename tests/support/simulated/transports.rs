//! Transports around the real one: one keeps what went over the wire, one changes what comes back.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use cloud_import::{
    BoxFuture,
    transport::{Transport, TransportError},
};
use http::{Request, Response};

/// Keeps the signed requests that are sent.
pub struct Recorder {
    inner: Arc<dyn Transport>,
    sent: Mutex<Vec<Request<Bytes>>>,
}

impl Recorder {
    /// Around a transport.
    pub fn new(inner: Arc<dyn Transport>) -> Self {
        Self {
            inner,
            sent: Mutex::default(),
        }
    }

    /// What was sent so far.
    pub fn sent(&self) -> Vec<Request<Bytes>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Clients show their transport: what was sent is not to be seen there.
impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Transport for Recorder {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request.clone());
        self.inner.send(request)
    }
}

type Change = dyn Fn(&Request<Bytes>, Response<Bytes>) -> Response<Bytes> + Send + Sync;

/// Changes answers before the client sees them.
pub struct Rewriter {
    inner: Arc<dyn Transport>,
    change: Box<Change>,
}

impl Rewriter {
    /// Around a transport; `change` gets the signed request and its answer.
    pub fn new(
        inner: Arc<dyn Transport>,
        change: impl Fn(&Request<Bytes>, Response<Bytes>) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        Self {
            inner,
            change: Box::new(change),
        }
    }
}

impl fmt::Debug for Rewriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rewriter").finish_non_exhaustive()
    }
}

impl Transport for Rewriter {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let sent = request.clone();
            let answer = self.inner.send(request).await?;
            Ok((self.change)(&sent, answer))
        })
    }
}
