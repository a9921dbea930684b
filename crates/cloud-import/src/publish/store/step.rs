//! How far a target has come. What is done at which step is decided in `plan.rs`.

use serde::{Deserialize, Serialize};

/// How far one target has come. A step is recorded before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// The file is inspected and hashed, and being staged.
    Staging,
    /// Everything is where the cloud can read it.
    Staged,
    /// The order is about to leave, or has left: what became of it is not known yet.
    Starting,
    /// The cloud took the order.
    Started,
    /// The image is there.
    Succeeded,
    /// The cloud ended the import as failed.
    Failed,
    /// The import was cancelled.
    Canceled,
    /// What became of the order could not be found out.
    Unknown,
}

impl Step {
    /// Whether the cloud has given its verdict, so that nothing reads the staged object any more.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }

    /// The word for it, as in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Staged => "staged",
            Self::Starting => "starting",
            Self::Started => "started",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Unknown => "unknown",
        }
    }
}
