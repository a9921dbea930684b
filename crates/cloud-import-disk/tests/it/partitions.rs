//! Logical partitions: the chain that sfdisk wrote, and chains that nobody should follow to their end.

use std::sync::Arc;

use cloud_import_disk::{DiskInfo, PartitionTable};

use crate::{
    disks::{self, MIB, mbr_entry},
    hand_made::inspect,
    images::image,
    meter::Meter,
};

const EXTENDED: u8 = 0x05;
const SECTORS: u32 = (4 * MIB / 512) as u32;

/// A disk of 4 MiB with an extended partition from sector 2048 on.
fn extended() -> Vec<u8> {
    let mut disk = disks::blank(4 * MIB);
    mbr_entry(&mut disk, 0, 0x83, 64, 1024);
    mbr_entry(&mut disk, 1, EXTENDED, 2048, SECTORS - 2048);
    disk
}

/// A boot record in this sector: a logical partition, and where the next record is, behind sector 2048.
fn link(disk: &mut [u8], sector: u32, kind: u8, next: Option<u32>) {
    let record = &mut disk[sector as usize * 512..][..512];
    record.fill(0);
    mbr_entry(record, 0, kind, 1, 2);
    if let Some(next) = next {
        mbr_entry(record, 1, EXTENDED, next, 3);
    }
}

#[track_caller]
fn broken(disk: Vec<u8>, efi: Option<bool>, how: &str) -> DiskInfo {
    let info = inspect(disk).unwrap();
    assert_eq!(
        (&info.partition_table, info.efi_system_partition),
        (&PartitionTable::Mbr, efi)
    );
    assert_eq!(info.notes.len(), 1, "{:?}", info.notes);
    assert!(
        info.notes[0].starts_with("The chain of logical partitions is broken: "),
        "{:?}",
        info.notes
    );
    assert!(info.notes[0].contains(how), "{:?}", info.notes);
    info
}

#[test]
fn what_sfdisk_wrote_is_read_through_a_qcow2() {
    let info = inspect(image("logical")).unwrap();
    assert_eq!(info.partition_table, PartitionTable::Mbr);
    assert_eq!(
        (info.efi_system_partition, info.bios_boot_partition),
        (Some(true), Some(false))
    );
    assert_eq!((info.partitions_end_bytes, info.notes), (Some(4 << 20), Vec::new()));
}

#[test]
fn a_chain_is_followed_from_record_to_record() {
    for kind in [0x05, 0x0F, 0x85] {
        let mut disk = extended();
        disk[446 + 16 + 4] = kind;
        link(&mut disk, 2048, 0x83, Some(1000));
        link(&mut disk, 3048, 0x83, Some(500));
        link(&mut disk, 2548, 0xEF, None);
        let info = inspect(disk.clone()).unwrap();
        assert_eq!(
            (info.efi_system_partition, info.notes),
            (Some(true), Vec::new()),
            "{kind}"
        );
        assert_eq!(info.partitions_end_bytes, Some(4 << 20), "{kind}");
        link(&mut disk, 2548, 0x83, None);
        let info = inspect(disk).unwrap();
        assert_eq!(
            (info.efi_system_partition, info.notes),
            (Some(false), Vec::new()),
            "{kind}"
        );
    }
}

#[test]
fn a_logical_partition_may_end_behind_the_disk() {
    let mut disk = extended();
    link(&mut disk, 2048, 0x83, Some(1000));
    link(&mut disk, 3048, 0x83, None);
    mbr_entry(&mut disk[3048 * 512..], 0, 0x83, 40, SECTORS);
    let end = 512 * u64::from(3048 + 40 + SECTORS);
    let info = inspect(disk).unwrap();
    assert_eq!((info.partitions_end_bytes, info.notes), (Some(end), Vec::new()));
}

#[test]
fn every_extended_partition_has_a_chain_of_its_own() {
    let mut disk = extended();
    mbr_entry(&mut disk, 2, 0x0F, 3000, 100);
    link(&mut disk, 2048, 0x83, None);
    // A link counts from the first record of its own chain.
    link(&mut disk, 3000, 0x83, Some(50));
    link(&mut disk, 3050, 0xEF, None);
    let info = inspect(disk).unwrap();
    assert_eq!((info.efi_system_partition, info.notes), (Some(true), Vec::new()));
}

#[test]
fn a_chain_that_has_no_end_is_told() {
    let mut itself = extended();
    link(&mut itself, 2048, 0x83, Some(0));
    broken(itself, None, "comes back to sector 2048");
    let mut two = extended();
    link(&mut two, 2048, 0xEF, Some(7));
    link(&mut two, 2055, 0x83, Some(9));
    link(&mut two, 2057, 0x83, Some(7));
    broken(two, Some(true), "comes back to sector 2055");
    let mut no_record = extended();
    link(&mut no_record, 2048, 0x83, Some(8));
    broken(no_record, None, "sector 2056 is no boot record");
}

#[test]
fn a_link_behind_the_end_of_the_disk_is_told() {
    for (next, sector) in [(SECTORS, u64::from(SECTORS) + 2048), (u32::MAX, 4_294_969_343)] {
        let mut disk = extended();
        link(&mut disk, 2048, 0x83, Some(next));
        broken(disk, None, &format!("sector {sector} lies behind the end of the disk"));
    }
    let mut disk = extended();
    mbr_entry(&mut disk, 1, EXTENDED, u32::MAX, u32::MAX);
    let info = broken(disk, None, "behind the end of the disk");
    assert_eq!(info.partitions_end_bytes, Some(2 * 512 * u64::from(u32::MAX)));
}

#[test]
fn ten_thousand_links_are_not_followed() {
    let mut disk = extended();
    disk.resize(16 * MIB, 0);
    for at in 0..10_000 {
        link(&mut disk, 2048 + 2 * at, 0x83, Some(2 * at + 2));
    }
    broken(disk.clone(), None, "more than 128 links");
    let mut metered = Meter::new(Arc::new(disk));
    metered.inspect().unwrap();
    assert!(metered.reads < 200, "{} reads", metered.reads);
}
