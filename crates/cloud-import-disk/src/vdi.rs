//! VirtualBox disks: the header and the block map.

use crate::{
    DiskInfo, Format, InspectError,
    bytes::{array, le32, le64, round_up},
    guest::{Mapping, Miss, Place},
    layout::{Image, Layout},
    source::Source,
};

pub(crate) const LAYOUT: Layout = Layout {
    name: "vdi",
    is_disk: true,
    is_it: |source| Ok(le32(source.head(), 64) == 0xBEDA_107F),
    read,
};

/// Entries from this one on are for blocks that were never written, or written with zeros.
const NOT_STORED: u32 = 0xFFFF_FFFE;

fn read(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let header = source.header(Format::Vdi, "header", 0, 512)?;
    let mut info = DiskInfo::new(Format::Vdi, source.len());
    let version = le32(&header, 68);
    if version >> 16 != 1 {
        return Err(InspectError::damaged(
            Format::Vdi,
            "version",
            format!("{}.{} is not a version 1", version >> 16, version & 0xFFFF),
        ));
    }
    let kind = le32(&header, 76);
    info.subtype = Some(match kind {
        1 => "dynamic".to_owned(),
        2 => "static".to_owned(),
        3 => "undo".to_owned(),
        4 => "differencing".to_owned(),
        other => {
            return Err(InspectError::damaged(
                Format::Vdi,
                "image type",
                format!("{other} is not 1 to 4"),
            ));
        }
    });
    let claimed = le64(&header, 368);
    let Some(size) = round_up(claimed, 512) else {
        return Err(InspectError::damaged(
            Format::Vdi,
            "disk size",
            format!("{claimed} bytes"),
        ));
    };
    info.virtual_size_bytes = Some(size);
    if matches!(kind, 3 | 4) {
        let parent: [u8; 16] = array(&header, 440);
        let id: String = parent.iter().map(|byte| format!("{byte:02x}")).collect();
        info.backing_file = Some(format!("uuid:{id}"));
        info.notes
            .push("The header names the backing disk by its identifier only.".to_owned());
    }
    let (blocks, allocated) = (u64::from(le32(&header, 384)), u64::from(le32(&header, 388)));
    let (block_map, data) = (u64::from(le32(&header, 340)), u64::from(le32(&header, 344)));
    info.must_reach("the block map", Some(block_map + blocks * 4));
    // Numbers of 32 bits: their product and this sum can pass 64 bits only in a lie.
    let (block, extra) = (u64::from(le32(&header, 376)), u64::from(le32(&header, 380)));
    let stride = block + extra;
    info.must_reach(
        "the last block",
        allocated.checked_mul(stride).and_then(|bytes| bytes.checked_add(data)),
    );
    if info.backing_file.is_some() {
        return Ok(Image::closed(info, "part of the disk lies in the backing file"));
    }
    if block == 0 || blocks.saturating_mul(block) < size {
        let reason = format!("{blocks} blocks of {block} bytes do not cover the disk");
        return Ok(Image::closed(info, reason));
    }
    Ok(Image::new(
        info,
        BlockMap {
            size,
            map: block_map,
            data,
            block,
            extra,
        },
    ))
}

#[derive(Debug)]
struct BlockMap {
    size: u64,
    /// Offset of the map in the file.
    map: u64,
    /// Offset of the first block.
    data: u64,
    /// Bytes of disk per block.
    block: u64,
    /// Bytes before each block.
    extra: u64,
}

impl Mapping for BlockMap {
    fn size(&self) -> u64 {
        self.size
    }

    fn place(&mut self, source: &mut Source<'_>, guest: u64) -> Result<Place, Miss> {
        let (index, within) = (guest / self.block, guest % self.block);
        // As many blocks as 32 bits can count.
        let entry = source.entry(self.map + index * 4)?.map(u32::from_le_bytes);
        let left = self.block - within;
        match entry {
            None => Err(Miss::Unknown(format!(
                "the block map does not reach byte {guest} of the disk"
            ))),
            Some(NOT_STORED..) => Ok(Place::Zero { len: left }),
            Some(number) => {
                let start = u64::from(number)
                    .saturating_mul(self.block + self.extra)
                    .saturating_add(self.data + self.extra);
                Ok(Place::of_block(source, start, within, left))
            }
        }
    }
}
