#![doc = include_str!("../README.md")]

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

pub use database::Database;
#[cfg(feature = "queue")]
pub use order::{Order, flags};
#[cfg(feature = "queue")]
pub use queue::{Next, Queue, Recovery, Row, Serving, Step};
pub use records::Records;
