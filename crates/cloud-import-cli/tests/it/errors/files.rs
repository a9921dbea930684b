//! The files that are wrong, each in its way.

use std::{
    fs::{self, File},
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    process::Command,
};

use super::super::{IMAGE, images};

/// Writes them all into a folder.
pub(crate) fn make(folder: &Path) {
    let at = |name: &str| folder.join(name);
    let good = fs::read(IMAGE).unwrap();
    let changed = |name: &str, offset: usize, bytes: &[u8]| {
        let mut image = good.clone();
        image[offset..offset + bytes.len()].copy_from_slice(bytes);
        fs::write(at(name), image).unwrap();
    };
    fs::write(at("good.qcow2"), &good).unwrap();
    fs::write(at("empty.qcow2"), b"").unwrap();
    fs::write(at("cut.qcow2"), &good[..good.len() / 2]).unwrap();
    fs::write(at("packed.qcow2"), [&[0x1f, 0x8b, 8, 0][..], &[0; 600]].concat()).unwrap();
    // The size of the first table, and of its clusters.
    changed("lies.qcow2", 24, &(1_u64 << 62).to_be_bytes());
    changed("broken.qcow2", 20, &63_u32.to_be_bytes());
    // The bit that says that a writer did not close it.
    changed("dirty.qcow2", 72, &1_u64.to_be_bytes());
    let mut disc = vec![0; 40 << 10];
    disc[32_768..32_774].copy_from_slice(b"\x01CD001");
    fs::write(at("disc.iso"), disc).unwrap();
    let mut archive = vec![0; 10 << 10];
    archive[..11].copy_from_slice(b"machine.ovf");
    archive[257..265].copy_from_slice(b"ustar\x0000");
    archive[148..156].fill(b' ');
    let sum: u32 = archive[..512].iter().map(|byte| u32::from(*byte)).sum();
    archive[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    fs::write(at("machine.ova"), archive).unwrap();
    fs::write(at("huge.raw"), boot_record()).unwrap();
    File::options()
        .write(true)
        .open(at("huge.raw"))
        .unwrap()
        .set_len(10 << 40)
        .unwrap();
    fs::write(at("small.raw"), [&boot_record()[..], &[7; 4096]].concat()).unwrap();
    fs::write(at("grows.raw"), [boot_record(), vec![5; 40 << 20]].concat()).unwrap();
    fs::write(at("noise.raw"), [7; 4096]).unwrap();
    fs::write(at("zeros.raw"), [0; 4096]).unwrap();
    fs::write(
        at("page.qcow2"),
        "<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n",
    )
    .unwrap();
    fs::write(at("odd.raw"), [&boot_record()[..], &[7; 4097]].concat()).unwrap();
    let mut hybrid = [boot_record(), vec![0; 40 << 10]].concat();
    hybrid[32_768..32_774].copy_from_slice(b"\x01CD001");
    fs::write(at("hybrid.iso"), hybrid).unwrap();
    fs::write(at("gpt.raw"), gpt()).unwrap();
    for name in ["folder", "empty", "nowhere", "full", "newer/jobs/web-0"] {
        fs::create_dir_all(at(name)).unwrap();
    }
    fs::write(
        at("newer/jobs/web-0/job.json"),
        r#"{"schema": 9, "id": "web-0", "name": "web", "source": "web.qcow2"}"#,
    )
    .unwrap();
    fs::write(at("targets.toml"), "[groups]\neast = [\"aliyun/cn-hangzhou\"]\n").unwrap();
    fs::write(
        at("mistaken.toml"),
        "[targets.\"aliyun/cn-hangzhou\"]\nbuckt = \"images\"\n",
    )
    .unwrap();
    fs::write(at("unknown.toml"), "[targets.second]\nto = \"aws/us-east-1\"\n").unwrap();
    let task = r#"{"version":1,"provider":"aws","endpoint":"https://a.example","region":"x","name":"n","source":"b:k","generation":0,"started_at":"2026-11-29T16:00:00Z"}"#;
    fs::write(at("tasks.jsonl"), format!("\n{task}\n")).unwrap();
    for (name, image) in [
        ("overlay.qcow2", "overlay"),
        ("encrypted.qcow2", "encrypted"),
        ("large.qcow2", "of-40-tib"),
        ("of-32-gib.qcow2", "of-32-gib"),
        ("disk.parallels", "parallels"),
        ("disk.vdi", "vdi-static-off"),
        ("snapshots.qcow2", "snapshots"),
    ] {
        fs::write(at(name), images::image(image)).unwrap();
    }
    special(folder);
}

/// Files that are no plain ones, and those with rights.
#[cfg(unix)]
fn special(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode =
        |name: &str, mode: u32| fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
    fs::copy(IMAGE, folder.join("unreadable.qcow2")).unwrap();
    mode("unreadable.qcow2", 0);
    let pipe = Command::new("mkfifo").arg(folder.join("pipe")).status();
    assert!(pipe.unwrap().success());
    // A `qemu-img` that measures more than any disk has.
    let script = "#!/bin/sh\necho '{\"required\": 1152921504606846976}'\n";
    fs::write(folder.join("full/qemu-img"), script).unwrap();
    mode("full/qemu-img", 0o755);
}

/// More bytes, as of a program that still writes.
pub(crate) fn append(path: &Path) {
    let mut file = File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(&[9; 4096]).unwrap();
}

/// A boot record with code and one partition of eight sectors.
fn boot_record() -> Vec<u8> {
    let mut record = vec![0; 512];
    record[..2].copy_from_slice(&[0xFA, 0xEB]);
    record[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0]);
    record[510..].copy_from_slice(&[0x55, 0xAA]);
    record
}

/// A disk of 1 MiB with a GUID partition table of one entry.
fn gpt() -> Vec<u8> {
    let mut disk = vec![0; 1 << 20];
    disk[450] = 0xee;
    disk[454] = 1;
    disk[458..462].fill(0xff);
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    let mut entries = vec![0; 128 * 128];
    entries[..16].fill(0x11);
    entries[16..32].fill(0x22);
    entries[32..40].copy_from_slice(&40_u64.to_le_bytes());
    entries[40..48].copy_from_slice(&2000_u64.to_le_bytes());
    let mut header = vec![0; 92];
    header[..8].copy_from_slice(b"EFI PART");
    for (offset, value) in [(8, 0x1_0000_u32), (12, 92), (80, 128), (84, 128), (88, crc32(&entries))] {
        header[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
    }
    for (offset, value) in [(24, 1_u64), (32, 2047), (40, 34), (48, 2014), (72, 2)] {
        header[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
    }
    let sum = crc32(&header);
    header[16..20].copy_from_slice(&sum.to_le_bytes());
    disk[512..604].copy_from_slice(&header);
    disk[1024..1024 + entries.len()].copy_from_slice(&entries);
    disk
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let shift = |crc: u32, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        };
        (0..8).fold(crc ^ u32::from(*byte), shift)
    };
    !bytes.iter().fold(!0, step)
}
