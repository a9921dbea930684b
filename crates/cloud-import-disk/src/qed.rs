//! QEMU enhanced disks. Of the tables only the beginning is looked at, for signs of a cut file.

use crate::{
    DiskInfo, Format, InspectError,
    bytes::{le32, le64, text},
    layout::Layout,
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
/// The most bytes that QEMU allows for the name.
const MAX_NAME: u32 = 1023;
/// Bytes of each table that are looked at.
const LOOKED_AT: usize = 4096;

fn read(source: &mut Source<'_>) -> Result<DiskInfo, InspectError> {
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
    info.virtual_size_bytes = Some(le64(&header, 48));
    info.dirty = features & NEEDS_CHECK != 0;
    if features >> 3 != 0 {
        info.notes.push(format!(
            "The header asks for features that are not known here ({features:#x})."
        ));
    }
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
    if info.is_truncated() {
        return Ok(info);
    }
    let mut first = None;
    for at in pointers(&source.read_some(l1, LOOKED_AT)?) {
        info.must_reach("a second table", at.checked_add(table_bytes));
        first = first.or(Some(at));
    }
    if let Some(first) = first {
        // One stands for a cluster of zeros. The last cluster of a file need not be whole.
        for at in pointers(&source.read_some(first, LOOKED_AT)?).filter(|at| *at > 1) {
            info.must_reach("a cluster", at.checked_add(1));
        }
    }
    Ok(info)
}

/// The entries of a table that are in use.
fn pointers(table: &[u8]) -> impl Iterator<Item = u64> {
    table.chunks_exact(8).map(|entry| le64(entry, 0)).filter(|at| *at != 0)
}
