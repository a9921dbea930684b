//! Results: one per target, as text or as JSON with a stable schema.

use cloud_import::{Error, Result};
use serde::Serialize;

use crate::{
    advice::{self, Advice},
    args,
    clock::At,
    exit::Exit,
    outcome::{Outcome, Status, totals},
    output::{self, SCHEMA},
    render,
    row::{Reason, Row},
};

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    #[serde(flatten)]
    at: Option<At>,
    results: Vec<Row<'a>>,
}

/// What is written where no target was come to.
#[derive(Serialize)]
struct Nothing<'a> {
    schema: u32,
    results: [(); 0],
    error: Reason<'a>,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputFormat {
    /// A line per image.
    Text,
    /// One JSON object over several lines.
    Json,
    /// One JSON object on a line, behind those of the events.
    Event,
}

impl From<args::OutputFormat> for OutputFormat {
    fn from(form: args::OutputFormat) -> Self {
        match form {
            args::OutputFormat::Text => Self::Text,
            args::OutputFormat::Json => Self::Json,
        }
    }
}

/// How a command writes its results that may also write events.
pub(crate) fn form(events: bool, output: args::OutputFormat) -> OutputFormat {
    match events {
        true => OutputFormat::Event,
        false => output.into(),
    }
}

/// What text output has on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// `TARGET IMAGE-ID` for each image that is there.
    Images,
    /// A task's JSON for each that was started.
    Tasks,
    /// `TARGET STATE` for each.
    States,
}

/// Writes the results and says how the command ends. `job` is the job by which a later command goes on, if there is one.
pub(crate) fn write(outcomes: &[Outcome], form: OutputFormat, lines: Lines, job: Option<&str>) -> Exit {
    reasons(outcomes, job.is_some());
    for outcome in outcomes {
        if let Some(inspection) = outcome.inspection() {
            output::say(&format!(
                "{}: the cloud's check of the image: {}",
                outcome.target, inspection.state
            ));
            inspection
                .findings
                .iter()
                .for_each(|finding| output::say(&format!("  {finding}")));
        }
    }
    if let Some(job) = job {
        let advice = advice::next(outcomes, job)
            .into_iter()
            .chain(advice::anew(outcomes, job));
        advice.for_each(|Advice { what_for, line }| output::say(&format!("{what_for}: {line}")));
    }
    // Where nothing is remembered, the task itself is all that there is to go on with.
    outcomes
        .iter()
        .filter(|outcome| outcome.status == Status::Running && lines == Lines::Images)
        .filter(|outcome| job.is_none() || outcome.record.is_none())
        .filter_map(|outcome| serde_json::to_string(outcome.task.as_ref()?).ok())
        .for_each(|line| output::say(&format!("to continue: cloud-import wait {}", output::word(&line))));
    match form {
        OutputFormat::Json => json(outcomes, None),
        OutputFormat::Event => json(outcomes, Some("results")),
        OutputFormat::Text if lines == Lines::Tasks => tasks(outcomes),
        OutputFormat::Text => texts(outcomes, lines).for_each(|line| output::result(&line)),
    }
    if output::is_lost() {
        texts(outcomes, lines).for_each(|line| output::say(&format!("not written: {line}")));
    }
    if outcomes.len() > TABLE_FROM {
        table(outcomes);
    }
    Exit::together(outcomes.iter().map(|outcome| outcome.exit))
}

/// Why it is not better, each reason once: what is wrong with the file, or a stop, is so for every cloud.
fn reasons(outcomes: &[Outcome], has_job: bool) {
    // What a cloud answered is its own.
    let shared = |outcome: &Outcome| {
        let error = outcome.error.as_ref()?;
        let of_the_order = !error.problems().is_empty() && !render::refused_for_the_file(error);
        let own = error.http_status().is_some() || error.code().is_some() || of_the_order;
        (!own).then(|| (error.message().to_owned(), error.remedy().cloned()))
    };
    let mut told = Vec::new();
    for outcome in outcomes {
        let Some(error) = &outcome.error else { continue };
        let reason = shared(outcome);
        let tell = |targets: &[&str]| match has_job && advice::was_left(outcome) {
            // That was asked for, and how to go on is told once for all.
            true => output::say(&format!("{}: {}", targets.join(", "), error.message())),
            false => output::error_of(targets, error),
        };
        if reason.is_none() {
            tell(&[&outcome.target]);
        } else if !told.contains(&reason) {
            let alike = outcomes.iter().filter(|other| shared(other) == reason);
            let targets: Vec<&str> = alike.map(|other| other.target.as_str()).collect();
            tell(&targets);
            told.push(reason);
        }
    }
}

/// From more targets than this on, a table of how many ended how is written for people.
const TABLE_FROM: usize = 5;

fn table(outcomes: &[Outcome]) {
    output::say(&format!("{} targets:", outcomes.len()));
    for (status, count) in totals(outcomes) {
        output::say(&format!("  {count:5} {}", status.words()));
    }
}

/// How many targets are in which state: `3 succeeded, 1 failed`.
pub(crate) fn counts<'a>(targets: impl IntoIterator<Item = &'a Outcome>) -> String {
    let counts = totals(targets).into_iter();
    let counts: Vec<String> = counts
        .map(|(status, count)| format!("{count} {}", status.words()))
        .collect();
    counts.join(", ")
}

/// What text output has of each.
fn texts(outcomes: &[Outcome], lines: Lines) -> impl Iterator<Item = String> {
    outcomes.iter().filter_map(move |outcome| match lines {
        Lines::Images => Some(format!("{} {}", outcome.target, outcome.image.as_ref()?.id)),
        Lines::Tasks => serde_json::to_string(outcome.task.as_ref()?).ok(),
        Lines::States => Some(format!("{} {}", outcome.target, outcome.summary())),
    })
}

fn tasks(outcomes: &[Outcome]) {
    let tasks = outcomes.iter().filter_map(|outcome| outcome.task.as_ref());
    tasks.for_each(|task| told(output::json_line(task)));
}

fn json(outcomes: &[Outcome], event: Option<&str>) {
    let report = Report {
        schema: SCHEMA,
        event,
        at: event.map(|_| At::now()),
        results: outcomes.iter().map(Row::of).collect(),
    };
    told(match event {
        Some(_) => output::json_line(&report),
        None => output::json(&report),
    });
}

fn told(written: Result<()>) {
    if let Err(error) = written {
        output::error(&error);
    }
}

/// For programs: the error for which a command ended before it came to any result.
pub(crate) fn nothing_done(error: &Error, form: args::OutputFormat) {
    if form == args::OutputFormat::Json {
        let report = Nothing {
            schema: SCHEMA,
            results: [],
            error: Reason::of(error),
        };
        // Text and numbers are always JSON.
        let _ = output::json(&report);
    }
}
