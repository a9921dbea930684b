//! The master boot record, and the choice between it and a GUID partition table. Logical partitions are not followed.

use crate::{
    DiskInfo, InspectError, PartitionTable,
    bytes::{array, le32, u8_at},
    gpt,
    guest::{self, Mapping, Miss},
    source::Source,
};

const SECTOR: u64 = 512;
const TYPE_PROTECTIVE: u8 = 0xEE;
const TYPE_EFI_SYSTEM: u8 = 0xEF;

/// What was found on a disk.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) table: PartitionTable,
    pub(crate) efi_system: Option<bool>,
    /// First byte behind everything that the table speaks of, where that is known.
    pub(crate) end: Option<u64>,
}

impl Found {
    fn unknown(reason: impl Into<String>) -> Self {
        Self {
            table: PartitionTable::Unknown(reason.into()),
            efi_system: None,
            end: None,
        }
    }
}

/// Looks at the disk behind `mapping` and writes what it finds into `info`; gives back where the partitions end.
pub(crate) fn fill(
    info: &mut DiskInfo,
    source: &mut Source<'_>,
    mapping: &mut impl Mapping,
) -> Result<Option<u64>, InspectError> {
    let found = match find(source, mapping) {
        Ok(found) => found,
        Err(Miss::Unknown(reason)) => Found::unknown(reason),
        // The size and format are still worth telling.
        Err(Miss::Failed(InspectError::TooMuchWork)) => {
            Found::unknown("the table lies in too many pieces to be read within the limits")
        }
        Err(Miss::Failed(error)) => return Err(error),
    };
    info.partition_table = found.table;
    info.efi_system_partition = found.efi_system;
    Ok(found.end)
}

fn find(source: &mut Source<'_>, mapping: &mut impl Mapping) -> Result<Found, Miss> {
    let none = Found {
        table: PartitionTable::None,
        efi_system: Some(false),
        end: None,
    };
    let Some(first) = guest::read(source, mapping, 0, 512)? else {
        return Ok(none);
    };
    let partitions = mbr_partitions(&first);
    let protective = partitions.iter().any(|partition| partition.kind == TYPE_PROTECTIVE);
    // Without a protective entry a header in the next sector is left over from an earlier table.
    if protective || partitions.is_empty() {
        match gpt::find(source, mapping)? {
            gpt::Answer::Table { efi_system, end } => {
                return Ok(Found {
                    table: PartitionTable::Gpt,
                    efi_system,
                    end: Some(end),
                });
            }
            gpt::Answer::Damaged(reason) => return Ok(Found::unknown(reason)),
            gpt::Answer::Absent if protective => {
                return Ok(Found::unknown(
                    "the boot record announces a GUID partition table, but there is none behind it nor at the end",
                ));
            }
            gpt::Answer::Absent => {}
        }
    }
    if partitions.is_empty() {
        return Ok(none);
    }
    Ok(Found {
        table: PartitionTable::Mbr,
        efi_system: Some(partitions.iter().any(|partition| partition.kind == TYPE_EFI_SYSTEM)),
        end: partitions.iter().map(|partition| partition.end).max(),
    })
}

struct Partition {
    kind: u8,
    end: u64,
}

/// The entries in use; none when the sector is not a boot record (a file system's own boot sector has text there).
fn mbr_partitions(sector: &[u8]) -> Vec<Partition> {
    if array(sector, 510) != [0x55, 0xAA] {
        return Vec::new();
    }
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
