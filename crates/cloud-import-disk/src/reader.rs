//! The disk in an image file as something that reads and seeks, for those who read disks so.

use std::io::{self, Read, Seek, SeekFrom};

use crate::Content;

/// A [`Content`] that is read from one place on, as a file is.
///
/// ```
/// use std::io::{Cursor, Read, Seek, SeekFrom};
/// use cloud_import_disk::{Content, ContentReader, Limits};
///
/// let disk = Content::open(Cursor::new(vec![7; 1 << 20]), Limits::default())?;
/// let mut disk = ContentReader::new(disk);
/// disk.seek(SeekFrom::End(-2)).unwrap();
/// let mut rest = Vec::new();
/// disk.read_to_end(&mut rest).unwrap();
/// assert_eq!(rest, [7, 7]);
/// # Ok::<(), cloud_import_disk::InspectError>(())
/// ```
#[derive(Debug)]
pub struct ContentReader<R> {
    content: Content<R>,
    at: u64,
}

impl<R> ContentReader<R> {
    /// The disk from its beginning on.
    pub const fn new(content: Content<R>) -> Self {
        Self { content, at: 0 }
    }
}

impl<R: Read + Seek> Read for ContentReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.content.size().saturating_sub(self.at);
        let length = out.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let Some(out) = out.get_mut(..length).filter(|out| !out.is_empty()) else {
            return Ok(0);
        };
        self.content.read_at(self.at, out).map_err(io::Error::other)?;
        self.at += length as u64;
        Ok(length)
    }
}

impl<R: Read + Seek> Seek for ContentReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.content.size().checked_add_signed(by),
        };
        self.at = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
