//! How long the cases are to take.

use std::path::PathBuf;

/// What was asked for on the command line.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) long: bool,
    /// Kills at random moments.
    pub(crate) kills: usize,
    pub(crate) seed: u64,
    /// Only cases with one of these in their name.
    pub(crate) only: Vec<String>,
    /// An image that is staged by one request.
    pub(crate) small: PathBuf,
    /// An image of some parts.
    pub(crate) parts: PathBuf,
    /// An image of many parts.
    pub(crate) large: PathBuf,
}
