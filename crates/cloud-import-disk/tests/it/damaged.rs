//! Headers with one field that lies: each is refused, or its lie is told, and never followed.

use std::sync::Arc;

use cloud_import_disk::{DiskInfo, InspectError, PartitionTable};

use crate::{disks, hand_made::vhd_footer, images::image, meter::Meter};

/// The disk that `qemu-img` wrote in `format`, with `bytes` put at `at`.
fn with(format: &str, at: usize, bytes: &[u8]) -> Result<DiskInfo, InspectError> {
    let mut file = image(match format {
        "qcow2" => "qcow2-compat-1-1",
        "vpc" => "vpc-subformat-dynamic",
        "vhdx" => "vhdx-subformat-dynamic",
        "vmdk" => "vmdk-subformat-monolithicSparse",
        "vdi" => "vdi-static-off",
        "qed" => "qed-cluster_size-65536",
        same => same,
    });
    disks::put(&mut file, at, bytes);
    Meter::new(Arc::new(file)).inspect()
}

#[test]
fn a_header_field_that_cannot_be_true_is_refused_by_name() {
    let ones = &[0xFF; 8][..];
    for (format, at, bytes, field) in [
        ("qcow2", 4, &[0, 0, 0, 4][..], "version"),
        ("qcow2", 20, &[0, 0, 0, 8], "cluster size"),
        ("qcow2", 20, &[0, 0, 0, 40], "cluster size"),
        ("qcow2", 24, ones, "first table"),
        ("qcow2", 36, &[0xFF; 4], "first table"),
        ("qcow2", 40, &[0, 0, 0, 0, 0, 0, 1, 1], "first table"),
        ("qcow2", 32, &[0, 0, 0, 9], "encryption method"),
        ("qcow2", 8, ones, "backing file name"),
        ("qcow2", 56, &[0xFF; 4], "reference count table"),
        ("qcow2", 60, &[0xFF; 4], "snapshots"),
        ("qcow2", 96, &[0xFF; 4], "reference count width"),
        ("qcow2", 100, &[0xFF; 4], "header length"),
        ("qcow2", 104, &[7], "compression type"),
        (
            "qcow2",
            112,
            &[0x68, 3, 0xF8, 0x57, 0xFF, 0xFF, 0xFF, 0xFF],
            "header extension",
        ),
        ("vpc", 512 + 32, &[0, 0, 0, 3], "block size"),
        ("vpc", 512 + 28, &[0; 4], "block table"),
        ("vpc", 512, b"x", "dynamic header"),
        ("vhdx", 192 << 10, b"x", "disk size"),
        ("vmdk", 4, &[9], "version"),
        ("vmdk", 12, ones, "capacity"),
        ("vmdk", 20, &[0; 8], "grain size"),
        ("vmdk", 44, &[0; 4], "grain tables"),
        ("vdi", 68, &[0, 0, 2, 0], "version"),
        ("vdi", 76, &[9], "image type"),
        ("vdi", 368, ones, "disk size"),
        ("qed", 4, &[3], "cluster size"),
        ("qed", 8, &[5], "table size"),
        ("qcow", 32, &[60], "cluster size"),
        ("qcow", 33, &[60], "second table's size"),
    ] {
        match with(format, at, bytes) {
            Err(InspectError::Damaged { field: found, .. }) => assert_eq!(found, field, "{format} at {at}"),
            // One of two copies suffices.
            Ok(info) if format == "vhdx" => assert!(info.virtual_size_bytes.is_some()),
            other => panic!("{format} at {at}: {other:?}"),
        }
    }
}

#[test]
fn marks_of_dirt_and_corruption_are_told() {
    for (format, at, byte, dirty, corrupt) in [
        ("qcow2", 79, 1, true, false),
        ("qcow2", 79, 2, false, true),
        ("qcow2", 79, 3, true, true),
        ("qed", 16, 2, true, false),
        ("vmdk", 72, 1, true, false),
        ("parallels", 44, b'Y', false, false),
        ("vpc", 512 + 900, 1, false, true),
    ] {
        let info = with(format, at, &[byte]).unwrap();
        assert_eq!(
            (info.dirty, info.corrupt),
            (dirty, corrupt),
            "{format} at {at}: {info:?}"
        );
    }
    assert!(with("parallels", 44, &0x746F_6E59_u32.to_le_bytes()).unwrap().dirty);
    assert_eq!(with("qcow2", 72, &[0x80]).unwrap().unknown_features, 1 << 63);
    assert_eq!(with("qed", 16, &[0x40]).unwrap().unknown_features, 0x40);
}

#[test]
fn both_headers_of_a_vhdx_must_be_lost_before_it_is_refused() {
    assert!(with("vhdx", (64 << 10) + 8, &[0xAA]).is_ok());
    assert!(with("vhdx", (128 << 10) + 8, &[0xAA]).is_ok());
    let both = vec![0; 128 << 10];
    let Err(InspectError::Damaged { field, .. }) = with("vhdx", 64 << 10, &both) else {
        panic!("passes")
    };
    assert_eq!(field, "header");
    let Err(InspectError::Damaged { field, .. }) = with("vhdx", 192 << 10, &both) else {
        panic!("passes")
    };
    assert_eq!(field, "region table");
}

#[test]
fn tables_that_point_nowhere_or_at_themselves_are_not_followed() {
    // The first table's first entry, at the fourth cluster: behind the end, then at itself.
    for target in [1_u64 << 50, 3 << 16] {
        let info = with("qcow2", 3 << 16, &(1_u64 << 63 | target).to_be_bytes()).unwrap();
        assert!(
            matches!(info.partition_table, PartitionTable::Unknown(_) | PartitionTable::None),
            "{info:?}"
        );
    }
    // The table of a dynamic VHD lies behind both headers.
    let info = with("vpc", 1536, &[0xFF, 0xFF, 0xFF, 0xF0]).unwrap();
    assert!(matches!(info.partition_table, PartitionTable::Unknown(_)), "{info:?}");
}

#[test]
fn a_dynamic_vhd_without_its_beginning_is_no_raw_disk() {
    let mut file = vec![0; 4096];
    file.extend(vhd_footer(b"win ", 1 << 20, (1, 1, 1), 3));
    assert!(matches!(
        Meter::new(Arc::new(file)).inspect(),
        Err(InspectError::Damaged { field: "beginning", .. })
    ));
}
