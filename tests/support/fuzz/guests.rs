//! What is inside a disk: the disks of `crates/cloud-import-guest/tests/disks`, one reader after the other. Changes go to what that
//! reader reads of a disk, and not to the others' bytes.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    ops::Range,
};

use cloud_import::publish::disk::Target as To;
use cloud_import_guest::{Guest, Options, facts::FINDINGS, inspect};
use serde_json::Value;

use super::{
    Target,
    bases::{Base, Disk, Sparse, guest, image, text},
    images::converted,
    of_bases,
};

/// Disks of Linux.
const LINUX: [&str; 13] = [
    "fat-root",
    "codec-none",
    "codec-gzip",
    "codec-zstd",
    "codec-xz",
    "codec-lz4",
    "codec-bzip2",
    "codec-lzma",
    "debian-good",
    "debian-bad",
    "centos-lvm",
    "rocky-uefi",
    "suse-btrfs",
];
const WINDOWS: [&str; 5] = [
    "windows/good",
    "windows/uefi",
    "windows/client",
    "windows/vmware",
    "windows/ntfs-4k",
];

/// One for each reader.
pub(super) const TARGETS: &[Target] = &[
    of_bases!("guest-mbr", look, || vec![
        only(guest("debian-good"), |at, _| at == 0 || at == 26624 * 512),
        only(guest("encrypted"), |at, _| at == 0),
        only(Sparse::of(&converted(&image("logical"), To::Raw)), |_, _| true),
    ]),
    of_bases!("guest-gpt", look, || {
        let ends = |disk: Sparse| {
            let end = disk.size.saturating_sub(9 * 4096);
            only(disk, move |at, _| at < 6 * 4096 || at >= end)
        };
        ["rocky-uefi", "suse-btrfs", "windows/uefi"].map(guest).map(ends).into()
    }),
    of_bases!("guest-lvm", look, || {
        const FIRST: u64 = 616_448 * 512;
        let area = FIRST..FIRST + (1 << 20);
        vec![only(guest("centos-lvm"), move |at, _| at == 0 || area.contains(&at))]
    }),
    of_bases!("guest-ext2", look, || vec![
        structure(guest("codec-gzip")),
        structure(guest("codec-xz"))
    ]),
    of_bases!("guest-ext3", look, || vec![structure(guest("codec-lz4"))]),
    of_bases!("guest-ext4", look, || {
        let disks = ["debian-good", "debian-bad"];
        disks
            .into_iter()
            .flat_map(|name| [guest(name), without_sums(guest(name))])
            .map(structure)
            .collect()
    }),
    of_bases!("guest-xfs", look, || vec![
        structure(guest("rocky-uefi")),
        structure(guest("centos-lvm"))
    ]),
    of_bases!("guest-btrfs", look, || vec![structure(guest("suse-btrfs"))]),
    of_bases!("guest-fat", look, || {
        let volumes = ["fat-root", "windows/fat12", "windows/fat16", "windows/fat32"]
            .map(guest)
            .map(structure);
        let esp = only(guest("windows/uefi"), |_, block| !block.starts_with(b"FILE"));
        volumes.into_iter().chain([esp]).collect()
    }),
    of_bases!("guest-ntfs", look, || {
        let disks = ["windows/good", "windows/client", "windows/vmware", "windows/hibernated"].map(guest);
        disks.map(|disk| of_hives(disk, false)).into()
    }),
    of_bases!("guest-hive", look, || {
        let disks = ["windows/good", "windows/client", "windows/vmware"].map(guest);
        disks.map(|disk| of_hives(disk, true)).into()
    }),
    of_bases!("guest-cpio-none", look_whole, || vec![initramfs("codec-none")]),
    of_bases!("guest-cpio-gzip", look_whole, || vec![initramfs("codec-gzip")]),
    of_bases!("guest-cpio-zstd", look_whole, || vec![initramfs("codec-zstd")]),
    of_bases!("guest-cpio-xz", look_whole, || vec![initramfs("codec-xz")]),
    of_bases!("guest-cpio-lzma", look_whole, || vec![initramfs("codec-lzma")]),
    of_bases!("guest-cpio-lz4", look_whole, || vec![initramfs("codec-lz4")]),
    of_bases!("guest-cpio-bzip2", look_whole, || vec![initramfs("codec-bzip2")]),
    of_bases!("guest-text-debian", look, || ["debian-good", "debian-bad"]
        .map(texts)
        .into()),
    of_bases!("guest-text-redhat", look, || ["rocky-uefi", "centos-lvm"]
        .map(texts)
        .into()),
    of_bases!("guest-text-small", look, || ["codec-none", "fat-root"]
        .map(texts)
        .into()),
    of_bases!("guest", look_whole, whole),
];

