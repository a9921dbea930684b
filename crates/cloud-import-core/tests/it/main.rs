//! The routines that every cloud shares, against fakes: starting, waiting, sending.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod fake;
mod json;
mod pipeline;
mod start;
mod stop;
mod wait;

// Over the HTTP client, which comes with TLS.
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "native-tls"))]
mod idle;
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "native-tls"))]
mod net;
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "native-tls"))]
mod proxy;
mod sight;
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "native-tls"))]
mod streamed;
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "native-tls"))]
mod tls;
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "native-tls"))]
mod transport;
