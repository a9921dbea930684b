//! QEMU copy-on-write disks of version 1. The tables are not followed.

use crate::{
    Compression, DiskInfo, Encryption, Format, InspectError,
    bytes::{be32, be64, text, u8_at},
    layout::Layout,
    qcow2,
    source::Source,
};

pub(crate) const LAYOUT: Layout = Layout {
    name: "qcow1",
    is_disk: true,
    is_it: |source| Ok(source.head().starts_with(qcow2::MARK) && be32(source.head(), 4) == 1),
    read,
};

const MAX_NAME: u32 = 1023;

fn read(source: &mut Source<'_>) -> Result<DiskInfo, InspectError> {
    let bad = |field, problem: String| InspectError::damaged(Format::Qcow1, field, problem);
    let header = source.header(Format::Qcow1, "header", 0, 48)?;
    let mut info = DiskInfo::new(Format::Qcow1, source.len());
    let size = be64(&header, 24);
    info.subtype = Some("v1".to_owned());
    info.virtual_size_bytes = Some(size);
    info.encryption = match be32(&header, 36) {
        0 => Encryption::None,
        1 => Encryption::Aes,
        _ => Encryption::Other,
    };
    info.compression = Compression::NoneSeen("zlib");
    let (cluster_bits, l2_bits) = (u8_at(&header, 32), u8_at(&header, 33));
    if !(9..=16).contains(&cluster_bits) {
        return Err(bad("cluster size", format!("2 to the power of {cluster_bits}")));
    }
    if !(6..=13).contains(&l2_bits) {
        return Err(bad(
            "second table's size",
            format!("2 to the power of {l2_bits} entries"),
        ));
    }
    let (name_at, name_len) = (be64(&header, 8), be32(&header, 16));
    if name_at != 0 {
        if name_len > MAX_NAME {
            return Err(bad(
                "backing file name",
                format!("it claims {name_len} bytes, at most {MAX_NAME} are allowed"),
            ));
        }
        let name = source.header(Format::Qcow1, "backing file name", name_at, name_len as usize)?;
        info.backing_file = Some(text(&name));
    }
    let entries = size.div_ceil(1 << (cluster_bits + l2_bits));
    let end = entries
        .checked_mul(8)
        .and_then(|bytes| bytes.checked_add(be64(&header, 40)));
    info.must_reach("the first table", end);
    Ok(info)
}
