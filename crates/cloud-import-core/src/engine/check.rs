//! One thing that is looked at before an import, and how it is. Plain data; asks nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorKind, Problem, WarningId,
    model::remedy::{Phrase, Remedy},
};

/// One thing that was looked at before an import.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Check {
    /// What was looked at.
    pub what: Subject,
    /// How it is.
    pub outcome: CheckOutcome,
    /// What kind of warning it is; also where there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<WarningId>,
    /// It is a warning, or there was no answer, and the order accepts that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub acknowledged: bool,
    /// What was found, in one line.
    pub message: Phrase,
    /// What the user can do; `None` where nothing need be done.
    #[serde(flatten, with = "crate::model::remedy::shown")]
    pub remedy: Option<Remedy>,
    /// The error that is the finding, or for which there was no answer. Not in JSON.
    #[serde(skip)]
    pub error: Option<Error>,
}

/// By what they tell; not by the error behind it, which may hold an instant or a request id.
impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        let told = |check: &Self| (check.what, check.outcome, check.message.clone(), check.remedy.clone());
        told(self) == told(other)
    }
}

impl Eq for Check {}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckOutcome {
    /// As it must be.
    Passed,
    /// An import may go wrong for it.
    Warning,
    /// An import would be refused for it.
    Failed,
    /// Not known: the message says why.
    NotChecked,
}

impl CheckOutcome {
    /// The word for it in JSON, in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::NotChecked => "not_checked",
        }
    }
}

impl fmt::Display for CheckOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a check looks at. The order is that in which checks are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Subject {
    /// The order itself, against the cloud's limits, offline.
    Order,
    /// Whether the cloud's API answers.
    Endpoint,
    /// Whether the cloud accepts the credentials.
    Credentials,
    /// The project that the image goes to.
    Project,
    /// Whether the region exists for this account.
    Region,
    /// Whether the image's name is free.
    Name,
    /// Whether there is room for another image.
    Quota,
    /// Whether the cloud takes the guest's operating system.
    Os,
    /// Whether the cloud may read the image file (Alibaba's import role).
    ImportRole,
    /// Whether the bucket that a file is put into exists and is usable.
    Bucket,
    /// Whether the image can be shared with those that are named.
    Share,
    /// What the vendor's own dry run says.
    DryRun,
}

impl Subject {
    /// What every cloud is asked, or said not to be.
    pub(super) const COMMON: [Self; 7] = [
        Self::Credentials,
        Self::Project,
        Self::Region,
        Self::Name,
        Self::Quota,
        Self::Os,
        Self::DryRun,
    ];

    /// What it is called that there was no answer.
    const fn unanswered(self) -> WarningId {
        match self {
            Self::Order | Self::Endpoint => WarningId::UNANSWERED_ENDPOINT,
            Self::Credentials => WarningId::UNANSWERED_CREDENTIALS,
            Self::Project => WarningId::UNANSWERED_PROJECT,
            Self::Region => WarningId::UNANSWERED_REGION,
            Self::Name => WarningId::UNANSWERED_NAME,
            Self::Quota => WarningId::UNANSWERED_QUOTA,
            Self::Os => WarningId::UNANSWERED_OS,
            Self::ImportRole => WarningId::UNANSWERED_IMPORT_ROLE,
            Self::Bucket => WarningId::UNANSWERED_BUCKET,
            Self::Share => WarningId::UNANSWERED_SHARE,
            Self::DryRun => WarningId::UNANSWERED_DRY_RUN,
        }
    }

