//! Tells the format by the marks in the file, the surest first.

use std::io::{Read, Seek};

use crate::{
    DiskInfo, Format, InspectError, bytes::be32, luks, parallels, qcow1, qcow2, qed, raw, source::Source, tar, vdi,
    vhd, vhdx, vmdk, zvhd,
};

pub(crate) fn inspect<R: Read + Seek>(source: &mut Source<R>) -> Result<DiskInfo, InspectError> {
    let head = source.head();
    if head.starts_with(b"QFI\xfb") {
        return match be32(head, 4) {
            1 => qcow1::inspect(source),
            2 | 3 => qcow2::inspect(source),
            other => Err(InspectError::damaged(
                Format::Qcow2,
                "version",
                format!("{other} is none of the known ones, 1, 2 and 3"),
            )),
        };
    }
    if head.starts_with(b"KDMV") {
        return vmdk::sparse(source);
    }
    if head.starts_with(b"COWD") {
        return vmdk::esx_sparse(source);
    }
    if vmdk::is_descriptor(head) {
        return vmdk::descriptor(source);
    }
    if head.starts_with(b"vhdxfile") {
        return vhdx::inspect(source);
    }
    if head.starts_with(b"conectix") {
        return vhd::from_head(source);
    }
    if head.starts_with(b"QED\0") {
        return qed::inspect(source);
    }
    if vdi::is_vdi(head) {
        return vdi::inspect(source);
    }
    if head.starts_with(zvhd::COOKIE_2) || head.starts_with(zvhd::COOKIE_1) {
        return zvhd::inspect(source);
    }
    if parallels::is_parallels(head) {
        return parallels::inspect(source);
    }
    // What follows may as well be the content of a fixed VHD, which has its mark at the end only.
    if let Some(info) = vhd::from_tail(source)? {
        return Ok(info);
    }
    let head = source.head();
    if head.starts_with(luks::MARK) {
        return luks::inspect(source);
    }
    match stream(head).or_else(|| tar::recognise(head)) {
        Some(format) => Ok(DiskInfo::new(format, source.len())),
        None => raw::inspect(source),
    }
}

/// Compressed streams, by the marks at their beginning.
fn stream(head: &[u8]) -> Option<Format> {
    if head.starts_with(&[0x1F, 0x8B, 8]) {
        return Some(Format::Gzip);
    }
    if head.starts_with(&[0xFD, b'7', b'z', b'X', b'Z', 0]) {
        return Some(Format::Xz);
    }
    // A frame, or one of the sixteen kinds of frame to be skipped, which parallel compressors begin with.
    if head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD])
        || (head.first().is_some_and(|b| b & 0xF0 == 0x50) && head.get(1..4) == Some(&[0x2A, 0x4D, 0x18]))
    {
        return Some(Format::Zstd);
    }
    // The level, then the mark of a block or that of the end.
    if head.starts_with(b"BZh")
        && head.get(3).is_some_and(|level| (b'1'..=b'9').contains(level))
        && matches!(
            head.get(4..10),
            Some([0x31, 0x41, 0x59, 0x26, 0x53, 0x59] | [0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
        )
    {
        return Some(Format::Bzip2);
    }
    None
}
