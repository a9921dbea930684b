//! Each fact, changed in a file of which there is nothing to say, and what is said then.

use std::io::Cursor;

use cloud_import_core::{Disk, Provider};

use super::*;

/// A raw disk with boot code and one partition.
fn disk() -> Vec<u8> {
    let mut disk = vec![0; 1 << 20];
    disk[..2].copy_from_slice(&[0xFA, 0xEB]);
    disk[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0]);
    disk[510..512].copy_from_slice(&[0x55, 0xAA]);
    disk
}

fn info(bytes: Vec<u8>) -> DiskInfo {
    cloud_import_disk::inspect(Cursor::new(bytes)).unwrap()
}

/// The same facts of a file of another format.
fn of(format: Format) -> DiskInfo {
    DiskInfo { format, ..info(disk()) }
}

fn order() -> ImportRequest {
    ImportRequest::new("web", Disk::object("images", "web"))
}

fn judge(
    name: &str,
    info: &DiskInfo,
    declared: Option<DiskFormat>,
    to: Provider,
    order: &ImportRequest,
) -> Vec<Problem> {
    let own = info.format.name().parse().ok().filter(|own| *own != DiskFormat::Iso);
    let file = Judged {
        name,
        info,
        declared,
        own,
        is_planned: false,
        made_as: None,
    };
    findings(&file, crate::capabilities(to).unwrap(), order)
}

/// The first cloud of which this is so.
fn cloud_that(is_so: impl Fn(&Capabilities) -> bool) -> Provider {
    let found = Provider::all().find(|provider| is_so(crate::capabilities(*provider).unwrap()));
    found.unwrap()
}

#[test]
fn a_zvhd2_that_no_vendors_program_made_is_said_to_be_unverified() {
    let (raw, order) = (info(disk()), order());
    let takes_it = |cloud: &Capabilities| cloud.formats.value.contains(&DiskFormat::Zvhd2);
    let said = |to: Provider, made_as, is_planned| {
        let file = Judged {
            name: "web.raw",
            info: &raw,
            declared: None,
            own: Some(DiskFormat::Raw),
            is_planned,
            made_as,
        };
        let found = findings(&file, crate::capabilities(to).unwrap(), &order).into_iter();
        let found: Vec<Problem> = found
            .filter(|problem| problem.to_string().contains("unverified"))
            .collect();
        assert!(
            found
                .iter()
                .all(|problem| !problem.is_error() && problem.remedy.is_some())
        );
        found.len()
    };
    let (one, other) = (cloud_that(takes_it), cloud_that(|cloud| !takes_it(cloud)));
    for is_planned in [true, false] {
        assert_eq!(said(one, Some(DiskFormat::Zvhd2), is_planned), 1);
        assert_eq!(said(one, Some(DiskFormat::Qcow2), is_planned), 0);
        assert_eq!(said(one, None, is_planned), 0);
        // That it takes none is said already.
        assert_eq!(said(other, Some(DiskFormat::Zvhd2), is_planned), 0);
    }
}

/// What is found, each as `error:` or `warning:` and what it says.
fn told(name: &str, info: &DiskInfo, declared: Option<DiskFormat>, order: &ImportRequest) -> Vec<String> {
    let found = judge(
        name,
        info,
        declared,
        cloud_that(|cloud| !cloud.formats.value.contains(&DiskFormat::Iso)),
        order,
    );
    let told = found.iter().map(|problem| {
        let severity = if problem.is_error() { "error" } else { "warning" };
        format!("{severity}: {problem}")
    });
    told.collect()
}

#[track_caller]
fn one(told: &[String], severity: &str, words: &str) {
    let [told] = told else { panic!("{words}: {told:?}") };
    assert!(told.starts_with(severity) && told.contains(words), "{words}: {told}");
}

#[test]
fn of_an_honest_disk_nothing_is_said_at_any_cloud() {
    for format in [
        Format::Raw,
        Format::Qcow2,
        Format::Vhd,
        Format::Vmdk,
        Format::Vhdx,
        Format::Zvhd2,
    ] {
        for to in Provider::all() {
            for name in ["web", "web.img", "folder/web.disk"] {
                assert_eq!(judge(name, &of(format), None, to, &order()), [], "{format} at {to}");
            }
        }
    }
}

