//! The one pass over a disk before it is converted: which of its units hold anything. Lays nothing out.

use std::{
    fmt,
    io::{Read, Seek},
    ops::Range,
};

use super::{converted::Converted, map::Map, target::Target, zeros::are_zeros};
use crate::{Content, InspectError, guest::Place, piece::Piece};

/// Bytes that one step reads at most, with what it reads at once.
const STEP: u64 = 8 << 20;
/// Places of the disk that one step looks up at most.
const PLACES: u32 = 4096;
/// Bytes that are read at once behind zeros.
const BATCH: usize = 1 << 20;
/// Bytes that are read at first of what lies behind content: these few are seldom zeros, and then the rest of the unit is not read.
const PROBE: usize = 4096;

/// Which of a file's bytes are no hole; see [`Survey::skipping`].
type NextData = Box<dyn FnMut(u64) -> Option<Range<u64>> + Send>;

/// A look through a disk for what is in it, step by step, so that a long one can be told and stopped.
///
/// It reads what the image's own tables do not show to be zeros, and of that no more than it takes to see that a unit (64 KiB for
/// qcow2) is none. A compressed piece that is too long for zeros is not unpacked. A conversion to raw needs none, and takes no step.
///
/// ```
/// use std::io::Cursor;
/// use cloud_import_disk::{Content, Limits, Survey, Target};
///
/// let mut disk = vec![0; 8 << 20];
/// disk[510..512].copy_from_slice(&[0x55, 0xAA]);
/// let mut survey = Survey::new(Content::open(Cursor::new(disk), Limits::NONE)?, Target::Qcow2)?;
/// while let Some(done) = survey.step()? {
///     println!("{done} bytes were looked through");
/// }
/// let mut file = survey.finish()?;
/// let mut mark = [0; 4];
/// file.read_at(0, &mut mark)?;
/// assert_eq!(&mark, b"QFI\xfb");
/// # Ok::<(), cloud_import_disk::InspectError>(())
/// ```
pub struct Survey<R> {
    content: Content<R>,
    target: Target,
    map: Map,
    /// How far it is.
    at: u64,
    /// The unit that was found to be in use last.
    used: Option<u64>,
    /// What was read last was zeros.
    among_zeros: bool,
    next_data: Option<NextData>,
    /// What of the file is known to be no hole.
    data: Range<u64>,
    buffer: Vec<u8>,
}

