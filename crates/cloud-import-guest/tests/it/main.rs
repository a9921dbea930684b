//! What is told of small disks that the real tools made: `tests/disks/make`.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod damaged;
mod disk;
mod facts;
mod findings;
