//! Requests as bytes: what a call is, how it is encoded, what a canonical form is. Sends nothing.

mod build;
pub mod canonical;
pub(crate) mod encode;
mod endpoint;
pub mod envelope;
mod operation;

pub use endpoint::Endpoint;
pub use operation::{Call, Fill, Operation, OtherApi, Placement, Repeat};
