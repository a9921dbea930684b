//! The GUID partition table: its header at both ends of the disk, and the entries' types.

use crate::{
    bytes::{array, le32, le64},
    crc::crc32,
    guest::{self, Mapping, Miss},
    source::Source,
};

/// The most bytes of entries that are looked at: the size that every common tool writes.
const MAX_ENTRIES: u64 = 16 * 1024;
/// C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it lies on disk.
const EFI_SYSTEM: [u8; 16] = [
    0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B,
];

/// What was found in place of a table.
#[derive(Debug)]
pub(crate) enum Answer {
    Absent,
    /// There is something, but it does not hold together.
    Damaged(String),
    Table {
        efi_system: Option<bool>,
        /// First byte behind the disk that the table was written for.
        end: u64,
    },
}

/// Looks for the header behind the first sector and, where that fails, in the last one; for 512 and 4096 byte sectors.
pub(crate) fn find(source: &mut Source<'_>, mapping: &mut impl Mapping) -> Result<Answer, Miss> {
    let mut damage = None;
    for sector in [512_u64, 4096] {
        let last = mapping.size().checked_sub(sector).map(|end| end / sector * sector);
        for at in [Some(sector), last].into_iter().flatten() {
            let Some(header) = guest::read(source, mapping, at, 512)? else {
                continue;
            };
            if !header.starts_with(b"EFI PART") {
                continue;
            }
            match check(&header) {
                Ok(()) => return entries(source, mapping, &header, sector),
                Err(reason) => damage = Some(reason),
            }
        }
    }
    Ok(damage.map_or(Answer::Absent, Answer::Damaged))
}

fn check(header: &[u8]) -> Result<(), String> {
    let length = le32(header, 12) as usize;
    let (Some(covered), true) = (header.get(..length), length >= 92) else {
        return Err(format!(
            "the GUID partition table's header claims a length of {length} bytes"
        ));
    };
    let mut copy = covered.to_vec();
    if let Some(sum) = copy.get_mut(16..20) {
        sum.fill(0);
    }
    if crc32(&copy) == le32(header, 16) {
        Ok(())
    } else {
        Err("the checksum of the GUID partition table's header does not match".to_owned())
    }
}

fn entries(source: &mut Source<'_>, mapping: &mut impl Mapping, header: &[u8], sector: u64) -> Result<Answer, Miss> {
    let (own, other) = (le64(header, 24), le64(header, 32));
    let Some(end) = own
        .max(other)
        .checked_add(1)
        .and_then(|count| count.checked_mul(sector))
    else {
        return Ok(Answer::Damaged(
            "the GUID partition table lies beyond any possible disk".to_owned(),
        ));
    };
    let (count, size) = (u64::from(le32(header, 80)), u64::from(le32(header, 84)));
    if size < 128 || size > sector || !size.is_power_of_two() {
        return Ok(Answer::Damaged(format!(
            "the GUID partition table claims entries of {size} bytes"
        )));
    }
    let all = count * size;
    let looked_at = all.min(MAX_ENTRIES);
    let efi_system = match le64(header, 72).checked_mul(sector) {
        Some(start) => find_efi_system(source, mapping, start, looked_at, size)?,
        None => None,
    };
    let efi_system = match efi_system {
        Some(false) if looked_at < all => None,
        known => known,
    };
    Ok(Answer::Table { efi_system, end })
}

/// Goes through the entries piece by piece and stops at the first hit; `None` where they are not on the disk.
fn find_efi_system(
    source: &mut Source<'_>,
    mapping: &mut impl Mapping,
    start: u64,
    len: u64,
    size: u64,
) -> Result<Option<bool>, Miss> {
    let mut done = 0;
    while done < len {
        let piece = (len - done).min(4096);
        let Some(at) = start.checked_add(done) else {
            return Ok(None);
        };
        let bytes = match guest::read(source, mapping, at, piece as usize) {
            Ok(Some(bytes)) => bytes,
            // The table itself is known; only its entries are not.
            Ok(None) | Err(Miss::Unknown(_)) => return Ok(None),
            Err(failed) => return Err(failed),
        };
        if bytes.chunks(size as usize).any(|entry| array(entry, 0) == EFI_SYSTEM) {
            return Ok(Some(true));
        }
        done += piece;
    }
    Ok(Some(false))
}
