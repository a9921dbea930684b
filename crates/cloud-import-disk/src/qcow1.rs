//! QEMU copy-on-write disks of version 1: the header and both levels of tables.

use crate::{
    Compression, DiskInfo, Encryption, Format, InspectError,
    bytes::{be32, be64, text, u8_at},
    codec::Codec,
    guest::{Mapping, Miss, Place},
    layout::{Image, Layout},
    piece::Piece,
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

/// The top bit of an entry of a second table.
const COMPRESSED: u64 = 1 << 63;

fn read(source: &mut Source<'_>) -> Result<Image, InspectError> {
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
    if info.backing_file.is_some() {
        return Ok(Image::closed(info, "part of the disk lies in the backing file"));
    }
    if info.encryption.is_encrypted() {
        return Ok(Image::closed(info, "the content is encrypted"));
    }
    Ok(Image::new(
        info,
        Tables {
            size,
            l1: be64(&header, 40),
            cluster_bits: u32::from(cluster_bits),
            l2_bits: u32::from(l2_bits),
        },
    ))
}

#[derive(Debug)]
struct Tables {
    size: u64,
    /// Offset of the first table in the file.
    l1: u64,
    cluster_bits: u32,
    l2_bits: u32,
}

impl Mapping for Tables {
    fn size(&self) -> u64 {
        self.size
    }

    fn place(&mut self, source: &mut Source<'_>, guest: u64) -> Result<Place, Miss> {
        let outside = || Miss::Unknown(format!("the tables do not reach byte {guest} of the disk"));
        let span = 1_u64 << (self.cluster_bits + self.l2_bits);
        let at = self.l1.checked_add(guest / span * 8).ok_or_else(outside)?;
        let l2 = u64::from_be_bytes(source.entry(at)?.ok_or_else(outside)?);
        if l2 == 0 {
            return Ok(Place::Zero {
                len: span - guest % span,
            });
        }
        let cluster = 1_u64 << self.cluster_bits;
        let (index, within) = (guest % span / cluster, guest % cluster);
        let at = l2.checked_add(index * 8).ok_or_else(outside)?;
        let word = u64::from_be_bytes(source.entry(at)?.ok_or_else(outside)?);
        if word & COMPRESSED != 0 {
            // The length stands above the offset, in as many bits as a cluster's size has.
            let width = 63 - self.cluster_bits;
            return Ok(Place::Packed(Piece {
                codec: Codec::Deflate,
                offset: word & ((1 << width) - 1),
                stored: word >> width & (cluster - 1),
                start: guest - within,
                size: cluster,
            }));
        }
        let left = cluster - within;
        match word {
            0 => Ok(Place::Zero { len: left }),
            start => Ok(Place::of_block(source, start, within, left)),
        }
    }
}
