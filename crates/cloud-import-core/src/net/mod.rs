//! What touches the world: clock and randomness, the HTTP client, and the loop around every request. Knows no cloud.

mod classify;
pub mod clock_offset;
pub mod env;
mod pace;
mod pipeline;
pub mod protocol;
pub mod retry;
pub(crate) mod stop;
mod throttle;
pub mod transport;

pub use pace::{Pace, Turn};
pub use pipeline::Pipeline;
pub use stop::Stop;
pub use throttle::Throttle;
