//! Sending one HTTP request. No retry, no signing, no knowledge of any cloud.
//!
//! # TLS
//!
//! Features choose who speaks TLS in `HttpTransport`; every library crate passes them on. As Cargo unites the features of a
//! whole program, the choice is felt by all who use reqwest 0.13 or rustls 0.23 there:
//!
//! - `aws-lc-rs`, the default, is also that of reqwest and rustls: what relies on their defaults goes on working. Where
//!   rustls has ring alone, `ClientConfig::builder()` panics, as it finds two and chooses none.
//! - `ring` is for programs that have ring alone. Elsewhere `ClientConfig::builder()` and reqwest clients without TLS of
//!   their own panic, unless the program installs a default `CryptoProvider` before.
//! - `native-tls` is OpenSSL, Schannel or Secure Transport, and leaves rustls alone. Reqwest clients that name no backend
//!   use it too.
//! - Without any of them there is no `HttpTransport`, and clients need a [`Transport`] of the program's own.
//!
//! With several of them on, the order is `native-tls`, `ring`, `aws-lc-rs`: what is no default was asked for. Nothing here
//! is made the default of the process.

mod body;
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "native-tls"))]
mod client;
mod error;

use std::{fmt, ops::ControlFlow, sync::Arc, time::Duration};

use http::{Request, Response};

use crate::{BoxFuture, Bytes, Error};

pub use body::{BodySource, StreamedBody};
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "native-tls"))]
pub use client::{HttpTransport, HttpTransportBuilder};
pub use error::{Stage, TransportError, TransportErrorKind};

/// Sends requests as they are: it adds no header that could be signed, follows no redirect and re-encodes nothing.
///
/// ```
/// use cloud_import_core::{BoxFuture, Bytes, http::{Request, Response}, transport::{Transport, TransportError}};
///
/// /// Shows what is sent, and leaves the rest to another.
/// #[derive(Debug)]
/// struct Shown<T>(T);
///
/// impl<T: Transport> Transport for Shown<T> {
///     fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
///         println!("{} {}", request.method(), request.uri().path());
///         self.0.send(request)
///     }
/// }
/// ```
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends one request and reads the whole answer, whose size is bounded.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>>;

    /// Whether it sends a [`StreamedBody`] that a request brings. One that does not, as by default, is given whole bodies alone.
    fn takes_streamed(&self) -> bool {
        false
    }

    /// Sends one request to this machine's own network: never through a proxy, and for no longer than the limit. Where
    /// that makes no difference, as in a test, it is [`Self::send`].
    fn send_nearby(
        &self,
        request: Request<Bytes>,
        _limit: Duration,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.send(request)
    }

    /// Sends one request, and hands the answer over as it comes, so that one of any size need not be in memory. Where the taker does not go
    /// on, the rest is left. Without more, the whole answer is read first, within the bound of [`Self::send`].
    fn receive<'a>(
        &'a self,
        request: Request<Bytes>,
        taker: &'a mut Taker<'_>,
    ) -> BoxFuture<'a, Result<Response<()>, TransportError>> {
        Box::pin(async move {
            let (parts, body) = self.send(request).await?.into_parts();
            let head = Response::from_parts(parts, ());
            if taker(&head, &[]).is_continue() {
                let _ = taker(&head, &body);
            }
            Ok(head)
        })
    }
}

/// Takes an answer as it comes: its head, with nothing first and then with each piece of its body, and says whether to go on.
pub type Taker<'a> = dyn FnMut(&Response<()>, &[u8]) -> ControlFlow<()> + Send + 'a;

/// Where a client sends that was given no transport.
///
/// # Errors
/// As [`HttpTransport::new`].
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "native-tls"))]
pub(crate) fn default() -> Result<Arc<dyn Transport>, Error> {
    Ok(Arc::new(HttpTransport::new()?))
}

/// Without TLS there is no transport but the program's own.
#[cfg(not(any(feature = "aws-lc-rs", feature = "ring", feature = "native-tls")))]
pub(crate) fn default() -> Result<Arc<dyn Transport>, Error> {
    let error = Error::new(crate::ErrorKind::Local, "there is no transport to send with");
    Err(error.with_remedy(
        "Give the client a transport, or build with one of the features `aws-lc-rs`, `ring` and `native-tls`.",
    ))
}
