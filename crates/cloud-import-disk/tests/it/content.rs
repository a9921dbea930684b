//! The disk behind each format, compared with the disk that was put in.

use std::io::Cursor;

use cloud_import_disk::{Content, InspectError, Limits, PartitionTable};

use crate::{
    disks::{self, MIB, put},
    hand_made::{inspect, zvhd2},
    images::{self, image},
};

const AMPLE: Limits = Limits::new(1 << 30, 1 << 20);

fn open(bytes: Vec<u8>) -> Content<Cursor<Vec<u8>>> {
    Content::open(Cursor::new(bytes), AMPLE).unwrap()
}

/// The whole disk, in pieces of this many bytes.
fn all(disk: &mut Content<Cursor<Vec<u8>>>, piece: usize) -> Vec<u8> {
    let mut bytes = vec![0xAA; usize::try_from(disk.size()).unwrap()];
    for (number, piece_of_it) in bytes.chunks_mut(piece).enumerate() {
        disk.read_at((number * piece) as u64, piece_of_it).unwrap();
    }
    bytes
}

/// The images that hold the one disk as a whole.
pub(crate) fn forms() -> Vec<String> {
    let kinds = [
        "raw",
        "qcow2-",
        "vpc",
        "vhdx",
        "vmdk",
        "vdi",
        "qed",
        "qcow",
        "parallels",
        "packed",
    ];
    let is_whole = |name: &String| {
        kinds.iter().any(|kind| name.starts_with(kind)) && !name.contains("Flat") && !name.contains("MaxExtent")
    };
    images::names().into_iter().filter(is_whole).collect()
}

#[test]
fn one_disk_reads_the_same_in_every_format() {
    let expected = image("raw");
    let whole = forms();
    assert_eq!(whole.len(), 30);
    for name in &whole {
        let mut disk = open(image(name));
        for piece in [100_003, 4 * MIB] {
            let bytes = all(&mut disk, piece);
            // Without `force_size`, a VHD is larger than what was put in.
            assert!(bytes[..expected.len()] == expected[..], "{name} by {piece}");
            assert!(bytes[expected.len()..].iter().all(|byte| *byte == 0), "{name}");
        }
    }
}

#[test]
fn what_is_not_in_a_used_range_is_zeros() {
    let expected = image("raw");
    for (name, most) in [
        ("qcow2-compat-1-1", MIB),
        ("packed", MIB),
        ("vdi-static-off", 4 * MIB),
        ("vmdk-subformat-streamOptimized", MIB),
        ("raw", 4 * MIB),
    ] {
        let mut disk = open(image(name));
        let (mut at, mut used) = (0, 0);
        while let Some(range) = disk.next_used(at).unwrap() {
            assert!(
                range.start >= at && range.end > range.start && range.end <= disk.size(),
                "{name}: {range:?}"
            );
            let between = &expected[at as usize..range.start as usize];
            assert!(between.iter().all(|byte| *byte == 0), "{name}: before {range:?}");
            used += (range.end - range.start) as usize;
            at = range.end;
        }
        assert!(
            expected[at as usize..].iter().all(|byte| *byte == 0),
            "{name}: behind {at}"
        );
        assert!(used > 0 && used <= most, "{name}: {used}");
    }
}

/// Writers leave the zeros at the end of their last block out.
#[test]
fn the_last_block_need_not_be_whole() {
    let expected = image("raw");
    let mut shortened = 0;
    for name in ["qcow2-compat-1-1", "vdi-static-off", "qed-cluster_size-65536", "qcow"] {
        let mut file = image(name);
        let end = file.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        shortened += usize::from(end < file.len());
        file.truncate(end);
        assert!(all(&mut open(file), 4 * MIB) == expected, "{name}");
    }
    assert!(shortened > 0);
}

#[test]
fn nothing_is_read_beyond_the_disk_the_file_or_the_limits() {
    let mut disk = open(image("qcow2-compat-1-1"));
    let size = disk.size();
    let mut two = [0; 2];
    for at in [size - 1, size, u64::MAX] {
        let error = disk.read_at(at, &mut two).unwrap_err();
        assert!(matches!(error, InspectError::Unreadable { .. }), "{error}");
    }
    disk.read_at(size, &mut []).unwrap();
    for (name, reason) in [
        ("overlay", "backing file"),
        ("external", "external data file"),
        ("encrypted", "encrypted"),
        ("luks", "encrypted"),
        ("vmdk-subformat-monolithicFlat", "other files"),
    ] {
        let opened = Content::open(Cursor::new(image(name)), AMPLE);
        let read = opened.and_then(|mut disk| disk.read_at(0, &mut two));
        let Err(InspectError::Unreadable { reason: told }) = read else {
            panic!("{name} passes")
        };
        assert!(told.contains(reason), "{name}: {told}");
    }
    let mut little = Content::open(Cursor::new(image("raw")), Limits::new(64 << 10, 64)).unwrap();
    let mut much = vec![0; 64 << 10];
    let error = little.read_at(1 << 20, &mut much).unwrap_err();
    assert!(matches!(error, InspectError::TooMuchWork), "{error}");
}

