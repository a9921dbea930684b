//! A range of what is uploaded, as it is sent: held in memory, or read from the file meanwhile.

use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cloud_import_core::{
    Bytes, Error, Result,
    provider::digest,
    transport::{BodySource, StreamedBody},
};
use md5::{Digest as _, Md5};
use tokio::sync::OwnedSemaphorePermit;

use crate::{blocking, crc64, dialect::PartBody, file::LocalFile, objects::Receipt};

/// How much is read at once to be summed, in bytes.
const STEP: u64 = 256 << 10;

/// A range, and its MD5 where that was made before it is sent.
pub(super) struct Piece {
    body: Body,
    pub(super) md5: Option<[u8; 16]>,
}

enum Body {
    Held(Bytes),
    Streamed {
        part: Arc<FilePart>,
        /// What it takes of the budget.
        _room: Option<OwnedSemaphorePermit>,
    },
}

impl Piece {
    pub(super) fn held(bytes: Bytes, md5: Option<[u8; 16]>) -> Self {
        let body = Body::Held(bytes);
        Self { body, md5 }
    }

    pub(super) fn streamed(part: FilePart, room: Option<OwnedSemaphorePermit>, md5: Option<[u8; 16]>) -> Self {
        let (part, _room) = (Arc::new(part), room);
        let body = Body::Streamed { part, _room };
        Self { body, md5 }
    }

    /// What a request brings.
    pub(super) fn body(&self) -> PartBody {
        match &self.body {
            Body::Held(bytes) => PartBody::Held(bytes.clone()),
            Body::Streamed { part, .. } => PartBody::Streamed(StreamedBody::new(part.clone())),
        }
    }

    /// Its bytes, where they are in memory.
    pub(super) fn bytes(&self) -> Option<&Bytes> {
        match &self.body {
            Body::Held(bytes) => Some(bytes),
            Body::Streamed { .. } => None,
        }
    }

    /// The CRC-64 of its bytes.
    pub(super) async fn crc64(&self) -> Result<u64> {
        match &self.body {
            Body::Held(bytes) => Ok(crc64::update(0, bytes)),
            Body::Streamed { part, .. } => {
                let whole = part.read().whole(part.range.1);
                match whole {
                    Some(sum) => Ok(sum),
                    None => {
                        let part = part.clone();
                        blocking::run(move || part.crc64()).await
                    }
                }
            }
        }
    }

    /// Its MD5, made now where it was not before.
    pub(super) async fn made_md5(&self) -> Result<[u8; 16]> {
        match (self.md5, &self.body) {
            (Some(md5), _) => Ok(md5),
            (None, Body::Held(bytes)) => {
                let bytes = bytes.clone();
                blocking::run(move || Ok(Md5::digest(&bytes).into())).await
            }
            (None, Body::Streamed { part, .. }) => {
                let part = part.clone();
                blocking::run(move || md5_of(&part.file, part.range)).await
            }
        }
    }

    /// Whether anything that a store says of what it took speaks against these bytes. The sum that it made for it counts before an ETag;
    /// where there is neither, nothing does.
    pub(super) async fn is_denied_by(&self, told: &Receipt) -> Result<bool> {
        match (told.crc64, told.md5()) {
            (Some(told), _) => Ok(told != self.crc64().await?),
            (None, Some(told)) => Ok(!told.eq_ignore_ascii_case(&digest::hex(&self.made_md5().await?))),
            (None, None) => Ok(false),
        }
    }

    /// Whether its bytes could be read, and are those of the file that was opened.
    pub(super) async fn read_well(&self) -> Result<()> {
        let Body::Streamed { part, .. } = &self.body else {
            return Ok(());
        };
        if let Some(error) = part.read().failure.take() {
            return Err(error);
        }
        let file = part.file.clone();
        blocking::run(move || file.unchanged()).await
    }
}

/// A range of a file that is read while it is sent.
pub(super) struct FilePart {
    file: LocalFile,
    /// Where it begins, and its length.
    range: (u64, u64),
    /// Its CRC-64 is made while it is read.
    is_summed: bool,
    read: Mutex<Read>,
}

/// What was found while it was read.
#[derive(Default)]
struct Read {
    /// How far it is summed.
    end: u64,
    /// The CRC-64 of that.
    sum: u64,
    /// Why this try ended.
    failure: Option<Error>,
}

impl Read {
    /// A piece was read. Of a try that was given up, one may come late: the same bytes, which are in the sum, or are not yet.
    fn add(&mut self, offset: u64, piece: &[u8]) {
        if offset == 0 {
            (self.end, self.sum) = (0, 0);
        }
        if offset == self.end {
            self.sum = crc64::update(self.sum, piece);
            self.end += piece.len() as u64;
        }
    }

    /// The sum of all, if it was read to its end, one piece after the other.
    fn whole(&self, length: u64) -> Option<u64> {
        (self.end == length).then_some(self.sum)
    }
}

impl FilePart {
    pub(super) fn new(file: LocalFile, range: (u64, u64), is_summed: bool) -> Self {
        let read = Mutex::default();
        Self {
            file,
            range,
            is_summed,
            read,
        }
    }

    /// The sum, read anew. Blocks.
    fn crc64(&self) -> Result<u64> {
        let mut sum = 0;
        read_in_steps(&self.file, self.range, |piece| sum = crc64::update(sum, piece))?;
        Ok(sum)
    }

    fn read(&self) -> MutexGuard<'_, Read> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilePart")
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

impl BodySource for FilePart {
    fn length(&self) -> u64 {
        self.range.1
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if offset == 0 {
            self.read().failure = None;
        }
        match self.file.read_at(self.range.0 + offset, buffer) {
            Ok(()) => {
                if self.is_summed {
                    self.read().add(offset, buffer);
                }
                Ok(())
            }
            Err(error) => {
                let message = error.to_string();
                self.read().failure = Some(error);
                Err(io::Error::other(message))
            }
        }
    }
}

/// The MD5 of a range of a file. Blocks.
pub(super) fn md5_of(file: &LocalFile, range: (u64, u64)) -> Result<[u8; 16]> {
    let mut md5 = Md5::new();
    read_in_steps(file, range, |piece| md5.update(piece))?;
    Ok(md5.finalize().into())
}

/// Reads a range of a file in small steps. Blocks.
fn read_in_steps(file: &LocalFile, (offset, length): (u64, u64), mut taken: impl FnMut(&[u8])) -> Result<()> {
    let mut buffer = vec![0; usize::try_from(STEP.min(length)).unwrap_or_default()];
    let mut at = 0;
    while at < length {
        let step = usize::try_from(STEP.min(length - at)).unwrap_or_default();
        file.read_at(offset + at, &mut buffer[..step])?;
        taken(&buffer[..step]);
        at += step as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_a_try_that_was_given_up_changes_no_sum() {
        let whole = crc64::update(0, b"abcdef");
        let mut read = Read::default();
        let mut add = |pieces: &[(u64, &[u8])]| {
            pieces.iter().for_each(|(offset, piece)| read.add(*offset, piece));
            read.whole(6)
        };
        assert_eq!(add(&[(0, b"ab"), (2, b"cd")]), None);
        assert_eq!(add(&[(4, b"ef")]), Some(whole));
        // Begun again, and what comes late is in it, or is not yet.
        assert_eq!(
            add(&[(0, b"ab"), (4, b"ef"), (2, b"cd"), (2, b"cd"), (4, b"ef")]),
            Some(whole)
        );
    }
}
