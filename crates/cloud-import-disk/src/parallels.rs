//! Parallels disks. The layout is that of files written by QEMU.

use crate::{
    DiskInfo, Format, InspectError,
    bytes::{le32, le64},
    layout::Layout,
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

fn read(source: &mut Source<'_>) -> Result<DiskInfo, InspectError> {
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
    info.must_reach("the block table", Some(64 + u64::from(le32(&header, 32)) * 4));
    Ok(info)
}
