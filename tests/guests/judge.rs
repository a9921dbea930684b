//! What is told of one disk, next to what those say who made it: `tests/guests/run` makes the disks and runs this over each.
//!
//! `PROGRAM DISK EXPECTED FOLDER FORMS`: looks at the disk, raw and as a file of each form that is named (`all`, or words with commas
//! between), which `qemu-img` makes in the folder, one after the other; then asks the command, which is PROGRAM, for each cloud's verdict,
//! and measures. The last line is the disk's row of figures. It ends with 1 if anything is not as expected.
//!
//! `--look FILE [--closed]`: one look, in a process that does nothing else; with `--closed` the initramfs is not unpacked.
//!
//! A line of what is expected has fields with tabs between them:
//! `fact POINTER JSON` (one of several pointers with `|` between), `finding ID PLACE`, `fault NAME ID PLACE`, which is a finding that was
//! planted, `fault-fact NAME POINTER JSON`, `gone ID` (not found any more), `good` (no cloud refuses it, or warns of anything but what the
//! findings name), `loose` (what is told must be right, and need not be told), and `aims MS [MIB]` (which closed look is
//! quick enough, and how much memory it may take).

use std::{
    collections::BTreeSet,
    env,
    fs::{self, File},
    path::Path,
    process::{Command, ExitCode},
    thread,
};

use cloud_import::publish::disk::{Content, ContentReader, Limits};
use cloud_import_guest::{Options, inspect};
use serde_json::{Value, json};

/// Names of forms, and how `qemu-img` is told to make them.
const FORMS: &[(&str, &str)] = &[
    ("qcow2", "-O qcow2"),
    ("qcow2-zlib", "-c -O qcow2"),
    ("qcow2-zstd", "-c -O qcow2 -o compression_type=zstd"),
    ("vmdk", "-O vmdk"),
    ("vmdk-stream", "-O vmdk -o subformat=streamOptimized"),
    ("vhd", "-O vpc -o subformat=dynamic,force_size=on"),
    ("vhdx", "-O vhdx -o subformat=dynamic"),
    ("vdi", "-O vdi"),
];
/// Which findings make a cloud refuse a disk. All others are warnings at most.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "tencent",
        &["guest.root_missing", "guest.virtio_missing", "guest.cloud_init_missing"],
    ),
    ("jdcloud", &["guest.virtio_missing"]),
];
/// What is true of a disk beside its findings, and the finding that makes it so; a disk of 10 GiB is made larger by one cloud.
const BESIDE: &[(&str, Option<&str>)] = &[
    ("partition_table.gpt", Some("guest.gpt")),
    ("firmware.disk", Some("guest.uefi_only")),
    ("size.raised", None),
];
/// Runs of a look; the quickest counts.
const RUNS: usize = 5;
/// Aims: milliseconds with the initramfs, for the slow codecs xz and bzip2, MiB read, MiB of memory.
const OPEN: f64 = 600.0;
const OPEN_SLOW: f64 = 2000.0;
const READ: f64 = 64.0;
const MEMORY: f64 = 40.0;

type Outcome<T = ()> = Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["--look", file] => look(Path::new(file), Options::default().unpacked),
        ["--look", file, "--closed"] => look(Path::new(file), 0),
        [program, disk, expected, folder, forms] => {
            judge(program, Path::new(disk), Path::new(expected), Path::new(folder), forms)
        }
        _ => Err("usage: PROGRAM DISK EXPECTED FOLDER FORMS | --look FILE [--closed]".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&format!("FAILED: {message}"));
            ExitCode::FAILURE
        }
    }
}

// One look -------------------------------------------------------------------

fn look(file: &Path, unpacked: u64) -> Outcome {
    let mut options = Options::default();
    options.unpacked = unpacked;
    let begun = cpu()?;
    let content = File::open(file).map_err(|error| error.to_string())?;
    let content = Content::open(content, Limits::NONE).map_err(|error| error.to_string())?;
    let guest = inspect(ContentReader::new(content), &options);
    let took = cpu()? - begun;
    say(&json!({ "guest": guest, "cpu_ms": took, "memory_mib": memory()? }).to_string());
    Ok(())
}

/// Milliseconds that this thread has had of a processor.
fn cpu() -> Outcome<f64> {
    // The account is brought up to date where the processor is given away.
    thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").map_err(|error| error.to_string())?;
    let nanoseconds = text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds
        .map(|own| own / 1e6)
        .ok_or_else(|| "no account of the processor".to_owned())
}

