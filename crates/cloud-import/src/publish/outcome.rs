//! How it ended for one target.

use cloud_import_core::{Error, ErrorKind, ImportTask, ImportedImage};
use serde::Serialize;

/// How it ended for one target, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// The image is there. With an error beside it, it has not replaced the older ones yet.
    Succeeded,
    /// The order was only checked, and the cloud would take it.
    Checked,
    /// The import goes on in the cloud.
    Running,
    /// The import is over and failed or was cancelled.
    Failed,
    /// Nothing was started.
    NotStarted,
    /// Whether something was started is not known.
    Unknown,
}

/// How it ended for one target.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The target's label.
    pub target: String,
    /// In a word.
    pub phase: Phase,
    /// The image, where it is there.
    pub image: Option<ImportedImage>,
    /// The task, where one was started.
    pub task: Option<ImportTask>,
    /// Why it is not better.
    pub error: Option<Error>,
    /// An earlier run had done it.
    pub found: bool,
}

impl Outcome {
    fn new(target: &str, phase: Phase, task: Option<ImportTask>) -> Self {
        Self {
            target: target.to_owned(),
            phase,
            image: None,
            task,
            error: None,
            found: false,
        }
    }

    pub(crate) fn succeeded(target: &str, image: ImportedImage, task: ImportTask) -> Self {
        Self {
            image: Some(image),
            ..Self::new(target, Phase::Succeeded, Some(task))
        }
    }

    pub(crate) fn checked(target: &str, task: ImportTask) -> Self {
        Self::new(target, Phase::Checked, Some(task))
    }

    pub(crate) fn running(target: &str, task: ImportTask, error: Option<Error>) -> Self {
        Self {
            error,
            ..Self::new(target, Phase::Running, Some(task))
        }
    }

    pub(crate) fn failed(target: &str, task: Option<ImportTask>, error: Error) -> Self {
        Self {
            error: Some(error),
            ..Self::new(target, Phase::Failed, task)
        }
    }

    /// Nothing was started, or (for [`ErrorKind::OutcomeUnknown`]) whether it was is not known.
    pub fn not_started(target: &str, error: Error) -> Self {
        if error.kind() == ErrorKind::OutcomeUnknown {
            return Self::unknown(target, None, error);
        }
        Self {
            error: Some(error),
            ..Self::new(target, Phase::NotStarted, None)
        }
    }

    pub(crate) fn unknown(target: &str, task: Option<ImportTask>, error: Error) -> Self {
        Self {
            error: Some(error),
            ..Self::new(target, Phase::Unknown, task)
        }
    }

    /// What came of a task that belongs to no job.
    pub fn of_task(
        target: &str,
        phase: Phase,
        task: ImportTask,
        image: Option<ImportedImage>,
        error: Option<Error>,
    ) -> Self {
        Self {
            image,
            error,
            ..Self::new(target, phase, Some(task))
        }
    }

    /// The image is there, and what it was to replace is there too, or its name is not its own yet.
    pub(crate) fn unfinished(mut self, error: Error) -> Self {
        self.error = Some(error);
        self
    }

    pub(crate) fn found(mut self) -> Self {
        self.found = true;
        self
    }
}
