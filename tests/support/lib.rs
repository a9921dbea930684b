//! What the suites share. Nothing here is a test of its own, except of itself.

pub mod capture;
pub mod fuzz;
pub mod leaks;
pub mod live;
pub mod simulated;
pub mod vectors;
