//! Microsoft Hyper-V disks: headers, region table, metadata and block table. The log is not replayed.

use crate::{
    DiskInfo, Format, InspectError,
    bytes::{array, le16, le32, le64},
    crc::crc32c,
    guest::{Mapping, Miss, Place},
    layout::{Image, Layout},
    source::Source,
    vhdx_parent,
};

pub(crate) const LAYOUT: Layout = Layout {
    name: "vhdx",
    is_disk: true,
    is_it: |source| Ok(source.head().starts_with(b"vhdxfile")),
    read,
};

const KIB: u64 = 1024;
const HEADERS: [u64; 2] = [64 * KIB, 128 * KIB];
pub(crate) const REGION_TABLES: [u64; 2] = [192 * KIB, 256 * KIB];
/// Entries of the region table and of the metadata table that are looked at. The specification allows 2047 each and
/// names two and six kinds.
pub(crate) const MAX_ENTRIES: usize = 64;
/// The largest disk that the specification allows, in bytes.
const MAX_SIZE: u64 = 64 << 40;

/// Bytes of the block table that are looked at.
const BLOCKS_LOOKED_AT: usize = 4096;

pub(crate) type Guid = [u8; 16];
pub(crate) const REGION_BLOCKS: Guid = [
    0x66, 0x77, 0xC2, 0x2D, 0x23, 0xF6, 0x00, 0x42, 0x9D, 0x64, 0x11, 0x5E, 0x9B, 0xFD, 0x4A, 0x08,
];
pub(crate) const REGION_METADATA: Guid = [
    0x06, 0xA2, 0x7C, 0x8B, 0x90, 0x47, 0x9A, 0x4B, 0xB8, 0xFE, 0x57, 0x5F, 0x05, 0x0F, 0x88, 0x6E,
];
pub(crate) const ITEM_PARAMETERS: Guid = [
    0x37, 0x67, 0xA1, 0xCA, 0x36, 0xFA, 0x43, 0x4D, 0xB3, 0xB6, 0x33, 0xF0, 0xAA, 0x44, 0xE7, 0x6B,
];
pub(crate) const ITEM_SIZE: Guid = [
    0x24, 0x42, 0xA5, 0x2F, 0x1B, 0xCD, 0x76, 0x48, 0xB2, 0x11, 0x5D, 0xBE, 0xD8, 0x3B, 0xF4, 0xB8,
];
pub(crate) const ITEM_PARENT: Guid = [
    0x2D, 0x5F, 0xD3, 0xA8, 0x0B, 0xB3, 0x4D, 0x45, 0xAB, 0xF7, 0xD3, 0xD8, 0x48, 0x34, 0xAB, 0x0C,
];

const ITEM_SECTOR: Guid = [
    0x1D, 0xBF, 0x41, 0x81, 0x6F, 0xA9, 0x09, 0x47, 0xBA, 0x47, 0xF2, 0x33, 0xA8, 0xFA, 0xAB, 0x5F,
];
/// Sectors that one bitmap counts.
const BITMAP_SECTORS: u64 = 1 << 23;

/// The bits of a block's entry that say how it is stored, and their values for what is.
const STATE: u64 = 7;
const FULLY_PRESENT: u64 = 6;
const PARTLY_PRESENT: u64 = 7;

pub(crate) const FIXED: u32 = 1;
pub(crate) const HAS_PARENT: u32 = 2;

