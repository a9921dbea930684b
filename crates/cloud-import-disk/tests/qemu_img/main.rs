//! Everything that the installed `qemu-img` writes, compared with what `qemu-img info` says about it.
//!
//! Not among the workspace's tests, as it needs that tool: `cargo test --workspace --test qemu-img` runs it, and CI does.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

mod converted;
#[path = "../it/disks.rs"]
mod disks;
#[path = "../../../../tests/images/unpack.rs"]
mod images;
#[path = "../it/sparse.rs"]
mod sparse;
mod workshop;

use std::{
    fs::File,
    io::Write,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use cloud_import_disk::{Compression, Content, DiskInfo, Encryption, Limits, PartitionTable, inspect};
use serde_json::Value;

use workshop::Workshop;

/// Formats and their options, as `qemu-img` names them.
const ALL_FROM_RAW: &[(&str, &str)] = &[
    ("qcow2", "compat=0.10"),
    ("qcow2", "compat=1.1"),
    ("qcow2", "compat=1.1,cluster_size=512"),
    ("qcow2", "compat=0.10,cluster_size=4096"),
    ("qcow2", "compat=1.1,cluster_size=2M"),
    ("qcow2", "compat=1.1,refcount_bits=1"),
    ("qcow2", "compat=1.1,refcount_bits=64,cluster_size=1024"),
    ("qcow2", "compat=1.1,extended_l2=on"),
    ("qcow2", "compat=1.1,lazy_refcounts=on"),
    ("qcow2", "compat=1.1,preallocation=metadata"),
    ("qcow2", "compat=1.1,preallocation=falloc"),
    ("qcow2", "compat=1.1,compression_type=zstd"),
    ("vpc", "subformat=dynamic"),
    ("vpc", "subformat=dynamic,force_size=on"),
    ("vpc", "subformat=fixed"),
    ("vpc", "subformat=fixed,force_size=on"),
    ("vhdx", "subformat=dynamic"),
    ("vhdx", "subformat=fixed"),
    ("vhdx", "subformat=dynamic,block_size=1M"),
    ("vmdk", "subformat=monolithicSparse"),
    ("vmdk", "subformat=monolithicFlat"),
    ("vmdk", "subformat=streamOptimized"),
    ("vmdk", "subformat=twoGbMaxExtentSparse"),
    ("vmdk", "subformat=twoGbMaxExtentFlat"),
    ("vdi", "static=off"),
    ("vdi", "static=on"),
    ("qed", "cluster_size=65536"),
    ("qed", "cluster_size=65536,table_size=2"),
    ("qcow", ""),
    ("parallels", ""),
    ("raw", ""),
];

/// Sizes for empty disks: one sector, no whole cluster, and far past any limit of 32 bits.
const SIZES: &[&str] = &["512", "1000448", "3G", "2000G"];

struct Check {
    compared: AtomicU32,
}

impl Check {
    fn file(&self, shop: &Workshop, name: &str, told: &str) -> DiskInfo {
        let info = inspect(File::open(shop.path(name)).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let probe = if told.is_empty() {
            String::new()
        } else {
            format!("-f {told}")
        };
        let text = shop.run(&format!("info --output=json {probe} {name}"));
        let theirs: Value = serde_json::from_str(&text).unwrap();
        let format = match info.format.name() {
            "vhd" => "vpc",
            "qcow1" => "qcow",
            same => same,
        };
        assert_eq!(Some(format), theirs["format"].as_str(), "{name}: format");
        assert_eq!(info.virtual_size_bytes, theirs["virtual-size"].as_u64(), "{name}: size");
        assert_eq!(
            info.backing_file.as_deref(),
            theirs["backing-filename"].as_str(),
            "{name}: backing file"
        );
        let encrypted = theirs["encrypted"].as_bool().unwrap_or(false);
        assert_eq!(info.encryption.is_encrypted(), encrypted, "{name}: encryption");
        assert_eq!(
            info.dirty,
            theirs["dirty-flag"].as_bool().unwrap_or(false),
            "{name}: dirty"
        );
        let snapshots = theirs["snapshots"].as_array().map_or(0, Vec::len);
        assert_eq!(info.internal_snapshots as usize, snapshots, "{name}: snapshots");
        let data = &theirs["format-specific"]["data"];
        assert_eq!(
            info.corrupt,
            data["corrupt"].as_bool().unwrap_or(false),
            "{name}: corrupt"
        );
        if format == "qcow2" {
            assert_eq!(
                info.external_files.first().map(String::as_str),
                data["data-file"].as_str(),
                "{name}: data file"
            );
            assert_eq!(
                info.backing_format.as_deref(),
                theirs["backing-filename-format"].as_str(),
                "{name}: its format"
            );
        }
        if format == "vmdk" && data["create-type"].is_string() && info.subtype.as_deref() != Some("sparse extent") {
            assert_eq!(
                info.subtype.as_deref(),
                data["create-type"].as_str(),
                "{name}: create type"
            );
        }
        assert_eq!(info.truncation, None, "{name}: whole");
        assert!(
            !info.notes.iter().any(|note| note.contains("not known")),
            "{name}: {:?}",
            info.notes
        );
        self.compared.fetch_add(1, Ordering::Relaxed);
        info
    }
}

/// `vpc` of the fixed kind carries no mark at its beginning, so `qemu-img` takes it for raw unless it is told.
fn told(format: &str, options: &str) -> &'static str {
    if format == "vpc" && options.contains("fixed") {
        "vpc"
    } else {
        ""
    }
}

fn file_name(prefix: &str, format: &str, options: &str) -> String {
    format!("{prefix}-{format}-{}", options.replace(['=', ',', '.'], "-"))
}

fn with(options: &str) -> String {
    if options.is_empty() {
        String::new()
    } else {
        format!("-o {options}")
    }
}

#[test]
fn every_file_that_qemu_img_writes_is_read_as_qemu_img_reads_it() {
    let shop = Workshop::new("read");
    let check = Check {
        compared: AtomicU32::new(0),
    };
    disks_in_every_format(&shop, &check);
    empty_ones_of_every_size(&shop, &check);
    compressed_ones(&shop, &check);
    those_that_need_others(&shop, &check);
    encrypted_ones(&shop, &check);
    snapshots_and_bitmaps(&shop, &check);
    committed_ones(&shop, &check);
    let compared = check.compared.into_inner();
    assert!(compared > 300, "only {compared}");
    writeln!(std::io::stderr(), "{compared} files agree with qemu-img info").unwrap();
}

fn disks_in_every_format(shop: &Workshop, check: &Check) {
    let disks = [
        ("none", disks::blank(4 * disks::MIB), PartitionTable::None, false),
        ("mbr", disks::mbr(4 * disks::MIB, 0x83), PartitionTable::Mbr, false),
        ("mbresp", disks::mbr(4 * disks::MIB, 0xEF), PartitionTable::Mbr, true),
        ("gpt", disks::gpt(4 * disks::MIB, 512, None), PartitionTable::Gpt, false),
        (
            "gptesp",
            disks::gpt(4 * disks::MIB, 512, Some(127)),
            PartitionTable::Gpt,
            true,
        ),
        (
            "gpt4k",
            disks::gpt(4 * disks::MIB, 4096, Some(1)),
            PartitionTable::Gpt,
            true,
        ),
    ];
    thread::scope(|scope| {
        for (disk, bytes, table, esp) in &disks {
            scope.spawn(move || {
                let raw = format!("{disk}.img");
                shop.write(&raw, bytes);
                for (format, options) in ALL_FROM_RAW {
                    let name = file_name(disk, format, options);
                    shop.run(&format!("convert -f raw -O {format} {} {raw} {name}", with(options)));
                    let info = check.file(shop, &name, told(format, options));
                    if options.contains("Flat") {
                        let extent = info
                            .external_files
                            .first()
                            .unwrap_or_else(|| panic!("{name}: no extent"))
                            .clone();
                        check.file(shop, &extent, "");
                    } else if options.contains("MaxExtent") {
                        assert!(matches!(info.partition_table, PartitionTable::Unknown(_)), "{name}");
                    } else {
                        assert_eq!(
                            (&info.partition_table, info.efi_system_partition),
                            (table, Some(*esp)),
                            "{name}"
                        );
                        content(shop, &name, bytes);
                    }
                }
            });
        }
    });
}

fn empty_ones_of_every_size(shop: &Workshop, check: &Check) {
    thread::scope(|scope| {
        for size in SIZES {
            scope.spawn(move || {
                for (format, options) in ALL_FROM_RAW {
                    // Some kinds allocate what they promise, or are at their limit far below.
                    let small_only = [
                        "falloc",
                        "preallocation",
                        "static=on",
                        "cluster_size=512",
                        "table_size=1",
                        "bits=64",
                    ];
                    let big = matches!(*size, "3G" | "2000G");
                    if big && small_only.iter().any(|word| options.contains(word))
                        || *size == "2000G" && *format == "vhdx"
                    {
                        continue;
                    }
                    let name = file_name(&format!("empty{size}"), format, options);
                    shop.run(&format!("create -q -f {format} {} {name} {size}", with(options)));
                    check.file(shop, &name, told(format, options));
                    std::fs::remove_file(shop.path(&name)).unwrap();
                }
            });
        }
    });
}

fn compressed_ones(shop: &Workshop, check: &Check) {
    // To compress into qcow1 `qemu-img` 10.0 fails without a message.
    for method in ["zlib", "zstd"] {
        let name = format!("packed-{method}.qcow2");
        shop.run(&format!(
            "convert -c -f raw -O qcow2 -o compression_type={method} gpt.img {name}"
        ));
        let info = check.file(shop, &name, "");
        assert_eq!(info.compression, Compression::Used(method), "{name}");
        assert_eq!(info.partition_table, PartitionTable::Gpt, "{name}");
        content(shop, &name, &disks::gpt(4 * disks::MIB, 512, None));
    }
}

/// Reads the disk from its end to its beginning, and compares it with what was put in; a VHD may be larger. What is not in a used
/// range is zeros, by `qemu-img`, too.
fn content(shop: &Workshop, name: &str, expected: &[u8]) {
    const PIECE: usize = 300_007;
    let file = File::open(shop.path(name)).unwrap();
    let mut disk = Content::open(file, Limits::new(1 << 30, 1 << 20)).unwrap();
    let mut bytes = vec![0xAA; disk.size() as usize];
    for (number, piece) in bytes.chunks_mut(PIECE).enumerate().rev() {
        disk.read_at((number * PIECE) as u64, piece).unwrap();
    }
    let (there, behind) = bytes.split_at(expected.len());
    assert!(
        there == expected && behind.iter().all(|byte| *byte == 0),
        "{name}: content"
    );
    let mut at = 0;
    while let Some(range) = disk.next_used(at).unwrap() {
        let between = &bytes[at as usize..range.start as usize];
        assert!(between.iter().all(|byte| *byte == 0), "{name}: {range:?}");
        at = range.end;
    }
    assert!(
        bytes[at as usize..].iter().all(|byte| *byte == 0),
        "{name}: behind {at}"
    );
}

fn those_that_need_others(shop: &Workshop, check: &Check) {
    for format in ["qcow2", "qed", "qcow", "vmdk"] {
        let (base, base_format) = if format == "vmdk" {
            (file_name("mbr", "vmdk", "subformat=monolithicSparse"), "vmdk")
        } else {
            ("mbr.img".to_owned(), "raw")
        };
        let name = format!("child.{format}");
        shop.run(&format!("create -q -f {format} -b {base} -F {base_format} {name}"));
        let info = check.file(shop, &name, "");
        assert_eq!(info.backing_file.as_deref(), Some(base.as_str()), "{name}");
        assert!(matches!(info.partition_table, PartitionTable::Unknown(_)), "{name}");
    }
    shop.run("create -q -f qcow2 -b mbr.img -F raw -o compat=0.10 child-old.qcow2");
    check.file(shop, "child-old.qcow2", "");
    shop.run("create -q -f qcow2 -o data_file=data.bin external.qcow2 64M");
    check.file(shop, "external.qcow2", "");
}

fn encrypted_ones(shop: &Workshop, check: &Check) {
    let secret = "--object secret,id=key,data=abcdef";
    for (format, options, kind) in [
        (
            "qcow2",
            "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10",
            Encryption::Luks,
        ),
        ("qcow2", "encrypt.format=aes,encrypt.key-secret=key", Encryption::Aes),
        ("qcow", "encrypt.format=aes,encrypt.key-secret=key", Encryption::Aes),
        ("luks", "key-secret=key,iter-time=10", Encryption::Luks),
    ] {
        let name = file_name("locked", format, options);
        shop.run(&format!("create -q {secret} -f {format} -o {options} {name} 16M"));
        assert_eq!(check.file(shop, &name, "").encryption, kind, "{name}");
    }
}

fn snapshots_and_bitmaps(shop: &Workshop, check: &Check) {
    for count in [1, 2, 7] {
        let name = format!("snapshots-{count}.qcow2");
        shop.run(&format!("convert -f raw -O qcow2 mbr.img {name}"));
        for number in 0..count {
            shop.run(&format!("snapshot -c snap{number} {name}"));
        }
        assert_eq!(
            check.file(shop, &name, "").partition_table,
            PartitionTable::Mbr,
            "{name}"
        );
    }
    shop.run("convert -f raw -O qcow2 gptesp.img bitmap.qcow2");
    shop.run("bitmap --add bitmap.qcow2 changes");
    check.file(shop, "bitmap.qcow2", "");
}

/// From whichever version. Those of which parts are in other files are nothing alone.
fn committed_ones(shop: &Workshop, check: &Check) {
    let whole = |name: &String| !["Flat", "MaxExtent", "external"].iter().any(|word| name.contains(word));
    for name in images::names().into_iter().filter(whole) {
        shop.write(&name, &images::image(&name));
        let (format, options) = name.split_once('-').unwrap_or((&name, ""));
        check.file(shop, &name, told(format, options));
    }
}
