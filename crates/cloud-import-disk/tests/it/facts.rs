//! What is told of a disk and of its image beside format and size: each fact by a file that has it and one that has not.

use std::sync::Arc;

use cloud_import_disk::{Compression, Contents, Format, PartitionTable};

use crate::{
    disks::{self, MIB, put},
    hand_made::{inspect, vhd_footer},
    images::image,
    meter::Meter,
};

#[test]
fn a_raw_disk_is_known_by_what_is_on_it() {
    let noise = disks::blank(2 * MIB);
    let with = |at: usize, mark: &[u8]| {
        let mut disk = noise.clone();
        put(&mut disk, at, mark);
        inspect(disk).unwrap().contents
    };
    for (at, mark, name) in [
        (0, &b"XFSB"[..], "xfs"),
        (3, b"NTFS    ", "ntfs"),
        (3, b"-FVE-FS-", "bitlocker"),
        (82, b"FAT32   ", "fat"),
        (54, b"FAT16   ", "fat"),
        (512, b"LABELONE", "lvm"),
        (1024 + 56, b"\x53\xEF", "ext"),
        (4086, b"SWAPSPACE2", "swap"),
        (65536 + 64, b"_BHRfS_M", "btrfs"),
        (32, b"NXSB", "apfs"),
    ] {
        assert_eq!(with(at, mark), Contents::Volume(name), "{name}");
        assert_eq!(with(at + 1, mark), Contents::Unrecognized, "{name} at another place");
    }
    assert_eq!(inspect(vec![0; 4 * MIB]).unwrap().contents, Contents::Zeros);
    assert_eq!(inspect(noise.clone()).unwrap().contents, Contents::Unrecognized);
    let mut late = vec![0; 4 * MIB];
    late[2 * MIB] = 1;
    assert_eq!(inspect(late).unwrap().contents, Contents::Unrecognized);
    let mut early = vec![0; 4 * MIB];
    early[65536 + 2000] = 1;
    assert_eq!(inspect(early).unwrap().contents, Contents::Unrecognized);
    let mut boot = vec![0; 4 * MIB];
    put(&mut boot, 510, &[0x55, 0xAA]);
    assert_eq!(
        inspect(boot.clone()).unwrap().contents,
        Contents::Unrecognized,
        "no code"
    );
    put(&mut boot, 0, &[0xEB, 0x3C, 0x90]);
    assert_eq!(inspect(boot).unwrap().contents, Contents::BootSector);
    assert_eq!(inspect(disks::mbr(4 * MIB, 7)).unwrap().contents, Contents::Partitions);
    assert_eq!(inspect(image("overlay")).unwrap().contents, Contents::Unknown);
}

#[test]
fn what_can_start_a_disk_is_told() {
    let facts = |disk: Vec<u8>| {
        let info = inspect(disk).unwrap();
        (info.efi_system_partition, info.bios_boot_partition, info.boot_code)
    };
    let uefi = disks::gpt(4 * MIB, 512, Some(3));
    assert_eq!(facts(uefi.clone()), (Some(true), Some(false), Some(false)));
    let mut code = uefi;
    code[..2].copy_from_slice(&[0xEB, 0x63]);
    assert_eq!(facts(code), (Some(true), Some(false), Some(true)));
    // The entry of the system partition, with another type.
    let mut bios = disks::gpt_of(4 * MIB, 512, &[(disks::BIOS_BOOT, 100, 200), (disks::LINUX, 201, 5000)]);
    assert_eq!(facts(bios.clone()), (Some(false), Some(true), Some(false)));
    // Without the mark of a boot record nothing starts its code.
    bios[0] = 1;
    bios[510] = 0;
    assert_eq!(facts(bios).2, Some(false));
    assert_eq!(facts(disks::mbr(4 * MIB, 0xEF)).0, Some(true));
}

#[test]
fn the_size_of_sectors_and_the_ends_are_those_of_the_table() {
    let small = inspect(disks::gpt(4 * MIB, 512, None)).unwrap();
    assert_eq!(
        (small.sector_size_bytes, small.table_end_bytes),
        (Some(512), Some(4 << 20))
    );
    let large = inspect(disks::gpt(4 * MIB, 4096, None)).unwrap();
    assert_eq!(
        (large.sector_size_bytes, large.table_end_bytes),
        (Some(4096), Some(4 << 20))
    );
    let parts = disks::gpt_of(4 * MIB, 512, &[(disks::LINUX, 2048, 9000), (disks::LINUX, 40, 99)]);
    assert_eq!(inspect(parts).unwrap().partitions_end_bytes, Some(9001 * 512));
    let mbr = inspect(disks::mbr(4 * MIB, 0x83)).unwrap();
    assert_eq!((mbr.sector_size_bytes, mbr.partitions_end_bytes), (None, Some(4 << 20)));
    // A qcow2 that was shrunk: the table speaks of more than the disk has.
    let mut shrunk = image("qcow2-compat-1-1");
    put(&mut shrunk, 24, &(2_u64 << 20).to_be_bytes());
    let info = inspect(shrunk).unwrap();
    assert_eq!((info.table_end_bytes, info.truncation), (Some(4 << 20), None));
}

