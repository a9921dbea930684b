//! What touches the world: clock and randomness, the HTTP client, and the loop around every request. Knows no cloud.

pub mod ambient;
pub mod clock_offset;
mod gate;
pub mod pipeline;
pub mod retry;
mod stop;
pub mod transport;

pub use gate::Gate;
pub use stop::Stop;
