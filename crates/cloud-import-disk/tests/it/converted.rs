//! Disks as files of other formats that stand nowhere: read back by this crate's own readers, in any order, and again.

use std::io::{Cursor, Read, Seek};

use cloud_import_disk::{Compression, Content, Converted, Format, InspectError, Limits, Survey, Target, inspect};
use proptest::prelude::*;

use crate::{
    content::forms,
    disks::{self, MIB},
    images::image,
    sparse::Sparse,
};

pub(crate) const TARGETS: [Target; 3] = [Target::Qcow2, Target::Raw, Target::Zvhd2];
const GIB: u64 = 1 << 30;

pub(crate) fn open<R: Read + Seek>(file: R) -> Content<R> {
    Content::open(file, Limits::NONE).unwrap()
}

pub(crate) fn converted<R: Read + Seek>(file: R, target: Target) -> Converted<R> {
    Survey::new(open(file), target).unwrap().finish().unwrap()
}

pub(crate) fn all<R: Read + Seek>(mut file: Converted<R>) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, file.size());
    bytes
}

/// The first bytes of the disk in a file, all behind which must be zeros.
fn disk_in(file: Vec<u8>, len: usize) -> Vec<u8> {
    let mut disk = open(Cursor::new(file));
    let mut bytes = vec![1; len];
    disk.read_at(0, &mut bytes).unwrap();
    let mut at = len as u64;
    while let Some(range) = disk.next_used(at).unwrap() {
        let range = range.start.max(at)..range.end;
        let mut behind = vec![1; (range.end - range.start) as usize];
        disk.read_at(range.start, &mut behind).unwrap();
        assert!(behind.iter().all(|byte| *byte == 0), "{range:?}");
        at = range.end;
    }
    bytes
}

#[test]
fn every_form_of_a_disk_becomes_every_other_and_the_same_one() {
    let expected = image("raw");
    let whole = TARGETS.map(|target| all(converted(Cursor::new(expected.clone()), target)));
    let forms = forms();
    assert_eq!(forms.len(), 30);
    for (target, file) in TARGETS.iter().zip(&whole) {
        let info = inspect(Cursor::new(file)).unwrap();
        assert_eq!(info.format, target.format());
        assert!(
            !info.is_truncated() && !info.corrupt && info.notes.is_empty(),
            "{info:?}"
        );
        assert!(disk_in(file.clone(), expected.len()) == expected, "{target}");
    }
    for form in forms {
        let form_is_larger = form.starts_with("vpc") && !form.contains("force_size");
        for (target, file) in TARGETS.iter().zip(&whole) {
            let bytes = all(converted(Cursor::new(image(&form)), *target));
            assert!(disk_in(bytes.clone(), expected.len()) == expected, "{form} to {target}");
            // Of whatever form the disk was: its file is the same.
            assert!(form_is_larger || bytes == *file, "{form} to {target} differs");
        }
    }
}

#[test]
fn only_units_with_content_are_in_the_file() {
    let disk = image("raw");
    let used = |unit: usize| {
        disk.chunks(unit)
            .filter(|unit| unit.iter().any(|byte| *byte != 0))
            .count()
    };
    let [qcow2, raw, zvhd2] = TARGETS.map(|target| converted(Cursor::new(disk.clone()), target).size());
    // Header, three tables and a block of reference counts.
    assert_eq!(qcow2, (used(65536) as u64 + 5) * 65536);
    assert_eq!(raw, disk.len() as u64);
    let tables = 3 * 4096 + (512 << 10) + 4096;
    assert_eq!(zvhd2, used(2 * MIB) as u64 * ((2 << 20) + 4096) + tables);
    // Nothing but zeros takes no second table.
    let empty = |target| {
        let survey = Survey::new(open(Sparse::new(40 * GIB, [])), target).unwrap();
        survey.skipping(|_| None).finish().unwrap()
    };
    assert_eq!(empty(Target::Qcow2).size(), 4 * 65536);
    let mut none = open(empty(Target::Qcow2));
    assert_eq!((none.size(), none.next_used(0).unwrap()), (40 * GIB, None));
    let mut none = open(empty(Target::Zvhd2));
    assert_eq!((none.size(), none.next_used(0).unwrap()), (40 * GIB, None));
    // Nor a unit of a block that is compressed as a whole.
    let block = all(converted(Cursor::new(disk.clone()), Target::Zvhd2));
    assert_eq!(converted(Cursor::new(block), Target::Qcow2).size(), qcow2);
}

