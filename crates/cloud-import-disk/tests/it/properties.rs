//! Whatever the bytes are, the reader answers: no panic, bounded reads, and an error that says something.

use std::{
    ffi::OsString,
    path::Path,
    sync::{Arc, LazyLock},
};

use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{disks, hand_made, meter::Meter, qemu::Workshop};

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

/// Where the parent of a test process has put the seeds, whose tool needs more memory than the child may have.
const SEEDS_FOLDER: &str = "CLOUD_IMPORT_DISK_SEEDS";

/// One small file of every kind, as its tool wrote it.
static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
    let files = seeds_folder().map_or_else(make_seeds, |folder| {
        (0..)
            .map_while(|number| std::fs::read(Path::new(&folder).join(format!("{number}"))).ok())
            .collect()
    });
    assert!(files.len() > 15, "the seeds are there");
    files
        .into_iter()
        .map(|file| {
            let used = used(&file);
            (Arc::new(file), used)
        })
        .collect()
});

#[expect(clippy::disallowed_methods, reason = "a parent tells its child")]
fn seeds_folder() -> Option<OsString> {
    std::env::var_os(SEEDS_FOLDER)
}

/// The child repeats what its parent does more of.
fn cases() -> u32 {
    if seeds_folder().is_some() { 1000 } else { 4000 }
}

fn make_seeds() -> Vec<Vec<u8>> {
    let shop = Workshop::new();
    shop.write("disk.img", &disks::gpt(2 * disks::MIB, 512, Some(9)));
    let mut seeds = Vec::new();
    for (number, options) in [
        "qcow2 -o compat=0.10",
        "qcow2 -o compat=1.1,cluster_size=512",
        "qcow2 -o compat=1.1,extended_l2=on",
        "qcow2 -o compat=1.1,refcount_bits=1",
        "qcow2 -c",
        "vpc -o subformat=dynamic",
        "vpc -o subformat=fixed",
        "vhdx -o block_size=1M",
        "vmdk -o subformat=monolithicSparse",
        "vmdk -o subformat=streamOptimized",
        "vmdk -o subformat=monolithicFlat",
        "vdi",
        "qed",
        "qcow",
        "parallels",
        "raw",
    ]
    .iter()
    .enumerate()
    {
        let name = format!("seed{number}");
        shop.run(&format!("convert -f raw disk.img -O {options} {name}"));
        seeds.push(std::fs::read(shop.path(&name)).unwrap());
    }
    shop.run("create -q -f qcow2 -b disk.img -F raw child.qcow2");
    seeds.push(std::fs::read(shop.path("child.qcow2")).unwrap());
    seeds.push(hand_made::zvhd2(2));
    seeds.push(hand_made::differencing_vhd());
    seeds
}

/// Most of a file is empty or content; every 64th byte that has something behind it is as good as all.
fn used(file: &[u8]) -> Vec<usize> {
    (0..file.len())
        .step_by(64)
        .filter(|at| file[*at..].iter().take(8).any(|byte| *byte != 0))
        .collect()
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
        body in vec(prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], 1..2048),
        behind in 0_u64..1 << 62,
        grow in any::<bool>(),
    ) {
        let mut bytes = body;
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
            let number = place.index(2048 + used.len() / 8);
            let at = if number < 2048 { number / 2 } else { used[(number - 2048) * 7 % used.len()] };
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
    let shop = Workshop::new();
    for (number, file) in make_seeds().iter().enumerate() {
        shop.write(&number.to_string(), file);
    }
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
        .env(SEEDS_FOLDER, shop.path(""))
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
