//! Placeholder.

pub mod verify;
pub mod wire;