/// Compressed clusters with a byte changed are told, or the bytes differ; nothing else happens.
#[test]
fn a_damaged_cluster_is_told() {
    let packed = image("packed");
    let mut told = 0;
    for at in (0x50000..packed.len()).step_by(31) {
        let mut damaged = packed.clone();
        damaged[at] ^= 0x55;
        if let Ok(mut disk) = Content::open(Cursor::new(damaged), AMPLE) {
            let mut bytes = vec![0; 4 * MIB];
            told += u32::from(disk.read_at(0, &mut bytes).is_err());
        }
    }
    assert!(told > 0);
}

/// A block as Zstandard stores what it does not compress: whole, behind a header of the frame and one for each 128 KiB.
fn stored_frame(block: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0xA0];
    frame.extend((block.len() as u32).to_le_bytes());
    let pieces: Vec<&[u8]> = block.chunks(128 << 10).collect();
    for (number, piece) in pieces.iter().enumerate() {
        let last = u32::from(number + 1 == pieces.len());
        frame.extend(&((piece.len() as u32) << 3 | last).to_le_bytes()[..3]);
        frame.extend(*piece);
    }
    frame
}

/// A ZVHD2 of this disk in blocks of this size, which are stored.
fn zvhd2_of(disk: &[u8], block: usize) -> Vec<u8> {
    // What `zvhd2` makes has an index without entries: the records and their entries are put in here.
    let empty = zvhd2(0);
    let (head, tail) = empty.split_at(8192);
    let (mut file, mut tail, mut entries) = (head.to_vec(), tail.to_vec(), 0_u32);
    for (number, bytes) in disk.chunks(block).enumerate() {
        if bytes.iter().all(|byte| *byte == 0) {
            continue;
        }
        let at = file.len();
        file.extend([0; 48]);
        file.extend(stored_frame(bytes));
        file.resize((file.len() + 4).next_multiple_of(4096), 0);
        let entry = entries as usize * 16;
        put(&mut tail, entry, &(at as u64).to_le_bytes());
        put(&mut tail, entry + 8, &(number as u32).to_le_bytes());
        put(&mut tail, entry + 12, &((file.len() - at) as u32).to_le_bytes());
        entries += 1;
    }
    let index = file.len();
    file.extend(tail);
    let footer = file.len() - 4096;
    file[footer + 64..footer + 68].fill(0);
    put(&mut file, footer + 88, &(block as u32).to_le_bytes());
    put(&mut file, footer + 96, &(index as u64).to_le_bytes());
    put(&mut file, footer + 104, &((index + 512 * 1024) as u64).to_le_bytes());
    put(&mut file, footer + 136, &entries.to_le_bytes());
    let sum: u32 = file[footer..footer + 512].iter().map(|byte| u32::from(*byte)).sum();
    put(&mut file, footer + 64, &(!sum).to_le_bytes());
    file
}

#[test]
fn the_blocks_of_a_zvhd2_are_found_by_its_index() {
    const BLOCK: usize = 2 * MIB;
    let disk = disks::gpt(8 * MIB, 512, Some(0));
    let file = zvhd2_of(&disk, BLOCK);
    assert!((1..8 * MIB).contains(&file.len()), "{}", file.len());
    let info = inspect(file.clone()).unwrap();
    assert_eq!((info.partition_table, info.truncation), (PartitionTable::Gpt, None));
    let mut bytes = vec![1; disk.len() + BLOCK];
    open(file).read_at(0, &mut bytes).unwrap();
    assert!(bytes[..disk.len()] == disk && bytes[disk.len()..].iter().all(|byte| *byte == 0));
}

/// A disk of 1 GiB in blocks of a byte: one after another, they would take hours.
#[test]
fn what_lies_between_the_blocks_of_a_zvhd2_is_passed_over_at_once() {
    let mut disk = open(zvhd2_of(&[7, 0, 0, 0, 0, 0, 7, 0], 1));
    assert_eq!(disk.size(), 1 << 30);
    assert_eq!(disk.next_used(0).unwrap(), Some(0..1));
    assert_eq!(disk.next_used(1).unwrap(), Some(6..7));
    assert_eq!(disk.next_used(7).unwrap(), None);
    let mut bytes = vec![1; 1 << 20];
    disk.read_at(8, &mut bytes).unwrap();
    assert!(bytes.iter().all(|byte| *byte == 0));
}