/// The most memory that this process ever had, in MiB.
fn memory() -> Outcome<f64> {
    let text = fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0)
        .ok_or_else(|| "no account of memory".to_owned())
}

// A disk ---------------------------------------------------------------------

/// What those say who made the disk.
#[derive(Default)]
struct Expected {
    facts: Vec<(String, Value)>,
    findings: Vec<(String, String)>,
    /// Name, and what shows it.
    faults: Vec<(String, Shown)>,
    is_good: bool,
    is_loose: bool,
    closed: Option<f64>,
    memory: Option<f64>,
}

enum Shown {
    Finding(String, String),
    Fact(String, Value),
}

/// What a look told.
struct Looked {
    guest: Value,
    cpu: f64,
    memory: f64,
}

fn judge(program: &str, disk: &Path, expected: &Path, folder: &Path, forms: &str) -> Outcome {
    let name = name_of(disk);
    let expected = parse(&fs::read_to_string(expected).map_err(|error| error.to_string())?)?;
    let (raw, of_raw) = (looked(disk, false)?, verdicts(program, disk)?);
    let mut wrong = differences(&raw.guest, &expected);
    let mut compared = 1;
    for (form, how) in FORMS {
        if forms != "all" && !forms.split(',').any(|wanted| wanted == *form) {
            continue;
        }
        let file = folder.join(format!("{name}.{form}"));
        convert(disk, &file, how)?;
        let other = looked(&file, false);
        let said = verdicts(program, &file);
        fs::remove_file(&file).map_err(|error| error.to_string())?;
        let other = other?.guest;
        if other != raw.guest {
            wrong.push(format!(
                "as {form} it is told otherwise: {}",
                first_difference(&raw.guest, &other)
            ));
        }
        // What else is said of a file is of its form, which some clouds do not take.
        if of_guest(&said?) != of_guest(&of_raw) {
            wrong.push(format!("as {form} clouds are told otherwise of the guest"));
        }
        compared += 1;
    }
    wrong.extend(of_clouds(&of_raw, &expected));
    let (figures, missed) = measured(disk, raw, &expected)?;
    wrong.extend(missed);
    for what in &wrong {
        say(&format!("    {name}: {what}"));
    }
    let faults = expected.faults.len();
    say(&format!(
        "{name:24} {compared} forms, {} facts, {} findings, {faults} faults; {figures}",
        expected.facts.len(),
        expected.findings.len()
    ));
    match wrong.len() {
        0 => Ok(()),
        count => Err(format!("{name}: {count} not as expected")),
    }
}

/// Its name, which ends with the codec of its initramfs where that is a slow one.
fn name_of(disk: &Path) -> String {
    disk.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn parse(text: &str) -> Outcome<Expected> {
    let mut out = Expected::default();
    let value = |text: &str| serde_json::from_str(text).map_err(|error| format!("{text}: {error}"));
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.as_slice() {
            ["fact", pointer, json] => {
                // What is said later counts.
                out.facts.retain(|(own, _)| own != pointer);
                out.facts.push(((*pointer).to_owned(), value(json)?));
            }
            ["finding", id, place] => out.findings.push(((*id).to_owned(), (*place).to_owned())),
            ["fault", name, id, place] => {
                out.findings.push(((*id).to_owned(), (*place).to_owned()));
                let shown = Shown::Finding((*id).to_owned(), (*place).to_owned());
                out.faults.push(((*name).to_owned(), shown));
            }
            ["fault-fact", name, pointer, json] => {
                out.facts.retain(|(own, _)| own != pointer);
                let shown = Shown::Fact((*pointer).to_owned(), value(json)?);
                out.faults.push(((*name).to_owned(), shown));
            }
            ["gone", id] => out.findings.retain(|(own, _)| own != id),
            ["good"] => out.is_good = true,
            ["loose"] => out.is_loose = true,
            ["aims", closed] => out.closed = closed.parse().ok(),
            ["aims", closed, memory] => (out.closed, out.memory) = (closed.parse().ok(), memory.parse().ok()),
            _ => return Err(format!("what is expected cannot be read: {line}")),
        }
    }
    Ok(out)
}

