#![doc = include_str!("../README.md")]

#[cfg(feature = "queue")]
mod census;
mod database;
#[cfg(feature = "queue")]
mod notices;
#[cfg(feature = "queue")]
mod order;
mod password;
#[cfg(feature = "queue")]
mod queue;
mod records;
mod schema;
mod session;
#[cfg(feature = "queue")]
mod shares;
mod tls;
#[cfg(feature = "queue")]
mod work;

#[cfg(feature = "queue")]
pub use census::{Counted, Waits};
pub use database::Database;
#[cfg(feature = "queue")]
pub use notices::{Notice, Notices};
#[cfg(feature = "queue")]
pub use order::{Order, flags};
#[cfg(feature = "queue")]
pub use queue::Queue;
pub use records::Records;
#[cfg(feature = "queue")]
pub use shares::{Share, Shares};
#[cfg(feature = "queue")]
pub use work::{Next, Recovery, Row, Serving, Step};
