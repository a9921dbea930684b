//! What is said of a file that is not unpacked.

use std::io;

/// An error in these words.
pub(super) fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}
