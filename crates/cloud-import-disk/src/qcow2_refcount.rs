//! Whether a qcow2 file was cut: its reference counts say which clusters it had. Only those behind the end are looked at.

use crate::{DiskInfo, InspectError, bytes::be64, source::Source};

/// Bytes of counts, and entries of the table, that are looked at behind the end.
const COUNTS: u64 = 128;
const ENTRIES: u64 = 64;
const OFFSET: u64 = !0x1FF;

/// Where the counts are.
#[derive(Debug)]
pub(crate) struct Refcounts {
    pub(crate) table: u64,
    pub(crate) table_len: u64,
    /// Bits per count: a power of two up to 64.
    pub(crate) bits: u64,
    pub(crate) cluster: u64,
}

/// Marks the file as truncated when clusters beyond its end are in use.
pub(crate) fn check(info: &mut DiskInfo, source: &mut Source<'_>, refcounts: &Refcounts) -> Result<(), InspectError> {
    let Refcounts {
        table,
        table_len,
        bits,
        cluster,
    } = *refcounts;
    // The last cluster of the table may be written in part only.
    let table_end = table_len
        .checked_sub(cluster)
        .and_then(|len| len.checked_add(table)?.checked_add(1));
    info.must_reach("the reference count table", table_end);
    if info.is_truncated() {
        return Ok(());
    }
    let per_block = cluster * 8 / bits;
    let next = source.len().div_ceil(cluster);
    let first = next / per_block;
    let Some(left) = table_len.checked_sub(first * 8).filter(|left| *left > 0) else {
        return Ok(());
    };
    let Some(at) = table.checked_add(first * 8) else {
        return Ok(());
    };
    let entries = source.read_some(at, left.min(ENTRIES * 8) as usize)?;
    for (index, entry) in entries.chunks_exact(8).enumerate() {
        let block = be64(entry, 0) & OFFSET;
        if block == 0 {
            continue;
        }
        if block >= source.len() {
            info.must_reach("a block of reference counts", block.checked_add(1));
            return Ok(());
        }
        if index == 0 && in_use(source, block, next % per_block, bits, cluster)? {
            info.truncation = Some(format!(
                "the reference counts say that clusters beyond the end of the file, byte {}, are in use",
                source.len()
            ));
            return Ok(());
        }
    }
    Ok(())
}

/// Whether a count of `block` from number `from` on is above zero.
fn in_use(source: &mut Source<'_>, block: u64, from: u64, bits: u64, cluster: u64) -> Result<bool, InspectError> {
    let (byte, bit) = (from * bits / 8, from * bits % 8);
    let Some(at) = block.checked_add(byte) else {
        return Ok(false);
    };
    let mut counts = source.read_some(at, COUNTS.min(cluster - byte) as usize)?;
    // Counts narrower than a byte fill it from its low end.
    if let Some(first) = counts.first_mut() {
        *first &= u8::MAX << bit;
    }
    Ok(counts.iter().any(|byte| *byte != 0))
}
