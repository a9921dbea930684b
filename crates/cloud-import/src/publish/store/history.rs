//! What happened to a target, so that it can be told the morning after: when it came to which step, and why it is not better. Plain
//! data; nothing secret.

use std::time::SystemTime;

use cloud_import_core::{
    Error, ErrorKind, Provider, Remedy,
    env::{Env as _, SystemEnv},
    provider::datetime,
};
use serde::{Deserialize, Serialize};

use super::step::Step;

/// So many events are kept of a target. The oldest go first.
const MOST: usize = 200;

/// Something that happened to a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Happened {
    /// When, by this machine's clock, in whole seconds.
    #[serde(with = "datetime::rfc3339")]
    pub at: SystemTime,
    /// The generation of the order.
    pub generation: u32,
    /// What.
    pub what: What,
    /// What it was about: the cloud's word for a state, an object, an image's id, the code or kind of an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What can happen to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum What {
    /// The file began to be hashed, for all targets.
    Hashing,
    /// The file was hashed.
    Hashed,
    /// The file began to be staged.
    Staging,
    /// The file is where the cloud can read it.
    Staged,
    /// The order was about to leave.
    Starting,
    /// The cloud took the order.
    Started,
    /// The cloud gave the import another state: the detail.
    State,
    /// The image is there: the detail is its id.
    Succeeded,
    /// The cloud ended the import as failed.
    Failed,
    /// The import was cancelled.
    Canceled,
    /// What became of the order could not be found out.
    Unknown,
    /// The order was settled as not started.
    NotStarted,
    /// The cloud would take the order: it was only tried.
    Checked,
    /// Something went wrong: the detail is the code, or the kind of the error.
    Error,
    /// What was staged is deleted.
    Tidied,
    /// An image was deleted by this program, an older one or its own: the detail is its id.
    Retired,
    /// The image was shared, tagged and offered as it was ordered.
    Changed,
    /// The image that was the newest of the family before was deprecated: the detail is its id.
    Deprecated,
    /// Its image was seen to be gone, by another hand: the detail is its id.
    Gone,
    /// What a later version knows.
    #[serde(other)]
    Other,
}

impl What {
    /// The word for it, as in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hashing => "hashing",
            Self::Hashed => "hashed",
            Self::Staging => "staging",
            Self::Staged => "staged",
            Self::Starting => "starting",
            Self::Started => "started",
            Self::State => "state",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Unknown => "unknown",
            Self::NotStarted => "not_started",
            Self::Checked => "checked",
            Self::Error => "error",
            Self::Tidied => "tidied",
            Self::Retired => "retired",
            Self::Changed => "changed",
            Self::Deprecated => "deprecated",
            Self::Gone => "gone",
            Self::Other => "other",
        }
    }

    /// That a target came from one step to another.
    fn between(before: Step, after: Step) -> Self {
        match (before, after) {
            (Step::Starting | Step::Unknown, Step::Staged) => Self::NotStarted,
            (_, Step::Staging) => Self::Staging,
            (_, Step::Staged) => Self::Staged,
            (_, Step::Starting) => Self::Starting,
            (_, Step::Started) => Self::Started,
            (_, Step::Succeeded) => Self::Succeeded,
            (_, Step::Failed) => Self::Failed,
            (_, Step::Canceled) => Self::Canceled,
            (_, Step::Unknown) => Self::Unknown,
        }
    }
}

/// The events of a target, oldest first, as many as are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History(Vec<Happened>);

