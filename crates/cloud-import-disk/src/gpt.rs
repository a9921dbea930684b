//! The GUID partition table: its header at both ends of the disk, and the entries.

use crate::{
    bytes::{array, le32, le64},
    crc::crc32,
    guest::{Guest, Miss},
    source::Source,
};

/// The sizes of sectors that a table is looked for with.
const SECTORS: [u32; 2] = [512, 4096];
/// The most bytes of entries that are looked at: the size that every common tool writes.
const MAX_ENTRIES: u64 = 16 * 1024;
/// C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it lies on disk.
const EFI_SYSTEM: [u8; 16] = [
    0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B,
];
/// 21686148-6449-6E6F-744E-656564454649: holds a boot loader for BIOS.
const BIOS_BOOT: [u8; 16] = *b"Hah!IdontNeedEFI";

/// What was found in place of a table.
#[derive(Debug)]
pub(crate) enum Answer {
    Absent,
    /// There is something, but it does not hold together.
    Damaged(String),
    Table(Table),
}

#[derive(Debug)]
pub(crate) struct Table {
    /// Bytes of a sector, by where the header was found.
    pub(crate) sector: u32,
    /// First byte behind the disk that the table was written for.
    pub(crate) end: u64,
    /// What the entries say; `None` where they could not be read.
    pub(crate) entries: Option<Entries>,
}

#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// `None` where none was found and not all entries were looked at.
    pub(crate) efi_system: Option<bool>,
    pub(crate) bios_boot: Option<bool>,
    /// First byte behind the last partition; 0 where there is none.
    pub(crate) end: u64,
}

/// Looks for the header behind the first sector and, where that fails, in the last one; for both sizes of sectors.
pub(crate) fn find(source: &mut Source<'_>, guest: &mut Guest) -> Result<Answer, Miss> {
    let mut damage = None;
    for sector in SECTORS {
        let bytes = u64::from(sector);
        let last = guest.size().checked_sub(bytes).map(|end| end / bytes * bytes);
        for at in [Some(bytes), last].into_iter().flatten() {
            let Some(header) = guest.read(source, at, 512)? else {
                continue;
            };
            if !header.starts_with(b"EFI PART") {
                continue;
            }
            match check(&header).and_then(|()| table(&header, sector)) {
                Ok(table) => {
                    let entries = entries(source, guest, &header, sector)?;
                    return Ok(Answer::Table(Table { entries, ..table }));
                }
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

/// What the header says of the disk.
fn table(header: &[u8], sector: u32) -> Result<Table, String> {
    let (own, other) = (le64(header, 24), le64(header, 32));
    let count = own.max(other).checked_add(1);
    let Some(end) = count.and_then(|count| count.checked_mul(u64::from(sector))) else {
        return Err("the GUID partition table lies beyond any possible disk".to_owned());
    };
    let size = le32(header, 84);
    if size < 128 || size > sector || !size.is_power_of_two() {
        return Err(format!("the GUID partition table claims entries of {size} bytes"));
    }
    Ok(Table {
        sector,
        end,
        entries: None,
    })
}

/// Goes through the entries piece by piece; `None` where they are not on the disk.
fn entries(source: &mut Source<'_>, guest: &mut Guest, header: &[u8], sector: u32) -> Result<Option<Entries>, Miss> {
    let Some(start) = le64(header, 72).checked_mul(u64::from(sector)) else {
        return Ok(None);
    };
    let size = le32(header, 84) as usize;
    let all = u64::from(le32(header, 80)) * size as u64;
    let len = all.min(MAX_ENTRIES);
    let (mut found, mut done) = (Entries::default(), 0);
    while done < len {
        let piece = (len - done).min(4096);
        let at = start.saturating_add(done);
        let bytes = match guest.read(source, at, piece as usize) {
            Ok(Some(bytes)) => bytes,
            // The table itself is known; only its entries are not.
            Ok(None) | Err(Miss::Unknown(_)) => return Ok(None),
            Err(failed) => return Err(failed),
        };
        for entry in bytes.chunks_exact(size).filter(|entry| array(entry, 0) != [0; 16]) {
            match array(entry, 0) {
                EFI_SYSTEM => found.efi_system = Some(true),
                BIOS_BOOT => found.bios_boot = Some(true),
                _ => {}
            }
            // A last sector beyond what 64 bits can count lies beyond any disk.
            let end = le64(entry, 40).saturating_add(1).saturating_mul(u64::from(sector));
            found.end = found.end.max(end);
        }
        done += piece;
    }
    if len == all {
        found.efi_system = found.efi_system.or(Some(false));
        found.bios_boot = found.bios_boot.or(Some(false));
    }
    Ok(Some(found))
}