impl<R: fmt::Debug> fmt::Debug for Survey<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Survey")
            .field("content", &self.content)
            .field("target", &self.target)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl<R: Read + Seek> Survey<R> {
    /// Of this disk, which is to become that. The disk should have been opened without [limits](crate::Limits::NONE).
    ///
    /// # Errors
    /// [`InspectError::Unreadable`] where the disk is too large to be converted.
    pub fn new(content: Content<R>, target: Target) -> Result<Self, InspectError> {
        let map = Map::new(target.unit(), super::converted::size_of(&content)?);
        Ok(Self {
            content,
            target,
            map,
            at: 0,
            used: None,
            among_zeros: false,
            next_data: None,
            data: 0..0,
            buffer: vec![0; BATCH],
        })
    }

    /// Reads no holes of the file. `next_data` tells the first range at or behind an offset of the file that may hold something but
    /// zeros, and `None` where there is none.
    #[must_use]
    pub fn skipping(mut self, next_data: impl FnMut(u64) -> Option<Range<u64>> + Send + 'static) -> Self {
        self.next_data = Some(Box::new(next_data));
        self
    }

    /// Size of the disk in bytes.
    pub fn size(&self) -> u64 {
        self.content.size()
    }

    /// Looks on for a while, and says how many bytes of the disk were looked through; `None` where that are all.
    ///
    /// # Errors
    /// As [`Content::read_at`], and [`InspectError::Unreadable`] where more of the disk is in use than a map can hold, which is 8 TiB
    /// at least.
    pub fn step(&mut self) -> Result<Option<u64>, InspectError> {
        let size = self.content.size();
        if self.at >= size || self.target == Target::Raw {
            return Ok(None);
        }
        let (mut left, mut places) = (STEP, PLACES);
        while self.at < size && left > 0 && places > 0 {
            places -= 1;
            if self.used == Some(self.at / self.map.unit()) {
                self.skip_to_next_unit();
                continue;
            }
            left = left.saturating_sub(self.look()?);
        }
        Ok(Some(self.at.min(size)))
    }

    /// Looks through what is left, and gives the converted file.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn finish(mut self) -> Result<Converted<R>, InspectError> {
        while self.step()?.is_some() {}
        Converted::with_map(self.content, self.target, self.map)
    }

    fn skip_to_next_unit(&mut self) {
        let unit = self.map.unit();
        self.at = (self.at / unit).saturating_add(1).saturating_mul(unit);
    }

    /// Looks at what is next, and says how much was read for that.
    fn look(&mut self) -> Result<u64, InspectError> {
        let at = self.at;
        let (len, most) = match self.content.place(at)? {
            Place::Zero { len } => {
                // A place has a byte at least: one without would be looked up again and again.
                self.at = at.saturating_add(len.max(1));
                return Ok(0);
            }
            Place::Packed(piece) if self.cannot_be_zeros(&piece) => {
                self.mark(at / self.map.unit())?;
                self.at = piece.end().max(at + 1);
                return Ok(0);
            }
            // It is unpacked in any case, and kept.
            Place::Packed(piece) => (piece.end().saturating_sub(at), BATCH),
            Place::Host { offset, len } => match self.data_in(offset, len) {
                (0, data) if self.among_zeros => (data, BATCH),
                (0, data) => (data, PROBE),
                (hole, _) => {
                    self.at = at.saturating_add(hole);
                    return Ok(0);
                }
            },
        };
        let left = len.min(self.content.size() - at);
        let want = usize::try_from(left).map_or(most, |left| left.min(most)).max(1);
        let mut buffer = std::mem::take(&mut self.buffer);
        let read = self.content.read_at(at, &mut buffer[..want]);
        let seen = read.and_then(|()| self.see(&buffer[..want]));
        self.buffer = buffer;
        seen.map(|()| want as u64)
    }

    /// Whether a compressed piece is longer than any compressor makes of zeros, and of one unit alone. It is taken for content then.
    /// What is wrong with that: where zeros were not compressed at all, they are sent.
    fn cannot_be_zeros(&self, piece: &Piece) -> bool {
        let (first, last) = (
            self.at / self.map.unit(),
            piece.end().saturating_sub(1) / self.map.unit(),
        );
        // Deflate makes a thousandth of zeros; the length is told in sectors by qcow2.
        first == last && piece.stored > piece.size / 128 + 1024
    }

    /// How long a hole is at this offset of the file, else how long what is none; both within `len`.
    fn data_in(&mut self, offset: u64, len: u64) -> (u64, u64) {
        let Some(next_data) = &mut self.next_data else {
            return (0, len);
        };
        if !self.data.contains(&offset) {
            match next_data(offset).filter(|data| data.end > offset) {
                Some(data) => self.data = data,
                None => return (len, 0),
            }
        }
        if offset < self.data.start {
            return (len.min(self.data.start - offset), 0);
        }
        (0, len.min(self.data.end - offset))
    }

    /// Notes which units these bytes show to be in use.
    fn see(&mut self, mut bytes: &[u8]) -> Result<(), InspectError> {
        let unit = self.map.unit();
        self.among_zeros = true;
        while !bytes.is_empty() {
            let left = unit - self.at % unit;
            let here = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
            let (now, later) = bytes.split_at(here);
            if !are_zeros(now) {
                self.mark(self.at / unit)?;
                self.among_zeros = false;
            }
            self.at += here as u64;
            bytes = later;
        }
        Ok(())
    }

    fn mark(&mut self, unit: u64) -> Result<(), InspectError> {
        self.used = Some(unit);
        self.map
            .mark(unit)
            .ok_or_else(|| super::converted::too_large(self.map.size()))
    }
}
