//! Reads of bounded size and number from the file. Nothing else in this crate touches the file.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use crate::{Format, InspectError};

/// Bytes kept of the file's beginning: eight sectors, enough for every fixed header.
pub(crate) const HEAD: usize = 4096;
/// The most that one file may cost in all, in bytes, the head included.
pub(crate) const MAX_BYTES: u64 = 256 * 1024;
/// The most read calls that one file may cost.
pub(crate) const MAX_READS: u32 = 1024;

/// What reads and seeks.
trait File: Read + Seek {}

impl<T: Read + Seek> File for T {}

/// A file with its length, its first bytes and what is left of the allowance.
pub(crate) struct Source<'a> {
    file: &'a mut dyn File,
    len: u64,
    head: Vec<u8>,
    bytes_left: u64,
    reads_left: u32,
}

impl<'a> Source<'a> {
    pub(crate) fn open(file: &'a mut (impl Read + Seek)) -> Result<Self, InspectError> {
        let len = file.seek(SeekFrom::End(0)).map_err(|source| InspectError::Io {
            doing: "finding the length of the file",
            source,
        })?;
        if len == 0 {
            return Err(InspectError::Empty);
        }
        let mut source = Self {
            file,
            len,
            head: Vec::new(),
            bytes_left: MAX_BYTES,
            reads_left: MAX_READS,
        };
        source.head = source.read_some(0, HEAD)?;
        Ok(source)
    }

    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Up to `want` bytes from `offset`: fewer only at the end of the file.
    pub(crate) fn read_some(&mut self, offset: u64, want: usize) -> Result<Vec<u8>, InspectError> {
        if let Some(known) = self.known(offset, want) {
            return Ok(known);
        }
        let Some(there) = self.len.checked_sub(offset) else {
            return Ok(Vec::new());
        };
        let want = usize::try_from(there).map_or(want, |there| want.min(there));
        if want == 0 {
            return Ok(Vec::new());
        }
        self.bytes_left = self
            .bytes_left
            .checked_sub(want as u64)
            .ok_or(InspectError::TooMuchWork)?;
        self.file
            .seek(SeekFrom::Start(offset))
            .map_err(|source| InspectError::Io {
                doing: "seeking in the file",
                source,
            })?;
        let mut bytes = vec![0; want];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            self.reads_left = self.reads_left.checked_sub(1).ok_or(InspectError::TooMuchWork)?;
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
        bytes.truncate(filled);
        Ok(bytes)
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
                    self.len
                ),
            )
        })
    }

    fn known(&self, offset: u64, want: usize) -> Option<Vec<u8>> {
        let start = usize::try_from(offset).ok()?;
        let known = self.head.get(start..start.checked_add(want)?)?;
        Some(known.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_allowance_ends_in_an_error() {
        let mut file = Cursor::new(vec![0; 1 << 20]);
        let mut source = Source::open(&mut file).unwrap();
        let rest = MAX_BYTES as usize - HEAD;
        assert_eq!(source.read_some(HEAD as u64, rest).unwrap().len(), rest);
        assert!(matches!(source.read_some(1 << 19, 1), Err(InspectError::TooMuchWork)));

        let mut source = Source::open(&mut file).unwrap();
        for _ in 1..MAX_READS {
            source.read_some(1 << 19, 1).unwrap();
        }
        assert!(matches!(source.read_some(1 << 19, 1), Err(InspectError::TooMuchWork)));
    }
}