    /// The word for it in JSON and tables, in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Endpoint => "endpoint",
            Self::Credentials => "credentials",
            Self::Project => "project",
            Self::Region => "region",
            Self::Name => "name",
            Self::Quota => "quota",
            Self::Os => "os",
            Self::ImportRole => "import_role",
            Self::Bucket => "bucket",
            Self::Share => "share",
            Self::DryRun => "dry_run",
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Check {
    fn new(what: Subject, outcome: CheckOutcome, message: impl Into<Phrase>, remedy: Option<Remedy>) -> Self {
        Self {
            what,
            outcome,
            id: None,
            acknowledged: false,
            message: message.into(),
            remedy,
            error: None,
        }
    }

    /// It is as it must be.
    pub fn passed(what: Subject, message: impl Into<Phrase>) -> Self {
        Self::new(what, CheckOutcome::Passed, message, None)
    }

    /// An import may go wrong for it.
    pub fn warning(id: WarningId, what: Subject, message: impl Into<Phrase>, remedy: impl Into<Remedy>) -> Self {
        Self {
            id: Some(id),
            ..Self::new(what, CheckOutcome::Warning, message, Some(remedy.into()))
        }
    }

    /// An import would be refused for it.
    pub fn failed(what: Subject, message: impl Into<Phrase>, remedy: impl Into<Remedy>) -> Self {
        Self::new(what, CheckOutcome::Failed, message, Some(remedy.into()))
    }

    /// It is not known, for this reason.
    pub fn not_checked(what: Subject, why: impl Into<Phrase>) -> Self {
        Self::new(what, CheckOutcome::NotChecked, why, None)
    }

    /// An error that is the finding.
    pub fn failed_by(what: Subject, error: &Error) -> Self {
        Self::new(what, CheckOutcome::Failed, error.to_string(), error.remedy().cloned()).because(error)
    }

    /// Whether an import would be refused for it.
    pub fn is_failure(&self) -> bool {
        self.outcome == CheckOutcome::Failed
    }

    /// Whether an import would surely be refused for it: it failed, and not for want of an answer. A cloud that cannot be reached or is
    /// busy, and keys that may not look at something, prove nothing.
    pub fn is_certain(&self) -> bool {
        let answers = |error: &Error| match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::Service | ErrorKind::Local | ErrorKind::Stopped => false,
            kind => !kind.is_retryable(),
        };
        self.is_failure() && self.error.as_ref().is_none_or(answers)
    }

    /// Whether it was asked for and not told, or not for certain. What is never asked of a cloud is not.
    pub fn is_unanswered(&self) -> bool {
        let is_open = self.outcome == CheckOutcome::NotChecked || (self.is_failure() && !self.is_certain());
        is_open && self.error.is_some()
    }

    /// The question got no answer.
    pub(crate) fn unanswered(what: Subject, error: &Error) -> Self {
        let remedy = error.remedy().cloned();
        let check = Self::new(what, CheckOutcome::NotChecked, error.to_string(), remedy).because(error);
        Self {
            id: Some(what.unanswered()),
            ..check
        }
    }

    /// With the error behind it.
    #[must_use]
    pub fn because(mut self, error: &Error) -> Self {
        self.error = Some(error.clone());
        self
    }

    /// A problem that was found without asking. It fails the check where the order would be refused for it.
    pub fn of_problem(what: Subject, problem: &Problem, is_binding: bool) -> Self {
        let outcome = if problem.is_error() && is_binding {
            CheckOutcome::Failed
        } else {
            CheckOutcome::Warning
        };
        let source = problem.first_source().map(|source| format!(" [{source}]"));
        let message = Phrase::default()
            .field(problem.field.clone())
            .text(" ")
            .phrase(problem.rule.clone())
            .text(source.unwrap_or_default());
        Self {
            id: problem.id.clone().filter(|_| !problem.is_error()),
            acknowledged: problem.acknowledged,
            ..Self::new(what, outcome, message, problem.remedy.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_asked_is_not_certain() {
        let failed = |kind| Check::failed_by(Subject::Bucket, &Error::new(kind, "x"));
        for sure in [ErrorKind::NotFound, ErrorKind::InvalidRequest, ErrorKind::Credentials] {
            assert!(failed(sure).is_certain() && !failed(sure).is_unanswered(), "{sure}");
        }
        for open in [
            ErrorKind::PermissionDenied,
            ErrorKind::Unavailable,
            ErrorKind::Timeout,
            ErrorKind::Connect,
            ErrorKind::RateLimited,
            ErrorKind::Service,
        ] {
            assert!(!failed(open).is_certain() && failed(open).is_unanswered(), "{open}");
        }
        assert!(Check::failed(Subject::Quota, "full", "").is_certain());
        let never = Check::not_checked(Subject::Quota, "no call tells it");
        assert!(!never.is_certain() && !never.is_unanswered());
        let busy = Error::new(ErrorKind::Unavailable, "busy");
        assert!(Check::unanswered(Subject::Quota, &busy).is_unanswered());
    }

    #[test]
    fn the_error_behind_a_check_is_not_in_json() {
        let check = Check::failed_by(Subject::Bucket, &Error::new(ErrorKind::NotFound, "x"));
        let text = serde_json::to_string(&check).unwrap();
        assert!(!text.contains("error"), "{text}");
        assert_eq!(serde_json::from_str::<Check>(&text).unwrap(), check);
    }
}
