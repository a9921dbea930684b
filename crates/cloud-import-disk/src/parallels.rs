//! Parallels disks. The layout is that of files written by QEMU.

use crate::{
    DiskInfo, Format, InspectError,
    bytes::{le32, le64},
    guest::{Mapping, Miss, Place},
    layout::{Image, Layout},
    source::Source,
};

pub(crate) const LAYOUT: Layout = Layout {
    name: "parallels",
    is_disk: true,
    is_it: |source| Ok(source.head().starts_with(OLD) || source.head().starts_with(EXTENDED)),
    read,
};

const OLD: &[u8] = b"WithoutFreeSpace";
const EXTENDED: &[u8] = b"WithouFreSpacExt";
const IN_USE: u32 = 0x746F_6E59;

/// Where the block table begins.
const TABLE: u64 = 64;

fn read(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let header = source.header(Format::Parallels, "header", 0, 64)?;
    let mut info = DiskInfo::new(Format::Parallels, source.len());
    let extended = header.starts_with(EXTENDED);
    info.subtype = Some(if extended { "extended" } else { "plain" }.to_owned());
    let sectors = if extended {
        le64(&header, 36)
    } else {
        u64::from(le32(&header, 36))
    };
    let Some(size) = sectors.checked_mul(512) else {
        return Err(InspectError::damaged(
            Format::Parallels,
            "size",
            format!("{sectors} sectors"),
        ));
    };
    info.virtual_size_bytes = Some(size);
    info.dirty = le32(&header, 44) == IN_USE;
    let (track, entries) = (u64::from(le32(&header, 28)), u64::from(le32(&header, 32)));
    info.must_reach("the block table", Some(TABLE + entries * 4));
    let block = track * 512;
    if block == 0 || entries.saturating_mul(block) < size {
        let reason = format!("{entries} blocks of {track} sectors do not cover the disk");
        return Ok(Image::closed(info, reason));
    }
    Ok(Image::new(
        info,
        BlockTable {
            size,
            block,
            // What an entry counts: sectors in the older kind, blocks in the newer.
            unit: if extended { block } else { 512 },
        },
    ))
}

#[derive(Debug)]
struct BlockTable {
    size: u64,
    /// Bytes of disk per block.
    block: u64,
    unit: u64,
}

impl Mapping for BlockTable {
    fn size(&self) -> u64 {
        self.size
    }

    fn place(&mut self, source: &mut Source<'_>, guest: u64) -> Result<Place, Miss> {
        let (index, within) = (guest / self.block, guest % self.block);
        let left = self.block - within;
        match source.entry(TABLE + index * 4)?.map(u32::from_le_bytes) {
            None => Err(Miss::Unknown(format!(
                "the block table does not reach byte {guest} of the disk"
            ))),
            Some(0) => Ok(Place::Zero { len: left }),
            Some(entry) => {
                let start = u64::from(entry).saturating_mul(self.unit);
                Ok(Place::of_block(source, start, within, left))
            }
        }
    }
}
