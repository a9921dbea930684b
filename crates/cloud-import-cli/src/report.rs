//! Results: one per target, as text or as JSON with a stable schema.

use cloud_import::{Error, ImportTask, ImportedImage, Problem};
use serde::Serialize;

use crate::{args::Form, exit::Exit, output};

/// The version of the JSON form. It is raised when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

/// What came of one target.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// `provider/region`.
    pub(crate) target: String,
    pub(crate) status: Status,
    pub(crate) exit: Exit,
    pub(crate) state: Option<String>,
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
}

impl Outcome {
    pub(crate) fn new(target: impl ToString, status: Status, exit: Exit) -> Self {
        Self {
            target: target.to_string(),
            status,
            exit,
            state: None,
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

    /// It did not come to a start.
    pub(crate) fn not_started(target: impl ToString, error: Error) -> Self {
        let exit = Exit::of(&error);
        let status = if exit == Exit::OutcomeUnknown {
            Status::Unknown
        } else {
            Status::NotStarted
        };
        Self {
            error: Some(error),
            ..Self::new(target, status, exit)
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
    results: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    target: &'a str,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
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
    remedy: Option<&'a str>,
    http_status: Option<u16>,
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    problems: &'a [Problem],
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

/// Writes the results and says how the command ends.
pub(crate) fn write(outcomes: &[Outcome], form: Form, lines: Lines) -> Exit {
    for outcome in outcomes {
        if let Some(error) = &outcome.error {
            output::error(error);
        }
        if outcome.status == Status::Running
            && outcome.error.is_some()
            && let Some(line) = outcome.task.as_ref().and_then(|task| serde_json::to_string(task).ok())
        {
            output::say(&format!("to go on: cloud-import wait '{line}'"));
        }
    }
    match form {
        Form::Json => json(outcomes),
        Form::Text => outcomes
            .iter()
            .filter_map(|outcome| text(outcome, lines))
            .for_each(|line| output::result(&line)),
    }
    Exit::together(outcomes.iter().map(|outcome| outcome.exit))
}

fn text(outcome: &Outcome, lines: Lines) -> Option<String> {
    match lines {
        Lines::Images => outcome.image.as_ref().map(ToString::to_string),
        Lines::Tasks => serde_json::to_string(outcome.task.as_ref()?).ok(),
        Lines::States => Some(format!("{} {}", outcome.target, outcome.summary())),
    }
}

fn json(outcomes: &[Outcome]) {
    let report = Report {
        schema: SCHEMA,
        results: outcomes.iter().map(Row::of).collect(),
    };
    match serde_json::to_string_pretty(&report) {
        Ok(text) => output::result(&text),
        Err(error) => output::say(&format!("error: the results cannot be written as JSON: {error}")),
    }
}

impl<'a> Row<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        Self {
            target: &outcome.target,
            status: outcome.status,
            image_id: outcome.image.as_ref().map(|image| image.id.as_str()),
            state: outcome.state.as_deref(),
            task: outcome.task.as_ref(),
            error: outcome.error.as_ref().map(|error| Reason {
                kind: error.kind().as_str(),
                message: error.message(),
                code: error.code(),
                remedy: error.remedy(),
                http_status: error.http_status(),
                request_id: error.request_id(),
                problems: error.problems(),
            }),
        }
    }
}
