//! QEMU copy-on-write disks of version 2 and 3: header, extensions and the signs of a cut file.

use crate::{
    Compression, DiskInfo, Encryption, Format, InspectError,
    bytes::{be32, be64, round_up, text, u8_at},
    codec::Codec,
    layout::{Image, Layout},
    qcow2_map::{Sample, Tables},
    qcow2_refcount,
    source::{HEAD, Source},
};

/// What both this layout and the first version begin with.
pub(crate) const MARK: &[u8] = b"QFI\xfb";

/// Bits of the incompatible features.
const DIRTY: u64 = 1;
const CORRUPT: u64 = 1 << 1;
const EXTERNAL_DATA: u64 = 1 << 2;
const EXTENDED_TABLES: u64 = 1 << 4;
const KNOWN: u64 = 0x1F;

/// Types of the header's extensions.
const BACKING_FORMAT: u32 = 0xE279_2ACA;
const DATA_FILE: u32 = 0x4441_5441;

/// The most bytes of extensions that are looked at; the list of feature names is the longest by far, some 400 bytes.
const MAX_EXTENSIONS: usize = 16 * 1024;
const MAX_NAME: u32 = 1023;
/// Limits that QEMU sets itself.
const MAX_SNAPSHOTS: u32 = 65536;
const MAX_L1_BYTES: u64 = 32 << 20;
const MAX_REFCOUNT_BYTES: u64 = 8 << 20;

pub(crate) const LAYOUT: Layout = Layout {
    name: "qcow2",
    is_disk: true,
    is_it: |source| Ok(source.head().starts_with(MARK)),
    read,
};

fn bad(field: &'static str, problem: impl Into<String>) -> InspectError {
    InspectError::damaged(Format::Qcow2, field, problem)
}

/// The fixed fields, and what reading the others takes.
struct Header {
    bytes: Vec<u8>,
    version: u32,
    len: u32,
    /// Size of a cluster, in bytes.
    cluster: u64,
    /// The incompatible features.
    features: u64,
}

fn read(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let header = header(source)?;
    let mut info = describe(&header, source.len())?;
    let codec = codec(&header)?;
    let method = match codec {
        Codec::Zstd => "zstd",
        _ => "zlib",
    };
    backing(&mut info, source, &header)?;
    extensions(&mut info, source, &header)?;
    let external = header.features & EXTERNAL_DATA != 0;
    if external && info.external_files.is_empty() {
        info.notes
            .push("The content lies in an external data file that the header does not name.".to_owned());
    }

    let tables = tables(&info, &header, codec)?;
    let l1_end = u64::from(tables.l1_entries)
        .checked_mul(8)
        .and_then(|len| len.checked_add(tables.l1));
    info.must_reach("the first table", l1_end);
    info.must_reach("the list of snapshots", snapshots_end(&info, &header.bytes));
    qcow2_refcount::check(&mut info, source, &refcounts(&header)?)?;

    info.compression = match tables.sample(source)? {
        Sample { compressed: true, .. } => Compression::Used(method),
        Sample { highest, .. } => {
            if !external && let Some(at) = highest {
                // The last cluster of a file need not be whole.
                info.must_reach("a cluster", at.checked_add(1));
            }
            Compression::NoneSeen(method)
        }
    };

    Ok(if info.encryption.is_encrypted() {
        Image::closed(info, "the content is encrypted")
    } else if external {
        Image::closed(info, "the content lies in an external data file")
    } else {
        Image::new(info, tables)
    })
}

fn header(source: &mut Source<'_>) -> Result<Header, InspectError> {
    let mut bytes = source.header(Format::Qcow2, "header", 0, 72)?;
    let version = be32(&bytes, 4);
    let (mut len, mut features) = (72, 0);
    match version {
        2 => {}
        3 => {
            bytes = source.header(Format::Qcow2, "header", 0, 104)?;
            len = be32(&bytes, 100);
            features = be64(&bytes, 72);
            if len > 104 {
                // The field behind the first 104 bytes that is known here is one byte long.
                bytes = source.header(Format::Qcow2, "header", 0, 112)?;
            }
        }
        other => {
            let problem = format!("{other} is not 1, 2 or 3");
            return Err(bad("version", problem));
        }
    }
    let cluster_bits = be32(&bytes, 20);
    if !(9..=21).contains(&cluster_bits) {
        return Err(bad(
            "cluster size",
            format!("2 to the power of {cluster_bits}, only 9 to 21 are allowed"),
        ));
    }
    let cluster = 1_u64 << cluster_bits;
    if version == 3 && (len < 104 || u64::from(len) > cluster) {
        return Err(bad("header length", format!("{len} bytes")));
    }
    Ok(Header {
        bytes,
        version,
        len,
        cluster,
        features,
    })
}

/// What the fixed fields say.
fn describe(header: &Header, file_size_bytes: u64) -> Result<DiskInfo, InspectError> {
    let mut info = DiskInfo::new(Format::Qcow2, file_size_bytes);
    info.subtype = Some(format!("v{}", header.version));
    info.virtual_size_bytes = Some(be64(&header.bytes, 24));
    info.dirty = header.features & DIRTY != 0;
    info.corrupt = header.features & CORRUPT != 0;
    info.unknown_features = header.features & !KNOWN;
    info.extended_l2 = header.features & EXTENDED_TABLES != 0;
    info.encryption = match be32(&header.bytes, 32) {
        0 => Encryption::None,
        1 => Encryption::Aes,
        2 => Encryption::Luks,
        other => return Err(bad("encryption method", format!("{other} is not 0, 1 or 2"))),
    };
    info.internal_snapshots = be32(&header.bytes, 60);
    if info.internal_snapshots > MAX_SNAPSHOTS {
        return Err(bad(
            "snapshots",
            format!("{} of them, at most {MAX_SNAPSHOTS}", info.internal_snapshots),
        ));
    }
    Ok(info)
}

