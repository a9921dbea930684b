//! Huawei's streamed VHD in its two versions. Of the first only the block that is written first is read: its records are one zlib
//! stream without an index, so that any other takes all before it.
//!
//! Both layouts are those of the block drivers that Huawei published for QEMU 2.3 (ims-qemu-img fc2d8856, 2018); the second was
//! checked against files that they made. Today's writer may have moved on, and nothing here was tried with it. Numbers are
//! little-endian. The structure stands at the beginning and at the end; only the one at the end is complete.

use crate::{
    Compression, DiskInfo, Format, InspectError,
    bytes::{le32, le64, u8_at},
    codec::Codec,
    guest::{Mapping, Miss, Place},
    layout::{Image, Layout},
    piece::Piece,
    source::Source,
};

pub(crate) const FIRST: Layout = Layout {
    name: "zvhd",
    is_disk: true,
    is_it: |source| Ok(source.head().starts_with(COOKIE_1)),
    read,
};

pub(crate) const SECOND: Layout = Layout {
    name: "zvhd2",
    is_it: |source| Ok(source.head().starts_with(COOKIE_2)),
    ..FIRST
};

const COOKIE_1: &[u8] = b"stream\0\0";
const COOKIE_2: &[u8] = b"z2strm\0\0";

const FOOTER: u64 = 4096;
/// Bytes of an entry of the index.
const ENTRY: u64 = 16;
/// What each record begins with.
const RECORD: &[u8] = b"hwstream bg\0";
/// Bytes before the compressed ones in each record.
const RECORD_HEAD: u64 = 48;
/// Bytes of disk per block of the first version.
const BLOCK: u64 = 2 << 20;
const CHECKSUM_AT: usize = 64;

fn read(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let second = source.head().starts_with(COOKIE_2);
    let format = if second { Format::Zvhd2 } else { Format::Zvhd };
    let mut info = DiskInfo::new(format, source.len());
    let header = source.header(format, "header", 0, 512)?;
    let cookie = if second { COOKIE_2 } else { COOKIE_1 };
    let footer = match source.len().checked_sub(FOOTER).filter(|at| *at >= FOOTER) {
        Some(at) => source.read_all(at, 512)?.filter(|footer| footer.starts_with(cookie)),
        None => None,
    };
    let complete = footer.is_some();
    let facts = footer.unwrap_or(header);
    info.virtual_size_bytes = Some(le64(&facts, 48));
    info.corrupt = complete && checksum(&facts) != le32(&facts, CHECKSUM_AT);
    if info.corrupt {
        info.notes
            .push("The checksum of the structure at the end of the file does not match.".to_owned());
    }
    if !second {
        info.subtype = Some("v1".to_owned());
        info.compression = Compression::Used("zlib");
        if !complete {
            info.notes
                .push("No structure was found at the end of the file; it may be cut short.".to_owned());
        }
        let size = le64(&facts, 48);
        return Ok(Image::new(info, Stream { size }));
    }
    info.subtype = Some("v2".to_owned());
    let (method, codec) = match u8_at(&facts, 141) {
        0 => ("zlib", Some(Codec::Zlib)),
        1 => ("zstd", Some(Codec::Zstd)),
        _ => ("unknown", None),
    };
    info.compression = Compression::Used(method);
    if !complete {
        info.truncation = Some("the structure that must end the file is not there".to_owned());
        return Ok(Image::closed(info, "the index at the end of the file is not there"));
    }
    // The footer is in place, so a wrong sum means bytes lost or added in between.
    let end = le64(&facts, 104)
        .checked_add(u64::from(le32(&facts, 116)))
        .and_then(|at| at.checked_add(FOOTER));
    info.must_reach("the footer", end);
    if end.is_some_and(|end| end < source.len()) {
        info.corrupt = true;
        info.notes.push("The file is longer than its index says.".to_owned());
    }
    let block = u64::from(le32(&facts, 88));
    let Some(codec) = codec.filter(|_| block > 0) else {
        return Ok(Image::closed(info, "its blocks are of an unknown kind"));
    };
    Ok(Image::new(
        info,
        Index {
            size: le64(&facts, 48),
            block,
            index: le64(&facts, 96),
            entries: u64::from(le32(&facts, 136)),
            codec,
        },
    ))
}

