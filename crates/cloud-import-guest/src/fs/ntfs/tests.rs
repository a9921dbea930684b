//! Disks that another program wrote and listed.

use super::*;
use crate::disks::{Random, disk, mutate, part, part_of, seen, sum, truncate};

fn open(bytes: Vec<u8>) -> Ntfs {
    Ntfs::open(part(bytes)).unwrap()
}

#[test]
fn every_file_is_as_another_reader_sees_it() {
    for name in ["ntfs", "ntfs-large", "ntfs-4k"] {
        let mut ntfs = open(disk(name));
        let files = seen(name);
        assert!(files.len() > 50);
        for file in &files {
            let entry = ntfs.entry(&file.path).unwrap().unwrap();
            assert_eq!(
                (entry.kind, entry.size),
                (Kind::File, file.size),
                "{name}: {}",
                file.path
            );
            let bytes = ntfs.read(&file.path, 0, 8 << 20);
            // Large clusters are never compressed.
            if file.path.starts_with("/packed/") && name != "ntfs-large" {
                let refused = bytes.is_err_and(|error| error.reason.contains("compressed"));
                assert!(refused, "{name}: {}", file.path);
            } else {
                assert_eq!(sum(&bytes.unwrap()), file.sum, "{name}: {}", file.path);
            }
        }
        let below = |folder: &str| {
            let names = files.iter().filter_map(|file| file.path.strip_prefix(folder));
            let mut names: Vec<String> = names.filter(|name| !name.contains('/')).map(str::to_owned).collect();
            names.sort_unstable();
            names
        };
        for folder in ["/many/", "/holes/", "/packed/", "/deep/a/b/c/d/"] {
            assert_eq!(ntfs.list(folder).unwrap(), below(folder), "{name}: {folder}");
        }
        let top = ntfs.list("/").unwrap();
        assert!(
            top.contains(&"Program Files".to_owned()) && top.contains(&"größe".to_owned()),
            "{top:?}"
        );
        assert!(!top.iter().any(|name| name.starts_with(['$', '.'])), "{top:?}");
    }
}

#[test]
fn the_disks_have_what_is_hard_to_read() {
    let mut ntfs = open(disk("ntfs"));
    let file = ntfs.find("/scattered").unwrap().unwrap();
    assert!(
        ntfs.record(file).unwrap().attribute(ATTRIBUTE_LIST, "").is_some(),
        "it is in one record"
    );
    let Some((Content::There { runs, .. }, false)) = ntfs.attribute(file, DATA, "").unwrap() else {
        panic!("it has no runs")
    };
    assert!(runs.len() > 100, "{}", runs.len());
    let file = ntfs.find("/sparse").unwrap().unwrap();
    let Some((Content::There { runs, .. }, false)) = ntfs.attribute(file, DATA, "").unwrap() else {
        panic!("it has no runs")
    };
    assert!(runs.iter().any(|run| run.start.is_none()));
    let Content::There { runs, .. } = ntfs.records.clone() else {
        panic!("the records are nowhere")
    };
    assert!(runs.len() > 20, "{}", runs.len());
    // A tree of two floors or more, and nodes that are smaller than a cluster.
    let many = ntfs.find("/many").unwrap().unwrap();
    assert!(ntfs.node(many, None).unwrap().iter().any(|entry| entry.below.is_some()));
    let large = open(disk("ntfs-large"));
    assert!((large.node as u64) < large.cluster);
    assert_eq!(open(disk("ntfs-4k")).record, 4096);
}

#[test]
fn pieces_of_a_file_are_those_of_the_whole() {
    let mut ntfs = open(disk("ntfs"));
    let mut random = Random(3);
    for path in ["/scattered", "/sparse", "/resident"] {
        let whole = ntfs.read(path, 0, 1 << 20).unwrap();
        for _ in 0..200 {
            let (at, len) = (random.below(whole.len() as u64 + 9), random.below(9000) as usize);
            let end = (at as usize + len).min(whole.len());
            let wanted = whole.get(at as usize..end).unwrap_or_default();
            assert_eq!(ntfs.read(path, at, len).unwrap(), wanted, "{path} {at} {len}");
        }
        assert!(ntfs.read(path, u64::MAX, 10).unwrap().is_empty());
    }
}

