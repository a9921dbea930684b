//! What other programs packed: `tests/images/packed/make.sh`.

use std::{fs, path::PathBuf};

use super::*;

fn packed(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/images/packed"));
    fs::read(folder.join(name)).unwrap()
}

/// The disk that is in them.
fn disk() -> Vec<u8> {
    let mut disk = vec![0; 1 << 20];
    let mut put = |at: usize, bytes: &[u8]| disk[at..at + bytes.len()].copy_from_slice(bytes);
    put(446, &[0x80, 0, 0, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 0xFF, 7, 0, 0]);
    put(510, &[0x55, 0xAA]);
    put(500_000, b"a line in the middle of it\n");
    put((1 << 20) - 5, b"end.\n");
    disk
}

/// What comes of it, and the name of the disk in it.
fn unpacked(bytes: &[u8], most: u64) -> io::Result<(Vec<u8>, Option<String>)> {
    let new = Temporary::unpacked(&std::env::temp_dir()).unwrap();
    let mut out = Sparse::new(new.file(), most);
    let name = copied(bytes, &mut out)?;
    out.finish()?;
    Ok((fs::read(new.path()).unwrap(), name))
}

fn refused(name: &str) -> String {
    unpacked(&packed(name), most()).unwrap_err().to_string()
}

const WHOLE: [&str; 9] = [
    "disk.gz",
    "disk.xz",
    "disk.zst",
    "disk.bz2",
    "two.gz",
    "two.xz",
    "two.zst",
    "two.bz2",
    "skipped.zst",
];

#[test]
fn what_the_usual_programs_pack_is_the_same_disk_again() {
    for name in WHOLE {
        assert!(kind(&packed(name)).is_some(), "{name}");
        let (found, inside) = unpacked(&packed(name), most()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(found == disk() && inside.is_none(), "{name}");
    }
    for (name, inside) in [
        ("good.ova.gz", "web/web-disk1.vmdk"),
        ("outside.tar.bz2", "../../../tmp/web-disk1.vmdk"),
    ] {
        let (found, told) = unpacked(&packed(name), most()).unwrap();
        assert!(found == disk(), "{name}");
        assert_eq!(told.as_deref(), Some(inside));
    }
}

#[test]
fn what_is_cut_or_changed_is_refused() {
    /// How many places of a file are tried.
    const PLACES: usize = 12;
    for name in WHOLE {
        let whole = packed(name);
        // Behind its last stream a file may go on; a frame without content carries none of the disk.
        let cut = |length: usize| unpacked(&whole[..length], most()).is_ok_and(|(found, _)| found == disk());
        assert!(!cut(whole.len() - 12), "{name} without its end");
        // Of two streams, the head of the second stands in the middle, and not all of that tells of the disk.
        if !name.starts_with("disk") {
            continue;
        }
        for length in (16..whole.len() - 12).step_by(whole.len() / PLACES) {
            assert!(unpacked(&whole[..length], most()).is_err(), "{name} of {length} bytes");
        }
        let middle = whole.len() / 3..whole.len() * 2 / 3;
        for at in middle.step_by(whole.len() / 3 / PLACES) {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            assert!(unpacked(&changed, most()).is_err(), "{name}: byte {at} is another");
        }
    }
}

#[test]
fn an_archive_holds_one_disk_and_its_sum_is_looked_at() {
    for (name, told) in [
        (
            "damaged.ova.gz",
            "\"web/web-disk1.vmdk\" has another SHA-256 than its list of sums tells",
        ),
        (
            "two-disks.tar.xz",
            "it holds more than one disk (\"web/web-disk1.vmdk\", \"web/web-disk2.vmdk\")",
        ),
        ("no-disk.tar.zst", "no disk is in it, but \"web/web.ovf\""),
        ("twice.gz", "what is in it is xz again"),
    ] {
        let error = refused(name);
        assert!(error.contains(told), "{name}: {error}");
    }
}

#[test]
fn what_unpacks_to_more_than_the_bound_is_refused() {
    for name in WHOLE {
        let error = unpacked(&packed(name), (1 << 20) - 1).unwrap_err();
        assert!(error.to_string().contains("unpacks to more than"), "{name}: {error}");
        assert!(unpacked(&packed(name), 1 << 20).is_ok(), "{name}");
    }
}

#[test]
fn the_bound_is_above_every_disk_that_a_cloud_takes() {
    assert_eq!(most(), 4 << 40);
}

#[tokio::test]
async fn a_stop_ends_it_and_nothing_is_left() {
    let folder = std::env::temp_dir().join(format!("cloud-import-unpack-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("disk.raw.xz");
    fs::write(&file, packed("disk.xz")).unwrap();
    assert!(is_packed(&file) && !is_packed(&folder));
    let stop = Stop::default();
    let done = unpack(&file, &stop).await.unwrap();
    let path = done.path().to_owned();
    assert_eq!(fs::read(&path).unwrap(), disk());
    // The holes of the disk take no room.
    #[cfg(unix)]
    assert!(std::os::unix::fs::MetadataExt::blocks(&fs::metadata(&path).unwrap()) * 512 < 1 << 20);
    drop(done);
    assert!(!path.exists());
    stop.request();
    assert_eq!(unpack(&file, &stop).await.unwrap_err().kind(), ErrorKind::Stopped);
    fs::remove_dir_all(folder).unwrap();
}
