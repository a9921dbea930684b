//! Reads of bounded size and number from the file. Nothing else in this crate touches the file.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read, Seek, SeekFrom},
};

use crate::{Format, InspectError, bytes::array};

/// Bytes kept of the file's beginning: eight sectors, enough for every fixed header.
pub(crate) const HEAD: usize = 4096;
/// Tables are read in blocks of this many bytes.
const BLOCK: u64 = 4096;
/// The most blocks of tables that are kept.
const MAX_BLOCKS: usize = 32;

/// How much may be read from one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes in all.
    pub bytes: u64,
    /// Read calls in all.
    pub reads: u64,
}

impl Limits {
    /// None: for who reads the whole of a disk. What is kept in memory is bounded all the same.
    pub const NONE: Self = Self::new(u64::MAX, u64::MAX);

    /// Up to this many bytes, in up to this many read calls.
    #[must_use]
    pub const fn new(bytes: u64, reads: u64) -> Self {
        Self { bytes, reads }
    }
}

/// The limits of [`inspect`](crate::inspect): 4 MiB in 1024 reads.
impl Default for Limits {
    fn default() -> Self {
        Self::new(4 << 20, 1024)
    }
}

/// What reads and seeks.
trait File: Read + Seek {}

impl<T: Read + Seek> File for T {}

/// What is known of a file between two looks at it, and what is left of its limits.
#[derive(Debug)]
pub(crate) struct Known {
    len: u64,
    head: Vec<u8>,
    /// Blocks of tables by their offsets, the oldest first.
    blocks: VecDeque<(u64, Vec<u8>)>,
    left: Limits,
}

impl Known {
    pub(crate) fn of(file: &mut (impl Read + Seek), limits: Limits) -> Result<Self, InspectError> {
        let len = file.seek(SeekFrom::End(0)).map_err(|source| InspectError::Io {
            doing: "finding the length of the file",
            source,
        })?;
        if len == 0 {
            return Err(InspectError::Empty);
        }
        let mut known = Self {
            len,
            head: Vec::new(),
            blocks: VecDeque::new(),
            left: limits,
        };
        known.head = known.with(file).read_some(0, HEAD)?;
        Ok(known)
    }

    /// The file again, to be read on.
    pub(crate) fn with<'a>(&'a mut self, file: &'a mut (impl Read + Seek)) -> Source<'a> {
        Source { file, known: self }
    }
}

/// A file with its length, its first bytes and what is left of its limits.
pub(crate) struct Source<'a> {
    file: &'a mut dyn File,
    known: &'a mut Known,
}

