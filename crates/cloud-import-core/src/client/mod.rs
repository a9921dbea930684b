//! What every client has: settings, a connection, pages of a list.

pub mod builder;
mod grace;
pub mod pages;

pub use builder::{ClientBuilder, Settings};
pub use grace::Grace;
