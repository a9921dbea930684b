//! Formats that `qemu-img` does not write, made field by field, and content that is no disk.

use std::sync::Arc;

use cloud_import_disk::{Compression, Contents, DiskInfo, Encryption, Format, InspectError, PartitionTable};

use crate::{
    disks::{self, MIB, put},
    meter::Meter,
};

pub(crate) fn inspect(bytes: Vec<u8>) -> Result<DiskInfo, InspectError> {
    Meter::new(Arc::new(bytes)).inspect()
}

/// A ZVHD2 file with `blocks` empty records.
pub(crate) fn zvhd2(blocks: usize) -> Vec<u8> {
    let mut header = vec![0; 4096];
    put(&mut header, 0, b"z2strm\0\0");
    put(&mut header, 8, &2_u32.to_le_bytes());
    put(&mut header, 16, &u64::MAX.to_le_bytes());
    put(&mut header, 40, &(26 * MIB as u64).to_le_bytes());
    put(&mut header, 48, &(1_u64 << 30).to_le_bytes());
    header[141] = 1;
    let mut footer = header.clone();
    let index = 4096 * (2 + blocks) as u64;
    put(&mut footer, 96, &index.to_le_bytes());
    put(&mut footer, 104, &(index + 512 * 1024).to_le_bytes());
    put(&mut footer, 112, &(512_u32 * 1024).to_le_bytes());
    put(&mut footer, 116, &4096_u32.to_le_bytes());
    let sum: u32 = footer[..512].iter().map(|byte| u32::from(*byte)).sum();
    put(&mut footer, 64, &(!sum).to_le_bytes());
    let mut file = header.clone();
    file.resize(4096 * (1 + blocks), 7);
    file.extend_from_slice(&header);
    file.resize(file.len() + 512 * 1024 + 4096, 0);
    file.extend_from_slice(&footer);
    file
}

#[test]
fn zvhd2_is_read_from_its_footer() {
    let file = zvhd2(3);
    let info = inspect(file.clone()).unwrap();
    assert_eq!((info.format, info.virtual_size_bytes), (Format::Zvhd2, Some(1 << 30)));
    assert_eq!(info.compression, Compression::Used("zstd"));
    assert!(!info.is_truncated() && !info.corrupt, "{info:?}");

    let cut = inspect(file[..file.len() - 1].to_vec()).unwrap();
    assert!(cut.is_truncated());
    let mut hole = file.clone();
    hole.drain(5000..9096);
    assert!(inspect(hole).unwrap().is_truncated());
    let mut more = file.clone();
    more.splice(5000..5000, [0; 4096]);
    assert!(inspect(more).unwrap().corrupt);
    let mut wrong = file;
    let at = wrong.len() - 4096 + 50;
    wrong[at] ^= 1;
    assert!(inspect(wrong).unwrap().corrupt);
}

#[test]
fn the_first_zvhd_is_told_apart() {
    let mut file = vec![0; 8192];
    put(&mut file, 0, b"stream\0\0");
    put(&mut file, 48, &(5_u64 << 30).to_le_bytes());
    let info = inspect(file).unwrap();
    assert_eq!((info.format, info.virtual_size_bytes), (Format::Zvhd, Some(5 << 30)));
    assert_eq!(info.compression, Compression::Used("zlib"));
}

/// A VHD footer: creator, size, geometry, kind.
pub(crate) fn vhd_footer(creator: &[u8; 4], size: u64, geometry: (u16, u8, u8), kind: u32) -> Vec<u8> {
    let mut footer = vec![0; 512];
    put(&mut footer, 0, b"conectix");
    put(&mut footer, 16, &512_u64.to_be_bytes());
    put(&mut footer, 28, creator);
    put(&mut footer, 48, &size.to_be_bytes());
    put(&mut footer, 56, &geometry.0.to_be_bytes());
    footer[58] = geometry.1;
    footer[59] = geometry.2;
    put(&mut footer, 60, &kind.to_be_bytes());
    let sum: u32 = footer.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut footer, 64, &(!sum).to_be_bytes());
    footer
}

