//! Results: one per target, as text or as JSON with a stable schema.

use cloud_import::{Error, Result, remedy::Change};
use serde::Serialize;

use crate::{
    args::{self, FailIf},
    clock::At,
    exit::Exit,
    line,
    outcome::{Outcome, Status, totals},
    output::{self, SCHEMA, Tone},
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

impl<'a> Nothing<'a> {
    fn of(error: &'a Error) -> Self {
        Self {
            schema: SCHEMA,
            results: [],
            error: Reason::of(error),
        }
    }
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
pub(crate) fn write(
    outcomes: &[Outcome],
    form: OutputFormat,
    lines: Lines,
    job: Option<&str>,
    fail_if: FailIf,
) -> Exit {
    reasons(outcomes);
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
    let unfinished: Vec<&Outcome> = outcomes
        .iter()
        .filter(|outcome| outcome.status == Status::Running)
        .collect();
    // What was not to be waited for goes on as it was asked to.
    let tell = match unfinished.iter().all(|outcome| outcome.exit == Exit::Done) {
        true => output::note,
        false => output::say,
    };
    if let Some(job) = job.filter(|_| !unfinished.is_empty()) {
        tell(&format!("to continue: cloud-import wait {job}"));
    }
    // Where nothing is remembered, the task itself is all that there is to go on with.
    unfinished
        .iter()
        .filter(|outcome| lines == Lines::Images && (job.is_none() || outcome.record.is_none()))
        .filter_map(|outcome| serde_json::to_string(outcome.task.as_ref()?).ok())
        .for_each(|line| tell(&format!("to continue: cloud-import wait {}", output::word(&line))));
    if job.is_some() {
        what_settles(outcomes);
    }
    match form {
        OutputFormat::Json => json(outcomes, None),
        OutputFormat::Event => json(outcomes, Some("results")),
        OutputFormat::Text if lines == Lines::Tasks => tasks(outcomes),
        OutputFormat::Text => texts(outcomes, lines).for_each(|(target, tone, text)| {
            output::result_words(&[(Tone::Plain, &target), (tone, &text)]);
        }),
    }
    if output::is_lost() {
        texts(outcomes, lines).for_each(|(target, _, text)| output::say(&format!("not written: {target}{text}")));
    }
    if outcomes.len() > TABLE_FROM {
        table(outcomes);
    }
    Exit::of_those(fail_if, outcomes.iter().map(|outcome| outcome.exit))
}

/// The command lines that settle what is not known, and make anew what is gone, exactly as they are to be typed.
fn what_settles(outcomes: &[Outcome]) {
    let remedy = |outcome: &&Outcome| outcome.error.as_ref()?.remedy().cloned();
    let advises = |change| move |outcome: &&Outcome| remedy(outcome).is_some_and(|remedy| remedy.repeats(change));
    let unknown = outcomes.iter().filter(|outcome| outcome.status == Status::Unknown);
    let looked_for: Vec<&Outcome> = unknown.filter(advises(Change::Nothing)).collect();
    if !looked_for.is_empty() {
        let instants = looked_for.iter().filter_map(|outcome| remedy(outcome)?.not_before());
        let from = instants.max().map(|at| format!(", from {} on", render::instant(at)));
        let line = line::again().unwrap_or_else(|| "repeat the command as it was".to_owned());
        output::say(&format!("to find out{}: {line}", from.unwrap_or_default()));
    }
    let anew = |status| {
        let of_status = outcomes.iter().filter(move |outcome| outcome.status == status);
        let targets = of_status.filter(advises(Change::Generation));
        let targets: Vec<&str> = targets.map(|outcome| outcome.target.as_str()).collect();
        (!targets.is_empty()).then(|| another(&targets))
    };
    if let Some(line) = anew(Status::Unknown) {
        output::say(&format!(
            "to make it, if the vendor's console shows no image of that name: {line}"
        ));
    }
    if let Some(line) = anew(Status::Gone) {
        output::say(&format!("to make another image: {line}"));
    }
}

/// The command line that makes another image of these targets alone.
fn another(targets: &[&str]) -> String {
    line::another(targets).unwrap_or_else(|| {
        let targets: String = targets.iter().map(|target| format!(" --to {target}")).collect();
        format!("repeat the command with --again and{targets} alone")
    })
}

/// Why it is not better, each reason once: what is wrong with the file, or a stop, is so for every cloud.
fn reasons(outcomes: &[Outcome]) {
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
        if reason.is_none() {
            output::error_of(&[&outcome.target], error);
        } else if !told.contains(&reason) {
            let alike = outcomes.iter().filter(|other| shared(other) == reason);
            let targets: Vec<&str> = alike.map(|other| other.target.as_str()).collect();
            output::error_of(&targets, error);
            told.push(reason);
        }
    }
}

/// From more targets than this on, a table of how many ended how is written for people.
const TABLE_FROM: usize = 5;

fn table(outcomes: &[Outcome]) {
    if !output::wants_notes() {
        return;
    }
    output::say(&format!("{} targets:", outcomes.len()));
    for (status, count) in totals(outcomes) {
        let count = format!("  {count:5} ");
        output::say_words(&[(Tone::Plain, &count), (status.tone(), status.words())]);
    }
}

/// What text output has of each: the target, and what came of it.
fn texts(outcomes: &[Outcome], lines: Lines) -> impl Iterator<Item = (String, Tone, String)> {
    outcomes.iter().filter_map(move |outcome| {
        let target = format!("{} ", outcome.target);
        Some(match lines {
            Lines::Images => (target, Tone::Plain, outcome.image.as_ref()?.id.clone()),
            Lines::Tasks => (
                String::new(),
                Tone::Plain,
                serde_json::to_string(outcome.task.as_ref()?).ok()?,
            ),
            Lines::States => (target, outcome.status.tone(), outcome.summary()),
        })
    })
}

fn tasks(outcomes: &[Outcome]) {
    let tasks = outcomes.iter().filter_map(|outcome| outcome.task.as_ref());
    tasks.for_each(|task| told(output::json_line(task)));
}

impl<'a> Report<'a> {
    fn of(outcomes: &'a [Outcome], event: Option<&'a str>) -> Self {
        Self {
            schema: SCHEMA,
            event,
            at: event.map(|_| At::now()),
            results: outcomes.iter().map(Row::of).collect(),
        }
    }
}

/// The results as JSON on one line.
pub(crate) fn as_json(outcomes: &[Outcome]) -> String {
    // Text and numbers are always JSON.
    serde_json::to_string(&Report::of(outcomes, None)).unwrap_or_default()
}

/// The same for an error for which there are none.
pub(crate) fn nothing_as_json(error: &Error) -> String {
    serde_json::to_string(&Nothing::of(error)).unwrap_or_default()
}

fn json(outcomes: &[Outcome], event: Option<&str>) {
    let report = Report::of(outcomes, event);
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
        // Text and numbers are always JSON.
        let _ = output::json(&Nothing::of(error));
    }
}
