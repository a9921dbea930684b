//! Whatever the bytes are, the reader answers: no panic, bounded reads, and an error that says something.

use std::sync::{Arc, LazyLock};

use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{hand_made, images::image, meter::Meter};

/// Marks that lead into a format, and where they stand.
const MARKS: &[(usize, &[u8])] = &[
    (0, b""),
    (0, b"QFI\xfb\0\0\0\x01"),
    (0, b"QFI\xfb\0\0\0\x02"),
    (0, b"QFI\xfb\0\0\0\x03"),
    (0, b"KDMV\x01\0\0\0"),
    (0, b"COWD"),
    (0, b"# Disk DescriptorFile\nRW "),
    (0, b"vhdxfile"),
    (0, b"conectix"),
    (0, b"QED\0"),
    (0, b"z2strm\0\0"),
    (0, b"stream\0\0"),
    (0, b"WithouFreSpacExt"),
    (0, b"LUKS\xba\xbe\0\x01"),
    (64, b"\x7f\x10\xda\xbe\x01\0\x01\0"),
    (257, b"ustar"),
    (510, b"\x55\xaaEFI PART\0\0\x01\0\x5c\0\0\0"),
];

/// What the child may map, in KiB: program, libraries, stacks and seeds take more than half of it.
const CHILD_KIB: u32 = 65_536;

/// A file, and the places in it that are in use.
type Seed = (Arc<Vec<u8>>, Vec<usize>);

/// What the parent of a test process sets.
const CHILD: &str = "CLOUD_IMPORT_DISK_CHILD";

/// One small file of every kind.
static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
    let written = [
        "qcow2-compat-0-10",
        "qcow2-compat-1-1-cluster_size-512",
        "qcow2-compat-1-1-extended_l2-on",
        "qcow2-compat-1-1-refcount_bits-1",
        "packed",
        "vpc-subformat-dynamic",
        "vpc-subformat-fixed",
        "vhdx-subformat-dynamic-block_size-1M",
        "vmdk-subformat-monolithicSparse",
        "vmdk-subformat-streamOptimized",
        "vmdk-subformat-monolithicFlat",
        "vdi-static-off",
        "qed-cluster_size-65536",
        "qcow",
        "parallels",
        "raw",
        "overlay",
    ];
    let files = written.map(image).into_iter();
    files
        .chain([hand_made::zvhd2(2), hand_made::differencing_vhd()])
        .map(|file| {
            let used = used(&file);
            (Arc::new(file), used)
        })
        .collect()
});

/// The child repeats what its parent does more of.
#[expect(clippy::disallowed_methods, reason = "a parent tells its child")]
fn cases() -> u32 {
    if std::env::var_os(CHILD).is_some() { 1000 } else { 4000 }
}

/// Most of a file is empty; every 8th byte that has something behind it is as good as all.
fn used(file: &[u8]) -> Vec<usize> {
    (0..file.len())
        .step_by(8)
        .filter(|at| file[*at..].iter().take(8).any(|byte| *byte != 0))
        .collect()
}

/// Bytes of which three of four are zero. They are made by eights: one by one, that takes most of the time.
fn body() -> impl Strategy<Value = Vec<u8>> {
    vec((any::<[u8; 8]>(), any::<u8>(), any::<u8>()), 1..256).prop_map(|eights| {
        let kept = |(bytes, some, half): ([u8; 8], u8, u8)| {
            (0..8).map(move |bit| if some & half & 1 << bit == 0 { 0 } else { bytes[bit] })
        };
        eights.into_iter().flat_map(kept).collect()
    })
}

fn answers(mut meter: Meter) -> Result<(), TestCaseError> {
    match meter.inspect() {
        Ok(info) => prop_assert_eq!(info.file_size_bytes, meter.len),
        Err(error) => prop_assert!(error.to_string().len() > 10, "{error}"),
    }
    Ok(())
}

/// Bytes that turn lengths and offsets into lies.
fn evil() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 1..9),
        Just(vec![0xFF; 8]),
        Just(vec![0xFF; 4]),
        Just(vec![0; 8]),
        Just(vec![0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        Just(vec![0, 0, 0, 0, 0, 0, 0, 0x80]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_behind_a_known_mark(
        mark in 0..MARKS.len(),
        mut bytes in body(),
        behind in 0_u64..1 << 62,
        grow in any::<bool>(),
    ) {
        let (at, mark) = MARKS[mark];
        if bytes.len() >= at + mark.len() {
            bytes[at..at + mark.len()].copy_from_slice(mark);
        }
        let mut meter = Meter::new(Arc::new(bytes));
        if grow {
            meter.len += behind;
        }
        answers(meter)?;
    }

    #[test]
    fn real_files_with_bytes_changed_and_ends_cut(
        seed in any::<Index>(),
        changes in vec((any::<Index>(), evil()), 0..6),
        cut in prop_oneof![3 => Just(None), 1 => any::<Index>().prop_map(Some)],
    ) {
        let (file, used) = seed.get(&SEEDS);
        // Half of the changes go to the first KiB, the others next to a byte in use.
        let mut meter = Meter::new(Arc::clone(file));
        for (place, bytes) in changes {
            let number = place.index(2048);
            let at = if number < 1024 { number } else { used[(number - 1024) * used.len() / 1024] };
            meter.changes.extend(bytes.iter().enumerate().map(|(i, byte)| ((at + i) as u64, *byte)));
        }
        if let Some(cut) = cut {
            meter.len = cut.index(file.len()) as u64 + 1;
        }
        answers(meter)?;
    }
}

/// A child that may map little more than itself and the seeds answers the same: nothing is allocated because a header asks
/// for it.
#[test]
fn a_child_with_little_memory_answers_as_well() {
    let tests = std::env::current_exe().unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", &format!("ulimit -v {CHILD_KIB} && exec \"$0\" \"$@\"")])
        .arg(tests)
        .args([
            "--exact",
            "properties::arbitrary_bytes_behind_a_known_mark",
            "properties::real_files_with_bytes_changed_and_ends_cut",
            "hand_made::tiny_and_odd_files",
        ])
        .args(["--test-threads", "1"])
        .env(CHILD, "yes")
        // Otherwise each thread's heap reserves more than the limit, used or not.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("3 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
