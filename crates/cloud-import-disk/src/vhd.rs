//! Microsoft Virtual PC disks: the footer, and the header of the dynamic and differencing kinds.

use crate::{
    DiskInfo, Format, InspectError,
    bytes::{be16, be32, be64, round_up, u8_at, utf16},
    layout::{Image, Layout},
    raw::Plain,
    source::Source,
    vhd_map::BlockTable,
};

pub(crate) const LAYOUT: Layout = Layout {
    name: "vhd",
    is_disk: true,
    is_it: |source| Ok(source.head().starts_with(COOKIE) || footer_at_end(source)?.is_some()),
    read,
};

const COOKIE: &[u8] = b"conectix";
const FOOTER: u64 = 512;
const DYNAMIC_HEADER: usize = 1024;

/// The largest disk that cylinders, heads and sectors can describe, in sectors.
const MAX_GEOMETRY: u64 = 65535 * 16 * 255;
/// Writers whose geometry is only an approximation, so that the size field counts.
const EXACT_CREATORS: [&[u8; 4]; 6] = [b"win ", b"qem2", b"d2v ", b"wa\0\0", b"tap\0", b"CTXS"];

fn read(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let own = footer_at_end(source)?;
    match own {
        Some(footer) if !source.head().starts_with(COOKIE) => fixed(source, &footer),
        own => dynamic(source, own),
    }
}

/// A file that begins with the footer's copy: dynamic or differencing.
fn dynamic(source: &mut Source<'_>, own: Option<Footer>) -> Result<Image, InspectError> {
    let copy = source.header(Format::Vhd, "copy of the footer", 0, FOOTER as usize)?;
    let mut info = DiskInfo::new(Format::Vhd, source.len());
    let copy_holds = checksum_holds(&copy, 64);
    if !copy_holds {
        info.corrupt = true;
        info.notes
            .push("The checksum of the footer's copy at the beginning does not match.".to_owned());
    }
    match &own {
        None => info.truncation = Some("the footer that must end the file is not there".to_owned()),
        Some(footer) if !checksum_holds(&footer.bytes, 64) && copy_holds => info.notes.push(
            "The checksum of the footer at the end does not match; that of its copy at the beginning does.".to_owned(),
        ),
        Some(footer) if copy_holds && footer.bytes != copy => info
            .notes
            .push("The footer and its copy at the beginning differ.".to_owned()),
        Some(_) => {}
    }
    // Of two good ones the footer counts; the copy is for when it is lost.
    let own = own.map(|footer| footer.bytes);
    let footer = own.filter(|footer| checksum_holds(footer, 64)).unwrap_or(copy);
    describe(&mut info, &footer)?;
    grown(info, source, &footer)
}

/// A file that only ends with a footer.
fn fixed(source: &mut Source<'_>, footer: &Footer) -> Result<Image, InspectError> {
    let mut info = DiskInfo::new(Format::Vhd, source.len());
    describe(&mut info, &footer.bytes)?;
    if be32(&footer.bytes, 60) != 2 {
        // Its header is in the middle at best: the beginning was overwritten or cut away.
        return Err(InspectError::damaged(
            Format::Vhd,
            "beginning",
            "the copy of the footer is not there",
        ));
    }
    if !checksum_holds(&footer.bytes, 64) {
        info.corrupt = true;
        info.notes.push("The checksum of the footer does not match.".to_owned());
    }
    if footer.len < FOOTER {
        info.notes.push(format!(
            "The footer has {} bytes, as Virtual PC wrote it before 2004; other readers take the file for a raw disk.",
            footer.len
        ));
    }
    let size = info.virtual_size_bytes.unwrap_or(0);
    info.must_reach("the disk and its footer", size.checked_add(footer.len));
    let plain = Plain {
        size,
        stored: size.min(source.len() - footer.len),
    };
    Ok(Image::new(info, plain))
}

/// The footer of a file, with zeros where it is shorter than it should be.
struct Footer {
    bytes: Vec<u8>,
    len: u64,
}

/// Virtual PC once left its last byte out.
fn footer_at_end(source: &mut Source<'_>) -> Result<Option<Footer>, InspectError> {
    for len in [FOOTER, FOOTER - 1] {
        let Some(at) = source.len().checked_sub(len) else {
            continue;
        };
        if let Some(mut bytes) = source.read_all(at, len as usize)?
            && bytes.starts_with(COOKIE)
        {
            bytes.resize(FOOTER as usize, 0);
            return Ok(Some(Footer { bytes, len }));
        }
    }
    Ok(None)
}

