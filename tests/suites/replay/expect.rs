//! What is expected of a shape, and how what came of it differs.

use std::time::Duration;

use cloud_import::{Error, ErrorKind, TaskState};
use serde::Deserialize;

use crate::{Ask, Outcome};

#[derive(Deserialize, Debug)]
#[serde(rename_all = "snake_case", tag = "outcome", deny_unknown_fields)]
pub(crate) enum Expect {
    /// The order was taken.
    Started {
        #[serde(default)]
        task_id: Option<String>,
        #[serde(default)]
        image_id: Option<String>,
    },
    /// The import goes on.
    Running {
        raw: String,
        #[serde(default)]
        percent: Option<u8>,
    },
    Succeeded {
        image_id: String,
    },
    Failed {
        #[serde(default)]
        code: Option<String>,
        message: String,
        /// Likely causes are told.
        #[serde(default)]
        causes: bool,
    },
    Canceled,
    /// The wait ended before the import, with the last fault.
    Unfinished {
        code: String,
        message: String,
    },
    /// The call failed.
    Refused {
        kind: ErrorKind,
        #[serde(default)]
        code: Option<String>,
        executed: bool,
        /// Part of the remedy.
        #[serde(default)]
        remedy: String,
        /// Part of the message.
        #[serde(default)]
        message: String,
        /// How often it was sent.
        #[serde(default = "once")]
        attempts: usize,
        /// The pause that was kept, in seconds.
        #[serde(default)]
        waits: u64,
    },
}

fn once() -> usize {
    1
}

/// What it took.
pub(crate) struct Cost {
    /// Requests that got the shape's first answer.
    pub(crate) attempts: usize,
    /// Nothing was asked after it.
    pub(crate) was_last: bool,
    pub(crate) slept: Duration,
}

impl Expect {
    /// How an outcome differs; `None` when it is as expected.
    pub(crate) fn differs(&self, outcome: &Outcome, cost: &Cost, ask: Ask) -> Option<String> {
        let is_right = match (self, outcome) {
            (Self::Started { task_id, image_id }, Outcome::Started(task)) => {
                (task_id, image_id) == (&task.task_id, &task.image_id) && cost.attempts == 1
            }
            (
                Self::Running { raw, percent },
                Outcome::State(TaskState::InProgress {
                    raw: shown,
                    percent: own,
                }),
            ) => shown.contains(raw) && own == percent,
            (Self::Succeeded { image_id }, Outcome::State(TaskState::Succeeded { image })) => image.id == *image_id,
            (Self::Failed { code, message, causes }, Outcome::State(TaskState::Failed(failure))) => {
                failure.code == *code && failure.reason.contains(message) && failure.likely_causes.is_empty() != *causes
            }
            (Self::Failed { code, message, causes }, Outcome::Refused(error)) if ask == Ask::Wait => {
                let remedy = error.remedy().map(ToString::to_string).unwrap_or_default();
                (error.kind(), error.code()) == (ErrorKind::TaskFailed, code.as_deref())
                    && error.message().contains(message)
                    && remedy.contains("Likely causes") == *causes
            }
            (Self::Canceled, Outcome::State(TaskState::Canceled)) => true,
            (Self::Unfinished { code, message }, Outcome::Refused(error)) => {
                (error.kind(), error.code()) == (ErrorKind::WaitLimitReached, Some(code))
                    && error.message().contains(message)
            }
            (Self::Refused { attempts, waits, .. }, Outcome::Refused(error)) => {
                if (cost.attempts, cost.was_last) != (*attempts, true) {
                    return Some(format!("{} attempts, last: {}", cost.attempts, cost.was_last));
                }
                // One that is sent once is not waited for; one that is sent again waits for its steps at least.
                let slept = cost.slept.as_secs();
                if (*attempts == 1 && !cost.slept.is_zero()) || !(*waits..*waits + 30).contains(&slept) {
                    return Some(format!("{slept} s"));
                }
                self.says(error)
            }
            _ => false,
        };
        (!is_right).then(|| format!("expected {self:?}"))
    }

    fn says(&self, error: &Error) -> bool {
        let Self::Refused {
            kind,
            code,
            executed,
            remedy,
            message,
            ..
        } = self
        else {
            return false;
        };
        let shown = error.remedy().map(ToString::to_string).unwrap_or_default();
        (error.kind(), error.may_have_executed()) == (*kind, *executed)
            && (code.is_none() || error.code() == code.as_deref())
            && error.http_status().is_some()
            && !shown.is_empty()
            && shown.contains(remedy)
            && error.message().contains(message)
    }
}
