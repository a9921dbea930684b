//! How a task of this folder ends when it does not end well.

use std::{fs, path::Path};

/// How a comparison ends when it does not end well.
#[derive(Debug, PartialEq)]
pub(crate) enum Failure {
    /// Specs, lock and packages differ.
    Drift(String),
    /// An acceptance that matches nothing, or a lock of other sources than are listed.
    Stale(String),
    /// A package cannot be had, or is laid out in another way than its reader knows.
    Package(String),
    /// A file of ours cannot be read, or the task was called in a wrong way.
    Other(String),
}

/// The text of a file of ours.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
}