fn codec(header: &Header) -> Result<Codec, InspectError> {
    match (header.len > 104).then(|| u8_at(&header.bytes, 104)) {
        None | Some(0) => Ok(Codec::Deflate),
        Some(1) => Ok(Codec::Zstd),
        Some(other) => Err(bad("compression type", format!("{other} is neither 0 nor 1"))),
    }
}

fn backing(info: &mut DiskInfo, source: &mut Source<'_>, header: &Header) -> Result<(), InspectError> {
    let (at, len) = (be64(&header.bytes, 8), be32(&header.bytes, 16));
    if at == 0 {
        return Ok(());
    }
    if len > MAX_NAME || at.checked_add(u64::from(len)).is_none_or(|end| end > header.cluster) {
        return Err(bad(
            "backing file name",
            format!("{len} bytes at byte {at} do not fit the first cluster"),
        ));
    }
    let name = source.header(Format::Qcow2, "backing file name", at, len as usize)?;
    info.backing_file = Some(text(&name)).filter(|name| !name.is_empty());
    Ok(())
}

fn extensions(info: &mut DiskInfo, source: &mut Source<'_>, header: &Header) -> Result<(), InspectError> {
    let start = u64::from(header.len);
    let room = usize::try_from(header.cluster.saturating_sub(start)).unwrap_or(MAX_EXTENSIONS);
    // The beginning that was read already holds what common files have; only a longer list costs another read.
    let near = HEAD.saturating_sub(header.len as usize).min(room);
    let mut bytes = source.read_some(start, near)?;
    let mut at = 0_usize;
    loop {
        if bytes.len() < at + 8 && bytes.len() == near && near < room.min(MAX_EXTENSIONS) {
            bytes = source.read_some(start, room.min(MAX_EXTENSIONS))?;
        }
        let (kind, len) = (be32(&bytes, at), be32(&bytes, at + 4) as usize);
        // Past what was read everything is zero, and zero ends the list.
        if kind == 0 {
            return Ok(());
        }
        let data = at + 8;
        let Some(end) = data.checked_add(len).filter(|end| *end <= room) else {
            return Err(bad("header extension", format!("{kind:#010x} claims {len} bytes")));
        };
        let data = bytes.get(data..end).unwrap_or_default();
        match kind {
            BACKING_FORMAT => info.backing_format = Some(text(data)),
            DATA_FILE => info.external_files.push(text(data)),
            _ => {}
        }
        at = end.next_multiple_of(8);
        if at >= MAX_EXTENSIONS {
            info.notes.push(format!(
                "Only the first {MAX_EXTENSIONS} bytes of header extensions were read."
            ));
            return Ok(());
        }
    }
}

fn tables(info: &DiskInfo, header: &Header, codec: Codec) -> Result<Tables, InspectError> {
    let (bytes, cluster) = (&header.bytes, header.cluster);
    let entry = if info.extended_l2 { 16 } else { 8 };
    let size = be64(bytes, 24);
    let l1_entries = be32(bytes, 36);
    if u64::from(l1_entries) * 8 > MAX_L1_BYTES {
        return Err(bad(
            "first table",
            format!("{l1_entries} entries are more than QEMU allows"),
        ));
    }
    let per_l2 = cluster / entry;
    let needed = size.div_ceil(cluster).div_ceil(per_l2);
    if needed > u64::from(l1_entries) {
        return Err(bad(
            "first table",
            format!("{l1_entries} entries do not cover a disk of {size} bytes"),
        ));
    }
    let l1 = be64(bytes, 40);
    if !l1.is_multiple_of(cluster) {
        return Err(bad("first table", format!("byte {l1} is not the start of a cluster")));
    }
    Ok(Tables {
        size,
        cluster,
        l1,
        l1_entries,
        per_l2,
        extended: info.extended_l2,
        zero_flag: header.version == 3,
        backed: info.backing_file.is_some(),
        codec,
    })
}

fn snapshots_end(info: &DiskInfo, header: &[u8]) -> Option<u64> {
    match info.internal_snapshots {
        0 => Some(0),
        // Each takes at least 40 bytes.
        count => be64(header, 64).checked_add(u64::from(count) * 40),
    }
}

fn refcounts(header: &Header) -> Result<qcow2_refcount::Refcounts, InspectError> {
    let (bytes, cluster) = (&header.bytes, header.cluster);
    let order = if header.version == 3 { be32(bytes, 96) } else { 4 };
    if order > 6 {
        return Err(bad("reference count width", format!("2 to the power of {order} bits")));
    }
    let (table, clusters) = (be64(bytes, 48), u64::from(be32(bytes, 56)));
    let table_len = clusters * cluster;
    if table_len == 0 || table_len > round_up(MAX_REFCOUNT_BYTES, cluster).unwrap_or(MAX_REFCOUNT_BYTES) {
        return Err(bad("reference count table", format!("{clusters} clusters")));
    }
    Ok(qcow2_refcount::Refcounts {
        table,
        table_len,
        bits: 1 << order,
        cluster,
    })
}
