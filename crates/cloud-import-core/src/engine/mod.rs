//! The normalized import, decided once for every cloud: prepare, submit, settle a lost answer, find, poll, wait, check.
//! Knows no cloud: what a cloud says is translated by its [`Cloud`].

mod cloud;
mod image_importer;
mod importer;
mod memory;
pub mod preflight;
mod search;
pub mod start;
mod verdict;
pub mod wait;

pub use cloud::{At, By, Cloud, Identity, Listing, Page, Proof, Query, Row, Sent};
pub use image_importer::{Grace, ImageImporter, Prepared};
pub use importer::Importer;
pub use search::named;
