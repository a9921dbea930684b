//! A disk as a file of another format, next to `qemu-img convert`, whole processes in turn: time, and peak memory.
//!
//! `cargo bench -p cloud-import-tests --bench convert`. The ratio of the speeds counts, not the time: machines differ. Both write the new
//! file, from the page cache to the same disk, though an upload of ours writes none: what that takes is the column "read". On Linux, with
//! `qemu-img` installed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark that cannot begin fails by panicking"
)]

use std::{
    env,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use cloud_import::publish::{
    disk::{Content, Limits, Survey, Target},
    staging::LocalFile,
};

/// Runs of each; the best counts.
const RUNS: usize = 5;
/// What part of `qemu-img`'s speed is aimed at, and the bound for memory.
const AIM: f64 = 0.5;
const MOST_MIB: f64 = 32.0;
/// Size of the disk, and how many MiB of it are in use.
const DISK: u64 = 10 << 30;
const USED_MIB: u64 = 900;

/// File name, how `qemu-img` calls its format, and what makes it.
const FILES: &[(&str, &str, &str)] = &[
    ("disk", "raw", ""),
    ("disk.qcow2", "qcow2", "-O qcow2"),
    ("packed.qcow2", "qcow2", "-c -O qcow2"),
    ("zstd.qcow2", "qcow2", "-c -O qcow2 -o compression_type=zstd"),
    ("disk.vhd", "vpc", "-O vpc -o force_size=on"),
    ("disk.vhdx", "vhdx", "-O vhdx"),
    ("disk.vmdk", "vmdk", "-O vmdk"),
    ("stream.vmdk", "vmdk", "-O vmdk -o subformat=streamOptimized"),
    ("disk.vdi", "vdi", "-O vdi"),
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let ["--convert", source, out] = *arguments.iter().map(String::as_str).collect::<Vec<_>>() {
        return convert(Path::new(source), out);
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-convert");
    fs::create_dir_all(&folder).unwrap();
    fill(&folder.join("disk"));
    say(&format!(
        "to qcow2, {USED_MIB} MiB of a disk of {} GiB, best of {RUNS} in turn",
        DISK >> 30
    ));
    say(&format!(
        "{:13} {:>9} {:>9} {:>6} {:>9} {:>10}",
        "file", "ours", "qemu-img", "speed", "read", "peak"
    ));
    let (mut worst, mut most) = (f64::MAX, 0.0_f64);
    for (name, format, make) in FILES {
        if !make.is_empty() {
            run(&folder, "qemu-img", &format!("convert -f raw {make} disk {name}"));
        }
        let own = env::current_exe().unwrap();
        let own = own.to_str().unwrap();
        let theirs = format!("convert -f {format} -O qcow2 {name} theirs");
        let mut best = [Duration::MAX; 3];
        for _ in 0..RUNS {
            for (time, (program, line)) in best.iter_mut().zip([
                (own, format!("--convert {name} ours")),
                ("qemu-img", theirs.clone()),
                (own, format!("--convert {name} -")),
            ]) {
                for old in ["ours", "theirs"] {
                    let _ = fs::remove_file(folder.join(old));
                }
                let (took, said) = run(&folder, program, &line);
                *time = took.min(*time);
                if let Some(peak) = said.strip_prefix("peak ") {
                    most = most.max(peak.trim().parse::<f64>().unwrap());
                }
            }
        }
        run(&folder, own, &format!("--convert {name} ours"));
        run(
            &folder,
            "qemu-img",
            &format!("compare -f {format} -F qcow2 {name} ours"),
        );
        let [ours, theirs, read] = best.map(|time| time.as_secs_f64());
        worst = worst.min(theirs / ours);
        say(&format!(
            "{name:13} {ours:7.2} s {theirs:7.2} s {:6.2} {read:7.2} s {most:6.1} MiB",
            theirs / ours
        ));
        if !make.is_empty() {
            fs::remove_file(folder.join(name)).unwrap();
        }
    }
    let met = |is_met: bool| if is_met { "met" } else { "MISSED" };
    say(&format!(
        "slowest {worst:.2} of qemu-img's speed, aim {AIM}: {}; peak {most:.1} MiB, bound {MOST_MIB}: {}",
        met(worst >= AIM),
        met(most <= MOST_MIB)
    ));
    fs::remove_dir_all(folder).unwrap();
}

/// The process that is measured: looks through the disk, and writes or only reads the new file.
fn convert(source: &Path, out: &str) {
    const PIECE: usize = 1 << 20;
    let holes = LocalFile::open(source).unwrap();
    let disk = Content::open(File::open(source).unwrap(), Limits::NONE).unwrap();
    let survey = Survey::new(disk, Target::Qcow2).unwrap();
    let mut file = survey.skipping(move |from| holes.next_data(from)).finish().unwrap();
    let mut out = (out != "-").then(|| File::create(out).unwrap());
    let mut bytes = vec![0; PIECE];
    loop {
        let read = file.read(&mut bytes).unwrap();
        if read == 0 {
            break;
        }
        if let Some(out) = &mut out {
            out.write_all(&bytes[..read]).unwrap();
        }
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: f64 = peak.split_whitespace().next().unwrap().parse().unwrap();
    say(&format!("peak {}", kib / 1024.0));
}

/// How long a program took, and what it said.
#[expect(clippy::disallowed_methods, reason = "it times real processes")]
fn run(folder: &Path, program: &str, line: &str) -> (Duration, String) {
    let begun = Instant::now();
    let output = Command::new(PathBuf::from(program))
        .args(line.split_whitespace())
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; install qemu-img (Debian package qemu-utils)"));
    let took = begun.elapsed();
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {line}: {why}");
    (took, String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What is in use are files of this system, in places of 9 MiB: how fast a decoder is depends on what it decodes, so it has to be what
/// disks hold.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    file.set_len(DISK).unwrap();
    let mut files = Command::new("tar")
        .args(["-cf", "-", "-C", "/", "usr"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut read = files.stdout.take().unwrap();
    let mut block = vec![0_u8; 1 << 20];
    for number in 0..USED_MIB {
        read.read_exact(&mut block).unwrap();
        let place = number / 9 * 100 + number % 9;
        file.seek(SeekFrom::Start(place << 20)).unwrap();
        file.write_all(&block).unwrap();
    }
    drop(read);
    files.wait().unwrap();
    let mut first = [0; 512];
    first[446..462].copy_from_slice(&[0x80, 0, 1, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0, 8, 0]);
    first[510..].copy_from_slice(&[0x55, 0xAA]);
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&first).unwrap();
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is for people")]
fn say(line: &str) {
    println!("{line}");
}
