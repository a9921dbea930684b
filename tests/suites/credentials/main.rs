//! Where credentials come from: real files in a home directory of the test's own, and a server on loopback in the place of
//! instance metadata, STS and links to keys.
//!
//! Each source is there once as it should be, once broken, once missing; keys that expire are seen to be refreshed, once for
//! a hundred callers. No variable of this machine counts, and nothing leaves it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

mod broken;
mod clouds;
mod files;
mod first;
mod link;
mod metadata;
mod order;
mod refresh;
mod region;
mod server;
mod stage;
mod sts;
mod web_identity;
mod written;