/// Its first block is read as far as the table needs it; all of it within what it takes, whatever the caller's steps.
#[test]
fn blocks_of_a_zvhd2_up_to_32_mib_are_read_from_their_beginning() {
    for mib in [4, 32] {
        let mut disk = disks::gpt(40 * MIB, 512, Some(0));
        let mut state = 1_u32;
        for byte in &mut disk[MIB..20 * MIB] {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 24) as u8;
        }
        let file = zvhd2_of(&disk, mib * MIB);
        // No more than 4 MiB are read for it, which is asserted there.
        let info = inspect(file.clone()).unwrap();
        assert_eq!(
            (info.partition_table, info.efi_system_partition),
            (PartitionTable::Gpt, Some(true)),
            "{mib}"
        );
        for step in [100_003, MIB, 40 * MIB] {
            // Little more than twice what the blocks are, which are 40 MiB.
            let mut read = Content::open(Cursor::new(&file), Limits::new(96 << 20, 1 << 20)).unwrap();
            let mut bytes = vec![1; 40 * MIB];
            for (number, piece) in bytes.chunks_mut(step).enumerate() {
                read.read_at((number * step) as u64, piece).unwrap();
            }
            assert!(bytes == disk, "blocks of {mib} MiB by {step}");
        }
        let mut late = [0; 3];
        open(file).read_at(19 * MIB as u64, &mut late).unwrap();
        assert_eq!(late, disk[19 * MIB..][..3]);
    }
    let disk = disks::gpt(40 * MIB, 512, Some(0));
    let info = inspect(zvhd2_of(&disk, 64 * MIB)).unwrap();
    let PartitionTable::Unknown(reason) = info.partition_table else {
        panic!("{info:?}")
    };
    assert!(reason.contains("too large"), "{reason}");
}

/// A block as deflate stores what it does not compress, in a zlib stream that goes on behind it.
fn begun_stream(block: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    for piece in block.chunks(65_535).chain([&[][..]]) {
        let len = piece.len() as u16;
        stream.push(0);
        stream.extend(len.to_le_bytes());
        stream.extend((!len).to_le_bytes());
        stream.extend(piece);
    }
    stream
}

/// A record of the first ZVHD.
fn record(number: u32, packed: &[u8]) -> Vec<u8> {
    let mut record = b"hwstream bg\0".to_vec();
    record.extend((packed.len() as u32).to_le_bytes());
    record.extend(number.to_le_bytes());
    record.resize(48, 0);
    record.extend(packed);
    record.resize((record.len() + 4).next_multiple_of(4096) - 4, 0);
    record.extend(b"end\0");
    record
}

#[test]
fn the_first_block_of_a_first_zvhd_is_read() {
    const BLOCK: usize = 2 * MIB;
    let mut header = vec![0; 4096];
    put(&mut header, 0, b"stream\0\0");
    put(&mut header, 48, &(1_u64 << 30).to_le_bytes());
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut header, 64, &(!sum).to_le_bytes());
    let file = |records: &[Vec<u8>]| [&header, &*records.concat(), &header].concat();
    let disk = disks::gpt(8 * MIB, 512, Some(0));
    let first = record(0, &begun_stream(&disk[..BLOCK]));
    // What follows goes on with the stream, and cannot be unpacked without what was before.
    let whole = file(&[first.clone(), record(3, &begun_stream(&disk[6 * MIB..])[2..])]);
    let info = inspect(whole.clone()).unwrap();
    assert_eq!(
        (info.partition_table, info.efi_system_partition),
        (PartitionTable::Gpt, Some(true))
    );
    let mut read = open(whole.clone());
    let mut bytes = vec![1; BLOCK];
    read.read_at(0, &mut bytes).unwrap();
    assert!(bytes == disk[..BLOCK]);
    let error = read.read_at(BLOCK as u64, &mut [0]).unwrap_err();
    assert!(error.to_string().contains("one stream"), "{error}");

    // Blocks of zeros have no record.
    let mut read = open(file(&[record(2, &begun_stream(&disk[..BLOCK]))]));
    read.read_at(BLOCK as u64, &mut bytes).unwrap();
    assert!(bytes.iter().all(|byte| *byte == 0));
    read.read_at(2 * BLOCK as u64, &mut bytes).unwrap();
    assert!(bytes == disk[..BLOCK]);
    assert_eq!(open(file(&[])).next_used(0).unwrap(), None);

    // Cut, too long, and no record at all.
    let cut = inspect(whole[..MIB].to_vec()).unwrap();
    assert_eq!(cut.partition_table, PartitionTable::Gpt, "its table is there");
    let mut long = whole.clone();
    put(&mut long, 4096 + 12, &u32::MAX.to_le_bytes());
    let mut none = whole;
    none[4096] = b'x';
    for (file, how) in [(long, "too large"), (none, "no block follows")] {
        let PartitionTable::Unknown(reason) = inspect(file).unwrap().partition_table else {
            panic!("{how}")
        };
        assert!(reason.contains(how), "{reason}");
    }
}