/// A look in a process of its own.
fn looked(file: &Path, is_closed: bool) -> Outcome<Looked> {
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(own);
    command.arg("--look").arg(file);
    if is_closed {
        command.arg("--closed");
    }
    let out = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&out.stdout);
    if !out.status.success() || !out.stderr.is_empty() {
        let errors = String::from_utf8_lossy(&out.stderr);
        return Err(format!("the look at {} failed: {text}{errors}", file.display()));
    }
    let mut told: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let number = |key: &str| told[key].as_f64().ok_or_else(|| format!("no {key}"));
    let (cpu, memory) = (number("cpu_ms")?, number("memory_mib")?);
    let guest = told["guest"].take();
    Ok(Looked { guest, cpu, memory })
}

fn convert(disk: &Path, file: &Path, how: &str) -> Outcome {
    let mut command = Command::new("qemu-img");
    command
        .args(["convert", "-f", "raw", "-W", "-m", "8"])
        .args(how.split_whitespace());
    let out = command
        .arg(disk)
        .arg(file)
        .output()
        .map_err(|error| format!("qemu-img: {error}"))?;
    match out.status.success() {
        true => Ok(()),
        false => Err(format!("qemu-img {how}: {}", String::from_utf8_lossy(&out.stderr))),
    }
}

/// How much of a guest is read, and why no more.
const HOW_MUCH: [&str; 2] = ["/read", "/reason"];

/// Where a guest is told otherwise than expected.
fn differences(guest: &Value, expected: &Expected) -> Vec<String> {
    let mut wrong = Vec::new();
    let is = |pointers: &str, wanted: &Value| {
        let mut pointers = pointers.split('|');
        pointers.any(|pointer| guest.pointer(pointer).unwrap_or(&Value::Null) == wanted)
    };
    for (pointer, wanted) in &expected.facts {
        let first = pointer.split('|').next().unwrap_or_default();
        let found = guest.pointer(first).unwrap_or(&Value::Null);
        let says_nothing = [json!(null), json!("not_read"), json!([])].contains(found) || guest["read"] == "not";
        let is_told = !says_nothing && !HOW_MUCH.contains(&pointer.as_str());
        if !is(pointer, wanted) && (is_told || !expected.is_loose) {
            wrong.push(format!("{pointer} is {found}, and should be {wanted}"));
        }
    }
    let mut left = found(guest);
    let missing = expected.findings.iter().filter(|wanted| {
        let at = left.iter().position(|own| own == *wanted);
        at.map(|at| left.remove(at)).is_none()
    });
    let missing: Vec<String> = missing
        .map(|(id, place)| format!("{id} ({place}) was not found"))
        .collect();
    if !expected.is_loose {
        wrong.extend(missing);
    }
    wrong.extend(
        left.iter()
            .map(|(id, place)| format!("{id} ({place}) was found, and is not there")),
    );
    for (name, shown) in &expected.faults {
        let is_found = match shown {
            Shown::Finding(id, place) => found(guest).contains(&(id.clone(), place.clone())),
            Shown::Fact(pointer, wanted) => is(pointer, wanted),
        };
        say(&format!(
            "    {} {name}: {}",
            if is_found { "found" } else { "NOT FOUND" },
            show(shown)
        ));
        if let (Shown::Fact(..), false) = (shown, is_found) {
            wrong.push(format!("the fault {name} was not found: {}", show(shown)));
        }
    }
    wrong
}

fn show(shown: &Shown) -> String {
    match shown {
        Shown::Finding(id, place) => format!("{id} ({place})"),
        Shown::Fact(pointer, wanted) => format!("{pointer} is {wanted}"),
    }
}

