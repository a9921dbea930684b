//! `cloud-import inspect` next to `qemu-img info`, whole processes in turn: time, and bytes read.
//!
//! `cargo bench -p cloud-import-tests --bench inspect`. It has cargo build the release binary first. The ratio counts, not
//! the time: machines differ. Files come from the page cache for both. On Linux, with `qemu-img` installed.
//!
//! Time is from the start of the process to its end, its output thrown away. Bytes are the kernel's count of what the
//! process got from all its read calls (`rchar` of `/proc/PID/io`, which has what is read into memory by mapping not in it);
//! "image" is that count less the one for a file that is not there, so without the loader's and the runtime's own reads: of
//! a raw file `qemu-img` looks at the first sector only, `inspect` also at partition tables and for the end of a fixed VHD.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark that cannot begin fails by panicking"
)]

use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Runs of each of the two per file.
const RUNS: usize = 200;
/// What the command should stay under, as a part of `qemu-img`'s.
const AIM: f64 = 0.5;

/// File name and what makes it. `disk` is 1 GiB with 64 MiB in use.
const FILES: &[(&str, &str)] = &[
    ("disk", ""),
    ("10t.raw", "create -q -f raw 10t.raw 10T"),
    ("disk.qcow2", "convert -f raw -O qcow2 disk disk.qcow2"),
    ("packed.qcow2", "convert -c -f raw -O qcow2 disk packed.qcow2"),
    ("10t.qcow2", "create -q -f qcow2 10t.qcow2 10T"),
    ("disk.vhd", "convert -f raw -O vpc disk disk.vhd"),
    ("disk.vhdx", "convert -f raw -O vhdx disk disk.vhdx"),
    (
        "disk.vmdk",
        "convert -f raw -O vmdk -o subformat=streamOptimized disk disk.vmdk",
    ),
];

fn main() {
    let ours = build();
    let theirs = PathBuf::from("qemu-img");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-inspect");
    fs::create_dir_all(&folder).unwrap();
    fill(&folder.join("disk"));
    say("whole process, median of both in turn; bytes by the kernel's rchar (see the head of this benchmark)");
    say(&format!(
        "{:13} {:>9} {:>9} {:>6} {:>9} {:>9} {:>6} {:>9} {:>9} {:>6}",
        "file", "inspect", "qemu-img", "ratio", "bytes", "qemu-img", "ratio", "image", "qemu-img", "ratio"
    ));
    let mut worst = [0.0_f64; 2];
    for (name, make) in FILES {
        if !make.is_empty() {
            let made = Command::new(&theirs)
                .args(make.split_whitespace())
                .current_dir(&folder)
                .output()
                .unwrap_or_else(|error| panic!("qemu-img: {error}; install it (Debian package qemu-utils)"));
            if !made.status.success() {
                let why = String::from_utf8_lossy(&made.stderr);
                say(&format!("{name}: left out, it cannot be made here: {}", why.trim()));
                continue;
            }
        }
        let file = folder.join(name);
        let commands = [
            (&ours, ["inspect", "--output", "json"].as_slice()),
            (&theirs, ["info", "--output=json"].as_slice()),
        ];
        let times = in_turn(commands, &file);
        let bytes = commands.map(|(program, words)| bytes_read(program, words, &file, true));
        let none = commands.map(|(program, words)| bytes_read(program, words, &folder.join("none"), false));
        let image = [bytes[0] - none[0], bytes[1] - none[1]];
        let ratios = [
            times[0].as_secs_f64() / times[1].as_secs_f64(),
            bytes[0] / bytes[1],
            image[0] / image[1],
        ];
        for (worst, ratio) in worst.iter_mut().zip(ratios) {
            *worst = worst.max(ratio);
        }
        say(&format!(
            "{name:13} {:6.2} ms {:6.2} ms {:6.2} {:9} {:9} {:6.2} {:9} {:9} {:6.2}",
            times[0].as_secs_f64() * 1e3,
            times[1].as_secs_f64() * 1e3,
            ratios[0],
            bytes[0],
            bytes[1],
            ratios[1],
            image[0],
            image[1],
            ratios[2],
        ));
    }
    let [time, bytes] = worst.map(|ratio| {
        let met = if ratio <= AIM { "met" } else { "MISSED" };
        format!("{ratio:.2} ({met})")
    });
    say(&format!(
        "worst ratio of whole processes, aim {AIM}: time {time}, bytes {bytes}"
    ));
    fs::remove_dir_all(folder).unwrap();
}

/// The release binary, which cargo builds beside this benchmark.
fn build() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let release = own.parent().and_then(Path::parent).unwrap();
    say("building cloud-import-cli with --release first, if it is not there yet");
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--release",
            "--locked",
            "-p",
            "cloud-import-cli",
            "--target-dir",
        ])
        .arg(release.parent().unwrap())
        .status()
        .unwrap();
    assert!(built.success(), "cargo build failed");
    release.join(format!("cloud-import{}", std::env::consts::EXE_SUFFIX))
}

/// A disk with an MBR partition table, and text in a MiB out of sixteen.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    file.set_len(1 << 30).unwrap();
    let text: Vec<u8> = (0..1 << 20)
        .map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for place in 0..64 {
        file.seek(SeekFrom::Start(place << 24)).unwrap();
        file.write_all(&text).unwrap();
    }
    let mut first = [0; 512];
    first[446..462].copy_from_slice(&[0x80, 0, 1, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0, 8, 0]);
    first[510..].copy_from_slice(&[0x55, 0xAA]);
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&first).unwrap();
}

/// The median time of each, run in turn so that what disturbs one disturbs the other.
#[expect(clippy::disallowed_methods, reason = "it times real processes")]
fn in_turn(commands: [(&PathBuf, &[&str]); 2], file: &Path) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        for ((program, words), times) in commands.iter().zip(&mut times) {
            let begun = Instant::now();
            let status = Command::new(program)
                .args(*words)
                .arg(file)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap();
            times.push(begun.elapsed());
            assert!(status.success(), "{} {}", program.display(), file.display());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

/// What the process got from its read calls: asked for when it has ended and is not yet waited for.
fn bytes_read(program: &Path, words: &[&str], file: &Path, ends_well: bool) -> f64 {
    let mut child = Command::new(program)
        .args(words)
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The end of its output is the end of its work.
    let mut out = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    let account = fs::read_to_string(format!("/proc/{}/io", child.id())).unwrap();
    assert_eq!(child.wait().unwrap().success(), ends_well, "{}", file.display());
    let count = account.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap();
    count.parse().unwrap()
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is for people")]
fn say(line: &str) {
    println!("{line}");
}
