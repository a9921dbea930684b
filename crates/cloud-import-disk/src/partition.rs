//! The partition table: the choice between a master boot record and a GUID partition table, and what they say of the disk.

use crate::{
    Contents, DiskInfo, InspectError, PartitionTable, gpt,
    guest::{Guest, Miss},
    mbr,
    source::Source,
    volume,
};

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
    let first = guest.read(source, 0, mbr::SECTOR as usize)?.unwrap_or_default();
    let is_record = mbr::is_record(&first);
    let code = first.iter().take(BOOT_CODE).any(|byte| *byte != 0);
    let partitions = mbr::primary(&first);
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
            let logical = mbr::logical(source, guest, &partitions)?;
            let mut all = partitions.iter().chain(&logical.partitions);
            info.partitions_end_bytes = all.clone().map(|partition| partition.end).max();
            info.efi_system_partition = match all.any(|partition| partition.kind == TYPE_EFI_SYSTEM) {
                false if logical.broken.is_some() => None,
                found => Some(found),
            };
            info.bios_boot_partition = Some(false);
            if let Some(reason) = logical.broken {
                info.notes
                    .push(format!("The chain of logical partitions is broken: {reason}."));
            }
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
