//! QEMU enhanced disks: the header and both levels of tables.

use crate::{
    DiskInfo, Format, InspectError,
    bytes::{le32, le64, text},
    guest::{Mapping, Miss, Place},
    layout::{Image, Layout},
    source::Source,
};

pub(crate) const LAYOUT: Layout = Layout {
    name: "qed",
    is_disk: true,
    is_it: |source| Ok(source.head().starts_with(b"QED\0")),
    read,
};

const HAS_BACKING: u64 = 1;
const NEEDS_CHECK: u64 = 2;
const BACKING_IS_RAW: u64 = 4;
const KNOWN: u64 = 7;
/// The most bytes that QEMU allows for the name.
const MAX_NAME: u32 = 1023;
/// Bytes of each table that are looked at.
const LOOKED_AT: usize = 4096;

fn read(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let bad = |field, problem: String| InspectError::damaged(Format::Qed, field, problem);
    let header = source.header(Format::Qed, "header", 0, 64)?;
    let mut info = DiskInfo::new(Format::Qed, source.len());
    let (cluster, table) = (le32(&header, 4), le32(&header, 8));
    if !cluster.is_power_of_two() || !(4096..=64 << 20).contains(&cluster) {
        return Err(bad("cluster size", format!("{cluster} bytes")));
    }
    if !table.is_power_of_two() || table > 16 {
        return Err(bad("table size", format!("{table} clusters")));
    }
    let features = le64(&header, 16);
    let size = le64(&header, 48);
    info.virtual_size_bytes = Some(size);
    info.dirty = features & NEEDS_CHECK != 0;
    info.unknown_features = features & !KNOWN;
    if features & HAS_BACKING != 0 {
        let (at, len) = (le32(&header, 56), le32(&header, 60));
        if len == 0 || len > MAX_NAME {
            return Err(bad(
                "backing file name",
                format!("it claims {len} bytes, at most {MAX_NAME} are allowed"),
            ));
        }
        let name = source.header(Format::Qed, "backing file name", u64::from(at), len as usize)?;
        info.backing_file = Some(text(&name));
        if features & BACKING_IS_RAW != 0 {
            info.backing_format = Some("raw".to_owned());
        }
    }
    let l1 = le64(&header, 40);
    let table_bytes = u64::from(table) * u64::from(cluster);
    info.must_reach("the first table", l1.checked_add(table_bytes));
    if !info.is_truncated() {
        look_at_tables(&mut info, source, l1, table_bytes)?;
    }
    if info.backing_file.is_some() {
        return Ok(Image::closed(info, "part of the disk lies in the backing file"));
    }
    Ok(Image::new(
        info,
        Tables {
            size,
            l1,
            cluster: u64::from(cluster),
            entries: table_bytes / 8,
        },
    ))
}

/// Whether the beginning of the first table, and of the first second one, point into the file.
fn look_at_tables(info: &mut DiskInfo, source: &mut Source<'_>, l1: u64, table_bytes: u64) -> Result<(), InspectError> {
    let mut first = None;
    for at in pointers(&source.table(l1, LOOKED_AT)?) {
        info.must_reach("a second table", at.checked_add(table_bytes));
        first = first.or(Some(at));
    }
    if let Some(first) = first {
        // One stands for a cluster of zeros. The last cluster of a file need not be whole.
        for at in pointers(&source.table(first, LOOKED_AT)?).filter(|at| *at > 1) {
            info.must_reach("a cluster", at.checked_add(1));
        }
    }
    Ok(())
}

/// The entries of a table that are in use.
fn pointers(table: &[u8]) -> impl Iterator<Item = u64> {
    table.chunks_exact(8).map(|entry| le64(entry, 0)).filter(|at| *at != 0)
}

#[derive(Debug)]
struct Tables {
    size: u64,
    /// Offset of the first table in the file.
    l1: u64,
    cluster: u64,
    /// Entries of each table; none where a table has no cluster.
    entries: u64,
}

impl Mapping for Tables {
    fn size(&self) -> u64 {
        self.size
    }

    fn place(&mut self, source: &mut Source<'_>, guest: u64) -> Result<Place, Miss> {
        let outside = || Miss::Unknown(format!("the tables do not reach byte {guest} of the disk"));
        let span = self
            .cluster
            .checked_mul(self.entries)
            .filter(|span| *span > 0)
            .ok_or_else(outside)?;
        let (index, left) = (guest / span, span - guest % span);
        let at = self
            .l1
            .checked_add(index * 8)
            .filter(|_| index < self.entries)
            .ok_or_else(outside)?;
        let l2 = u64::from_le_bytes(source.entry(at)?.ok_or_else(outside)?);
        if l2 == 0 {
            return Ok(Place::Zero { len: left });
        }
        let (index, within) = (guest % span / self.cluster, guest % self.cluster);
        let at = l2.checked_add(index * 8).ok_or_else(outside)?;
        let left = self.cluster - within;
        match u64::from_le_bytes(source.entry(at)?.ok_or_else(outside)?) {
            // One stands for a cluster of zeros.
            0 | 1 => Ok(Place::Zero { len: left }),
            start => Ok(Place::of_block(source, start, within, left)),
        }
    }
}
