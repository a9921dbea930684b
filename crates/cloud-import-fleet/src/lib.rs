#![doc = include_str!("../README.md")]

mod database;
mod password;
mod records;
mod schema;
mod session;
mod tls;

pub use database::Database;
pub use records::Records;