pub(crate) fn differencing_vhd() -> Vec<u8> {
    let footer = vhd_footer(b"win ", 4 * MIB as u64, (120, 4, 17), 4);
    let mut file = footer.clone();
    let mut header = vec![0; 1024];
    put(&mut header, 0, b"cxsparse");
    put(&mut header, 16, &1536_u64.to_be_bytes());
    put(&mut header, 28, &2_u32.to_be_bytes());
    put(&mut header, 32, &(2 * MIB as u32).to_be_bytes());
    let name: Vec<u8> = "Eltern-ä.vhd".encode_utf16().flat_map(u16::to_be_bytes).collect();
    put(&mut header, 64, &name);
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut header, 36, &(!sum).to_be_bytes());
    file.extend_from_slice(&header);
    file.extend_from_slice(&[0xFF; 512]);
    file.extend_from_slice(&footer);
    file
}

#[test]
fn a_differencing_vhd_names_its_parent() {
    let info = inspect(differencing_vhd()).unwrap();
    assert_eq!(info.subtype.as_deref(), Some("differencing"));
    assert_eq!(info.backing_file.as_deref(), Some("Eltern-ä.vhd"));
    assert!(!info.corrupt && !info.is_truncated(), "{info:?}");
    assert!(matches!(info.partition_table, PartitionTable::Unknown(_)));
}

#[test]
fn a_fixed_vhd_is_read_through_whatever_it_holds() {
    for (creator, expected) in [(b"win ", 4 * MIB as u64), (b"vbox", 120 * 4 * 17 * 512)] {
        let mut file = disks::mbr(4 * MIB, 0xEF);
        // A guest may keep anything in its boot code.
        put(&mut file, 0, &[0x1F, 0x8B, 8]);
        file.extend(vhd_footer(creator, 4 * MIB as u64, (120, 4, 17), 2));
        let info = inspect(file).unwrap();
        assert_eq!((info.format, info.virtual_size_bytes), (Format::Vhd, Some(expected)));
        assert_eq!(
            (info.partition_table, info.efi_system_partition),
            (PartitionTable::Mbr, Some(true))
        );
    }
    let mut short = vec![0; MIB];
    short.extend(vhd_footer(b"win ", 4 * MIB as u64, (120, 4, 17), 2));
    assert!(inspect(short).unwrap().is_truncated());
    let mut wrong = vec![0; 4 * MIB];
    wrong.extend(vhd_footer(b"win ", 4 * MIB as u64, (120, 4, 17), 2));
    let at = 4 * MIB + 70;
    wrong[at] ^= 1;
    assert!(inspect(wrong).unwrap().corrupt);
}

#[test]
fn discs_archives_and_streams_are_named() {
    let mut iso = disks::mbr(4 * MIB, 0xEF);
    put(&mut iso, 32769, b"CD001");
    let mut tar = vec![0; 10240];
    put(&mut tar, 0, b"Appliance.OVF");
    put(&mut tar, 257, b"ustar");
    let sum: u32 = tar[..512].iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
    put(&mut tar, 148, format!("{sum:06o}\0 ").as_bytes());
    let mut plain_tar = tar.clone();
    // The same letters in another order keep the sum.
    put(&mut plain_tar, 0, b"Appliance.FOV");
    let mut no_tar = tar.clone();
    no_tar[600] = 1;
    no_tar[1] = b'q';
    for (bytes, format) in [
        (iso, Format::Iso),
        (tar, Format::Ova),
        (plain_tar, Format::Tar),
        (no_tar, Format::Raw),
        (b"PK\x03\x04............".to_vec(), Format::Foreign),
        (vec![0x1F, 0x8B, 8, 0, 0], Format::Gzip),
        (b"\xFD7zXZ\0\0\x04".to_vec(), Format::Xz),
        (vec![0x28, 0xB5, 0x2F, 0xFD, 0], Format::Zstd),
        (vec![0x5A, 0x2A, 0x4D, 0x18, 0], Format::Zstd),
        (b"BZh91AY&SY....".to_vec(), Format::Bzip2),
        (b"BZh8 is only text".to_vec(), Format::Foreign),
    ] {
        let info = inspect(bytes).unwrap();
        assert_eq!(info.format, format);
        assert_eq!(info.format.is_disk(), format == Format::Raw);
    }
}

