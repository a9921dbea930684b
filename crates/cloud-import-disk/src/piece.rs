//! A compressed piece of a disk: where it lies, and what it holds. Reads nothing.

use crate::codec::Codec;

/// A compressed piece of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) codec: Codec,
    /// Where it lies in the file.
    pub(crate) offset: u64,
    /// The most bytes that it takes there.
    pub(crate) stored: u64,
    /// Where it begins on the disk.
    pub(crate) start: u64,
    /// Bytes of the disk that it holds.
    pub(crate) size: u64,
}

impl Piece {
    /// Where what it holds of the disk ends.
    pub(crate) const fn end(&self) -> u64 {
        self.start.saturating_add(self.size)
    }
}
