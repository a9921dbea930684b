//! What touches the world: clock and randomness, the HTTP client, and the loop around every request. Knows no cloud.

pub mod ambient;
mod classify;
pub mod clock_offset;
mod gate;
mod pipeline;
pub mod protocol;
pub mod retry;
mod stop;
pub mod transport;

pub use gate::Gate;
pub use pipeline::Pipeline;
pub use stop::Stop;
