//! What is no disk is never taken for one: neither alone nor where a disk once was.

use cloud_import_disk::{Contents, DiskInfo, Format};
use proptest::prelude::*;

use crate::{
    disks::{self, MIB, put},
    hand_made::inspect,
};

/// Marks of archives, compressed streams, packages and images of other kinds, as `file` knows them, and where they stand.
const MARKS: &[(usize, &[u8])] = &[
    (0, b"PK\x03\x04"),
    (0, b"PK\x05\x06"),
    (0, b"PK\x07\x08"),
    (0, b"7z\xBC\xAF\x27\x1C"),
    (0, b"Rar!\x1A\x07\0"),
    (0, b"Rar!\x1A\x07\x01\0"),
    (0, b"MSCF\0\0\0\0"),
    (0, b"ISc("),
    (0, b"xar!"),
    (0, b"!<arch>\ndebian-binary"),
    (0, b"!<thin>\n"),
    (0, b"\xED\xAB\xEE\xDB\x03\0"),
    (0, b"070701"),
    (0, b"070702"),
    (0, b"070707"),
    (0, b"\xC7\x71"),
    (0, b"\x71\xC7"),
    (0, b"\x1F\x8B\x08"),
    (0, b"\x1F\x8B\x00"),
    (0, b"\x1F\x9D\x90"),
    (0, b"\x1F\xA0"),
    (0, b"\x1F\x1E"),
    (0, b"BZh91AY&SY"),
    (0, b"\xFD7zXZ\0"),
    (0, b"\x28\xB5\x2F\xFD"),
    (0, b"\x50\x2A\x4D\x18"),
    (0, b"\x04\x22\x4D\x18"),
    (0, b"\x02\x21\x4C\x18"),
    (0, b"LZIP\x01"),
    (0, b"LRZI\0"),
    (0, b"\x89LZO\0\r\n\x1A\n"),
    (0, b"\x5D\0\0\x80\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
    (0, b"\x60\xEA"),
    (2, b"-lh5-"),
    (2, b"-lzs-"),
    (20, b"\xDC\xA7\xC4\xFD"),
    (7, b"**ACE**"),
    (0, b"ALZ\x01"),
    (0, b"EGGA"),
    (0, b"SIT!"),
    (0, b"StuffIt "),
    (0, b"PAR2\0PKT"),
    (0, b"7kSt\xA0"),
    (0, b"\x1A\x08"),
    (257, b"ustar\x0000"),
    (257, b"ustar  \0"),
    (0, b"MSWIM\0\0\0"),
    (0, b"EVF\x09\x0D\x0A\xFF\0"),
    (0, b"LVF\x09\x0D\x0A\xFF\0"),
    (0, b"AFF10\r\n\0"),
    (0, b"#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0"),
    (0, b"Bochs Virtual HD Image"),
    (0, b"hsqs"),
    (0, b"sqsh"),
    (0, b"\x45\x3D\xCD\x28"),
    (0, b"-rom1fs-"),
    (1024, b"\xE2\xE1\xF5\xE0"),
    (0, b"\x3A\xFF\x26\xED"),
    (0, b"ANDROID!"),
    (0, b"\x27\x05\x19\x56"),
    (0, b"\x7FELF\x02\x01"),
    (0, b"MZ\x90\0"),
    (514, b"HdrS"),
    (0, b"\xCA\xFE\xBA\xBE"),
    (0, b"%PDF-1.7"),
    (0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"),
    (0, b"SQLite format 3\0"),
    (0, b"\x89PNG\r\n\x1A\n"),
    (0, b"<!DOCTYPE html>\n<html>"),
    (0, b"version https://git-lfs.github.com/spec/v1\noid sha256:"),
    (0, b"KDMV\x01\0\0\0"),
    (0, b"COWD\x01\0\0\0"),
    (0, b"\xBE\xBA\xFE\xCA\0\0\0\0"),
];

/// Whether a program would take the file for a disk by what was found.
fn passes_for_a_raw_disk(info: &DiskInfo) -> bool {
    let is_recognized = matches!(
        info.contents,
        Contents::Partitions | Contents::Volume(_) | Contents::BootSector
    );
    info.format == Format::Raw && is_recognized
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_archive_passes_for_a_disk(
        mark in 0..MARKS.len(),
        body in prop::collection::vec(any::<u8>(), 0..2048),
        fill in prop_oneof![Just(0_u8), Just(b' '), any::<u8>()],
        len in 1600_usize..80_000,
    ) {
        let (at, mark) = MARKS[mark];
        let mut file = vec![fill; len];
        let random = body.len().min(len);
        file[..random].copy_from_slice(&body[..random]);
        put(&mut file, at, mark);
        // A boot record by chance is no question of these marks.
        file[510] = 0;
        if let Ok(info) = inspect(file) {
            prop_assert!(!passes_for_a_raw_disk(&info), "{info:?}");
        }
    }
}

/// A file that was written over the beginning of a disk leaves the disk's table behind it.
#[test]
fn a_mark_of_four_bytes_counts_more_than_a_table() {
    let mut refused = 0;
    for (at, mark) in MARKS.iter().filter(|(_, mark)| mark.len() >= 4) {
        // Marks of tar and the like are checked by more than their bytes.
        if *at == 257 || *at == 20 || mark.starts_with(b"MZ") || mark.starts_with(b"<!") || mark.starts_with(b"version")
        {
            continue;
        }
        let mut disk = disks::mbr(4 * MIB, 0x83);
        put(&mut disk, *at, mark);
        if let Ok(info) = inspect(disk) {
            assert!(!passes_for_a_raw_disk(&info), "{mark:?}: {info:?}");
        }
        refused += 1;
    }
    assert!(refused > 40, "{refused}");
    // Boot code may begin with anything shorter.
    for code in [&b"MZ"[..], b"BM", b"\x60\xEA", b"\x1F\x9D"] {
        let mut disk = disks::mbr(4 * MIB, 0x83);
        put(&mut disk, 0, code);
        assert!(passes_for_a_raw_disk(&inspect(disk).unwrap()), "{code:?}");
    }
}

#[test]
fn what_is_no_disk_is_named() {
    let text = |text: &str| text.as_bytes().to_vec();
    let mut dmg = vec![0x78; 4096];
    put(&mut dmg, 4096 - 512, b"koly");
    let mut lzh = vec![9; 600];
    put(&mut lzh, 2, b"-lh5-");
    let mut odd = text(&"ä".repeat(600));
    odd.insert(0, b'x');
    for (file, name) in [
        (text("<!DOCTYPE html>\n<html>404</html>"), "a web page"),
        (text("  {\"error\": \"NoSuchKey\"}"), "a JSON document"),
        (text("<?xml version='1.0'?><Error/>"), "an XML document"),
        (text("e3b0c442  web.qcow2\n"), "a text"),
        (odd, "a text"),
        (b"\xEF\xBB\xBF# notes\n".to_vec(), "a text"),
        (
            text("version https://git-lfs.github.com/spec/v1\n"),
            "a pointer of Git LFS, not the file itself",
        ),
        (dmg, "an Apple disk image (dmg)"),
        (lzh, "an lha archive"),
    ] {
        let info = inspect(file).unwrap();
        assert_eq!((info.format, info.subtype.as_deref()), (Format::Foreign, Some(name)));
        assert_eq!(info.virtual_size_bytes, None);
        assert!(!info.format.is_disk());
    }
}
