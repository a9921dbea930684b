//! How it ended for one target.

use cloud_import_core::{
    Error, ErrorKind, ExportTask, ExportedImage, ImportTask, ImportedImage, Remedy, remedy::Change,
};
use serde::Serialize;

use super::store::Record;

/// How it ended for one target.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The target's label.
    pub target: String,
    /// How.
    pub ended: Ended,
    /// What is remembered of it by then; `None` where nothing was begun.
    pub record: Option<Box<Record>>,
}

/// How it ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Ended {
    /// The image is there.
    Succeeded {
        /// It.
        image: ImportedImage,
        /// Its import.
        task: ImportTask,
        /// An earlier run had done it.
        found: bool,
        /// Why it has not replaced the older images yet, or has not its own name yet.
        unfinished: Option<Error>,
    },
    /// The image is in the bucket.
    Exported {
        /// What was written.
        export: ExportedImage,
        /// The export.
        task: ExportTask,
        /// An earlier run had done it.
        found: bool,
    },
    /// The export goes on in the cloud.
    Exporting {
        /// It.
        task: ExportTask,
        /// Why it is not waited for any more; `None` where that was not asked for.
        error: Option<Error>,
    },
    /// The image that an earlier run had made is gone. Its id is no result.
    Gone {
        /// What it was.
        image: ImportedImage,
        /// Since when, by whom where that is known, and what to do.
        error: Error,
    },
    /// The order was only checked, and the cloud would take it.
    Checked {
        /// What was checked.
        task: ImportTask,
    },
    /// The import goes on in the cloud.
    Running {
        /// It.
        task: ImportTask,
        /// Why it is not waited for any more; `None` where that was not asked for.
        error: Option<Error>,
    },
    /// The import is over and failed or was cancelled.
    Failed {
        /// It, where it is still known.
        task: Option<ImportTask>,
        /// Why.
        error: Error,
    },
    /// Nothing was started.
    NotStarted {
        /// Why.
        error: Error,
    },
    /// Nothing was started, as another target of the call would have been refused.
    HeldBack {
        /// Which, and what to do.
        error: Error,
    },
    /// Whether something was started is not known.
    Unknown {
        /// What may have been started.
        task: Option<ImportTask>,
        /// Why.
        error: Error,
    },
}

/// How it ended, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// [`Ended::Succeeded`] and [`Ended::Exported`]
    Succeeded,
    /// [`Ended::Gone`]
    Gone,
    /// [`Ended::Checked`]
    Checked,
    /// [`Ended::Running`] and [`Ended::Exporting`]
    Running,
    /// [`Ended::Failed`]
    Failed,
    /// [`Ended::NotStarted`] and [`Ended::HeldBack`]
    NotStarted,
    /// [`Ended::Unknown`]
    Unknown,
}

impl Outcome {
    /// How it ended for the target with this label.
    pub fn new(target: impl Into<String>, ended: Ended) -> Self {
        Self {
            target: target.into(),
            ended,
            record: None,
        }
    }

    /// With what is remembered of it.
    #[must_use]
    pub fn with_record(mut self, record: Option<Record>) -> Self {
        self.record = record.map(Box::new);
        self
    }

    /// What came of targets, each with its label; `None` of one whose work ended without an outcome.
    pub(crate) fn all(done: Vec<Option<Self>>, labels: Vec<String>) -> Vec<Self> {
        let broke_off = || {
            Ended::not_started(
                Error::new(ErrorKind::OutcomeUnknown, "work on this target ended unexpectedly")
                    .with_remedy(Remedy::Repeat(Change::Nothing)),
            )
        };
        let outcomes = done.into_iter().zip(labels);
        let outcomes = outcomes.map(|(done, label)| done.unwrap_or_else(|| Self::new(label, broke_off())));
        outcomes.collect()
    }

    /// In a word.
    pub fn phase(&self) -> Phase {
        match self.ended {
            Ended::Succeeded { .. } | Ended::Exported { .. } => Phase::Succeeded,
            Ended::Gone { .. } => Phase::Gone,
            Ended::Checked { .. } => Phase::Checked,
            Ended::Running { .. } | Ended::Exporting { .. } => Phase::Running,
            Ended::Failed { .. } => Phase::Failed,
            Ended::NotStarted { .. } | Ended::HeldBack { .. } => Phase::NotStarted,
            Ended::Unknown { .. } => Phase::Unknown,
        }
    }

    /// The image, where it is there.
    pub fn image(&self) -> Option<&ImportedImage> {
        match &self.ended {
            Ended::Succeeded { image, .. } => Some(image),
            _ => None,
        }
    }

    /// The import, where one was started or may have been.
    pub fn task(&self) -> Option<&ImportTask> {
        match &self.ended {
            Ended::Succeeded { task, .. } | Ended::Checked { task } | Ended::Running { task, .. } => Some(task),
            Ended::Failed { task, .. } | Ended::Unknown { task, .. } => task.as_ref(),
            Ended::NotStarted { .. } | Ended::HeldBack { .. } | Ended::Gone { .. } => None,
            Ended::Exported { .. } | Ended::Exporting { .. } => None,
        }
    }

    /// Why it is not better.
    pub fn error(&self) -> Option<&Error> {
        self.ended.error()
    }

    /// Whether an earlier run had done it.
    pub fn is_found(&self) -> bool {
        matches!(
            self.ended,
            Ended::Succeeded { found: true, .. } | Ended::Exported { found: true, .. }
        )
    }
}

impl Ended {
    /// Why it is not better.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Succeeded { unfinished: error, .. } | Self::Running { error, .. } | Self::Exporting { error, .. } => {
                error.as_ref()
            }
            Self::Gone { error, .. }
            | Self::Failed { error, .. }
            | Self::NotStarted { error }
            | Self::HeldBack { error }
            | Self::Unknown { error, .. } => Some(error),
            Self::Checked { .. } | Self::Exported { .. } => None,
        }
    }

    /// Nothing was started, or (for [`ErrorKind::OutcomeUnknown`]) whether it was is not known.
    pub fn not_started(error: Error) -> Self {
        match error.kind() {
            ErrorKind::OutcomeUnknown => Self::Unknown { task: None, error },
            _ => Self::NotStarted { error },
        }
    }
}
