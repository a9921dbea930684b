//! Huawei's streamed VHD in its two versions. The blocks are not unpacked.
//!
//! The second version's layout was checked against files made by the block driver that Huawei published for QEMU 2.3
//! (2018); today's writer may have moved on, and nothing here was tried with it. Numbers are little-endian. The structure
//! stands at the beginning and at the end; only the one at the end is complete. Of the first version only the beginning is
//! known to be alike.

use crate::{
    Compression, DiskInfo, Format, InspectError,
    bytes::{le32, le64, u8_at},
    layout::Layout,
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
const CHECKSUM_AT: usize = 64;

fn read(source: &mut Source<'_>) -> Result<DiskInfo, InspectError> {
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
        return Ok(info);
    }
    info.subtype = Some("v2".to_owned());
    info.compression = match u8_at(&facts, 141) {
        0 => Compression::Used("zlib"),
        1 => Compression::Used("zstd"),
        _ => Compression::Used("unknown"),
    };
    if !complete {
        info.truncation = Some("the structure that must end the file is not there".to_owned());
        return Ok(info);
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
    Ok(info)
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