#[test]
fn behind_what_was_written_are_zeros() {
    let mut ntfs = open(disk("ntfs"));
    let whole = ntfs.read("/scattered", 0, 5000).unwrap();
    let file = ntfs.find("/scattered").unwrap().unwrap();
    let Content::There { runs, size, .. } = (*ntfs.content(file).unwrap()).clone() else {
        panic!()
    };
    let short = Content::There {
        runs,
        size,
        valid: 1300,
    };
    let mut found = vec![7; 5000];
    assert_eq!(ntfs.fill(&short, 0, &mut found).unwrap(), 5000);
    assert_eq!((&found[..1300], &found[1300..]), (&whole[..1300], &*vec![0; 3700]));
    assert_eq!(ntfs.fill(&short, 3000, &mut found[..9]).unwrap(), 9);
    assert_eq!(found[..9], [0; 9]);
}

#[test]
fn names_are_found_in_any_case_and_others_are_not() {
    let mut ntfs = open(disk("ntfs"));
    for path in [
        "/SMALL.TXT",
        "small.txt",
        "/Deep/A/b/C/d/E.TXT",
        "/GRÖSSE",
        "/GRÖßE",
        "/漢字",
        "/program files",
    ] {
        let is_there = ntfs.entry(path).unwrap().is_some();
        assert_eq!(is_there, path != "/GRÖSSE", "{path}");
    }
    for path in [
        "/small.tx",
        "/small.txt2",
        "/a",
        "/~",
        "/small.txt/x",
        "/deep/a/c",
        "/STRANGE",
        "/zzz",
        "/\u{10ffff}",
    ] {
        assert_eq!(ntfs.entry(path).unwrap(), None, "{path}");
        assert!(ntfs.read(path, 0, 1).is_err(), "{path}");
        assert!(ntfs.list(path).is_err(), "{path}");
    }
    assert_eq!(ntfs.entry("/").unwrap().unwrap().kind, Kind::Folder);
    assert!(ntfs.read("/deep", 0, 1).is_err() && ntfs.list("/small.txt").is_err());
    assert!(ntfs.entry("/$MFT").unwrap().is_some());
}

#[test]
fn how_it_was_left() {
    let of = |name: &str| {
        let whole = disk(name);
        open(whole[128 * 512..].to_vec()).state()
    };
    assert_eq!(of("good"), State::Clean);
    assert_eq!(of("dirty"), State::Dirty);
    assert_eq!(of("hibernated"), State::Hibernated);
    assert_eq!(open(disk("uefi")[1280 * 512..].to_vec()).state(), State::Clean);
    // A log that was left open.
    let mut bytes = disk("ntfs");
    let ntfs = &mut open(bytes.clone());
    let Content::There { runs, .. } = &*ntfs.content(LOG).unwrap() else {
        panic!()
    };
    let at = (runs[0].start.unwrap() * ntfs.cluster) as usize;
    bytes[at..at + log::PAGE].copy_from_slice(&log::tests::page(7, 0, 0));
    assert_eq!(open(bytes).state(), State::Dirty);
}

#[test]
fn changed_disks_are_read_or_not() {
    for (name, copies) in [("ntfs", 150), ("ntfs-large", 50), ("ntfs-4k", 50)] {
        mutate(&disk(name), copies, |disk| {
            let Ok(mut ntfs) = Ntfs::open(part_of(disk)) else {
                return;
            };
            let _ = (ntfs.state(), ntfs.label(), ntfs.uuid());
            for path in ["/", "/many", "/deep/a/b/c/d", "/scattered"] {
                let _ = ntfs.list(path);
            }
            for path in [
                "/scattered",
                "/sparse",
                "/packed/text",
                "/many/a rather long name, so that nodes are full 77.txt",
            ] {
                let _ = ntfs.entry(path);
                let _ = ntfs.read(path, 5000, 70_000);
            }
        });
    }
}

#[test]
fn disks_that_end_are_read_as_far_as_they_go() {
    let whole = disk("ntfs");
    let wanted = open(whole.clone()).read("/scattered", 0, 1 << 20).unwrap();
    truncate(&whole, |disk| {
        let Ok(mut ntfs) = Ntfs::open(part_of(disk)) else {
            return;
        };
        if let Ok(bytes) = ntfs.read("/scattered", 0, 1 << 20) {
            assert_eq!(bytes, wanted);
        }
        let _ = ntfs.list("/many");
    });
}
