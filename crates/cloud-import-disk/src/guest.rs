//! The disk as the guest sees it: where a format keeps each byte, and the bytes themselves.

use std::fmt;

use crate::{
    InspectError, abreast,
    codec::{self, MAX_PIECE},
    piece::Piece,
    source::Source,
};

/// The most bytes that are read from the file in one go.
const MAX_RUN: usize = 1 << 20;
/// What a compressed piece may take beyond its own size: an eighth of it for a bad choice of codes, frames, and room up to a boundary.
const OVERHEAD: u64 = 256 * 1024;
/// The bytes of a piece that are unpacked at first: all of any piece but a large block of ZVHD2.
const FIRST: usize = 2 << 20;

/// Where a run of the guest's bytes lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this file from `offset`, for `len` bytes.
    Host { offset: u64, len: u64 },
    /// Nowhere: `len` bytes of zeros.
    Zero { len: u64 },
    /// In a compressed piece.
    Packed(Piece),
}

impl Place {
    /// What is left of a block that begins at `start` of the file, from `within` it on. The end of the last block of a file need
    /// not be written: it is zeros.
    pub(crate) fn of_block(source: &Source<'_>, start: u64, within: u64, left: u64) -> Self {
        let offset = start.saturating_add(within);
        match source.len().checked_sub(offset) {
            Some(there) if there > 0 => Self::Host {
                offset,
                len: left.min(there),
            },
            _ if start < source.len() => Self::Zero { len: left },
            _ => Self::Host { offset, len: left },
        }
    }
}

/// Why the guest's bytes could not be read.
#[derive(Debug)]
pub(crate) enum Miss {
    /// They are not to be had from this file alone, for this reason.
    Unknown(String),
    /// Reading failed.
    Failed(InspectError),
}

impl From<InspectError> for Miss {
    fn from(error: InspectError) -> Self {
        Self::Failed(error)
    }
}

/// The way from the guest's offsets to those of the file.
pub(crate) trait Mapping: fmt::Debug + Send + Sync {
    /// Size of the guest's disk in bytes.
    fn size(&self) -> u64;