#[test]
fn every_fact_is_judged() {
    type Change = fn(&mut DiskInfo);
    let cases: [(Format, Change, &str, &str); 27] = [
        (
            Format::Qcow2,
            |i| (i.virtual_size_bytes, i.partitions_end_bytes) = (Some(0), None),
            "error",
            "0 bytes",
        ),
        (
            Format::Qcow2,
            |i| i.virtual_size_bytes = Some((1 << 20) + 7),
            "warning",
            "no multiple of 512",
        ),
        (Format::Raw, |i| i.file_size_bytes += 1, "warning", "within a sector"),
        (
            Format::Qcow2,
            |i| i.backing_file = Some("a\u{1b}b".into()),
            "error",
            "difference to `a\\u{1b}b`",
        ),
        (
            Format::Qcow2,
            |i| i.external_files.push("x".into()),
            "error",
            "in other files",
        ),
        (Format::Vmdk, |i| i.extent = true, "error", "one extent"),
        (Format::Qcow2, |i| i.encryption = Encryption::Aes, "error", "encrypted"),
        (
            Format::Qcow2,
            |i| i.compression = Compression::Used("zstd"),
            "warning",
            "zstd",
        ),
        (
            Format::Qcow2,
            |i| i.compression = Compression::NoneSeen("zstd"),
            "warning",
            "zstd",
        ),
        (
            Format::Vmdk,
            |i| i.compression = Compression::Used("unknown"),
            "warning",
            "method",
        ),
        (Format::Qcow2, |i| i.extended_l2 = true, "warning", "extended L2"),
        (Format::Qcow2, |i| i.unknown_features = 1 << 8, "error", "0x100"),
        (Format::Qcow2, |i| i.dirty = true, "warning", "not closed cleanly"),
        (Format::Vhdx, |i| i.dirty = true, "warning", "log with changes"),
        (Format::Vhd, |i| i.corrupt = true, "error", "corrupt"),
        (Format::Qcow2, |i| i.internal_snapshots = 3, "warning", "snapshots (3)"),
        (
            Format::Raw,
            |i| i.truncation = Some("gone".into()),
            "error",
            "lost its end (gone)",
        ),
        (
            Format::Qcow2,
            |i| i.partition_table = PartitionTable::Unknown("no sum".into()),
            "warning",
            "no sum",
        ),
        (
            Format::Qcow2,
            |i| i.sector_size_bytes = Some(4096),
            "warning",
            "sectors of 4096",
        ),
        (
            Format::Qcow2,
            |i| i.partitions_end_bytes = Some((1 << 20) + 1),
            "error",
            "behind the end",
        ),
        (
            Format::Vhd,
            |i| i.table_end_bytes = Some((1 << 20) + 512),
            "warning",
            "second copy is lost",
        ),
        (
            Format::Raw,
            |i| i.contents = Contents::Unrecognized,
            "error",
            "nothing that looks like a disk",
        ),
        (
            Format::Raw,
            |i| i.contents = Contents::Zeros,
            "error",
            "nothing but zeros",
        ),
        (
            Format::Qcow2,
            |i| i.contents = Contents::Unrecognized,
            "warning",
            "nothing that looks like a disk",
        ),
        (
            Format::Qcow2,
            |i| i.contents = Contents::Volume("xfs"),
            "warning",
            "one volume (xfs)",
        ),
        (
            Format::Vhd,
            |i| i.notes.push("Sizes differ.".into()),
            "warning",
            "Sizes differ",
        ),
        (Format::Parallels, |_| {}, "error", "no cloud takes"),
    ];
    for (format, change, severity, words) in cases {
        let mut info = of(format);
        change(&mut info);
        one(&told("web", &info, None, &order()), severity, words);
    }
}

#[test]
fn a_data_image_need_not_start() {
    let data = ImportRequest::data_image("web", Disk::object("images", "web"));
    let mut volume = of(Format::Raw);
    volume.contents = Contents::Volume("xfs");
    assert_eq!(told("web", &volume, None, &data), [""; 0]);
    volume.contents = Contents::Unrecognized;
    one(
        &told("web", &volume, None, &data),
        "warning",
        "nothing that looks like a disk",
    );
    volume.contents = Contents::Partitions;
    (volume.efi_system_partition, volume.boot_code) = (Some(true), Some(false));
    assert_eq!(told("web", &volume, None, &data), [""; 0]);
}