impl Source<'_> {
    pub(crate) const fn len(&self) -> u64 {
        self.known.len
    }

    pub(crate) fn head(&self) -> &[u8] {
        &self.known.head
    }

    /// Up to `want` bytes from `offset`: fewer only at the end of the file.
    pub(crate) fn read_some(&mut self, offset: u64, want: usize) -> Result<Vec<u8>, InspectError> {
        let there = self.len().saturating_sub(offset);
        let want = usize::try_from(there).map_or(want, |there| want.min(there));
        let mut bytes = vec![0; want];
        let filled = self.fill(offset, &mut bytes)?;
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Fills `out` with the bytes from `offset` on, and says how many there were: fewer only at the end of the file.
    pub(crate) fn fill(&mut self, offset: u64, out: &mut [u8]) -> Result<usize, InspectError> {
        if let Some(known) = self.of_head(offset, out.len()) {
            out.copy_from_slice(known);
            return Ok(out.len());
        }
        let there = self.len().saturating_sub(offset);
        let want = usize::try_from(there).map_or(out.len(), |there| out.len().min(there));
        if want == 0 {
            return Ok(0);
        }
        let left = &mut self.known.left;
        left.bytes = left.bytes.checked_sub(want as u64).ok_or(InspectError::TooMuchWork)?;
        self.file
            .seek(SeekFrom::Start(offset))
            .map_err(|source| InspectError::Io {
                doing: "seeking in the file",
                source,
            })?;
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..want).filter(|rest| !rest.is_empty()) {
            left.reads = left.reads.checked_sub(1).ok_or(InspectError::TooMuchWork)?;
            match self.file.read(rest) {
                // The file shrank after its length was asked for.
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(InspectError::Io {
                        doing: "reading the file",
                        source,
                    });
                }
            }
        }
        Ok(filled)
    }

    /// Exactly `want` bytes from `offset`, or `None` where the file ends before them.
    pub(crate) fn read_all(&mut self, offset: u64, want: usize) -> Result<Option<Vec<u8>>, InspectError> {
        let bytes = self.read_some(offset, want)?;
        Ok((bytes.len() == want).then_some(bytes))
    }

    /// Exactly `want` bytes of a header that must be there.
    pub(crate) fn header(
        &mut self,
        format: Format,
        field: &'static str,
        offset: u64,
        want: usize,
    ) -> Result<Vec<u8>, InspectError> {
        self.read_all(offset, want)?.ok_or_else(|| {
            InspectError::damaged(
                format,
                field,
                format!(
                    "it should be {want} bytes at byte {offset}, but the file has {} bytes",
                    self.len()
                ),
            )
        })
    }

    /// The entry of a table at `offset`, or `None` where the file ends before it.
    pub(crate) fn entry<const N: usize>(&mut self, offset: u64) -> Result<Option<[u8; N]>, InspectError> {
        let entry = self.table(offset, N)?;
        Ok((entry.len() == N).then(|| array(&entry, 0)))
    }

    /// Up to `want` bytes of a table at `offset`. The block around them is kept, as what is asked for next is likely near.
    pub(crate) fn table(&mut self, offset: u64, want: usize) -> Result<Vec<u8>, InspectError> {
        let (start, within) = (offset / BLOCK * BLOCK, (offset % BLOCK) as usize);
        if within + want > BLOCK as usize {
            return self.read_some(offset, want);
        }
        if !self.known.blocks.iter().any(|(at, _)| *at == start) {
            let block = self.read_some(start, BLOCK as usize)?;
            if self.known.blocks.len() == MAX_BLOCKS {
                self.known.blocks.pop_front();
            }
            self.known.blocks.push_back((start, block));
        }
        let block = self.known.blocks.iter().find(|(at, _)| *at == start);
        let there = block.and_then(|(_, block)| block.get(within..block.len().min(within + want)));
        Ok(there.unwrap_or_default().to_vec())
    }

    fn of_head(&self, offset: u64, want: usize) -> Option<&[u8]> {
        let start = usize::try_from(offset).ok()?;
        self.known.head.get(start..start.checked_add(want)?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_limits_end_in_an_error() {
        let mut file = Cursor::new(vec![0; 1 << 20]);
        let limits = Limits::new(256 * 1024, 64);
        let mut known = Known::of(&mut file, limits).unwrap();
        let mut source = known.with(&mut file);
        let rest = 256 * 1024 - HEAD;
        assert_eq!(source.read_some(HEAD as u64, rest).unwrap().len(), rest);
        assert!(matches!(source.read_some(1 << 19, 1), Err(InspectError::TooMuchWork)));

        let mut known = Known::of(&mut file, limits).unwrap();
        let mut source = known.with(&mut file);
        for _ in 1..64 {
            source.read_some(1 << 19, 1).unwrap();
        }
        assert!(matches!(source.read_some(1 << 19, 1), Err(InspectError::TooMuchWork)));
    }

    #[test]
    fn entries_of_one_block_cost_one_read() {
        let bytes: Vec<u8> = (0..5 * BLOCK).map(|at| (at / 8) as u8).collect();
        let mut file = Cursor::new(bytes.clone());
        let mut known = Known::of(&mut file, Limits::new(1 << 20, 4)).unwrap();
        let mut source = known.with(&mut file);
        for at in [8192, 8200, 12280, 8188, 16384] {
            let entry = source.entry::<8>(at).unwrap().unwrap();
            assert_eq!(entry, bytes[at as usize..][..8], "at {at}");
        }
        // It lies across two blocks, so it is read by itself.
        assert!(matches!(source.entry::<8>(12284), Err(InspectError::TooMuchWork)));
        assert_eq!(source.entry::<8>(5 * BLOCK - 4).ok(), None);
    }
}
