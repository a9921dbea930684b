//! The fuzz targets in a seeded loop, on a stable toolchain: no coverage guides it, and every run with one seed is the same.
//!
//! `cargo test` makes a short form of it, `cargo xtask soak` a long one: `--executions N [--seed S]`. Words name targets. With
//! `--resume FILE` what is done is kept there (in `target/fuzz`, if nothing else is said), so that a run that was killed goes on where it was, to the same numbers.
//! `--input FILE` runs one input that was kept. `--corpus FOLDER` only writes the seeds, for a fuzzer that is guided by coverage.
//!
//! A finding is an input on which a target panics, takes too long or too much memory, and a target on which no change of a disk makes
//! a difference. Inputs are written to `target/fuzz`, and the run fails.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

mod meter;
mod progress;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use cloud_import::env::{Env as _, SystemEnv};
use cloud_import_tests::fuzz::{Random, Target, targets};
use meter::Meter;
use progress::{Figures, Progress};

const SEED: u64 = 1;

/// What is done is kept this often.
const KEPT: u64 = 1000;

struct Form {
    /// Of each target; its own number if none is given.
    executions: Option<u64>,
    seed: u64,
    only: Vec<String>,
    corpus: Option<String>,
    resume: Option<PathBuf>,
    input: Option<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        targets().for_each(|target| println!("{}: test", target.name));
        return ExitCode::SUCCESS;
    }
    let form = form(&arguments);
    let wanted = |target: &&Target| form.only.is_empty() || form.only.iter().any(|word| target.name.contains(word));
    let targets = targets().filter(wanted);
    if let Some(folder) = &form.corpus {
        targets.for_each(|target| corpus(target, Path::new(folder)));
        return ExitCode::SUCCESS;
    }
    if let Some(file) = &form.input {
        let input = fs::read(folder().join(file)).unwrap();
        for target in targets {
            let measured = Meter::run(target, &input);
            println!("fuzz: {}: {:?}, {:?}", target.name, measured.took, measured.finding);
        }
        return ExitCode::SUCCESS;
    }
    let mut progress = Progress::open(form.resume.as_deref(), form.seed, form.executions);
    let mut all = Figures::default();
    for target in targets {
        all.add(&run(target, &form, &mut progress));
    }
    println!("fuzz: all: {}", all.told(form.seed));
    progress.close();
    if all.findings == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn form(arguments: &[String]) -> Form {
    let mut form = Form {
        executions: None,
        seed: SEED,
        only: Vec::new(),
        corpus: None,
        resume: None,
        input: None,
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--executions" => form.executions = Some(arguments.next().unwrap().parse().unwrap()),
            "--seed" => form.seed = arguments.next().unwrap().parse().unwrap(),
            "--corpus" => form.corpus = arguments.next().cloned(),
            "--input" => form.input = arguments.next().cloned(),
            "--resume" => form.resume = arguments.next().map(|file| folder().join(file)),
            // What the harness of other suites understands.
            own if own.starts_with('-') => {}
            word => form.only.push(word.to_owned()),
        }
    }
    form
}

/// Every seed as it is, then changed ones, each by its number alone.
fn run(target: &Target, form: &Form, progress: &mut Progress) -> Figures {
    let mut figures = progress.of(target.name);
    let seeds = (target.seeds)();
    let executions = match form.executions {
        // Of a list that is too long for the short form, every so many.
        None if target.is_listed => target.short.min(seeds.len() as u64),
        Some(_) if target.is_listed => seeds.len() as u64,
        wanted => wanted.unwrap_or(target.short).max(seeds.len() as u64),
    };
    let input = |number: u64| -> Vec<u8> {
        let place = usize::try_from(number).ok();
        if target.is_listed {
            return seeds[(number as usize * seeds.len()) / executions as usize].clone();
        }
        match place.and_then(|place| seeds.get(place)) {
            Some(seed) => seed.clone(),
            None => (target.mutate)(&mut Random::of(form.seed, target.name, number), &seeds),
        }
    };
    // What the bases are read as, by their numbers.
    let mut clean = Clean {
        target,
        answers: Vec::new(),
    };
    let begun = SystemEnv.monotonic();
    let before = figures.seconds;
    while figures.executions < executions {
        let input = input(figures.executions);
        let measured = Meter::run(target, &input);
        figures.executions += 1;
        figures.slowest_us = figures.slowest_us.max(measured.took.as_micros() as u64);
        figures.peak = figures.peak.max(measured.peak);
        figures.caught += measured.caught;
        figures.compared |= measured.answer.is_some();
        figures.differed += u64::from(measured.answer.is_some_and(|answer| clean.of(&input) != Some(answer)));
        if let Some(why) = measured.finding {
            keep(target, figures.findings, &why, &input);
            figures.findings += 1;
        }
        figures.seconds = before + (SystemEnv.monotonic() - begun).as_secs_f64();
        if figures.executions.is_multiple_of(KEPT) {
            progress.keep(target.name, &figures);
        }
    }
    if figures.compared && figures.differed == 0 && !figures.is_told {
        println!("fuzz: {}: nothing that was changed makes a difference", target.name);
        figures.findings += 1;
    }
    figures.is_told = true;
    progress.keep(target.name, &figures);
    println!("fuzz: {}: {}", target.name, figures.told(form.seed));
    figures
}

/// The answers to inputs without a change.
struct Clean<'a> {
    target: &'a Target,
    answers: Vec<(u8, Option<u64>)>,
}

impl Clean<'_> {
    /// The answer to the base of this input.
    fn of(&mut self, input: &[u8]) -> Option<u64> {
        let number = *input.first()?;
        if let Some((_, answer)) = self.answers.iter().find(|(own, _)| *own == number) {
            return *answer;
        }
        let answer = Meter::run(self.target, &[number, 0]).answer;
        self.answers.push((number, answer));
        answer
    }
}

fn corpus(target: &Target, folder: &Path) {
    let folder = folder.join(target.name);
    fs::create_dir_all(&folder).unwrap();
    for (number, seed) in (target.seeds)().iter().enumerate() {
        fs::write(folder.join(number.to_string()), seed).unwrap();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("fuzz")
}

/// Keeps a few inputs for whoever looks into it.
fn keep(target: &Target, number: u64, why: &str, input: &[u8]) {
    if number < 20 {
        let folder = folder();
        let path = folder.join(format!("{}-{number}", target.name));
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, input))
            .unwrap();
        let why: String = why.chars().take(300).collect();
        println!("fuzz: {}: {why}: {}", target.name, path.display());
    }
}
