//! Files that `qemu-img` wrote: what they are, that a cut one is seen, and what reading one costs.

use std::sync::Arc;

use cloud_import_disk::{Compression, Encryption, PartitionTable};

use crate::{
    disks::MIB,
    hand_made::inspect,
    images::{self, image},
    meter::Meter,
};

/// The formats of the one disk in every format, each with our name for it.
const FORMATS: &[(&str, &str)] = &[
    ("raw", "raw"),
    ("qcow2", "qcow2"),
    ("vpc", "vhd"),
    ("vhdx", "vhdx"),
    ("vmdk", "vmdk"),
    ("vdi", "vdi"),
    ("qed", "qed"),
    ("qcow", "qcow1"),
    ("parallels", "parallels"),
];

/// The names of the one disk in every format, and in which.
fn one_disk() -> impl Iterator<Item = (String, &'static (&'static str, &'static str))> {
    images::names().into_iter().filter_map(|name| {
        let format = name.split('-').next().unwrap();
        let format = FORMATS.iter().find(|(theirs, _)| *theirs == format)?;
        Some((name, format))
    })
}

#[test]
fn one_disk_is_the_same_in_every_format() {
    for (name, (_, format)) in one_disk() {
        let info = inspect(image(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(info.format.name(), *format, "{name}");
        // Without `force_size`, a VHD has a size that the geometry of old disks can express.
        let size = if name.starts_with("vpc") && !name.contains("force_size") {
            8228 * 512
        } else {
            4 * MIB
        };
        assert_eq!(info.virtual_size_bytes, Some(size as u64), "{name}");
        if name.contains("Flat") || name.contains("MaxExtent") {
            assert_eq!(info.external_files.len(), 1, "{name}: {:?}", info.external_files);
            assert!(matches!(info.partition_table, PartitionTable::Unknown(_)), "{name}");
        } else {
            assert_eq!(info.partition_table, PartitionTable::Gpt, "{name}");
            assert_eq!(info.efi_system_partition, Some(true), "{name}");
            assert!(info.external_files.is_empty(), "{name}: {:?}", info.external_files);
        }
        assert_eq!(
            (info.dirty, info.corrupt, &info.truncation),
            (false, false, &None),
            "{name}"
        );
        assert_eq!(info.backing_file, None, "{name}");
        assert_eq!(info.internal_snapshots, 0, "{name}");
        assert!(!info.encryption.is_encrypted(), "{name}");
        assert_eq!(info.notes, [""; 0], "{name}");
        assert_eq!(info.unknown_features, 0, "{name}");
        assert_eq!(info.extended_l2, name.contains("extended_l2"), "{name}");
    }
    assert_eq!(one_disk().count(), 31);
}

#[test]
fn what_is_special_in_a_file_is_told() {
    let info = |name| inspect(image(name)).unwrap();
    let packed = info("packed");
    assert_eq!(packed.compression, Compression::Used("zlib"));
    assert_eq!(packed.partition_table, PartitionTable::Gpt);
    let snapshots = info("snapshots");
    assert_eq!(
        (snapshots.internal_snapshots, snapshots.partition_table),
        (1, PartitionTable::Mbr)
    );
    let overlay = info("overlay");
    assert_eq!(overlay.backing_file.as_deref(), Some("good.qcow2"));
    assert_eq!(overlay.backing_format.as_deref(), Some("qcow2"));
    assert!(matches!(overlay.partition_table, PartitionTable::Unknown(_)));
    assert_eq!(info("external").external_files, ["data.bin"]);
    assert_eq!(info("of-32-gib").virtual_size_bytes, Some(32 << 30));
    assert_eq!(info("of-40-tib").virtual_size_bytes, Some(40 << 40));
    for name in ["luks", "encrypted"] {
        assert_eq!(info(name).encryption, Encryption::Luks, "{name}");
    }
}

#[test]
fn a_file_cut_at_any_quarter_is_seen_to_be_cut_or_refused() {
    for name in [
        "qcow2-compat-1-1",
        "qcow2-compat-0-10-cluster_size-4096",
        "qcow2-compat-1-1-refcount_bits-1",
        "qcow2-compat-1-1-cluster_size-512",
        "vpc-subformat-dynamic",
        "vhdx-subformat-dynamic-block_size-1M",
        "vhdx-subformat-fixed",
        "vmdk-subformat-monolithicSparse",
        "vmdk-subformat-streamOptimized",
        "vdi-static-off",
        "vdi-static-on",
        "qed-cluster_size-65536",
        "raw",
    ] {
        let bytes = image(name);
        for quarters in 1..4 {
            cut_is_seen(name, &bytes, used(&bytes) * quarters / 4);
        }
    }
    // The three cuts of this one were in its tables; its last content begins in its last sector.
    let packed = image("vmdk-subformat-streamOptimized");
    cut_is_seen("vmdk-subformat-streamOptimized", &packed, used(&packed) / 512 * 512);
}

/// Where the last byte is that is not zero: some files have nothing but zeros behind their last cluster.
fn used(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).unwrap()
}

fn cut_is_seen(name: &str, bytes: &[u8], kept: usize) {
    let mut cut = Meter::new(Arc::new(bytes[..kept].to_vec()));
    match cut.inspect() {
        Ok(info) => assert!(info.is_truncated(), "{name} cut at {kept} passes for whole: {info:?}"),
        Err(error) => assert!(error.to_string().len() > 20, "{name}: {error}"),
    }
}

/// Compressed clusters have no place that is checked; only the reference counts tell.
#[test]
fn a_compressed_qcow2_that_lost_its_end_is_seen_to_be_cut() {
    let bytes = image("packed");
    let mut whole = Meter::new(Arc::new(bytes.clone()));
    assert_eq!(whole.inspect().unwrap().truncation, None);
    let mut cut = Meter::new(Arc::new(bytes[..bytes.len() - 128 * 1024].to_vec()));
    let reason = cut.inspect().unwrap().truncation.unwrap();
    assert!(reason.contains("reference counts"), "{reason}");
}

#[test]
fn an_ordinary_image_costs_little() {
    for (name, (_, format)) in one_disk() {
        let mut meter = Meter::new(Arc::new(image(&name)));
        meter.inspect().unwrap();
        // Half of what `qemu-img info` reads of a qcow2; others have their headers farther apart, and of a VHDX it reads 1.1 MiB.
        let most = if *format == "qcow2" { 33_000 } else { 40_000 };
        assert!(
            meter.read <= most,
            "{name} took {} bytes in {} reads",
            meter.read,
            meter.reads
        );
    }
}