    /// Where the byte at `guest` lies, and how many after it.
    fn place(&mut self, source: &mut Source<'_>, guest: u64) -> Result<Place, Miss>;
}

/// The guest's disk, with what was unpacked last of a piece.
#[derive(Debug)]
pub(crate) struct Guest {
    mapping: Box<dyn Mapping>,
    unpacked: Option<(Piece, Vec<u8>)>,
}

impl Guest {
    pub(crate) fn new(mapping: Box<dyn Mapping>) -> Self {
        Self {
            mapping,
            unpacked: None,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.mapping.size()
    }

    /// Reads `want` bytes; `None` where the disk is too small.
    pub(crate) fn read(&mut self, source: &mut Source<'_>, at: u64, want: usize) -> Result<Option<Vec<u8>>, Miss> {
        if at.checked_add(want as u64).is_none_or(|end| end > self.size()) {
            return Ok(None);
        }
        let mut out = vec![0; want];
        self.fill(source, at, &mut out)?;
        Ok(Some(out))
    }

    /// Fills `out`, all of which must be on the disk.
    pub(crate) fn fill(&mut self, source: &mut Source<'_>, at: u64, mut out: &mut [u8]) -> Result<(), Miss> {
        let mut at = at;
        while !out.is_empty() {
            let place = self.mapping.place(source, at)?;
            if let Place::Packed(piece) = place {
                let pieces = self.whole_pieces(source, piece, at, out.len());
                if pieces.len() > 1 {
                    let run = pieces.iter().map(|piece| piece.size as usize).sum();
                    let (now, rest) = out.split_at_mut(run);
                    unpack_all(source, &pieces, now)?;
                    at += run as u64;
                    out = rest;
                    continue;
                }
            }
            let len = match place {
                Place::Host { len, .. } | Place::Zero { len } => len,
                Place::Packed(piece) => piece.end().saturating_sub(at),
            };
            let run = usize::try_from(len)
                .map_or(out.len(), |len| len.min(out.len()))
                .min(MAX_RUN);
            if run == 0 {
                return Err(Miss::Unknown(format!(
                    "the image does not say where byte {at} of the disk lies"
                )));
            }
            let (now, rest) = out.split_at_mut(run);
            match place {
                Place::Zero { .. } => now.fill(0),
                Place::Host { offset, .. } => {
                    if source.fill(offset, now)? < run {
                        return Err(Miss::Unknown(format!(
                            "byte {at} of the disk should lie at byte {offset} of the file, beyond its end"
                        )));
                    }
                }
                Place::Packed(piece) => {
                    let from = (at - piece.start) as usize;
                    let bytes = self.piece(source, piece, from + run)?.get(from..from + run);
                    now.copy_from_slice(bytes.ok_or_else(|| damaged(piece))?);
                }
            }
            at += run as u64;
            out = rest;
        }
        Ok(())
    }

    /// The pieces from `first` on that lie beside each other and fill the `room` bytes from `at` on, as far as they are whole and small
    /// enough to be unpacked side by side. What comes behind them, and what is wrong there, is looked at when it is its turn.
    fn whole_pieces(&mut self, source: &mut Source<'_>, first: Piece, at: u64, room: usize) -> Vec<Piece> {
        let (mut pieces, mut stored) = (Vec::new(), 0_u64);
        let (mut start, end) = (at, at.saturating_add(room as u64));
        let mut next = Some(first);
        while let Some(piece) = next {
            stored = stored.saturating_add(piece.stored);
            let is_whole = piece.start == start && piece.size > 0 && piece.end() <= end;
            if !is_whole || piece.size > abreast::MAX_PIECE || stored > abreast::MAX_STORED {
                break;
            }
            start = piece.end();
            pieces.push(piece);
            next = match self.mapping.place(source, start) {
                Ok(Place::Packed(piece)) if start < end => Some(piece),
                _ => None,
            };
        }
        pieces
    }

    /// The piece, unpacked up to this byte at least, where it has so many.
    fn piece(&mut self, source: &mut Source<'_>, piece: Piece, until: usize) -> Result<&[u8], Miss> {
        let known = self.unpacked.take().filter(|(known, _)| *known == piece);
        let bytes = match known {
            Some((_, bytes)) if bytes.len() >= until => bytes,
            // From its beginning again: twice as much as before, so that to read all of it in order costs twice its size.
            known => {
                let more = known.map_or(FIRST, |(_, bytes)| 2 * bytes.len());
                unpack(source, piece, more.max(until))?
            }
        };
        Ok(&self.unpacked.insert((piece, bytes)).1)
    }

    /// Where the byte at `at` lies, and how many after it.
    pub(crate) fn place(&mut self, source: &mut Source<'_>, at: u64) -> Result<Place, Miss> {
        self.mapping.place(source, at)
    }

    /// The first run at or behind `from` that the file holds something for, as beginning and end; `None` where there is none.
    pub(crate) fn used(&mut self, source: &mut Source<'_>, from: u64) -> Result<Option<(u64, u64)>, Miss> {
        let size = self.size();
        let (mut at, mut start) = (from, None);
        while at < size {
            let (end, is_used) = match self.mapping.place(source, at)? {
                Place::Zero { len } => (at.saturating_add(len), false),
                Place::Host { len, .. } => (at.saturating_add(len), true),
                Place::Packed(piece) => (piece.end(), true),
            };
            match (start, is_used) {
                (None, true) => start = Some(at),
                (Some(start), false) => return Ok(Some((start, at))),
                _ => {}
            }
            // A place always has a byte; one that had none would be asked for again and again.
            at = end.max(at + 1);
        }
        Ok(start.map(|start| (start, size)))
    }
}

/// Fills `out` with pieces that follow each other on the disk.
fn unpack_all(source: &mut Source<'_>, pieces: &[Piece], out: &mut [u8]) -> Result<(), Miss> {
    let packed = |piece: &Piece| Ok((*piece, packed(source, *piece, piece.size)?));
    let packed: Vec<_> = pieces.iter().map(packed).collect::<Result<_, Miss>>()?;
    abreast::unpack(&packed, out).map_err(damaged)
}

/// The first `want` bytes of a piece, or all of them where it has fewer.
fn unpack(source: &mut Source<'_>, piece: Piece, want: usize) -> Result<Vec<u8>, Miss> {
    let want = piece.size.min(want as u64);
    let packed = packed(source, piece, want)?;
    codec::unpack(piece.codec, &packed, want as usize, piece.size as usize).ok_or_else(|| damaged(piece))
}

/// What the file holds for the first `want` bytes of a piece.
fn packed(source: &mut Source<'_>, piece: Piece, want: u64) -> Result<Vec<u8>, Miss> {
    if !cfg!(feature = "codecs") {
        return Err(Miss::Unknown(format!("byte {} of the disk is compressed", piece.start)));
    }
    let room = |size: u64| size + size / 8 + OVERHEAD;
    if piece.size > MAX_PIECE as u64 || piece.stored > room(piece.size) {
        return Err(Miss::Unknown(format!(
            "byte {} of the disk is in a compressed piece of {} bytes in {} of the file, which is too large to be unpacked",
            piece.start, piece.size, piece.stored
        )));
    }
    let stored = match want < piece.size {
        true => piece.stored.min(room(want)),
        false => piece.stored,
    };
    Ok(source.read_some(piece.offset, stored as usize)?)
}

fn damaged(piece: Piece) -> Miss {
    Miss::Unknown(format!(
        "the compressed piece for byte {} of the disk, at byte {} of the file, is damaged",
        piece.start, piece.offset
    ))
}