fn read(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let bad = |field, problem: String| InspectError::damaged(Format::Vhdx, field, problem);
    let mut info = DiskInfo::new(Format::Vhdx, source.len());
    header(&mut info, source)?;

    let regions = region_entries(source)?;
    must_reach_regions(&mut info, &regions);
    let metadata = regions
        .chunks_exact(32)
        .find(|entry| array(entry, 0) == REGION_METADATA)
        .map(|entry| le64(entry, 16))
        .ok_or_else(|| bad("region table", "it names no metadata".to_owned()))?;

    let items = metadata_entries(source, metadata)?;
    let item = |id: Guid| {
        items
            .chunks_exact(32)
            .find(|entry| array(entry, 0) == id)
            .and_then(|entry| Some((metadata.checked_add(u64::from(le32(entry, 16)))?, le32(entry, 20))))
    };
    let (at, _) = item(ITEM_SIZE).ok_or_else(|| bad("metadata", "the disk size is not there".to_owned()))?;
    let size = le64(&source.header(Format::Vhdx, "disk size", at, 8)?, 0);
    if size > MAX_SIZE {
        return Err(bad(
            "disk size",
            format!("{size} bytes, at most {MAX_SIZE} are allowed"),
        ));
    }
    info.virtual_size_bytes = Some(size);

    let (at, _) =
        item(ITEM_PARAMETERS).ok_or_else(|| bad("metadata", "the file parameters are not there".to_owned()))?;
    let parameters = source.header(Format::Vhdx, "file parameters", at, 8)?;
    let (block, flags) = (u64::from(le32(&parameters, 0)), le32(&parameters, 4));
    let table = regions
        .chunks_exact(32)
        .find(|entry| array(entry, 0) == REGION_BLOCKS)
        .map(|entry| le64(entry, 16));
    if let Some(table) = table {
        // The last block may be stored no further than the disk goes.
        blocks(&mut info, source, table, block.min(size))?;
    }
    let kind = match (flags & HAS_PARENT != 0, flags & FIXED != 0) {
        (true, _) => "differencing",
        (false, true) => "fixed",
        (false, false) => "dynamic",
    };
    info.subtype = Some(kind.to_owned());
    match kind {
        "fixed" => info.must_reach("the disk", Some(size)),
        "differencing" => {
            info.backing_format = Some("vhdx".to_owned());
            info.backing_file = match item(ITEM_PARENT) {
                Some((at, len)) => vhdx_parent::path(source, at, len)?,
                None => None,
            };
            if info.backing_file.is_none() {
                return Err(bad(
                    "parent locator",
                    "the disk is a difference, but its parent is not named".to_owned(),
                ));
            }
        }
        _ => {}
    }
    if kind == "differencing" {
        return Ok(Image::closed(info, "part of the disk lies in the backing file"));
    }
    let sector = match item(ITEM_SECTOR) {
        Some((at, _)) => le32(&source.header(Format::Vhdx, "sector size", at, 4)?, 0),
        None => 512,
    };
    Ok(
        match table.and_then(|table| BlockTable::new(size, table, block, sector)) {
            Some(table) => Image::new(info, table),
            None => Image::closed(info, format!("blocks of {block} bytes cannot be found")),
        },
    )
}

#[derive(Debug)]
struct BlockTable {
    size: u64,
    /// Offset of the table in the file.
    table: u64,
    /// Bytes of disk per block.
    block: u64,
    /// After this many entries stands one for a bitmap.
    ratio: u64,
}

impl BlockTable {
    /// `None` where blocks are larger than what one bitmap counts, or have no size.
    fn new(size: u64, table: u64, block: u64, sector: u32) -> Option<Self> {
        let ratio = (BITMAP_SECTORS * u64::from(sector)).checked_div(block)?;
        (ratio > 0).then_some(Self {
            size,
            table,
            block,
            ratio,
        })
    }
}

impl Mapping for BlockTable {
    fn size(&self) -> u64 {
        self.size
    }

    fn place(&mut self, source: &mut Source<'_>, guest: u64) -> Result<Place, Miss> {
        let outside = || Miss::Unknown(format!("the block table does not reach byte {guest} of the disk"));
        let (index, within) = (guest / self.block, guest % self.block);
        let at = (index + index / self.ratio).checked_mul(8);
        let at = at.and_then(|at| at.checked_add(self.table)).ok_or_else(outside)?;
        let entry = u64::from_le_bytes(source.entry(at)?.ok_or_else(outside)?);
        let left = self.block - within;
        match entry & STATE {
            FULLY_PRESENT => Ok(Place::of_block(source, entry >> 20 << 20, within, left)),
            // Never written, written with zeros, or given back.
            0..=3 => Ok(Place::Zero { len: left }),
            _ => Err(outside()),
        }
    }
}

fn must_reach_regions(info: &mut DiskInfo, regions: &[u8]) {
    for entry in regions.chunks_exact(32) {
        let end = le64(entry, 16).checked_add(u64::from(le32(entry, 24)));
        let what = if array(entry, 0) == REGION_BLOCKS {
            "the block table"
        } else {
            "a region"
        };
        info.must_reach(what, end);
    }
}

