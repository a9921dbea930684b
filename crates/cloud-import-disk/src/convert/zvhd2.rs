//! A ZVHD2 file whose blocks are stored, so that all its records are equally long: its tables by arithmetic. Reads nothing.
//!
//! By the block driver that Huawei published for QEMU 2.3 (ims-qemu-img fc2d8856, 2018), whose writer compresses. That a reader of
//! today takes a frame that only stores, which RFC 8878 allows, was tried with no reader of Huawei's. Numbers are little-endian.

use super::{
    map::{Map, SPAN},
    window::Window,
};

/// Bytes of disk in a block.
pub(crate) const BLOCK: u64 = 2 << 20;
/// Bytes of the structure that stands at the beginning, behind the records, and, complete, at the end.
const HEADER: u64 = 4096;
/// Bytes of it that are summed.
const SUMMED: usize = 512;
/// What a record begins with.
const RECORD_MARK: &[u8; 12] = b"hwstream bg\0";
/// And ends with.
const RECORD_END: &[u8; 4] = b"end\0";
/// Bytes before the frame of a record.
const RECORD_HEAD: u64 = 48;
/// Bytes of a record: it is padded to whole pages.
const RECORD: u64 = BLOCK + 4096;
/// Mark, descriptor (one segment, a size of four bytes) and size of a frame.
const FRAME_HEAD: u64 = 9;
/// The most bytes that a block of a frame stores, and what stands before each.
const STORED: u64 = 128 << 10;
const STORED_HEAD: u64 = 3;
const STORED_IN_FRAME: u64 = BLOCK / STORED;
const FRAME: u64 = FRAME_HEAD + STORED_IN_FRAME * (STORED_HEAD + STORED);
/// Bytes of an entry of the index, and what the index and the bitmap are padded to.
const ENTRY: u64 = 16;
const INDEX_SEGMENT: u64 = 512 << 10;
const BITMAP_SEGMENT: u64 = 4096;
/// What the size that a reader tells is rounded up to.
const GIB: u64 = 1 << 30;

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Zvhd2 {
    /// What tells this disk from others.
    id: [u8; 16],
    blocks: u32,
    count: u32,
    index: u64,
    bitmap: u64,
    footer: u64,
}

impl Zvhd2 {
    /// `None` for a disk that is too large.
    pub(crate) fn new(map: &Map, id: [u8; 16]) -> Option<Self> {
        let blocks = u32::try_from(map.units()).ok()?;
        // The length of the index is a number of four bytes, too.
        let count = u32::try_from(map.count()).ok().filter(|count| *count < 1 << 27)?;
        let index = 2 * HEADER + u64::from(count) * RECORD;
        let bitmap = index + (u64::from(count) * ENTRY).next_multiple_of(INDEX_SEGMENT);
        let footer = bitmap + u64::from(blocks.div_ceil(8)).next_multiple_of(BITMAP_SEGMENT);
        Some(Self {
            id,
            blocks,
            count,
            index,
            bitmap,
            footer,
        })
    }

    /// Bytes of the file.
    pub(crate) const fn len(&self) -> u64 {
        self.footer + HEADER
    }

    /// Which records are asked for.
    pub(crate) fn records(&self, window: &mut Window<'_>) -> std::ops::Range<u64> {
        window.pieces(HEADER, RECORD, self.count.into())
    }

    /// The places in a record where its block is stored, as offsets in the file and on the block, and how many bytes each has.
    pub(crate) fn stored(record: u64) -> impl Iterator<Item = (u64, u64, u64)> {
        let first = HEADER + record * RECORD + RECORD_HEAD + FRAME_HEAD;
        (0..STORED_IN_FRAME).map(move |number| {
            let before = number * (STORED_HEAD + STORED) + STORED_HEAD;
            (first + before, number * STORED, STORED)
        })
    }

    /// Lays all but the content into zeros.
    pub(crate) fn lay(&self, map: &Map, window: &mut Window<'_>) {
        window.put(0, &self.header(map, false));
        for record in self.records(window) {
            lay_record(
                HEADER + record * RECORD,
                map.nth(record).unwrap_or_default() as u32,
                window,
            );
        }
        window.put(self.index - HEADER, &self.header(map, false));
        window.entries(self.index, self.count.into(), |number| {
            let mut entry = [0; ENTRY as usize];
            entry[..8].copy_from_slice(&(HEADER + number * RECORD).to_le_bytes());
            entry[8..12].copy_from_slice(&(map.nth(number).unwrap_or_default() as u32).to_le_bytes());
            entry[12..].copy_from_slice(&(RECORD as u32).to_le_bytes());
            entry
        });
        for span in map.spans() {
            let bytes: Vec<u8> = span.words.iter().flat_map(|word| word.to_le_bytes()).collect();
            // A span is a KiB of the bitmap, which has whole pages.
            window.put(self.bitmap + span.number * SPAN / 8, &bytes);
        }
        window.put(self.footer, &self.header(map, true));
    }

