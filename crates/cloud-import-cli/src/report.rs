//! Results: one per target, as text or as JSON with a stable schema.

use cloud_import::{
    Error, ErrorKind, ImportTask, ImportedImage, Inspection, Problem, Remedy, Result,
    publish::{self, Damaged, Phase},
    remedy::Change,
};
use serde::Serialize;

use crate::{
    args,
    exit::Exit,
    line,
    output::{self, SCHEMA},
    render,
    tasks::label,
};

/// What came of one target.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// `provider/region`.
    pub(crate) target: String,
    pub(crate) status: Status,
    pub(crate) exit: Exit,
    pub(crate) state: Option<String>,
    /// The vendor's code on record.
    pub(crate) code: Option<String>,
    /// Since when it is not known whether it was started, by the record.
    pub(crate) unknown_since: Option<String>,
    pub(crate) image: Option<ImportedImage>,
    pub(crate) task: Option<ImportTask>,
    pub(crate) error: Option<Error>,
}

/// What came of one target, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The image is there.
    Succeeded,
    /// The order was only checked, and the cloud would take it.
    Checked,
    /// The import goes on.
    Running,
    /// Cancelling was asked for.
    CancelRequested,
    /// The import is over and failed or was cancelled.
    Failed,
    /// Nothing was started.
    NotStarted,
    /// Whether something was started is not known.
    Unknown,
    /// What is recorded of it cannot be read.
    Damaged,
}

impl Status {
    /// In words, for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Checked => "checked",
            Self::Running => "still running",
            Self::CancelRequested => "being cancelled",
            Self::Failed => "failed",
            Self::NotStarted => "not started",
            Self::Unknown => "not known whether it was started",
            Self::Damaged => "damaged",
        }
    }
}

impl From<Phase> for Status {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Succeeded => Self::Succeeded,
            Phase::Checked => Self::Checked,
            Phase::Running => Self::Running,
            Phase::Failed => Self::Failed,
            Phase::NotStarted => Self::NotStarted,
            // Unknown, and what a later version may add.
            _ => Self::Unknown,
        }
    }
}

impl From<publish::Outcome> for Outcome {
    fn from(outcome: publish::Outcome) -> Self {
        let phase = outcome.phase();
        let error = outcome.error().cloned();
        let exit = match (phase, &error) {
            (Phase::Succeeded, Some(error)) if error.kind() == ErrorKind::Credentials => Exit::Credentials,
            // The image is there, and so is what it was to replace.
            (Phase::Succeeded, Some(_)) => Exit::Mixed,
            (Phase::Succeeded | Phase::Checked, _) | (Phase::Running, None) => Exit::Done,
            (Phase::Running, Some(error)) => Exit::while_running(error),
            (Phase::Unknown, _) => Exit::OutcomeUnknown,
            (Phase::Failed, _) => Exit::Failed,
            (_, Some(error)) => Exit::of(error),
            (_, None) => Exit::NotStarted,
        };
        Self {
            status: phase.into(),
            exit,
            state: (phase == Phase::Checked).then(|| "checked".to_owned()),
            code: None,
            unknown_since: None,
            image: outcome.image().cloned(),
            task: outcome.task().cloned(),
            error,
            target: outcome.target,
        }
    }
}

impl Outcome {
    pub(crate) fn new(target: impl ToString, status: Status, exit: Exit) -> Self {
        Self {
            target: target.to_string(),
            status,
            exit,
            state: None,
            code: None,
            unknown_since: None,
            image: None,
            task: None,
            error: None,
        }
    }

    /// The image is there.
    pub(crate) fn succeeded(target: impl ToString, image: ImportedImage, task: ImportTask) -> Self {
        Self {
            image: Some(image),
            task: Some(task),
            ..Self::new(target, Status::Succeeded, Exit::Done)
        }
    }

    /// The import goes on; nothing is wrong.
    pub(crate) fn running(target: impl ToString, task: ImportTask, exit: Exit) -> Self {
        Self {
            task: Some(task),
            ..Self::new(target, Status::Running, exit)
        }
    }

    /// The wait ended without an image.
    pub(crate) fn ended(target: impl ToString, task: ImportTask, error: Error) -> Self {
        let exit = Exit::while_running(&error);
        let status = match exit {
            Exit::Failed => Status::Failed,
            Exit::OutcomeUnknown => Status::Unknown,
            _ => Status::Running,
        };
        Self {
            task: Some(task),
            error: Some(error),
            ..Self::new(target, status, exit)
        }
    }

    /// What is recorded of it cannot be read; the others are gone on with.
    pub(crate) fn damaged(damaged: Damaged) -> Self {
        Self {
            state: Some("damaged".to_owned()),
            error: Some(damaged.error.clone()),
            ..Self::new(label(&damaged), Status::Damaged, Exit::Mixed)
        }
    }

    fn inspection(&self) -> Option<&Inspection> {
        self.image.as_ref()?.inspection.as_ref()
    }

