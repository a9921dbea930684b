//! The routines that every cloud shares, against fakes: starting, waiting, sending.

mod fake;
mod pipeline;
mod start;
mod wait;
