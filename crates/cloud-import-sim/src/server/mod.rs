//! The listeners, and the way of a request from them through a cloud. Knows no vendor's words.

mod backend;
mod control;
mod exchange;
mod images;
mod listen;
mod simulator;

pub use self::{images::ImageSummary, simulator::Simulator};
