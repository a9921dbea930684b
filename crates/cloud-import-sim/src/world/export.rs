//! The life of an export, as an import's: queued, running, done, failed or cancelled, by the clock.

use std::time::Duration;

use time::OffsetDateTime;

use super::import::{Scope, Stage, Verdict, stage_of};
use crate::{clock::Now, objects::Content};

/// An export that a cloud accepted.
#[derive(Clone, Debug)]
pub(crate) struct Export {
    pub(crate) scope: Scope,
    pub(crate) operation: String,
    pub(crate) image_id: String,
    /// Empty where a cloud has no tasks for it.
    pub(crate) task_id: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// In the vendor's word.
    pub(crate) format: String,
    pub(crate) verdict: Verdict,
    pub(crate) accepted: Now,
    pub(crate) canceled: Option<OffsetDateTime>,
    pub(super) takes: Duration,
    pub(super) content: Content,
    pub(super) is_delivered: bool,
}

impl Export {
    /// Where it stands at `now`.
    pub(crate) fn stage(&self, now: &Now) -> Stage {
        if self.canceled.is_some() {
            return Stage::Canceled;
        }
        stage_of(&self.accepted, self.takes, &self.verdict, now)
    }

    /// When it ended, if it has.
    pub(crate) fn ended(&self, now: &Now) -> Option<OffsetDateTime> {
        match self.stage(now) {
            Stage::Canceled => self.canceled,
            Stage::Succeeded | Stage::Failed => Some(self.accepted.utc + self.takes),
            Stage::Queued | Stage::Running(_) => None,
        }
    }

    /// Code and reason of a failure that has come to pass.
    pub(crate) fn failure(&self, now: &Now) -> Option<(&str, &str)> {
        match (&self.verdict, self.stage(now)) {
            (Verdict::Fail { code, reason }, Stage::Failed) => Some((code, reason)),
            _ => None,
        }
    }
}