/// Every disk with changes in all that is read of it.
pub(super) fn whole() -> Vec<Base> {
    let names = LINUX.iter().chain(&WINDOWS);
    names
        .map(|name| Base::new(guest(name), look_whole, |_, _| true))
        .collect()
}

fn only(disk: Sparse, wanted: impl Fn(u64, &[u8]) -> bool) -> Base {
    Base::new(disk.only(wanted), look, |_, _| true)
}

/// What a file system is made of, but no text of its files.
fn structure(disk: Sparse) -> Base {
    Base::new(disk, look, |_, sector| text(sector) == 0)
}

fn texts(name: &str) -> Base {
    Base::new(guest(name), look, |_, _| true).of_text()
}

/// The initramfs, which lies in one run on these disks: from the mark of its first archive on, up to the end of its last one, or up to
/// the last sector that is no text of another file.
fn initramfs(name: &str) -> Base {
    let disk = guest(name);
    let sectors = disk.sectors();
    let first = sectors
        .iter()
        .find(|(_, sector)| sector.starts_with(b"070701"))
        .map_or(0, |(at, _)| *at);
    let mut next = first;
    let run = sectors.range(first..).take_while(|(at, _)| {
        let is_near = **at <= next + 1024;
        next = **at + 512;
        is_near
    });
    let ends = |sector: &[u8]| text(sector) == 0 || sector.windows(10).any(|word| word == b"TRAILER!!!");
    let last = run
        .filter(|(_, sector)| ends(sector))
        .last()
        .map_or(first, |(at, _)| *at);
    // Of what is not compressed, the content of files is skipped.
    let is_read = |sector: &[u8]| name != "codec-none" || sector.windows(6).any(|word| word == b"070701");
    Base::new(guest(name), look_whole, |at, sector| {
        (first..=last).contains(&at) && is_read(sector)
    })
}

/// The registry, or what is not of it. A hive lies in one run on these disks: its first block tells how long it is.
fn of_hives(disk: Sparse, wanted: bool) -> Base {
    let heads = disk.blocks.iter().filter(|(_, block)| block.starts_with(b"regf"));
    let hives: Vec<Range<u64>> = heads
        .map(|(at, block)| {
            let bins = u32::from_le_bytes(block[40..44].try_into().unwrap());
            *at..*at + 4096 + u64::from(bins)
        })
        .collect();
    Base::new(disk, look, move |at, _| {
        hives.iter().any(|hive| hive.contains(&at)) == wanted
    })
}

/// The same ext4 without checksums, which its reader looks at.
fn without_sums(mut disk: Sparse) -> Sparse {
    const MARK: usize = 0x438;
    const FEATURES: usize = 0x465;
    for block in disk
        .blocks
        .values_mut()
        .filter(|block| block[MARK..].starts_with(&[0x53, 0xEF]))
    {
        block[FEATURES] &= !4;
    }
    disk
}

/// The look at a disk, with the initramfs closed.
pub(super) fn look(disk: Disk) -> u64 {
    looked(disk, 0)
}

/// The whole look at a disk.
pub(super) fn look_whole(disk: Disk) -> u64 {
    looked(disk, Options::default().unpacked)
}

fn looked(disk: Disk, unpacked: u64) -> u64 {
    let mut options = Options::default();
    options.unpacked = unpacked;
    let mut guest = inspect(disk, &options);
    assert!(
        guest.bytes_read <= options.bytes,
        "{} bytes were read",
        guest.bytes_read
    );
    assert!(guest.findings.iter().all(|own| FINDINGS.contains(&own.id.as_str())));
    let text = serde_json::to_string(&guest).unwrap_or_default();
    assert!(!text.contains("Planted"), "{text}");
    let value = serde_json::to_value(&guest).unwrap_or_default();
    assert!(is_shown(&value), "{text}");
    assert!(serde_json::from_str::<Guest>(&text).is_ok_and(|again| again == guest));
    // How much was read is no answer.
    guest.bytes_read = 0;
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(&guest).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

/// Whether no text has a control character.
fn is_shown(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains(char::is_control),
        Value::Array(items) => items.iter().all(is_shown),
        Value::Object(fields) => fields.values().all(is_shown),
        _ => true,
    }
}
