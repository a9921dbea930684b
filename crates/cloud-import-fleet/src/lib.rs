#![doc = include_str!("../README.md")]

#[cfg(feature = "queue")]
mod census;
mod database;
#[cfg(feature = "queue")]
mod order;
mod password;
#[cfg(feature = "queue")]
mod queue;
mod records;
mod schema;
mod session;
mod tls;
#[cfg(feature = "queue")]
mod work;

#[cfg(feature = "queue")]
pub use census::{Counted, Waits};
pub use database::Database;
#[cfg(feature = "queue")]
pub use order::{Order, flags};
#[cfg(feature = "queue")]
pub use queue::Queue;
pub use records::Records;
#[cfg(feature = "queue")]
pub use work::{Next, Recovery, Row, Serving, Step};
