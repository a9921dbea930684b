//! What every client has: settings, a connection, pages of a list.

mod builder;
mod connection;
mod grace;
mod hosts;
pub mod pages;
mod settings;

pub use builder::{Buildable, Chained, ClientBuilder};
pub use connection::{Connection, Response};
pub use grace::Grace;
pub use hosts::{Hosts, OtherHost};
pub use settings::{Settings, VendorSettings};
