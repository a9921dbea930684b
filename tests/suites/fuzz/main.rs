//! The fuzz targets in a seeded loop, on a stable toolchain: no coverage guides it, and every run with one seed is the same.
//!
//! `cargo test` makes a thousand executions of each, `cargo xtask soak` more: `--executions N [--seed S]`. Words name targets.
//! `--corpus FOLDER` only writes the seeds, for a fuzzer that is guided by coverage.
//! An input on which a target panics is written to `target/fuzz`, and the run fails.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::{fs, panic, path::Path, process::ExitCode, time::Duration};

use cloud_import::env::{Env as _, SystemEnv};
use cloud_import_tests::fuzz::{Random, TARGETS, Target, mutate};

const EXECUTIONS: u64 = 1000;
const SEED: u64 = 1;

/// No input is longer: what grows is cut.
const LONGEST: usize = 1 << 16;

/// An execution that takes so long is a finding too.
const SLOW: Duration = Duration::from_secs(20);

struct Form {
    executions: u64,
    seed: u64,
    only: Vec<String>,
    corpus: Option<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        TARGETS.iter().for_each(|target| println!("{}: test", target.name));
        return ExitCode::SUCCESS;
    }
    let form = form(&arguments);
    panic::set_hook(Box::new(|_| {}));
    let wanted = |target: &&Target| form.only.is_empty() || form.only.iter().any(|word| target.name.contains(word));
    let targets = TARGETS.iter().filter(wanted);
    if let Some(folder) = &form.corpus {
        targets.for_each(|target| corpus(target, Path::new(folder)));
        return ExitCode::SUCCESS;
    }
    let findings: usize = targets.map(|target| run(target, &form)).sum();
    if findings == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn form(arguments: &[String]) -> Form {
    let mut form = Form {
        executions: EXECUTIONS,
        seed: SEED,
        only: Vec::new(),
        corpus: None,
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--executions" => form.executions = arguments.next().unwrap().parse().unwrap(),
            "--seed" => form.seed = arguments.next().unwrap().parse().unwrap(),
            "--corpus" => form.corpus = arguments.next().cloned(),
            // What the harness of other suites understands.
            own if own.starts_with('-') => {}
            word => form.only.push(word.to_owned()),
        }
    }
    form
}

/// Every seed as it is, then changed ones; the number of findings.
fn run(target: &Target, form: &Form) -> usize {
    let (seeds, mut random) = ((target.seeds)(), Random::new(form.seed));
    let begun = SystemEnv.monotonic();
    let mut findings = Vec::new();
    for number in 0..form.executions.max(seeds.len() as u64) {
        let input = match usize::try_from(number).ok().and_then(|number| seeds.get(number)) {
            Some(seed) => seed.clone(),
            None => {
                let (one, other) = (random.below(seeds.len()), random.below(seeds.len()));
                let mut input = mutate(&mut random, &seeds[one], &seeds[other]);
                input.truncate(LONGEST);
                input
            }
        };
        if let Err(why) = execute(target, &input) {
            findings.push((why, input));
        }
    }
    let took = SystemEnv.monotonic() - begun;
    println!(
        "fuzz: {}: {} executions, {} findings, {:.1} s",
        target.name,
        form.executions.max(seeds.len() as u64),
        findings.len(),
        took.as_secs_f64()
    );
    keep(target, &findings);
    findings.len()
}

fn corpus(target: &Target, folder: &Path) {
    let folder = folder.join(target.name);
    fs::create_dir_all(&folder).unwrap();
    for (number, seed) in (target.seeds)().iter().enumerate() {
        fs::write(folder.join(number.to_string()), seed).unwrap();
    }
}

fn execute(target: &Target, input: &[u8]) -> Result<(), String> {
    let begun = SystemEnv.monotonic();
    panic::catch_unwind(|| (target.run)(input)).map_err(|cause| {
        let text = cause.downcast_ref::<String>().cloned();
        text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default()
    })?;
    let took = SystemEnv.monotonic() - begun;
    if took > SLOW {
        Err(format!("it took {took:?}"))
    } else {
        Ok(())
    }
}

/// Keeps a few inputs for whoever looks into it.
fn keep(target: &Target, findings: &[(String, Vec<u8>)]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("fuzz");
    for (number, (why, input)) in findings.iter().take(5).enumerate() {
        let path = folder.join(format!("{}-{number}", target.name));
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, input))
            .unwrap();
        let why: String = why.chars().take(300).collect();
        println!("fuzz: {}: {why}: {}", target.name, path.display());
    }
}
