//! The header reader against `qemu-img`, damaged headers and arbitrary bytes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

mod corpus;
mod damaged;
mod disks;
mod hand_made;
mod meter;
mod properties;
mod qemu;
