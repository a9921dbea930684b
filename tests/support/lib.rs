//! What the suites share. Nothing here is a test of its own, except of itself.

pub mod vectors;
