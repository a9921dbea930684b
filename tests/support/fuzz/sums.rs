//! Checksums, found in a base and made anew for what was changed: a reader that refuses a wrong sum would else see no change.

use std::{collections::HashMap, sync::Arc};

use crc_fast::CrcAlgorithm::{self, Crc32Iscsi, Crc32IsoHdlc};

use super::bases::{BLOCK, Disk, SECTOR, Sparse};

/// How a sum is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// CRC-32C, of XFS, Btrfs and VHDX.
    Castagnoli,
    /// CRC-32, of GPT.
    Ethernet,
    /// The sum of the bytes in octal digits, of tar.
    Tar,
}

/// A sum of bytes of the disk: of `len` from `start` on, its own counted as zeros where it is among them (by tar, as blanks).
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum {
    kind: Kind,
    start: u64,
    len: usize,
    /// Where it stands.
    at: u64,
    /// The bytes that it stands in for what was changed; the sum of a table stands in a header.
    touched: (u64, u64),
}

impl Sum {
    fn new(kind: Kind, start: u64, len: usize, at: u64) -> Self {
        let touched = (start.min(at), (start + len as u64).max(at + 4));
        Self {
            kind,
            start,
            len,
            at,
            touched,
        }
    }
}

/// Makes the sums anew that changes have made wrong.
pub(super) fn mend(sums: &[Sum], disk: &mut Disk) {
    let blocks: Vec<u64> = disk.changed.keys().copied().collect();
    for sum in sums {
        let (first, end) = sum.touched;
        if !blocks.iter().any(|block| *block < end && first < block + BLOCK as u64) {
            continue;
        }
        let mut bytes = disk.bytes(sum.start, sum.len);
        let own = sum
            .at
            .checked_sub(sum.start)
            .and_then(|at| usize::try_from(at).ok())
            .filter(|at| *at < sum.len);
        let (width, blank) = if sum.kind == Kind::Tar { (8, b' ') } else { (4, 0) };
        if let Some(own) = own.and_then(|own| bytes.get_mut(own..own + width)) {
            own.fill(blank);
        }
        match sum.kind {
            Kind::Castagnoli => disk.put(sum.at, &crc(Crc32Iscsi, &bytes)),
            Kind::Ethernet => disk.put(sum.at, &crc(Crc32IsoHdlc, &bytes)),
            Kind::Tar => {
                let all: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
                disk.put(sum.at, format!("{all:06o}\0 ").as_bytes());
            }
        }
    }
}

fn crc(kind: CrcAlgorithm, bytes: &[u8]) -> [u8; 4] {
    (crc_fast::checksum(kind, bytes) as u32).to_le_bytes()
}

/// All that are known: a sum that is wrong in the base is none, as what looks like a header may be a file's content.
pub(super) fn find(base: &Arc<Sparse>) -> Vec<Sum> {
    let disk = Disk::new(base.clone());
    let mut sums = Vec::new();
    for (at, sector) in base.sectors() {
        sums.extend(xfs(at, sector));
        sums.extend(btrfs(at, sector));
        sums.extend(gpt(at, sector));
        sums.extend(vhdx(at, sector));
        if sector.get(257..262) == Some(b"ustar") {
            sums.push(Sum::new(Kind::Tar, at, SECTOR, at + 148));
        }
    }
    sums.retain(|sum| is_right(sum, &disk));
    sums
}

fn is_right(sum: &Sum, disk: &Disk) -> bool {
    let mut mended = Disk::new(Arc::new(Sparse {
        size: disk.size,
        blocks: HashMap::new(),
    }));
    mended.put(sum.start, &disk.bytes(sum.start, sum.len));
    let before = disk.bytes(sum.at, 4);
    mended.put(sum.at, &before);
    mend(&[*sum], &mut mended);
    mended.bytes(sum.at, 4) == before
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .map_or(0, |own| u32::from_be_bytes(own.try_into().unwrap_or_default()))
}

