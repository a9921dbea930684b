//! The kinds of errors and the exit codes, in words.

use cloud_import::ErrorKind;
use serde::Serialize;

use crate::exit::Exit;

/// A kind of error.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct KindRow {
    kind: &'static str,
    meaning: &'static str,
    remedy: &'static str,
    retried: bool,
    may_have_executed: bool,
}

impl KindRow {
    pub(super) fn of(kind: ErrorKind) -> Self {
        let (meaning, remedy) = words(kind);
        Self {
            kind: kind.as_str(),
            meaning,
            remedy,
            retried: kind.is_retryable(),
            may_have_executed: kind.may_have_executed(),
        }
    }

    pub(super) fn text(&self) -> String {
        format!("{}: {}\n  what to do  {}", self.kind, self.meaning, self.remedy)
    }
}

/// What each kind of error means, and what the user does about it.
const WORDS: [(ErrorKind, &str, &str); 22] = [
    (
        ErrorKind::InvalidRequest,
        "the order, or the command line, is not acceptable; nothing was executed",
        "Correct what the message names.",
    ),
    (
        ErrorKind::Unsupported,
        "the cloud, region or account cannot do this; nothing was executed",
        "Choose another way, or ask the vendor.",
    ),
    (
        ErrorKind::Credentials,
        "there are no usable keys, or the cloud does not accept them; nothing was executed",
        "Check keys and token; the message says where they were looked for.",
    ),
    (
        ErrorKind::ClockSkew,
        "the cloud refused the date of the request; nothing was executed",
        "Set this machine's clock.",
    ),
    (
        ErrorKind::PermissionDenied,
        "the account may not do this; nothing was executed",
        "Grant the permission to the keys.",
    ),
    (
        ErrorKind::NotFound,
        "what was named does not exist; nothing was executed",
        "Check id, bucket, region and project.",
    ),
    (
        ErrorKind::Conflict,
        "the state of something stands against it; nothing was executed",
        "Wait, or change that state.",
    ),
    (
        ErrorKind::DuplicateName,
        "the cloud has an image of that name; this request was not executed",
        "Use --replace if the new image is to take its place, or give another --name.",
    ),
    (
        ErrorKind::QuotaExceeded,
        "a quota is used up; nothing was executed",
        "Delete what is not needed, or ask the vendor for more.",
    ),
    (
        ErrorKind::RateLimited,
        "there were too many requests; nothing was executed",
        "Repeat the command later.",
    ),
    (
        ErrorKind::Unavailable,
        "the cloud failed; the request may have been executed",
        "Repeat the command.",
    ),
    (
        ErrorKind::Timeout,
        "no answer came in time; the request may have been executed",
        "Check the network, and repeat the command.",
    ),
    (
        ErrorKind::Connect,
        "there was no connection; nothing was executed",
        "Check network, proxy and endpoint, and repeat the command.",
    ),
    (
        ErrorKind::Transport,
        "the connection broke after the request may have left; it may have been executed",
        "Repeat the command.",
    ),
    (
        ErrorKind::InvalidResponse,
        "the answer cannot be read; the request may have been executed",
        "Repeat the command; look for a proxy in between.",
    ),
    (
        ErrorKind::TaskFailed,
        "the cloud ended the import as failed",
        "See the vendor's reason, or the likely causes, and start again.",
    ),
    (
        ErrorKind::Canceled,
        "it was cancelled",
        "Start again where that was not meant.",
    ),
    (
        ErrorKind::Stopped,
        "it was interrupted; what runs in the cloud goes on there",
        "Repeat the command: it resumes where it stopped.",
    ),
    (
        ErrorKind::WaitLimitReached,
        "the time to wait is over; the import goes on in the cloud",
        "Wait again, with `cloud-import wait`.",
    ),
    (
        ErrorKind::OutcomeUnknown,
        "whether an import was started could not be found out, and to send it again could make a second image",
        "Repeat the command: it looks again before anything is sent.",
    ),
    (
        ErrorKind::Service,
        "the vendor failed or refused for a reason that its code does not tell",
        "Repeat the command; ask the vendor's support, with the request id.",
    ),
    (
        ErrorKind::Local,
        "something on this machine failed; nothing was sent",
        "See the message.",
    ),
];

fn words(kind: ErrorKind) -> (&'static str, &'static str) {
    let found = WORDS.iter().find(|(own, ..)| *own == kind);
    found.map_or(
        ("a kind that has no words yet", "See the message."),
        |(_, meaning, remedy)| (*meaning, *remedy),
    )
}

/// An exit code.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ExitRow {
    exit: u8,
    meaning: &'static str,
    remedy: &'static str,
}

impl ExitRow {
    pub(super) fn text(&self) -> String {
        format!(
            "exit code {}: {}\n  what to do  {}",
            self.exit, self.meaning, self.remedy
        )
    }
}

/// The exit codes; only one, where one is asked for.
pub(super) fn exits(only: Option<&str>) -> Vec<ExitRow> {
    let rows = Exit::ALL.into_iter().map(|exit| {
        let (meaning, remedy) = exit.words();
        ExitRow {
            exit: exit.code(),
            meaning,
            remedy,
        }
    });
    rows.filter(|row| only.is_none_or(|only| only == row.exit.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_words_of_its_own() {
        let mut seen = std::collections::BTreeSet::new();
        for kind in ErrorKind::all() {
            let (meaning, remedy) = words(kind);
            assert!(!meaning.contains("no words yet") && remedy.ends_with('.'), "{kind}");
            assert!(seen.insert(meaning), "{kind}");
            let says_so = meaning.contains("may have been executed") || !kind.may_have_executed();
            let is_its_own = matches!(kind, ErrorKind::OutcomeUnknown | ErrorKind::Service);
            assert!(says_so || is_its_own, "{kind}: {meaning}");
        }
    }
}
