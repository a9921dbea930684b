//! The header reader over files of every format, damaged headers and arbitrary bytes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

mod contained;
mod content;
mod converted;
mod corpus;
mod damaged;
mod disks;
mod facts;
mod foreign;
mod hand_made;
#[path = "../../../../tests/images/unpack.rs"]
mod images;
mod meter;
mod packed;
mod partitions;
mod properties;
mod ranges;
mod sparse;
