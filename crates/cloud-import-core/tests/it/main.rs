//! The routines that every cloud shares, against fakes: starting, waiting, sending.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod fake;
mod json;
mod pipeline;
mod start;
#[cfg(target_os = "linux")]
mod tls;
mod wait;
