//! The normalized import, decided once for every cloud: prepare, submit, settle a lost answer, find, poll, wait, check.
//! Knows no cloud: what a cloud says is translated by its [`Cloud`](cloud::Cloud).

mod accept;
pub(crate) mod asking;
mod changes;
pub(crate) mod check;
pub(crate) mod cloud;
pub mod copies;
pub(crate) mod copy_order;
pub(crate) mod export_order;
pub(crate) mod exports;
mod guest;
mod image_importer;
mod importer;
mod memory;
pub mod preflight;
pub(crate) mod presence;
pub(crate) mod search;
pub mod spans;
pub(crate) mod start;
pub mod validate;
mod verdict;
pub(crate) mod wait;
pub mod words;

pub use image_importer::{ImageImporter, Prepared};
pub use importer::Importer;
