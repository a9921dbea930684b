//! What came of a target, whichever command tells it.

use cloud_import::{
    Error, ErrorKind, ExportedImage, ImportTask, ImportedImage, Inspection,
    publish::{self, Damaged, Ended, Phase, Record, Step},
};
use serde::Serialize;

use crate::{exit::Exit, output::Tone, render};

/// What came of one target.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// `provider/region`.
    pub(crate) target: String,
    pub(crate) status: Status,
    pub(crate) exit: Exit,
    pub(crate) state: Option<String>,
    pub(crate) image: Option<ImportedImage>,
    /// What was exported, where it is of an export.
    pub(crate) export: Option<ExportedImage>,
    /// Nothing was sent for that image: it was there.
    pub(crate) is_found: bool,
    pub(crate) task: Option<ImportTask>,
    pub(crate) error: Option<Error>,
    /// What is remembered of it, where something is.
    pub(crate) record: Option<Box<Record>>,
    /// Why it is not better was said already.
    pub(crate) is_told: bool,
    /// How the command ends is decided by the others.
    pub(crate) is_aside: bool,
}

/// What came of one target, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Status {
    /// The image is there.
    Succeeded,
    /// The image was there, and is gone.
    Gone,
    /// The order was only checked, and the cloud would take it.
    Checked,
    /// The import goes on.
    Running,
    /// Cancelling was asked for.
    CancelRequested,
    /// The import is over and failed.
    Failed,
    /// The import was cancelled.
    Canceled,
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
            Self::Gone => "gone",
            Self::Checked => "checked",
            Self::Running => "still running",
            Self::CancelRequested => "being cancelled",
            Self::Failed => "failed",
            Self::Canceled => "cancelled",
            Self::NotStarted => "not started",
            Self::Unknown => "not known whether it was started",
            Self::Damaged => "damaged",
        }
    }
}

impl Status {
    /// Whether what was asked for is there.
    pub(crate) fn is_well(self) -> bool {
        matches!(self, Self::Succeeded | Self::Checked)
    }

    /// Whether it is not over.
    pub(crate) fn goes_on(self) -> bool {
        matches!(self, Self::Running | Self::CancelRequested)
    }

    /// How good that is.
    pub(crate) fn tone(self) -> Tone {
        match self {
            _ if self.is_well() => Tone::Good,
            Self::Running => Tone::Plain,
            Self::CancelRequested | Self::Canceled | Self::Unknown => Tone::Warning,
            _ => Tone::Bad,
        }
    }
}