/// Where a ZVHD2 says what, by the description of its layout.
#[test]
fn a_zvhd2_is_laid_out_as_described() {
    let disk = disks::gpt(8 * MIB, 512, Some(0));
    let file = all(converted(Cursor::new(disk.clone()), Target::Zvhd2));
    let footer = &file[file.len() - 4096..];
    let u32_at = |at: usize| u32::from_le_bytes(footer[at..at + 4].try_into().unwrap());
    let u64_at = |at: usize| u64::from_le_bytes(footer[at..at + 8].try_into().unwrap());
    assert_eq!(&footer[..8], b"z2strm\0\0");
    assert_eq!((u32_at(8), u32_at(12), u64_at(16)), (2, 0x10000, u64::MAX));
    assert_eq!((u64_at(40), u64_at(48), u32_at(60)), (8 << 20, GIB, 4));
    assert_eq!((u32_at(88), u32_at(92), footer[87], footer[141]), (2 << 20, 4, 1, 1));
    let (index, bitmap) = (u64_at(96) as usize, u64_at(104) as usize);
    assert_eq!((u32_at(112), u32_at(116)), (512 << 10, 4096));
    assert_eq!(
        (u32_at(120), u32_at(124), u32_at(128), u32_at(132)),
        (512 << 10, 4096, 1, 1)
    );
    assert_eq!(bitmap + 2 * 4096, file.len());
    let sum: u32 = footer[..512].iter().map(|byte| u32::from(*byte)).sum();
    let own: u32 = footer[64..68].iter().map(|byte| u32::from(*byte)).sum();
    assert_eq!(u32_at(64), !(sum - own));
    assert_eq!(file[..96], file[index - 4096..index - 4000]);
    assert!(
        file[96..141].iter().all(|byte| *byte == 0),
        "only the footer says where the index is"
    );
    // Three of the four blocks hold something: by the bitmap, the index, and the records in their order.
    assert_eq!((u32_at(136), file[bitmap]), (3, 0b1011));
    for (number, block) in [0_usize, 1, 3].into_iter().enumerate() {
        let at = 4096 + number * ((2 << 20) + 4096);
        let entry = &file[index + 16 * number..][..16];
        assert_eq!(entry[..8], (at as u64).to_le_bytes());
        assert_eq!(entry[8..12], (block as u32).to_le_bytes());
        assert_eq!(entry[12..], ((2_u32 << 20) + 4096).to_le_bytes());
        let record = &file[at..at + (2 << 20) + 4096];
        assert_eq!(&record[..12], b"hwstream bg\0");
        let packed = u32::from_le_bytes(record[12..16].try_into().unwrap()) as usize;
        assert_eq!(record[16..20], (block as u32).to_le_bytes());
        assert!(record[48 + packed..record.len() - 4].iter().all(|byte| *byte == 0));
        assert_eq!(&record[record.len() - 4..], b"end\0");
    }
    let info = inspect(Cursor::new(&file)).unwrap();
    assert_eq!(info.compression, Compression::Used("zstd"));
    // What is to tell one disk from another does.
    let id = |disk: Vec<u8>| all(converted(Cursor::new(disk), Target::Zvhd2))[68..84].to_vec();
    let mut other = disk.clone();
    other[512 + 56] ^= 1;
    assert_ne!(id(disk.clone()), id(other));
    assert_eq!(id(disk.clone()), id(disk));
}

#[test]
fn a_large_disk_is_read_back_as_it_was() {
    let source = Sparse::scattered();
    for target in [Target::Qcow2, Target::Zvhd2] {
        let mut disk = open(converted(source.clone(), target));
        let mut at = 0;
        while let Some(range) = disk.next_used(at).unwrap() {
            // A reader of ZVHD2 is told whole GiB.
            for start in range.clone().step_by(8 << 20).filter(|start| *start < source.len) {
                let len = (range.end - start).min(8 << 20).min(source.len - start) as usize;
                let mut bytes = vec![1; len];
                disk.read_at(start, &mut bytes).unwrap();
                assert!(bytes == source.at(start, len), "{target} at {start}");
            }
            let between = at..range.start;
            assert!(
                source
                    .next_data(between.start)
                    .is_none_or(|data| data.start >= between.end),
                "{target}: {between:?} is left out"
            );
            at = range.end;
        }
        assert_eq!(source.next_data(at), None, "{target}");
    }
}