/// The first version: records in the order of their blocks, of which those of zeros have none.
#[derive(Debug)]
struct Stream {
    size: u64,
}

impl Mapping for Stream {
    fn size(&self) -> u64 {
        self.size
    }

    fn place(&mut self, source: &mut Source<'_>, guest: u64) -> Result<Place, Miss> {
        let head: [u8; RECORD_HEAD as usize] = source.entry(FOOTER)?.unwrap_or([0; RECORD_HEAD as usize]);
        if head.starts_with(COOKIE_1) {
            return Ok(Place::Zero { len: self.size - guest });
        }
        if !head.starts_with(RECORD) {
            return Err(Miss::Unknown("no block follows the header of the ZVHD".to_owned()));
        }
        let start = u64::from(le32(&head, 16)) * BLOCK;
        match guest {
            _ if guest < start => Ok(Place::Zero { len: start - guest }),
            _ if guest - start < BLOCK => Ok(Place::Packed(Piece {
                codec: Codec::ZlibBegun,
                offset: FOOTER + RECORD_HEAD,
                stored: u64::from(le32(&head, 12)),
                start,
                size: BLOCK,
            })),
            _ => Err(Miss::Unknown(format!(
                "the first ZVHD is one stream, of which no more than its first block is unpacked, and byte {guest} of the disk lies behind it"
            ))),
        }
    }
}

/// The second version: the blocks that are not all zeros, in order.
#[derive(Debug)]
struct Index {
    size: u64,
    /// Bytes of disk per block.
    block: u64,
    /// Offset of the index in the file.
    index: u64,
    entries: u64,
    codec: Codec,
}

impl Index {
    /// Where an entry's record lies, of which block it is, and how long it is.
    fn entry(&self, source: &mut Source<'_>, number: u64) -> Result<(u64, u64, u64), Miss> {
        let at = self.index.checked_add(number * ENTRY);
        let entry: Option<[u8; ENTRY as usize]> = match at {
            Some(at) => source.entry(at)?,
            None => None,
        };
        let entry = entry.ok_or_else(|| Miss::Unknown("the index does not lie in the file".to_owned()))?;
        Ok((le64(&entry, 0), u64::from(le32(&entry, 8)), u64::from(le32(&entry, 12))))
    }
}

impl Mapping for Index {
    fn size(&self) -> u64 {
        self.size
    }

    fn place(&mut self, source: &mut Source<'_>, guest: u64) -> Result<Place, Miss> {
        let (wanted, within) = (guest / self.block, guest % self.block);
        // The entries are in the order of their blocks: halve until it is found.
        let (mut low, mut high) = (0, self.entries);
        // Up to the next block that is there, all is zeros: a disk may claim more blocks than anybody can ask for one by one.
        let mut end = self.size;
        while low < high {
            let middle = low + (high - low) / 2;
            let (record, block, len) = self.entry(source, middle)?;
            if block == wanted {
                return Ok(Place::Packed(Piece {
                    codec: self.codec,
                    offset: record.saturating_add(RECORD_HEAD),
                    stored: len.saturating_sub(RECORD_HEAD),
                    start: guest - within,
                    size: self.block,
                }));
            }
            if block < wanted {
                low = middle + 1;
            } else {
                high = middle;
                end = block.saturating_mul(self.block).min(end);
            }
        }
        Ok(Place::Zero {
            len: end.saturating_sub(guest),
        })
    }
}

/// Ones' complement of the sum of the 512 bytes, with the field itself left out.
fn checksum(structure: &[u8]) -> u32 {
    let sum: u32 = structure
        .iter()
        .enumerate()
        .filter(|(at, _)| !(CHECKSUM_AT..CHECKSUM_AT + 4).contains(at))
        .map(|(_, byte)| u32::from(*byte))
        .sum();
    !sum
}
