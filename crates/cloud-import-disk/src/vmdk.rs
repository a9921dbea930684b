//! VMware disks: hosted sparse (stream-optimized among them), the sparse files of ESX, and descriptors that name other files. A
//! flat extent by itself is a raw disk and is reported as one.

use crate::{
    Compression, DiskInfo, Encryption, Format, InspectError,
    bytes::{le16, le32, le64, u8_at},
    layout::{Image, Layout, Read},
    source::Source,
    vmdk_descriptor::{self, Descriptor, MAX_LEN},
    vmdk_map::Grains,
};

pub(crate) const LAYOUT: Layout = Layout {
    name: "vmdk",
    is_disk: true,
    is_it: |source| Ok(reader(source.head()).is_some()),
    read: |source| reader(source.head()).unwrap_or(descriptor)(source),
};

/// The reader of the kind that begins with `head`.
fn reader(head: &[u8]) -> Option<Read> {
    if head.starts_with(SPARSE) {
        Some(sparse)
    } else if head.starts_with(b"COWD") {
        Some(esx_sparse)
    } else if head.starts_with(SE_SPARSE) {
        Some(se_sparse)
    } else {
        is_descriptor(head).then_some(descriptor)
    }
}

const SPARSE: &[u8] = b"KDMV";
/// 0xCAFEBABE in 64 bits.
const SE_SPARSE: &[u8] = &[0xBE, 0xBA, 0xFE, 0xCA, 0, 0, 0, 0];
const SECTOR: u64 = 512;
/// In place of the grain directory's offset: it is in the footer.
const AT_END: u64 = u64::MAX;
/// The footer's header: a marker, the header, the marker of the end, each one sector.
const FOOTER_FROM_END: u64 = 1024;
/// The most entries of the grain directory whose tables' places are checked.
const MAX_TABLES: u64 = 256;
/// The most bytes of a descriptor inside a sparse file that are read; VMware reserves ten KiB.
const MAX_EMBEDDED: u64 = 20 * 1024;
const FLAG_COMPRESSED: u32 = 1 << 16;

/// Editors put a byte order mark before it, and tools a comment: lines that are empty or comments may come first.
fn is_descriptor(head: &[u8]) -> bool {
    const MARK: &[u8] = b"# Disk DescriptorFile";
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    text.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .take_while(|line| line.is_empty() || line.starts_with(b"#"))
        .any(|line| {
            line.get(..MARK.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(MARK))
        })
}

/// A text file that names the files with the content.
fn descriptor(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let bad = |field, problem: &str| InspectError::damaged(Format::Vmdk, field, problem);
    let mut info = DiskInfo::new(Format::Vmdk, source.len());
    let text = source.read_some(0, MAX_LEN)?;
    let whole = text.len() as u64 == source.len();
    if !whole {
        info.notes.push(format!(
            "Only the first {MAX_LEN} bytes of the descriptor were read, so the size of the disk is not known."
        ));
    }
    let found = vmdk_descriptor::parse(&text);
    if found.extents.is_empty() {
        return Err(bad("descriptor", "it lists no extents"));
    }
    let size = found
        .extents
        .iter()
        .try_fold(0_u64, |sum, extent| sum.checked_add(extent.sectors));
    let Some(size) = size.and_then(|sectors| sectors.checked_mul(SECTOR)) else {
        return Err(bad("descriptor", "the extents add up to more than any disk"));
    };
    info.virtual_size_bytes = whole.then_some(size);
    describe(&mut info, &found);
    for file in found.extents.into_iter().filter_map(|extent| extent.file) {
        if !info.external_files.contains(&file) {
            info.external_files.push(file);
        }
    }
    Ok(Image::closed(info, "the content lies in other files"))
}

fn describe(info: &mut DiskInfo, found: &Descriptor) {
    info.subtype.clone_from(&found.create_type);
    info.backing_file.clone_from(&found.parent);
    if found.encrypted {
        info.encryption = Encryption::Other;
    }
}