/// Takes the newer of the two headers whose checksums hold.
fn header(info: &mut DiskInfo, source: &mut Source<'_>) -> Result<(), InspectError> {
    let mut best: Option<Vec<u8>> = None;
    for at in HEADERS {
        let Some(header) = source.read_all(at, 4096)? else {
            continue;
        };
        if !header.starts_with(b"head") || !checksum_holds(&header) {
            continue;
        }
        if best.as_ref().is_none_or(|best| le64(best, 8) < le64(&header, 8)) {
            best = Some(header);
        }
    }
    let Some(header) = best else {
        return Err(InspectError::damaged(
            Format::Vhdx,
            "header",
            "neither of its two copies is whole",
        ));
    };
    info.dirty = array::<16>(&header, 48) != [0; 16];
    if info.dirty {
        let end = le64(&header, 72).checked_add(u64::from(le32(&header, 68)));
        info.must_reach("the log", end);
    }
    Ok(())
}

fn checksum_holds(header: &[u8]) -> bool {
    let mut copy = header.to_vec();
    if let Some(sum) = copy.get_mut(4..8) {
        sum.fill(0);
    }
    crc32c(&copy) == le32(header, 4)
}

/// The table's checksum covers 64 KiB and is left alone; the marks decide.
fn region_entries(source: &mut Source<'_>) -> Result<Vec<u8>, InspectError> {
    for at in REGION_TABLES {
        let table = source.read_some(at, 16 + MAX_ENTRIES * 32)?;
        if table.starts_with(b"regi") {
            return Ok(entries(&table, 16, le32(&table, 8) as usize));
        }
    }
    Err(InspectError::damaged(
        Format::Vhdx,
        "region table",
        "neither of its two copies is there",
    ))
}

fn metadata_entries(source: &mut Source<'_>, at: u64) -> Result<Vec<u8>, InspectError> {
    let table = source.read_some(at, 32 + MAX_ENTRIES * 32)?;
    if !table.starts_with(b"metadata") {
        return Err(InspectError::damaged(Format::Vhdx, "metadata", "it lacks its mark"));
    }
    Ok(entries(&table, 32, usize::from(le16(&table, 10))))
}

/// The first `count` entries of 32 bytes behind `start`, as many as were read.
fn entries(table: &[u8], start: usize, count: usize) -> Vec<u8> {
    let wanted = start + count.min(MAX_ENTRIES) * 32;
    table.get(start..wanted.min(table.len())).unwrap_or_default().to_vec()
}

/// Whether the blocks in the beginning of the block table lie in the file.
fn blocks(info: &mut DiskInfo, source: &mut Source<'_>, at: u64, len: u64) -> Result<(), InspectError> {
    for entry in source.table(at, BLOCKS_LOOKED_AT)?.chunks_exact(8) {
        let entry = le64(entry, 0);
        // The upper 44 bits count MiB.
        if matches!(entry & STATE, FULLY_PRESENT | PARTLY_PRESENT) {
            info.must_reach("a block", (entry >> 20 << 20).checked_add(len));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::source::{Known, Limits};

    /// Behind as many entries as one bitmap has blocks stands one for the bitmap.
    #[test]
    fn entries_of_bitmaps_are_passed_over() {
        const MIB: u64 = 1 << 20;
        let mut table = BlockTable::new(16 * MIB, 64, 2 * MIB, 512).unwrap();
        assert_eq!(table.ratio, 2048);
        table.ratio = 2;
        let mut file = vec![0; 64];
        for entry in [5 * MIB, 6 * MIB, 0, 7 * MIB, 8 * MIB, 0, 9 * MIB] {
            file.extend((entry | if entry > 0 { FULLY_PRESENT } else { 0 }).to_le_bytes());
        }
        let mut file = Cursor::new(file);
        let mut known = Known::of(&mut file, Limits::default()).unwrap();
        for (block, start) in [5, 6, 7, 8, 9].into_iter().enumerate() {
            let at = block as u64 * 2 * MIB + 3;
            let found = table.place(&mut known.with(&mut file), at).unwrap();
            let expected = Place::Host {
                offset: start * MIB + 3,
                len: 2 * MIB - 3,
            };
            assert_eq!(found, expected, "block {block}");
        }
        assert!(BlockTable::new(MIB, 0, 0, 512).is_none() && BlockTable::new(MIB, 0, 1 << 40, 512).is_none());
    }
}
