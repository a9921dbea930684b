//! The fleet survives the night: its workers killed, frozen and lost, its database killed and away, orders submitted by many at once, half
//! uploads taken over, tables brought up to date under it. Only simulated clouds are reached, and they count what they were asked.
//!
//! `cargo test -p cloud-import-cli --features fleet --test fleet-survival` runs all but the load; it takes a Postgres on this machine.
//! `-- WORD` runs cases by their name, `-- --seed S` the same moments again, `-- load 1000` so many orders and tells figures.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod away;
mod fleet;
mod frozen;
mod kills;
mod load;
mod lost;
#[path = "../../../../tests/support/postgres.rs"]
mod postgres;
mod process;
#[path = "../survival/random.rs"]
mod random;
mod secrets;
mod standing;
mod submitters;
mod takeover;
mod unsettled;
mod upgrade;

use std::{
    io::{self, Write as _},
    process::ExitCode,
    thread,
};

use cloud_import::env::{Env as _, SystemEnv};

/// A case ends with what it has to tell, or with what is not so.
type Case = fn(&Form) -> Result<String, String>;

const CASES: &[(&str, Case)] = &[
    ("kills", kills::run),
    ("unsettled", unsettled::run),
    ("frozen", frozen::run),
    ("lost", lost::run),
    ("submitters", submitters::run),
    ("away", away::run),
    ("takeover", takeover::run),
    ("upgrade", upgrade::run),
    ("secrets", secrets::run),
];

/// A bootable image of 1 GiB, in few bytes.
const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/images/tiny-linux.qcow2");

/// The command that is tried.
const PROGRAM: &str = env!("CARGO_BIN_EXE_cloud-import");

/// What was asked for on the command line.
#[derive(Debug, Clone)]
struct Form {
    seed: u64,
    only: Vec<String>,
    /// How many orders the load is, where it is asked for.
    load: Option<usize>,
}

fn main() -> ExitCode {
    let form = form(std::env::args().skip(1));
    let cases: Vec<(&str, Case)> = match form.load {
        Some(_) => vec![("load", load::run)],
        None => CASES.iter().filter(|(name, _)| form.wants(name)).copied().collect(),
    };
    let failed = cases.iter().filter(|(name, case)| !passed(name, *case, &form)).count();
    let passed = cases.len() - failed;
    say(&format!("fleet: {passed} passed, {failed} failed (seed {})", form.seed));
    match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// One after the other: each has processes of its own to keep two processors busy, and limits.
fn passed(name: &str, case: Case, form: &Form) -> bool {
    let begun = SystemEnv.monotonic();
    let own = form.clone();
    // A panic in it is its own failure, and has been told.
    let done = thread::spawn(move || case(&own)).join();
    let done = done.unwrap_or_else(|_| Err("it panicked".to_owned()));
    let seconds = (SystemEnv.monotonic() - begun).as_secs_f64();
    match &done {
        Ok(told) => say(&format!("{name}: ok in {seconds:.1} s: {told}")),
        Err(error) => say(&format!("{name}: FAILED in {seconds:.1} s\n{error}")),
    }
    done.is_ok()
}

impl Form {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|word| name.contains(word.as_str()))
    }
}

fn form(arguments: impl Iterator<Item = String>) -> Form {
    let random = u64::from_le_bytes(SystemEnv.random().unwrap()[..8].try_into().unwrap());
    let mut form = Form {
        seed: random % 1_000_000,
        only: Vec::new(),
        load: None,
    };
    let mut arguments = arguments.peekable();
    while let Some(word) = arguments.next() {
        match word.as_str() {
            "--seed" => form.seed = arguments.next().unwrap_or_default().parse().unwrap(),
            "load" => form.load = Some(arguments.next().map_or(1_000, |many| many.parse().unwrap())),
            // Those of the usual test harness mean nothing here.
            option if option.starts_with('-') => {}
            _ => form.only.push(word),
        }
    }
    form
}

/// A line for people.
fn say(line: &str) {
    // A reader that is gone is no failure of a test.
    let _ = writeln!(io::stdout(), "{line}");
}