    /// The structure of 512 bytes. Only at the end it says where the index is.
    fn header(&self, map: &Map, is_footer: bool) -> [u8; SUMMED] {
        let mut header = [0; SUMMED];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, b"z2strm\0\0");
        put(8, &2_u32.to_le_bytes());
        put(12, &0x0001_0000_u32.to_le_bytes());
        put(16, &u64::MAX.to_le_bytes());
        put(28, b"tap\0");
        put(32, &0x0001_0004_u32.to_le_bytes());
        put(40, &map.size().to_le_bytes());
        put(48, &map.size().next_multiple_of(GIB).to_le_bytes());
        put(56, &geometry(map.size()).to_le_bytes());
        put(60, &4_u32.to_le_bytes());
        put(68, &self.id);
        put(87, &[1]);
        put(88, &(BLOCK as u32).to_le_bytes());
        put(92, &self.blocks.to_le_bytes());
        // Zstandard.
        put(141, &[1]);
        if is_footer {
            let (index, bitmap) = (self.bitmap - self.index, self.footer - self.bitmap);
            put(96, &self.index.to_le_bytes());
            put(104, &self.bitmap.to_le_bytes());
            put(112, &(index as u32).to_le_bytes());
            put(116, &(bitmap as u32).to_le_bytes());
            put(120, &(INDEX_SEGMENT as u32).to_le_bytes());
            put(124, &(BITMAP_SEGMENT as u32).to_le_bytes());
            put(128, &((index / INDEX_SEGMENT) as u32).to_le_bytes());
            put(132, &((bitmap / BITMAP_SEGMENT) as u32).to_le_bytes());
            put(136, &self.count.to_le_bytes());
        }
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[64..68].copy_from_slice(&(!sum).to_le_bytes());
        header
    }
}

/// A record of this block, at this byte of the file, without what the block holds.
fn lay_record(start: u64, block: u32, window: &mut Window<'_>) {
    window.put(start, RECORD_MARK);
    window.put(start + 12, &(FRAME as u32).to_le_bytes());
    window.put(start + 16, &block.to_le_bytes());
    window.put(start + RECORD_HEAD, &[0x28, 0xB5, 0x2F, 0xFD, 0xA0]);
    window.put(start + RECORD_HEAD + 5, &(BLOCK as u32).to_le_bytes());
    for number in 0..STORED_IN_FRAME {
        let is_last = u32::from(number + 1 == STORED_IN_FRAME);
        let word = (STORED as u32) << 3 | is_last;
        let at = start + RECORD_HEAD + FRAME_HEAD + number * (STORED_HEAD + STORED);
        window.put(at, &word.to_le_bytes()[..STORED_HEAD as usize]);
    }
    window.put(start + RECORD - RECORD_END.len() as u64, RECORD_END);
}

/// Cylinders, heads and sectors of a disk, by the appendix of Microsoft's VHD specification.
fn geometry(size: u64) -> u32 {
    let total = (size / 512).min(65_535 * 16 * 255);
    let (mut sectors, mut heads, mut tracks);
    if total >= 65_535 * 16 * 63 {
        (sectors, heads) = (255, 16);
        tracks = total / sectors;
    } else {
        sectors = 17;
        tracks = total / sectors;
        heads = tracks.div_ceil(1024).max(4);
        if tracks >= heads * 1024 || heads > 16 {
            (sectors, heads) = (31, 16);
            tracks = total / sectors;
        }
        if tracks >= heads * 1024 {
            (sectors, heads) = (63, 16);
            tracks = total / sectors;
        }
    }
    (tracks / heads) as u32 * 65_536 + (heads as u32) * 256 + sectors as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes of which QEMU 10.0 writes these cylinders, heads and sectors into a VHD.
    #[test]
    fn geometries_are_those_of_a_vhd() {
        for (size, expected) in [
            (4_212_736, (121, 4, 17)),
            (67_125_248, (964, 8, 17)),
            (209_764_352, (826, 16, 31)),
            (629_637_120, (1220, 16, 63)),
            (5_368_946_688, (10_403, 16, 63)),
            (136_365_219_840, (65_279, 16, 255)),
        ] {
            let all = geometry(size);
            assert_eq!((all >> 16, all >> 8 & 255, all & 255), expected, "{size}");
        }
        assert_eq!(geometry(1 << 44) >> 16, 65_535);
    }

    #[test]
    fn what_its_numbers_do_not_hold_is_refused() {
        assert!(Zvhd2::new(&Map::new(BLOCK, u64::from(u32::MAX) * BLOCK), [0; 16]).is_some());
        assert!(Zvhd2::new(&Map::new(BLOCK, (u64::from(u32::MAX) + 1) * BLOCK), [0; 16]).is_none());
    }
}
