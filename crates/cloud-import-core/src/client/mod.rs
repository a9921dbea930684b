//! What every client has: settings, a connection, pages of a list.

mod builder;
mod connection;
mod grace;
pub mod pages;
mod settings;

pub use builder::{Buildable, Chained, ClientBuilder};
pub use connection::{Connection, Response};
pub use grace::Grace;
pub use settings::{Settings, VendorSettings};
