//! Writes a disk with holes where it is zeros, up to a bound.

use std::{
    fs::File,
    io::{self, Seek as _, SeekFrom, Write},
};

use super::refusal::wrong;

/// What is all zeros is not written in pieces of this size.
const PIECE: usize = 64 << 10;

/// A file that is written from its beginning.
pub(super) struct Sparse<'a> {
    file: &'a File,
    /// Bytes so far, holes included.
    length: u64,
    most: u64,
}

impl<'a> Sparse<'a> {
    /// An empty file, which will have so many bytes at most.
    pub(super) fn new(file: &'a File, most: u64) -> Self {
        Self { file, length: 0, most }
    }

    /// Gives the file its length, which may end in a hole.
    pub(super) fn finish(self) -> io::Result<()> {
        self.file.set_len(self.length)
    }
}

impl Write for Sparse<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let end = self.length.saturating_add(bytes.len() as u64);
        if end > self.most {
            let what = format!(
                "it unpacks to more than {} GiB, and no cloud takes a disk of that",
                self.most >> 30
            );
            return Err(wrong(what));
        }
        for piece in bytes.chunks(PIECE) {
            match piece.iter().all(|byte| *byte == 0) {
                true => drop(self.file.seek(SeekFrom::Current(piece.len() as i64))?),
                false => self.file.write_all(piece)?,
            }
        }
        self.length = end;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