#[test]
fn descriptors_without_files_and_encrypted_ones() {
    let text = b"\n# disk descriptorfile\nCID=1\ncreateType=\"vmfs\"\nencryption.keySafe = \"x\"\n\
        RW 8 VMFS \"a-flat.vmdk\"\nRW 8 ZERO\n";
    let info = inspect(text.to_vec()).unwrap();
    assert_eq!((info.format, info.virtual_size_bytes), (Format::Vmdk, Some(8192)));
    assert_eq!(
        (info.subtype.as_deref(), info.encryption),
        (Some("vmfs"), Encryption::Other)
    );
    assert_eq!(info.external_files, ["a-flat.vmdk"]);
    let many = format!(
        "# Disk DescriptorFile\nRW {} FLAT \"a\" 0\nRW 1 FLAT \"b\" 0\n",
        u64::MAX
    );
    assert!(matches!(
        inspect(many.into_bytes()),
        Err(InspectError::Damaged {
            field: "descriptor",
            ..
        })
    ));
    assert!(inspect(b"# Disk DescriptorFile\n".to_vec()).is_err());
}

#[test]
fn partition_tables_that_do_not_hold_together() {
    let table = |bytes: &[u8]| inspect(bytes.to_vec()).unwrap();
    let whole = disks::gpt(4 * MIB, 512, Some(3));
    let mut primary_lost = whole.clone();
    primary_lost[512..1024].fill(0);
    let info = table(&primary_lost);
    assert_eq!(
        (info.partition_table, info.efi_system_partition),
        (PartitionTable::Gpt, Some(true))
    );

    let mut damaged = whole.clone();
    damaged[512 + 40] ^= 1;
    let end = damaged.len();
    damaged[end - 512 + 40] ^= 1;
    let PartitionTable::Unknown(reason) = table(&damaged).partition_table else {
        panic!("damaged passes")
    };
    assert!(reason.contains("checksum"), "{reason}");

    let mut announced = whole.clone();
    announced[512..1024].fill(0);
    announced[end - 512..].fill(0);
    assert!(matches!(table(&announced).partition_table, PartitionTable::Unknown(_)));

    // A later boot record without the protective entry wins over what is left of the old table.
    let mut stale = whole.clone();
    stale[450] = 0x83;
    let info = table(&stale);
    assert_eq!(
        (info.partition_table, info.efi_system_partition),
        (PartitionTable::Mbr, Some(false))
    );

    // A FAT boot sector has the mark, and text where the entries would be.
    let mut fat = vec![b'x'; 1024];
    put(&mut fat, 510, &[0x55, 0xAA]);
    assert_eq!(table(&fat).partition_table, PartitionTable::None);

    assert!(table(&whole[..2 * MIB]).is_truncated());
    assert!(!table(&whole).is_truncated());
}

#[test]
fn tiny_and_odd_files() {
    assert!(matches!(inspect(Vec::new()), Err(InspectError::Empty)));
    let one = inspect(vec![1]).unwrap();
    assert_eq!(
        (one.format, one.virtual_size_bytes, one.file_size_bytes, one.contents),
        (Format::Raw, Some(512), 1, Contents::Unrecognized)
    );
    let mut huge = Meter::new(Arc::new(disks::mbr(MIB * 4, 0x83)));
    huge.len = 10 << 40;
    let info = huge.inspect().unwrap();
    assert_eq!(
        (info.virtual_size_bytes, info.partition_table),
        (Some(10 << 40), PartitionTable::Mbr)
    );
    assert!(std::fs::File::open(".").is_ok_and(|dir| cloud_import_disk::inspect(dir).is_err()));
}