impl History {
    /// The events, oldest first.
    pub fn events(&self) -> &[Happened] {
        &self.0
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Something happened now.
    pub(crate) fn add(&mut self, generation: u32, what: What, detail: Option<String>) {
        self.add_at(SystemEnv.now(), generation, what, detail);
    }

    /// Something happened then.
    pub(crate) fn add_at(&mut self, at: SystemTime, generation: u32, what: What, detail: Option<String>) {
        let at = datetime::whole_seconds(at);
        self.0.push(Happened {
            at,
            generation,
            what,
            detail,
        });
        let over = self.0.len().saturating_sub(MOST);
        self.0.drain(..over);
    }

    /// A target came to another step.
    pub(super) fn came_to(&mut self, generation: u32, before: Step, after: Step, detail: Option<String>) {
        self.add(generation, What::between(before, after), detail);
    }

    /// When something last happened in a generation.
    pub fn last(&self, generation: u32, what: What) -> Option<SystemTime> {
        let mut events = self.0.iter().rev();
        let found = events.find(|event| event.generation == generation && event.what == what);
        found.map(|event| event.at)
    }
}

/// That this program deleted the image of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Retired {
    /// When, by this machine's clock, in whole seconds.
    #[serde(with = "datetime::rfc3339")]
    pub at: SystemTime,
    /// The job that deleted it; empty where that was asked for, by no job.
    pub by: String,
}

/// Why a target is not better: an error, as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reason {
    /// When it was told, by this machine's clock, in whole seconds.
    #[serde(with = "datetime::rfc3339")]
    pub at: SystemTime,
    /// What went wrong.
    pub kind: ErrorKind,
    /// In words.
    pub message: String,
    /// The vendor's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What the user can do, documented likely causes included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// The vendor's operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// The vendor's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// How often the request was sent.
    #[serde(default)]
    pub attempts: u32,
}

impl Reason {
    /// An error that is told now.
    pub fn of(error: &Error) -> Self {
        Self {
            at: datetime::whole_seconds(SystemEnv.now()),
            kind: error.kind(),
            message: error.message().to_owned(),
            code: error.code().map(str::to_owned),
            remedy: error.remedy().cloned(),
            operation: error.operation().map(str::to_owned),
            http_status: error.http_status(),
            request_id: error.request_id().map(str::to_owned),
            attempts: error.attempts(),
        }
    }

    /// The error again, of this cloud. What lay behind it is not kept.
    pub fn error(&self, provider: Provider) -> Error {
        let mut error = Error::new(self.kind, &self.message)
            .with_provider(provider)
            .with_request_id(self.request_id.clone())
            .with_attempts(self.attempts);
        if let Some(operation) = &self.operation {
            error = error.with_operation(operation.clone());
        }
        if let Some(code) = &self.code {
            error = error.with_code(code);
        }
        if let Some(status) = self.http_status {
            error = error.with_http_status(status);
        }
        match &self.remedy {
            Some(remedy) => error.with_remedy(remedy.clone()),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first() {
        let mut history = History::default();
        for number in 0..MOST + 3 {
            history.add(0, What::State, Some(number.to_string()));
        }
        assert_eq!(history.events().len(), MOST);
        assert_eq!(history.events()[0].detail.as_deref(), Some("3"));
        assert!(history.last(0, What::State).is_some() && history.last(1, What::State).is_none());
    }

    #[test]
    fn a_reason_is_the_same_error_again() {
        let error = Error::new(ErrorKind::QuotaExceeded, "no more images")
            .with_provider(Provider::JDCLOUD)
            .with_operation("importImage")
            .with_code("QUOTA_EXCEEDED")
            .with_remedy(Remedy::text("Delete images.").or(Remedy::Wait))
            .with_request_id(Some("r-1".to_owned()))
            .with_http_status(400)
            .with_attempts(2);
        let text = serde_json::to_string(&Reason::of(&error)).unwrap();
        let again = serde_json::from_str::<Reason>(&text).unwrap().error(Provider::JDCLOUD);
        assert_eq!(again.to_string(), error.to_string());
        assert_eq!((again.remedy(), again.attempts()), (error.remedy(), error.attempts()));
    }

    #[test]
    fn what_a_later_version_writes_is_read() {
        let text = r#"[{"at":"2026-11-29T10:00:00Z","generation":0,"what":"blessed","detail":"x","by":"y"}]"#;
        let history: History = serde_json::from_str(text).unwrap();
        assert_eq!(history.events()[0].what, What::Other);
    }
}
