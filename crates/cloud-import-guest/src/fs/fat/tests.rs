//! Three disks with the same files, of each width.

use super::*;
use crate::disks::{Changed, Random, disk, mutate, part, part_of, seen, sum, truncate};

const LONG: &str = "/EFI/A rather long name of a folder/";

fn open(bytes: Vec<u8>) -> Fat {
    Fat::open(part(bytes)).unwrap()
}

#[test]
fn every_file_is_as_it_was_put_there() {
    for (name, width) in [("fat12", 12), ("fat16", 16), ("fat32", 32)] {
        let mut fat = open(disk(name));
        assert_eq!(fat.width, width);
        let files = seen("fat");
        for file in &files {
            let entry = fat.entry(&file.path).unwrap().unwrap();
            assert_eq!(
                (entry.kind, entry.size),
                (Kind::File, file.size),
                "{name}: {}",
                file.path
            );
            assert_eq!(
                sum(&fat.read(&file.path, 0, 1 << 20).unwrap()),
                file.sum,
                "{name}: {}",
                file.path
            );
        }
        let mut wanted: Vec<&str> = files.iter().filter_map(|file| file.path.strip_prefix(LONG)).collect();
        let mut found = fat.list(LONG).unwrap();
        wanted.sort_unstable();
        found.sort_unstable();
        assert_eq!(
            (found, wanted.len()),
            (wanted.iter().map(|name| (*name).to_owned()).collect(), 60),
            "{name}"
        );
        let mut top = fat.list("/").unwrap();
        top.sort_unstable();
        assert_eq!(top, ["EFI", "empty", "große Datei.txt", "lower.txt"], "{name}");
        assert_eq!(fat.label().as_deref(), Some("MY LABEL"), "{name}");
        assert_eq!(fat.state(), State::Clean, "{name}");
    }
}

#[test]
fn names_are_found_in_any_case_and_others_are_not() {
    let mut fat = open(disk("fat16"));
    for path in [
        "/efi/boot/bootx64.efi",
        "EFI/BOOT/BOOTX64.EFI",
        "/GROSSE DATEI.TXT",
        "/GROßE DATEI.txt",
        "/efi/arathe~1",
    ] {
        assert_eq!(
            fat.entry(path).unwrap().is_some(),
            path != "/GROSSE DATEI.TXT",
            "{path}"
        );
    }
    for path in [
        "/EFI/BOOT/BOOTAA64.EFI",
        "/EFI/BOOT/BOOTX64.EFI/x",
        "/MY LABEL",
        "/gone 2 with a long name",
        "/x",
    ] {
        assert_eq!(fat.entry(path).unwrap(), None, "{path}");
        assert!(fat.read(path, 0, 1).is_err() && fat.list(path).is_err(), "{path}");
    }
    assert_eq!(fat.entry("/").unwrap().unwrap().kind, Kind::Folder);
    assert!(fat.read("/EFI", 0, 1).is_err() && fat.list("/empty").is_err());
}

#[test]
fn pieces_of_a_file_are_those_of_the_whole() {
    let mut random = Random(5);
    for name in ["fat12", "fat16"] {
        let mut fat = open(disk(name));
        let whole = fat.read("/lower.txt", 0, 1 << 20).unwrap();
        for _ in 0..100 {
            let (at, len) = (random.below(20_010), random.below(5000) as usize);
            let end = (at as usize + len).min(whole.len());
            let wanted = whole.get(at as usize..end).unwrap_or_default();
            assert_eq!(fat.read("/lower.txt", at, len).unwrap(), wanted, "{name} {at} {len}");
        }
        assert!(fat.read("/lower.txt", u64::MAX, 5).unwrap().is_empty());
    }
}

#[test]
fn how_it_was_left_stands_in_two_places() {
    for (name, flag, width) in [("fat12", 37, 0), ("fat16", 37, 2), ("fat32", 65, 4)] {
        let mut bytes = disk(name);
        bytes[flag] |= 1;
        assert_eq!(open(bytes).state(), State::Dirty, "{name}");
        if width > 0 {
            let mut bytes = disk(name);
            let table = open(bytes.clone()).table as usize;
            bytes[table + 2 * width - 1] &= 0x77;
            assert_eq!(open(bytes).state(), State::Dirty, "{name}");
        }
    }
}

/// Chains that lead back, or nowhere, end.
#[test]
fn a_circle_ends() {
    let mut bytes = disk("fat16");
    let mut fat = open(bytes.clone());
    let first = fat.find("/lower.txt").unwrap().unwrap().first;
    let folder = fat.find(LONG).unwrap().unwrap().first;
    for cluster in [first, folder] {
        let at = (fat.table + 2 * cluster) as usize;
        bytes[at..at + 2].copy_from_slice(&(cluster as u16).to_le_bytes());
    }
    fat = open(bytes);
    assert_eq!(fat.read("/lower.txt", 0, 1 << 20).unwrap().len(), 20_000);
    assert!(fat.list(LONG).unwrap().len() <= MOST_ENTRIES);
    let at = (fat.table + 2 * first) as usize;
    let mut bytes = disk("fat16");
    bytes[at..at + 2].copy_from_slice(&[1, 0]);
    assert!(open(bytes).read("/lower.txt", 0, 1 << 20).is_err());
}

#[test]
fn changed_and_cut_disks_are_read_or_not() {
    let look = |disk: Changed| {
        let Ok(mut fat) = Fat::open(part_of(disk)) else { return };
        let _ = (fat.state(), fat.label(), fat.uuid());
        for path in ["/", LONG, "/EFI/BOOT"] {
            let _ = fat.list(path);
        }
        for path in ["/EFI/BOOT/BOOTX64.EFI", "/lower.txt", "/EFI/BOOT/BOOTAA64.EFI"] {
            let _ = (fat.entry(path), fat.read(path, 5000, 70_000));
        }
    };
    for (name, copies) in [("fat12", 150), ("fat16", 150), ("fat32", 20)] {
        mutate(&disk(name), copies, look);
    }
    truncate(&disk("fat12"), look);
}