/// More clusters than one block of reference counts has, and more second tables than one.
#[test]
fn more_than_one_block_of_reference_counts_counts_every_cluster() {
    const CLUSTERS: u64 = 40_000;
    let pieces = (0..CLUSTERS).map(|unit| (unit * 65536 + unit % 65000, vec![unit as u8 | 1]));
    let source = Sparse::new((CLUSTERS + 5) * 65536, pieces);
    let next = source.clone();
    let survey = Survey::new(open(source.clone()), Target::Qcow2).unwrap();
    let mut file = survey.skipping(move |from| next.next_data(from)).finish().unwrap();
    // Header, first table, table of counts, two blocks of them, five second tables.
    assert_eq!(file.size(), (CLUSTERS + 10) * 65536);
    let info = inspect(&mut file).unwrap();
    assert!(!info.is_truncated() && !info.corrupt, "{info:?}");
    let counts = |file: &mut Converted<Sparse>, cluster: u64| {
        let mut count = [0; 2];
        file.read_at(3 * 65536 + cluster * 2, &mut count).unwrap();
        u16::from_be_bytes(count)
    };
    for cluster in [0, 32_767, 32_768, CLUSTERS + 9] {
        assert_eq!(counts(&mut file, cluster), 1, "{cluster}");
    }
    assert_eq!(counts(&mut file, CLUSTERS + 10), 0);
    let mut disk = open(file);
    for unit in (0..CLUSTERS).step_by(777).chain([8191, 8192, 32_768, CLUSTERS - 1]) {
        let mut bytes = vec![0; 65536];
        disk.read_at(unit * 65536, &mut bytes).unwrap();
        assert!(bytes == source.at(unit * 65536, 65536), "{unit}");
    }
}

#[test]
fn holes_are_not_read_and_content_no_more_than_it_takes() {
    let source = Sparse::scattered();
    let without = converted(source.clone(), Target::Qcow2);
    assert!(source.was_read() > GIB, "whoever knows no holes reads them");
    let source = Sparse::scattered();
    let next = source.clone();
    let survey = Survey::new(open(source.clone()), Target::Qcow2).unwrap();
    let file = survey.skipping(move |from| next.next_data(from)).finish().unwrap();
    assert_eq!(file.map(), without.map());
    let used = file.map().to_bytes().len();
    assert!(
        source.was_read() < 4 << 20,
        "{} bytes were read; {used}",
        source.was_read()
    );

    // Zeros that are no hole lead into none.
    let zeros = Sparse::new(GIB, [(0, vec![0; 100_000])]);
    let next = zeros.clone();
    let survey = Survey::new(open(zeros.clone()), Target::Qcow2).unwrap();
    let file = survey.skipping(move |from| next.next_data(from)).finish().unwrap();
    assert_eq!(file.size(), 4 * 65536);
    assert!(zeros.was_read() < 1 << 20, "{}", zeros.was_read());

    // Of a file without a hole that is all content, a sixteenth.
    let full = Sparse::new(64 << 20, [(0, vec![7; 64 << 20])]);
    converted(full.clone(), Target::Qcow2);
    assert!(full.was_read() < 5 << 20, "{}", full.was_read());
    // Content of another format is looked for in the file's holes, too.
    let vhd = image("vpc-subformat-fixed-force_size-on");
    let expected = converted(Cursor::new(vhd.clone()), Target::Qcow2).map().clone();
    let end = vhd.iter().rposition(|byte| *byte != 0).unwrap() as u64 + 1;
    let survey = Survey::new(open(Cursor::new(vhd)), Target::Qcow2).unwrap();
    let whole = survey
        .skipping(move |from| (from < end).then_some(from..end))
        .finish()
        .unwrap();
    assert_eq!(*whole.map(), expected);
}

#[test]
fn a_pass_goes_by_small_steps_and_what_it_found_spares_another() {
    let source = Sparse::scattered();
    let mut survey = Survey::new(open(source.clone()), Target::Zvhd2).unwrap();
    assert_eq!(survey.size(), source.len);
    let (mut done, mut steps, mut read) = (0, 0, source.was_read());
    while let Some(now) = survey.step().unwrap() {
        assert!(now > done && now <= source.len);
        assert!(source.was_read() - read <= 9 << 20, "a step is small");
        (done, steps, read) = (now, steps + 1, source.was_read());
    }
    assert!(steps > 100, "{steps}");
    assert_eq!(done, source.len);
    let map = survey.finish().unwrap().map().clone();
    let before = source.was_read();
    let file = Converted::with_map(open(source.clone()), Target::Zvhd2, map.clone()).unwrap();
    assert!(source.was_read() - before < 200_000, "it was looked through again");
    assert_eq!(*file.map(), map);
    // To raw there is nothing to be looked for.
    let mut survey = Survey::new(open(source.clone()), Target::Raw).unwrap();
    assert_eq!(survey.step().unwrap(), None);

    for (other, target) in [
        (Sparse::new(source.len + 512, []), Target::Zvhd2),
        (source.clone(), Target::Qcow2),
    ] {
        let error = Converted::with_map(open(other), target, map.clone()).unwrap_err();
        assert!(matches!(error, InspectError::Unreadable { .. }), "{error}");
    }
}

