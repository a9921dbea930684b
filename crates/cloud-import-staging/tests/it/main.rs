//! The multipart client against a store in memory: every step can fail, hang or lose its answer.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod answers;
mod buckets;
mod download;
mod fake;
mod fetch;
mod files;
mod interrupted;
mod lost;
mod made;
mod records;
mod refused;
mod requests;
mod simulated;
mod stage;
mod stopped;
mod sums;
mod upload;
#[allow(dead_code, reason = "the command is tested against more")]
#[path = "../../../../tests/support/web.rs"]
mod web;
