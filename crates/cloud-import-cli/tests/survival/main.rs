//! The command survives the night: killed at every step and at random moments, with every request failing in turn, twice at a
//! time, interrupted, detached, on another machine. Only simulated clouds are reached, and they count what they were asked.
//!
//! `cargo test` runs the short form, `cargo xtask soak` the long one: `--long [--kills N] [--seed S]`. Words name cases.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

mod converted;
mod detach;
mod elsewhere;
mod export;
mod faults;
mod form;
mod held;
mod interrupt;
mod many;
mod moments;
mod moved;
mod places;
mod process;
mod random;
mod release;
mod repeat;
mod scene;
mod side_by_side;
#[path = "../it/signals.rs"]
mod signals;
mod steps;
mod together;
mod unsettled;

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    pin::Pin,
    process::ExitCode,
    sync::Arc,
};

use cloud_import::env::{Env as _, SystemEnv};

use form::Form;
use random::Random;
use tokio::task::{JoinError, JoinSet};

/// A case ends with what it has to tell, or with every failure.
type Case = fn(Arc<Form>) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

const CASES: &[(&str, Case)] = &[
    ("steps", |form| Box::pin(steps::run(form))),
    ("moments", |form| Box::pin(moments::run(form))),
    ("release", |form| Box::pin(release::run(form))),
    ("export", |form| Box::pin(export::run(form))),
    ("moved", |form| Box::pin(moved::run(form))),
    ("converted", |form| Box::pin(converted::run(form))),
    ("together", |form| Box::pin(together::run(form))),
    ("interrupt", |form| Box::pin(interrupt::run(form))),
    ("held", |form| Box::pin(held::run(form))),
    ("elsewhere", |form| Box::pin(elsewhere::run(form))),
    ("detach", |form| Box::pin(detach::run(form))),
    ("many", |form| Box::pin(many::run(form))),
    ("faults", |form| Box::pin(faults::run(form))),
    ("unsettled", |form| Box::pin(unsettled::run(form))),
];

/// A bootable image of 1 GiB, in few bytes.
const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/images/tiny-linux.qcow2");

fn main() -> ExitCode {
    if cfg!(not(unix)) {
        say("survival: not run: it interrupts processes by signals, which this system does not have");
        return ExitCode::FAILURE;
    }
    let folder = scene::Folder::new();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        CASES.iter().for_each(|(name, _)| say(&format!("{name}: test")));
        return ExitCode::SUCCESS;
    }
    let form = Arc::new(form(&arguments, folder.path()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let failed = runtime.block_on(run(&form));
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Side by side, as they mostly wait; one after the other in the long form, which measures.
async fn run(form: &Arc<Form>) -> usize {
    let begun = SystemEnv.monotonic();
    let wanted = |name: &str| form.only.is_empty() || form.only.iter().any(|word| name.contains(word.as_str()));
    let mut set = JoinSet::new();
    let (mut passed, mut failed) = (0, 0);
    for &(name, case) in CASES.iter().filter(|(name, _)| wanted(name)) {
        set.spawn(one(name, case, Arc::clone(form)));
        if form.long {
            count(set.join_next().await, &mut passed, &mut failed);
        }
    }
    while !set.is_empty() {
        count(set.join_next().await, &mut passed, &mut failed);
    }
    let seconds = (SystemEnv.monotonic() - begun).as_secs_f64();
    say(&format!(
        "survival: {passed} passed, {failed} failed in {seconds:.1} s (seed {})",
        form.seed
    ));
    failed
}

fn count(joined: Option<Result<bool, JoinError>>, passed: &mut usize, failed: &mut usize) {
    match joined {
        Some(Ok(true)) => *passed += 1,
        _ => *failed += 1,
    }
}

/// Whether the case passed.
async fn one(name: &str, case: Case, form: Arc<Form>) -> bool {
    let started = SystemEnv.monotonic();
    // A panic in it is its own failure.
    let done = match tokio::spawn(case(form)).await {
        Ok(done) => done,
        Err(error) => Err(error.to_string()),
    };
    let seconds = (SystemEnv.monotonic() - started).as_secs_f64();
    match &done {
        Ok(told) => say(&format!("{name}: ok in {seconds:.1} s: {told}")),
        Err(error) => say(&format!("{name}: FAILED in {seconds:.1} s\n{error}")),
    }
    done.is_ok()
}

/// Reads the arguments; those of the usual test harness mean nothing here.
fn form(arguments: &[String], folder: &Path) -> Form {
    let after = |name: &str| {
        let index = arguments.iter().position(|argument| argument == name)?;
        arguments.get(index + 1)?.parse::<u64>().ok()
    };
    let long = arguments.iter().any(|argument| argument == "--long");
    let random = || u64::from_le_bytes(SystemEnv.random().unwrap()[..8].try_into().unwrap());
    let seed = after("--seed").unwrap_or_else(random);
    let kills = after("--kills").unwrap_or(if long { 500 } else { 15 });
    let is_word = |argument: &&String| !argument.starts_with('-') && argument.parse::<u64>().is_err();
    Form {
        long,
        kills: usize::try_from(kills).unwrap(),
        seed,
        only: arguments.iter().filter(is_word).cloned().collect(),
        small: PathBuf::from(IMAGE),
        parts: image(folder, "parts", 9, seed),
        large: image(folder, "large", if long { 100 } else { 28 }, seed),
    }
}

/// The image with so many MiB behind it that look like content.
fn image(folder: &Path, name: &str, mib: usize, seed: u64) -> PathBuf {
    let path = folder.join(format!("{name}.qcow2"));
    let mut file = io::BufWriter::new(File::create(&path).unwrap());
    file.write_all(&fs::read(IMAGE).unwrap()).unwrap();
    let mut random = Random::new(seed);
    for _ in 0..mib * (1 << 20) / 8 {
        file.write_all(&random.next().to_le_bytes()).unwrap();
    }
    file.flush().unwrap();
    path
}

/// A line for people.
fn say(line: &str) {
    // A reader that is gone is no failure of a test.
    let _ = writeln!(io::stdout(), "{line}");
}