#[test]
fn features_of_qcow2_are_told() {
    let zstd = inspect(image("qcow2-compat-1-1-compression_type-zstd")).unwrap();
    assert_eq!(zstd.compression.method(), Some("zstd"));
    assert!(!zstd.extended_l2);
    assert!(inspect(image("qcow2-compat-1-1-extended_l2-on")).unwrap().extended_l2);
    assert_eq!(inspect(image("raw")).unwrap().compression, Compression::None);
}

/// A sparse extent with room for a descriptor and none in it, as it is one of several.
#[test]
fn extents_and_snapshots_of_vmware_are_no_whole_disks() {
    let sparse = image("vmdk-subformat-monolithicSparse");
    assert!(!inspect(sparse.clone()).unwrap().extent);
    let mut empty = sparse.clone();
    empty[512..512 + 20 * 512].fill(0);
    let mut none = sparse;
    none[28..44].fill(0);
    let mut snapshot = vec![0; MIB];
    put(&mut snapshot, 0, &0xCAFE_BABE_u64.to_le_bytes());
    put(&mut snapshot, 16, &131_072_u64.to_le_bytes());
    let mut delta = vec![0; 65536];
    put(&mut delta, 0, b"COWD");
    for (file, subtype) in [
        (empty, "sparse extent"),
        (none, "sparse extent"),
        (snapshot, "seSparse extent"),
        (delta, "vmfsSparse extent"),
    ] {
        let info = inspect(file).unwrap();
        assert_eq!((info.format, info.extent), (Format::Vmdk, true), "{subtype}");
        assert_eq!(info.subtype.as_deref(), Some(subtype));
    }
    let text = "# Disk DescriptorFile\ncreateType=\"vmfs\"\nRW 8 VMFS \"a-flat.vmdk\"\n";
    for before in ["", "\u{feff}", "# made by a tool\n", "\r\n\n#\n", "\u{feff}\n# x\n"] {
        let info = inspect(format!("{before}{text}").into_bytes()).unwrap();
        assert_eq!(
            (info.format, info.virtual_size_bytes),
            (Format::Vmdk, Some(4096)),
            "{before:?}"
        );
        assert_eq!(info.external_files, ["a-flat.vmdk"], "{before:?}");
    }
    let other = inspect(b"# a script\necho 1\n# Disk DescriptorFile\n".to_vec()).unwrap();
    assert_eq!(other.format, Format::Foreign);
}

#[test]
fn a_vhd_whose_copies_or_sizes_disagree_is_told() {
    let whole = image("vpc-subformat-dynamic");
    assert_eq!(inspect(whole.clone()).unwrap().notes, [""; 0]);
    let end = whole.len() - 512;
    let changed = |at: usize| {
        let mut file = whole.clone();
        file[at] ^= 0x55;
        inspect(file).unwrap()
    };
    let first = changed(48);
    assert!(
        first.corrupt && first.notes[0].contains("copy at the beginning"),
        "{first:?}"
    );
    let last = changed(end + 48);
    assert!(!last.corrupt && last.notes[0].contains("at the end"), "{last:?}");
    // Both sums hold, over two texts.
    let mut differ = whole.clone();
    differ[end + 80] = differ[end + 80].wrapping_add(1);
    differ[end + 81] = differ[end + 81].wrapping_sub(1);
    let differ = inspect(differ).unwrap();
    assert!(!differ.corrupt && differ.notes[0].contains("differ"), "{differ:?}");

    let mut fixed = disks::mbr(4 * MIB, 0x83);
    fixed.extend(vhd_footer(b"vbox", 4 * MIB as u64, (100, 4, 17), 2));
    let info = inspect(fixed).unwrap();
    assert!(info.notes[0].contains("readers disagree"), "{info:?}");
}

#[test]
fn a_footer_of_511_bytes_is_one() {
    let mut file = disks::mbr(4 * MIB, 0x83);
    file.extend(&vhd_footer(b"win ", 4 * MIB as u64, (120, 4, 17), 2)[..511]);
    let info = Meter::new(Arc::new(file.clone())).inspect().unwrap();
    assert_eq!((info.format, info.virtual_size_bytes), (Format::Vhd, Some(4 << 20)));
    assert_eq!(
        (info.partition_table, info.corrupt, info.truncation),
        (PartitionTable::Mbr, false, None)
    );
    assert!(info.notes[0].contains("511 bytes"), "{:?}", info.notes);
    file.pop();
    assert_eq!(inspect(file).unwrap().format, Format::Raw);
}