/// Ids and places of the findings.
fn found(guest: &Value) -> Vec<(String, String)> {
    let findings = guest["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    findings
        .iter()
        .map(|one| (text(one, "id"), text(one, "where")))
        .collect()
}

fn first_difference(one: &Value, other: &Value) -> String {
    let keys = one.as_object().into_iter().flatten();
    let differing = keys.filter(|(key, value)| other[key.as_str()] != **value);
    let shown: Vec<String> = differing
        .map(|(key, value)| format!("{key}: {value} or {}", other[key.as_str()]))
        .collect();
    shown.join("; ")
}

/// What the command says of each cloud.
fn verdicts(program: &str, file: &Path) -> Outcome<Value> {
    let mut command = Command::new(program);
    let out = command.args(["inspect", "--output", "json"]).arg(file).output();
    let out = out.map_err(|error| format!("cloud-import: {error}"))?;
    let text = String::from_utf8_lossy(&out.stdout);
    serde_json::from_str(&text)
        .map_err(|error| format!("inspect: {error}: {text}{}", String::from_utf8_lossy(&out.stderr)))
}

/// What the clouds mind of the guest: their names, and the reasons that are findings.
fn of_guest(told: &Value) -> Vec<(&str, &str)> {
    let clouds = told["clouds"].as_array().into_iter().flatten();
    let reasons = clouds.flat_map(|cloud| {
        let name = cloud["provider"].as_str().unwrap_or_default();
        let reasons = cloud["reasons"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        reasons.map(move |reason| (name, reason))
    });
    reasons.filter(|(_, reason)| id(reason).starts_with("guest.")).collect()
}

/// Where a verdict is not what the findings make of it.
fn of_clouds(told: &Value, expected: &Expected) -> Vec<String> {
    let mut wrong = Vec::new();
    let ids: BTreeSet<&str> = expected.findings.iter().map(|(id, _)| id.as_str()).collect();
    let clouds = told["clouds"].as_array().map(Vec::as_slice).unwrap_or_default();
    if clouds.len() != 5 {
        wrong.push(format!("there are {} clouds", clouds.len()));
    }
    for cloud in clouds {
        let name = cloud["provider"].as_str().unwrap_or_default();
        let refused = REFUSED
            .iter()
            .find(|(own, _)| *own == name)
            .map_or(&[][..], |(_, ids)| ids);
        let reasons: Vec<&str> = cloud["reasons"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let takes_it = !refused.iter().any(|id| ids.contains(id));
        if cloud["takes_it"] != json!(takes_it) {
            wrong.push(format!(
                "{name} takes it: {}, and should: {takes_it}: {reasons:?}",
                cloud["takes_it"]
            ));
        }
        for reason in reasons {
            let id = id(reason);
            let beside = BESIDE.iter().find(|(own, _)| *own == id);
            let is_true = match beside {
                Some((_, by)) => by.is_none_or(|by| ids.contains(by)),
                None => ids.contains(id),
            };
            // What is said beside the findings is none of the guest's, and on a good disk there is no such thing.
            if !is_true && (id.starts_with("guest.") || expected.is_good) {
                wrong.push(format!("{name} says without a finding: {reason}"));
            }
        }
    }
    wrong
}

/// The id of a reason: a finding's stands in the sentence, that of anything else at its end.
fn id(reason: &str) -> &str {
    let within = |open: &str, close: char| {
        let (_, rest) = reason.rsplit_once(open)?;
        rest.split(close).next()
    };
    let finding = within("has `", '`').filter(|id| id.starts_with("guest."));
    finding.or_else(|| within("(", ')')).unwrap_or_default()
}

/// Figures for the table, and which aims are missed.
fn measured(disk: &Path, first: Looked, expected: &Expected) -> Outcome<(String, Vec<String>)> {
    let read = |own: &Looked| own.guest["bytes_read"].as_f64().unwrap_or_default() / 1048576.0;
    let (mut open, mut closed) = (first, looked(disk, true)?);
    for _ in 1..RUNS {
        for (best, is_closed) in [(&mut open, false), (&mut closed, true)] {
            let again = looked(disk, is_closed)?;
            best.cpu = best.cpu.min(again.cpu);
            best.memory = best.memory.max(again.memory);
        }
    }
    let is_slow = ["xz", "bzip2"].iter().any(|codec| name_of(disk).ends_with(codec));
    let most_open = if is_slow { OPEN_SLOW } else { OPEN };
    let mut missed = Vec::new();
    let rows = [
        ("ms without the initramfs", closed.cpu, expected.closed.unwrap_or(30.0)),
        ("ms with the initramfs", open.cpu, most_open),
        ("MiB read", read(&open), READ),
        (
            "MiB of memory",
            open.memory.max(closed.memory),
            expected.memory.unwrap_or(MEMORY),
        ),
    ];
    for (what, is, most) in rows {
        if is > most {
            missed.push(format!("{is:.1} {what}, and the aim is {most}"));
        }
    }
    let figures = format!(
        "closed {:.1} ms {:.1} MiB read {:.1} MiB memory; open {:.1} ms {:.1} MiB read {:.1} MiB memory",
        closed.cpu,
        read(&closed),
        closed.memory,
        open.cpu,
        read(&open),
        open.memory
    );
    Ok((figures, missed))
}

#[expect(clippy::print_stdout, reason = "what it says is for people")]
fn say(line: &str) {
    println!("{line}");
}