impl Status {
    /// What came of a target.
    pub(crate) fn of(outcome: &publish::Outcome) -> Self {
        let is_canceled = || outcome.error().is_some_and(|error| error.kind() == ErrorKind::Canceled);
        match outcome.phase() {
            Phase::Failed if is_canceled() => Self::Canceled,
            Phase::Succeeded => Self::Succeeded,
            Phase::Gone => Self::Gone,
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
        let status = Status::of(&outcome);
        let is_aside = matches!(outcome.ended, Ended::HeldBack { .. });
        let exit = match (phase, &error) {
            (Phase::Succeeded, Some(error)) if error.kind() == ErrorKind::Credentials => Exit::Credentials,
            // The image is there, and so is what it was to replace.
            (Phase::Succeeded, Some(_)) => Exit::Mixed,
            (Phase::Succeeded | Phase::Checked, _) | (Phase::Running, None) => Exit::Done,
            (Phase::Running, Some(error)) => Exit::while_running(error),
            (Phase::Unknown, _) => Exit::OutcomeUnknown,
            (Phase::Failed, _) => Exit::Failed,
            (Phase::Gone, _) => Exit::Gone,
            (_, Some(error)) => Exit::of(error),
            (_, None) => Exit::NotStarted,
        };
        Self {
            status,
            exit,
            state: (phase == Phase::Checked).then(|| "checked".to_owned()),
            image: outcome.image().cloned(),
            export: match &outcome.ended {
                Ended::Exported { export, .. } => Some(export.clone()),
                _ => None,
            },
            is_found: outcome.is_found(),
            task: outcome.task().cloned(),
            error,
            record: outcome.record,
            is_told: false,
            is_aside,
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
            image: None,
            export: None,
            is_found: false,
            task: None,
            error: None,
            record: None,
            is_told: false,
            is_aside: false,
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

    /// There is nothing to be done for it, for this reason.
    pub(crate) fn aside(target: impl ToString, why: String) -> Self {
        Self {
            state: Some(why),
            is_aside: true,
            ..Self::new(target, Status::NotStarted, Exit::Done)
        }
    }

    /// The wait ended without an image.
    pub(crate) fn ended(target: impl ToString, task: ImportTask, error: Error) -> Self {
        let exit = Exit::while_running(&error);
        let status = match exit {
            Exit::Failed if error.kind() == ErrorKind::Canceled => Status::Canceled,
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

    /// How a target stands by its record alone.
    pub(crate) fn recorded(record: Record) -> Self {
        if let Some(error) = record.why_gone() {
            return Self {
                error: Some(error),
                ..Self::new(&record.target, Status::Gone, Exit::Gone)
            }
            .with(record);
        }
        let (status, exit) = match record.step {
            Step::Succeeded => (Status::Succeeded, Exit::Done),
            Step::Failed => (Status::Failed, Exit::Failed),
            Step::Canceled => (Status::Canceled, Exit::Failed),
            Step::Staging | Step::Staged if record.was_checked() => (Status::Checked, Exit::Done),
            Step::Staging | Step::Staged => (Status::NotStarted, Exit::NotStarted),
            Step::Started => (Status::Running, Exit::StillRunning),
            _ => (Status::Unknown, Exit::OutcomeUnknown),
        };
        Self {
            image: record.image(),
            export: record.exported(),
            task: record.task.clone(),
            error: record.why(),
            ..Self::new(&record.target, status, exit)
        }
        .with(record)
    }

    /// Adds what is remembered of it.
    pub(crate) fn with(mut self, record: Record) -> Self {
        self.record = Some(Box::new(record));
        self
    }

    pub(crate) fn inspection(&self) -> Option<&Inspection> {
        self.image.as_ref()?.inspection.as_ref()
    }

    /// In a few words. The reason of what went wrong is said elsewhere, with its remedy.
    pub(crate) fn summary(&self) -> String {
        let since = || self.record.as_ref()?.unknown_since();
        let code = || {
            let unclear = || self.record.as_ref()?.vendor_code();
            self.error.as_ref().and_then(Error::code).or_else(unclear)
        };
        if let Some(export) = &self.export {
            return objects(export);
        }
        let words = match (&self.image, &self.state, since()) {
            (Some(image), ..) => return image.id.clone(),
            (None, Some(state), _) if self.status != Status::Unknown => return state.clone(),
            (.., Some(since)) if self.status == Status::Unknown => format!("unknown since {}", render::instant(since)),
            _ => self.status.words().to_owned(),
        };
        match code() {
            Some(code) => format!("{words} (code {code})"),
            None => words,
        }
    }
}

/// How many targets are in which state, in the order in which the states are met.
pub(crate) fn totals<'a>(targets: impl IntoIterator<Item = &'a Outcome>) -> Vec<(Status, usize)> {
    let mut totals: Vec<(Status, usize)> = Vec::new();
    for target in targets {
        match totals.iter_mut().find(|(status, _)| *status == target.status) {
            Some((_, count)) => *count += 1,
            None => totals.push((target.status, 1)),
        }
    }
    totals
}

/// Where an image was exported to: `BUCKET:KEY`, for each object.
pub(crate) fn objects(export: &ExportedImage) -> String {
    match export.keys.as_slice() {
        [] => format!("{}:{}*", export.bucket, export.key_begins),
        keys => keys
            .iter()
            .map(|key| format!("{}:{key}", export.bucket))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

/// What a result calls something that cannot be read.
pub(crate) fn label(damaged: &Damaged) -> String {
    damaged
        .target
        .clone()
        .or_else(|| damaged.job.clone())
        .unwrap_or_default()
}
