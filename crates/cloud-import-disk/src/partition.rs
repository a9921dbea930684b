//! The master boot record, and the choice between it and a GUID partition table. Logical partitions are not followed.

use crate::{
    Contents, DiskInfo, InspectError, PartitionTable,
    bytes::{array, le32, u8_at},
    gpt,
    guest::{Guest, Miss},
    source::Source,
    volume,
};

const SECTOR: u64 = 512;
const TYPE_PROTECTIVE: u8 = 0xEE;
const TYPE_EFI_SYSTEM: u8 = 0xEF;
/// Bytes of boot code in a boot record; behind them stand a signature of the disk and the table.
const BOOT_CODE: usize = 440;

/// Looks at the disk and writes what it finds into `info`.
pub(crate) fn fill(info: &mut DiskInfo, source: &mut Source<'_>, guest: &mut Guest) -> Result<(), InspectError> {
    let reason = match look(info, source, guest) {
        Ok(()) => return Ok(()),
        Err(Miss::Unknown(reason)) => reason,
        // The size and format are still worth telling.
        Err(Miss::Failed(InspectError::TooMuchWork)) => {
            "the table lies in too many pieces to be read within the limits".to_owned()
        }
        Err(Miss::Failed(error)) => return Err(error),
    };
    info.partition_table = PartitionTable::Unknown(reason);
    info.contents = Contents::Unknown;
    Ok(())
}

fn look(info: &mut DiskInfo, source: &mut Source<'_>, guest: &mut Guest) -> Result<(), Miss> {
    let first = guest.read(source, 0, SECTOR as usize)?.unwrap_or_default();
    let is_record = array(&first, 510) == [0x55, 0xAA];
    let code = first.iter().take(BOOT_CODE).any(|byte| *byte != 0);
    let partitions = if is_record { mbr_partitions(&first) } else { Vec::new() };
    let protective = partitions.iter().any(|partition| partition.kind == TYPE_PROTECTIVE);
    // Without a protective entry a header in the next sector is left over from an earlier table.
    let gpt = match protective || partitions.is_empty() {
        true => gpt::find(source, guest)?,
        false => gpt::Answer::Absent,
    };
    info.boot_code = Some(is_record && code);
    info.contents = Contents::Partitions;
    match gpt {
        gpt::Answer::Table(table) => {
            let found = table.entries.as_ref();
            info.partition_table = PartitionTable::Gpt;
            info.sector_size_bytes = Some(table.sector);
            info.table_end_bytes = Some(table.end);
            info.efi_system_partition = found.and_then(|found| found.efi_system);
            info.bios_boot_partition = found.and_then(|found| found.bios_boot);
            info.partitions_end_bytes = found.map(|found| found.end);
        }
        gpt::Answer::Damaged(reason) => info.partition_table = PartitionTable::Unknown(reason),
        gpt::Answer::Absent if protective => {
            let reason = "the boot record announces a GUID partition table, but there is none behind it nor at the end";
            info.partition_table = PartitionTable::Unknown(reason.to_owned());
        }
        gpt::Answer::Absent => {
            let is_efi = |partition: &Partition| partition.kind == TYPE_EFI_SYSTEM;
            info.efi_system_partition = Some(partitions.iter().any(is_efi));
            info.bios_boot_partition = Some(false);
            info.partitions_end_bytes = partitions.iter().map(|partition| partition.end).max();
            if partitions.is_empty() {
                info.partition_table = PartitionTable::None;
                info.contents = match volume::find(source, guest)? {
                    Contents::Unrecognized if is_record && code => Contents::BootSector,
                    found => found,
                };
            } else {
                info.partition_table = PartitionTable::Mbr;
            }
        }
    }
    Ok(())
}

struct Partition {
    kind: u8,
    end: u64,
}

/// The entries in use; none when the sector is not a boot record (a file system's own boot sector has text there).
fn mbr_partitions(sector: &[u8]) -> Vec<Partition> {
    let mut found = Vec::new();
    for at in [446, 462, 478, 494] {
        if u8_at(sector, at) & 0x7F != 0 {
            return Vec::new();
        }
        let (kind, start, count) = (u8_at(sector, at + 4), le32(sector, at + 8), le32(sector, at + 12));
        if kind != 0 && count != 0 {
            // Two numbers of 32 bits times 512 always fit.
            found.push(Partition {
                kind,
                end: (u64::from(start) + u64::from(count)) * SECTOR,
            });
        }
    }
    found
}