/// A hosted sparse file.
fn sparse(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let bad = |field, problem: String| InspectError::damaged(Format::Vmdk, field, problem);
    let mut info = DiskInfo::new(Format::Vmdk, source.len());
    let mut header = source.header(Format::Vmdk, "header", 0, 512)?;
    if le64(&header, 56) == AT_END {
        match footer(source)? {
            Some(footer) => header = footer,
            None => info.truncation = Some("the footer that must end a stream-optimized file is not there".to_owned()),
        }
    }
    let (version, capacity, grain) = (le32(&header, 4), le64(&header, 12), le64(&header, 20));
    if !(1..=3).contains(&version) {
        return Err(bad("version", format!("{version} is not 1 to 3")));
    }
    if !(1..=1 << 16).contains(&grain) {
        return Err(bad("grain size", format!("{grain} sectors")));
    }
    let Some(size) = capacity.checked_mul(SECTOR) else {
        return Err(bad("capacity", format!("{capacity} sectors")));
    };
    info.virtual_size_bytes = Some(size);
    info.dirty = u8_at(&header, 72) != 0;
    if le32(&header, 8) & FLAG_COMPRESSED != 0 {
        info.compression = Compression::Used(if le16(&header, 77) == 1 { "deflate" } else { "unknown" });
    }
    embedded(&mut info, source, &header)?;
    let per_table = le32(&header, 44);
    if !(1..=512).contains(&per_table) {
        return Err(bad("grain tables", format!("{per_table} entries each")));
    }
    let grains = Grains {
        size,
        grain: grain * SECTOR,
        per_table: u64::from(per_table),
        directory: le64(&header, 56).saturating_mul(SECTOR),
        packed: le32(&header, 8) & FLAG_COMPRESSED != 0,
    };
    if !info.is_truncated() {
        check_tables(&mut info, source, &grains)?;
    }
    Ok(if info.backing_file.is_some() {
        Image::closed(info, "part of the disk lies in the backing file")
    } else if info.encryption.is_encrypted() {
        Image::closed(info, "the content is encrypted")
    } else if !info.external_files.is_empty() {
        Image::closed(info, "the content lies in other files")
    } else {
        Image::new(info, grains)
    })
}

/// The descriptor inside a sparse file. Extents of a disk that another file describes have none, or room for it alone.
fn embedded(info: &mut DiskInfo, source: &mut Source<'_>, header: &[u8]) -> Result<(), InspectError> {
    let (at, len) = (le64(header, 28).checked_mul(SECTOR), le64(header, 36));
    let text = match at {
        Some(at) if at > 0 => source.read_some(at, len.saturating_mul(SECTOR).min(MAX_EMBEDDED) as usize)?,
        _ => Vec::new(),
    };
    let found = vmdk_descriptor::parse(&text);
    info.extent = found.create_type.is_none() && found.extents.is_empty();
    describe(info, &found);
    if info.extent {
        info.subtype = Some("sparse extent".to_owned());
    } else if info.subtype.is_none() {
        info.subtype = Some("sparse".to_owned());
    }
    if found.extents.len() > 1 {
        info.external_files = found.extents.into_iter().filter_map(|extent| extent.file).collect();
    }
    Ok(())
}

fn footer(source: &mut Source<'_>) -> Result<Option<Vec<u8>>, InspectError> {
    let Some(at) = source.len().checked_sub(FOOTER_FROM_END) else {
        return Ok(None);
    };
    Ok(source
        .read_all(at, 512)?
        .filter(|footer| footer.starts_with(SPARSE) && le64(footer, 56) != AT_END))
}

/// Whether the directory, its tables, and the grains of the first and last table lie in the file.
fn check_tables(info: &mut DiskInfo, source: &mut Source<'_>, grains: &Grains) -> Result<(), InspectError> {
    let (tables, directory) = (grains.tables(), grains.directory);
    let end = tables.checked_mul(4).and_then(|len| len.checked_add(directory));
    info.must_reach("the grain directory", end);
    if info.is_truncated() {
        return Ok(());
    }
    let table_len = grains.per_table as usize * 4;
    let entries = source.table(directory, tables.min(MAX_TABLES) as usize * 4)?;
    let mut used = Vec::new();
    for entry in entries.chunks_exact(4) {
        let at = u64::from(le32(entry, 0)) * SECTOR;
        if at != 0 {
            info.must_reach("a grain table", Some(at + table_len as u64));
            used.push(at);
        }
    }
    for at in [used.first(), used.last()].into_iter().flatten() {
        for entry in source.table(*at, table_len)?.chunks_exact(4) {
            // Zero is absent, one a grain of zeros; a compressed grain may be a few bytes long.
            let grain = le32(entry, 0);
            if grain > 1 {
                info.must_reach("a grain", Some(u64::from(grain) * SECTOR + 1));
            }
        }
    }
    Ok(())
}

/// The sparse file of ESX.
fn esx_sparse(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let header = source.header(Format::Vmdk, "header", 0, 512)?;
    let mut info = extent(source, "vmfsSparse extent", u64::from(le32(&header, 12)));
    let directory = u64::from(le32(&header, 20)) * SECTOR;
    info.must_reach(
        "the grain directory",
        Some(directory + u64::from(le32(&header, 24)) * 4),
    );
    Ok(Image::closed(info, "part of the disk may lie in other files"))
}

/// The sparse file that ESXi 6.5 and later write for snapshots.
fn se_sparse(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let header = source.header(Format::Vmdk, "header", 0, 32)?;
    let info = extent(source, "seSparse extent", le64(&header, 16));
    Ok(Image::closed(info, "part of the disk may lie in other files"))
}

/// One file of a disk that another file describes.
fn extent(source: &Source<'_>, subtype: &str, sectors: u64) -> DiskInfo {
    let mut info = DiskInfo::new(Format::Vmdk, source.len());
    info.subtype = Some(subtype.to_owned());
    info.virtual_size_bytes = sectors.checked_mul(SECTOR);
    info.extent = true;
    info
}