#[test]
fn nothing_is_read_behind_the_end_or_of_what_is_too_large() {
    let mut file = converted(Cursor::new(image("raw")), Target::Qcow2);
    let size = file.size();
    for at in [size - 1, size, u64::MAX] {
        let error = file.read_at(at, &mut [0; 2]).unwrap_err();
        assert!(matches!(error, InspectError::Unreadable { .. }), "{error}");
    }
    file.read_at(size, &mut []).unwrap();
    for target in [Target::Qcow2, Target::Zvhd2] {
        let empty = Sparse::new(1 << 61, []);
        let survey = Survey::new(open(empty), target).unwrap();
        let error = survey.skipping(|_| None).finish().unwrap_err();
        assert!(error.to_string().contains("too large"), "{error}");
    }
    // Sectors are whole.
    let odd = converted(Sparse::new(5000, [(4999, vec![9])]), Target::Raw);
    let bytes = all(odd);
    assert_eq!((bytes.len(), bytes[4999]), (5120, 9));
    let mut odd = image("qcow2-compat-1-1");
    odd[24..32].copy_from_slice(&(4 * MIB as u64 - 100).to_be_bytes());
    let mut odd = converted(Cursor::new(odd), Target::Raw);
    assert_eq!(odd.size(), 4 * MIB as u64);
    let mut end = [1; 200];
    odd.read_at(4 * MIB as u64 - 200, &mut end).unwrap();
    assert!(end[..100] == image("raw")[4 * MIB - 200..][..100] && end[100..] == [0; 100]);
    let odd = all(converted(Sparse::new(5000, [(4999, vec![9])]), Target::Qcow2));
    assert_eq!(inspect(Cursor::new(&odd)).unwrap().virtual_size_bytes, Some(5120));
    assert!(disk_in(odd, 5120) == bytes);
}

/// An image that ends within its content, or whose content is damaged, is no disk.
#[test]
fn damage_is_told_and_does_not_become_zeros() {
    let qcow2 = image("qcow2-compat-1-1");
    let cut = qcow2[..qcow2.len() - 3 * 65536].to_vec();
    let survey = Survey::new(open(Cursor::new(cut)), Target::Qcow2).unwrap();
    assert!(
        survey
            .finish()
            .is_err_and(|error| matches!(error, InspectError::Unreadable { .. }))
    );
    let packed = image("packed");
    let mut told = 0;
    for at in (0x50000..packed.len()).step_by(997) {
        let mut damaged = packed.clone();
        damaged[at] ^= 0x55;
        let Ok(disk) = Content::open(Cursor::new(damaged), Limits::NONE) else {
            continue;
        };
        let file = Survey::new(disk, Target::Qcow2).and_then(Survey::finish);
        let read = file.map(|mut file| file.read_to_end(&mut Vec::new()));
        told += u32::from(!matches!(read, Ok(Ok(_))));
    }
    assert!(told > 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_disk_is_read_back(
        places in proptest::collection::vec((0_u64..6 << 20, 1_usize..70_000, any::<u8>()), 0..8),
        sectors in 1_u64..12_288,
        target in 0..TARGETS.len(),
    ) {
        let mut disk = vec![0; (sectors * 512) as usize];
        for (at, len, byte) in places {
            let from = (at as usize).min(disk.len());
            let to = (from + len).min(disk.len());
            disk[from..to].fill(byte);
        }
        let target = TARGETS[target];
        let file = all(converted(Cursor::new(disk.clone()), target));
        // To this crate a raw disk may look like anything.
        let back = if target == Target::Raw { file } else { disk_in(file, disk.len()) };
        prop_assert!(back == disk);
    }
}

#[test]
fn targets_have_the_names_of_their_formats() {
    assert_eq!(TARGETS.map(|target| target.to_string()), ["qcow2", "raw", "zvhd2"]);
    assert_eq!(TARGETS.map(Target::format), [Format::Qcow2, Format::Raw, Format::Zvhd2]);
}