    /// In a few words, for the end of a progress line.
    pub(crate) fn summary(&self) -> String {
        match (&self.image, &self.error) {
            (Some(image), _) => image.id.clone(),
            (None, Some(error)) => error.to_string(),
            (None, None) => self.state.clone().unwrap_or_else(|| "running".to_owned()),
        }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    results: Vec<Row<'a>>,
}

/// What is written where no target was come to.
#[derive(Serialize)]
struct Nothing<'a> {
    schema: u32,
    results: [(); 0],
    error: Reason<'a>,
}

#[derive(Serialize)]
struct Row<'a> {
    target: &'a str,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<&'a str>,
    /// What the cloud's own check of the image found, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    inspection: Option<&'a Inspection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    /// The vendor's code, where the answer is what is on record; else it stands in the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown_since: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<&'a ImportTask>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason<'a>>,
}

#[derive(Serialize)]
struct Reason<'a> {
    kind: &'static str,
    message: &'a str,
    code: Option<&'a str>,
    remedy: Option<String>,
    /// Before this instant it helps nothing to repeat the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_from: Option<String>,
    http_status: Option<u16>,
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    problems: &'a [Problem],
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
pub(crate) fn write(outcomes: &[Outcome], form: OutputFormat, lines: Lines, job: Option<&str>) -> Exit {
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
    match job {
        Some(job) if !unfinished.is_empty() => output::say(&format!("to continue: cloud-import wait {job}")),
        // Where nothing is remembered, the task itself is all that there is to go on with.
        None if lines == Lines::Images => unfinished
            .iter()
            .filter_map(|outcome| serde_json::to_string(outcome.task.as_ref()?).ok())
            .for_each(|line| output::say(&format!("to continue: cloud-import wait {}", output::word(&line)))),
        _ => {}
    }
    if job.is_some() {
        what_settles(outcomes);
    }
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

/// The command lines that settle what is not known, exactly as they are to be typed.
fn what_settles(outcomes: &[Outcome]) {
    let remedy = |outcome: &&Outcome| outcome.error.as_ref()?.remedy().cloned();
    let unknown = || outcomes.iter().filter(|outcome| outcome.status == Status::Unknown);
    let advises = |change| move |outcome: &&Outcome| remedy(outcome).is_some_and(|remedy| remedy.repeats(change));
    let looked_for: Vec<&Outcome> = unknown().filter(advises(Change::Nothing)).collect();
    if !looked_for.is_empty() {
        let instants = looked_for.iter().filter_map(|outcome| remedy(outcome)?.not_before());
        let from = instants.max().map(|at| format!(", from {} on", render::instant(at)));
        let line = line::again().unwrap_or_else(|| "repeat the command as it was".to_owned());
        output::say(&format!("to find out{}: {line}", from.unwrap_or_default()));
    }
    let anew: Vec<&str> = unknown()
        .filter(advises(Change::Generation))
        .map(|outcome| outcome.target.as_str())
        .collect();
    if !anew.is_empty() {
        let line = line::another(&anew).unwrap_or_else(|| {
            let targets: String = anew.iter().map(|target| format!(" --to {target}")).collect();
            format!("repeat the command with --again and{targets} alone")
        });
        output::say(&format!(
            "to make it, if the vendor's console shows no image of that name: {line}"
        ));
    }
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
    let mut counts: Vec<(Status, usize)> = Vec::new();
    for outcome in outcomes {
        match counts.iter_mut().find(|(status, _)| *status == outcome.status) {
            Some((_, count)) => *count += 1,
            None => counts.push((outcome.status, 1)),
        }
    }
    output::say(&format!("{} targets:", outcomes.len()));
    for (status, count) in counts {
        output::say(&format!("  {count:5} {}", status.words()));
    }
}

/// What text output has of each.
fn texts(outcomes: &[Outcome], lines: Lines) -> impl Iterator<Item = String> {
    outcomes.iter().filter_map(move |outcome| match lines {
        Lines::Images => outcome.image.as_ref().map(ToString::to_string),
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

impl<'a> Reason<'a> {
    fn of(error: &'a Error) -> Self {
        Self {
            kind: error.kind().as_str(),
            message: error.message(),
            code: error.code(),
            remedy: render::remedy_in_json(error),
            repeat_from: error.remedy().and_then(Remedy::not_before).map(render::instant),
            http_status: error.http_status(),
            request_id: error.request_id(),
            problems: error.problems(),
        }
    }
}

impl<'a> Row<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        Self {
            target: &outcome.target,
            status: outcome.status,
            image_id: outcome.image.as_ref().map(|image| image.id.as_str()),
            inspection: outcome.inspection(),
            state: outcome.state.as_deref(),
            code: outcome.code.as_deref(),
            unknown_since: outcome.unknown_since.as_deref(),
            task: outcome.task.as_ref(),
            error: outcome.error.as_ref().map(Reason::of),
        }
    }
}