fn describe(info: &mut DiskInfo, footer: &[u8]) -> Result<(), InspectError> {
    let kind = match be32(footer, 60) {
        2 => "fixed",
        3 => "dynamic",
        4 => "differencing",
        other => {
            return Err(InspectError::damaged(
                Format::Vhd,
                "disk type",
                format!("{other} is not 2, 3 or 4"),
            ));
        }
    };
    info.subtype = Some(kind.to_owned());
    info.virtual_size_bytes = Some(virtual_size(info, footer));
    if u8_at(footer, 84) != 0 {
        info.notes
            .push("The disk belongs to a machine in saved state.".to_owned());
    }
    Ok(())
}

/// The size by the rule that QEMU follows: the geometry, unless the writer is known to fill the size field exactly or
/// the geometry is at its limit.
fn virtual_size(info: &mut DiskInfo, footer: &[u8]) -> u64 {
    let current = be64(footer, 48) / 512 * 512;
    let by_geometry = u64::from(be16(footer, 56)) * u64::from(u8_at(footer, 58)) * u64::from(u8_at(footer, 59));
    let exact = EXACT_CREATORS
        .iter()
        .any(|creator| footer.get(28..32) == Some(creator.as_slice()));
    if exact || by_geometry == 0 || by_geometry >= MAX_GEOMETRY {
        return current;
    }
    let by_geometry = by_geometry * 512;
    if by_geometry != current {
        info.notes.push(format!(
            "The footer gives {current} bytes as size, its geometry {by_geometry}; readers disagree on which counts."
        ));
    }
    by_geometry
}

/// Ones' complement of the sum of the bytes, with the field at `field` left out.
fn checksum_holds(bytes: &[u8], field: usize) -> bool {
    let sum: u32 = bytes
        .iter()
        .enumerate()
        .filter(|(at, _)| !(field..field + 4).contains(at))
        .map(|(_, byte)| u32::from(*byte))
        .sum();
    !sum == be32(bytes, field)
}

/// What only the dynamic and differencing kinds have.
fn grown(mut info: DiskInfo, source: &mut Source<'_>, footer: &[u8]) -> Result<Image, InspectError> {
    let bad = |field, problem: String| InspectError::damaged(Format::Vhd, field, problem);
    let kind = be32(footer, 60);
    if kind == 2 {
        return Err(bad(
            "disk type",
            "it says fixed, but the file begins like a dynamic disk".to_owned(),
        ));
    }
    let header = source.header(Format::Vhd, "dynamic header", be64(footer, 16), DYNAMIC_HEADER)?;
    if !header.starts_with(b"cxsparse") {
        return Err(bad("dynamic header", "it lacks its mark".to_owned()));
    }
    if !checksum_holds(&header, 36) {
        info.corrupt = true;
        info.notes
            .push("The checksum of the dynamic header does not match.".to_owned());
    }
    let (table, entries, block) = (be64(&header, 16), be32(&header, 28), be32(&header, 32));
    if !block.is_power_of_two() || block < 512 {
        return Err(bad(
            "block size",
            format!("{block} bytes is not a power of two of whole sectors"),
        ));
    }
    let size = info.virtual_size_bytes.unwrap_or(0);
    if u64::from(entries)
        .checked_mul(u64::from(block))
        .is_none_or(|covered| covered < size)
    {
        return Err(bad(
            "block table",
            format!("{entries} blocks of {block} bytes do not cover {size} bytes"),
        ));
    }
    let table_end = table.checked_add(u64::from(entries) * 4);
    info.must_reach("the block table", table_end);
    if kind == 4 {
        let name = utf16(header.get(64..576).unwrap_or_default(), u16::from_be_bytes);
        info.backing_file = Some(name);
        info.backing_format = Some("vhd".to_owned());
        return Ok(Image::closed(info, "part of the disk lies in the backing file"));
    }
    let Some(bitmap) = round_up(u64::from(block / 512).div_ceil(8), 512) else {
        return Err(bad("block size", format!("{block} bytes")));
    };
    let blocks = BlockTable {
        size,
        table,
        block: u64::from(block),
        bitmap,
    };
    Ok(Image::new(info, blocks))
}