#[test]
fn what_is_said_of_the_format_counts_where_the_file_may_be_so() {
    const RAW: Option<DiskFormat> = Some(DiskFormat::Raw);
    let mut noise = of(Format::Raw);
    noise.contents = Contents::Unrecognized;
    one(
        &told("web", &noise, RAW, &order()),
        "warning",
        "nothing that looks like a disk",
    );
    let mut disc = of(Format::Iso);
    let unsaid = told("web", &disc, None, &order());
    one(&unsaid, "error", "a disc and not a disk");
    assert!(
        unsaid[0].contains("`raw`") && !unsaid[0].contains("`iso`"),
        "{unsaid:?}"
    );
    let takes_discs = judge(
        "web",
        &disc,
        None,
        cloud_that(|cloud| cloud.formats.value.contains(&DiskFormat::Iso)),
        &order(),
    );
    assert!(takes_discs[0].to_string().contains("`iso`"), "{takes_discs:?}");
    one(&told("web", &disc, RAW, &order()), "warning", "ISO");
    disc.partitions_end_bytes = Some(1 << 30);
    assert!(
        told("web", &disc, RAW, &order())
            .iter()
            .all(|told| told.starts_with("warning"))
    );
    disc.partitions_end_bytes = None;
    assert_eq!(told("web", &disc, Some(DiskFormat::Iso), &order()), [""; 0]);
    let mut archive = of(Format::Foreign);
    archive.subtype = Some("a zip archive".into());
    one(&told("web", &archive, RAW, &order()), "warning", "a zip archive");
    archive.contents = Contents::Unrecognized;
    one(&told("web", &archive, None, &order()), "error", "a zip archive");
    for declared in [None, RAW, Some(DiskFormat::Qcow2)] {
        let found = told("web", &archive, declared, &order());
        assert!(
            found[0].starts_with("error") && found[0].contains("a zip archive"),
            "{found:?}"
        );
    }
    for (format, declared) in [
        (Format::Qcow2, DiskFormat::Raw),
        (Format::Vhd, DiskFormat::Raw),
        (Format::Qcow2, DiskFormat::Vhd),
        (Format::Raw, DiskFormat::Qcow2),
        (Format::Gzip, DiskFormat::Raw),
    ] {
        let found = told("web", &of(format), Some(declared), &order());
        assert!(found[0].starts_with("error"), "{format} as {declared}: {found:?}");
    }
    for format in [Format::Raw, Format::Qcow2, Format::Vhd] {
        let same = format.name().parse().ok();
        assert_eq!(told("web", &of(format), same, &order()), [""; 0]);
    }
}

#[test]
fn a_name_that_promises_another_format_is_told() {
    for name in ["web.qcow2", "WEB.VMDK", "a.b/web.vhd", "web.vhdx"] {
        one(
            &told(name, &of(Format::Raw), None, &order()),
            "warning",
            "but is raw by its content",
        );
        assert_eq!(told(name, &of(Format::Raw), Some(DiskFormat::Raw), &order()), [""; 0]);
    }
    let mut nothing = of(Format::Raw);
    nothing.contents = Contents::Unrecognized;
    let mut data = order();
    data.kind = ImageKind::Data;
    for order in [order(), data] {
        let told = told("web.qcow2", &nothing, None, &order);
        assert!(told.iter().any(|text| text.starts_with("error")), "{told:?}");
    }
    one(
        &told("web.vmdk", &of(Format::Qcow2), None, &order()),
        "warning",
        "is qcow2 by its content",
    );
    for name in ["web-flat.vmdk", "web.img", "web.raw", "web", "qcow2"] {
        assert_eq!(told(name, &of(Format::Raw), None, &order()), [""; 0], "{name}");
    }
}

#[test]
fn firmware_that_cannot_start_the_disk_is_told() {
    let mut uefi = of(Format::Qcow2);
    (uefi.efi_system_partition, uefi.bios_boot_partition, uefi.boot_code) = (Some(true), Some(false), Some(false));
    let bios = of(Format::Qcow2);
    let with = |mode: Option<BootMode>, architecture| {
        let mut order = order();
        (order.boot_mode, order.architecture) = (mode, architecture);
        order
    };
    let x86 = |mode| with(mode, Architecture::X86_64);
    one(
        &told("web", &uefi, None, &x86(Some(BootMode::Bios))),
        "warning",
        "starts with UEFI only",
    );
    one(&told("web", &uefi, None, &x86(None)), "warning", "is not given");
    one(
        &told("web", &bios, None, &x86(Some(BootMode::Uefi))),
        "warning",
        "no EFI system partition",
    );
    one(
        &told("web", &bios, None, &with(None, Architecture::Arm64)),
        "warning",
        "no EFI system partition",
    );
    let bios_only = judge(
        "web",
        &uefi,
        None,
        cloud_that(|cloud| !cloud.boot_modes.value.contains(&BootMode::Uefi)),
        &x86(None),
    );
    assert!(bios_only[0].to_string().contains("BIOS only"), "{bios_only:?}");
    for (info, order) in [
        (&uefi, x86(Some(BootMode::Uefi))),
        (&uefi, with(None, Architecture::Arm64)),
        (&bios, x86(Some(BootMode::Bios))),
        (&bios, x86(None)),
    ] {
        assert_eq!(told("web", info, None, &order), [""; 0]);
    }
    for change in [
        (|i| i.bios_boot_partition = Some(true)) as fn(&mut DiskInfo),
        |i| i.boot_code = Some(true),
        |i| i.boot_code = None,
        |i| i.efi_system_partition = None,
    ] {
        let mut both = uefi.clone();
        change(&mut both);
        assert_eq!(told("web", &both, None, &x86(Some(BootMode::Bios))), [""; 0]);
    }
}