fn le32(bytes: &[u8], at: usize) -> u32 {
    be32(bytes, at).swap_bytes()
}

/// Blocks of 4 KiB, sectors and inodes of 512 bytes, as `mkfs.xfs` makes them.
fn xfs(at: u64, sector: &[u8]) -> Option<Sum> {
    let (own, len) = match &sector[..4] {
        b"XFSB" => (224, 512),
        b"XAGF" => (216, 512),
        b"XAGI" => (312, 512),
        b"XAFL" => (32, 512),
        [b'I', b'N', _, _] => (100, 512),
        b"XDB3" | b"XDD3" | b"XDF3" => (4, 4096),
        b"XSLM" => (12, 4096),
        b"AB3B" | b"AB3C" | b"IAB3" | b"FIB3" | b"R3FC" | b"RMB3" => (52, 4096),
        b"BMA3" => (64, 4096),
        _ if matches!(sector[8..10], [0x3D, 0xF1 | 0xFF] | [0x3E, 0xBE] | [0x3B, 0xEE]) => (12, 4096),
        _ => return None,
    };
    Some(Sum::new(Kind::Castagnoli, at, len, at + own))
}

/// Nodes of 16 KiB and superblocks, in which the sum stands before what it is of.
fn btrfs(at: u64, sector: &[u8]) -> Vec<Sum> {
    let lens: &[usize] = match sector.get(64..72) {
        Some(b"_BHRfS_M") => &[4096],
        // A node holds its place, the flag that it was written, and how deep it is.
        Some(_) if at.is_multiple_of(4096) && sector[56] == 1 && sector[100] < 8 => &[16384],
        _ => &[],
    };
    lens.iter()
        .map(|len| Sum::new(Kind::Castagnoli, at + 32, len - 32, at))
        .collect()
}

/// The sum of the table first: it is part of the header, which has another.
fn gpt(at: u64, sector: &[u8]) -> Vec<Sum> {
    if !sector.starts_with(b"EFI PART") {
        return Vec::new();
    }
    let (table, len) = (
        u64::from(le32(sector, 72)) * 512,
        (le32(sector, 80) * le32(sector, 84)) as usize,
    );
    let head = Sum::new(Kind::Ethernet, at, le32(sector, 12) as usize, at + 16);
    let mut entries = Sum::new(Kind::Ethernet, table, len, at + 88);
    entries.touched = (table, table + len as u64);
    vec![entries, head]
}

fn vhdx(at: u64, sector: &[u8]) -> Option<Sum> {
    let len = match &sector[..4] {
        b"head" => 4096,
        b"regi" => 65536,
        _ => return None,
    };
    Some(Sum::new(Kind::Castagnoli, at, len, at + 4))
}

#[cfg(test)]
mod tests {
    use super::{
        super::bases::{guest, image},
        *,
    };

    #[test]
    fn sums_are_found_and_are_right_again_behind_a_change() {
        let disks = [
            (guest("rocky-uefi"), 30),
            (guest("centos-lvm"), 60),
            (guest("suse-btrfs"), 10),
            (guest("windows/uefi"), 4),
            (Sparse::of(&image("vhdx-subformat-dynamic")), 3),
        ];
        for (number, (disk, least)) in disks.into_iter().enumerate() {
            let base = Arc::new(disk);
            let sums = find(&base);
            assert!(sums.len() >= least, "{number}: {}", sums.len());
            for sum in &sums {
                let mut disk = Disk::new(base.clone());
                let (at, old) = (sum.start + 48, disk.bytes(sum.at, 4));
                disk.put(at, &[!disk.bytes(at, 1)[0]]);
                assert!(!is_right(sum, &disk), "{number}: {sum:?}");
                mend(&sums, &mut disk);
                assert!(
                    is_right(sum, &disk) && disk.bytes(sum.at, 4) != old,
                    "{number}: {sum:?}"
                );
            }
        }
    }
}
