//! Exit codes. They are part of the interface: scripts depend on them.

use std::process::ExitCode;

use cloud_import::{Error, ErrorKind};

use crate::args::FailIf;

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Usage,
    Credentials,
    NotStarted,
    Failed,
    Mixed,
    StillRunning,
    OutcomeUnknown,
    /// Whatever came of it, standard output did not take the results.
    NotWritten,
    /// The image that an earlier run had made is gone.
    Gone,
    Interrupted,
    /// That of the command that `sim` ran.
    OfCommand(u8),
}

impl Exit {
    /// Those of this command's own, in their order.
    pub(crate) const ALL: [Self; 11] = [
        Self::Done,
        Self::Usage,
        Self::Credentials,
        Self::NotStarted,
        Self::Failed,
        Self::Mixed,
        Self::StillRunning,
        Self::OutcomeUnknown,
        Self::NotWritten,
        Self::Gone,
        Self::Interrupted,
    ];

    /// What it means, and what the user does.
    pub(crate) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Done => ("done", "Nothing."),
            Self::Usage => (
                "usage, or the order did not pass validation: nothing was sent",
                "Correct what the message names.",
            ),
            Self::Credentials => (
                "there are no usable keys, or the cloud does not accept them",
                "Check keys and token; the message says where they were looked for.",
            ),
            Self::NotStarted => (
                "not started: the cloud refused it or could not be reached",
                "Do what the message says, and repeat the command.",
            ),
            Self::Failed => (
                "the import failed in the cloud, or was cancelled",
                "See the reason; the same command starts another attempt.",
            ),
            Self::Mixed => (
                "the targets ended in different ways, or a record cannot be read",
                "See `exit` of each target (--output json); --fail-if says which results count.",
            ),
            Self::StillRunning => (
                "the imports go on in the clouds",
                "Repeat the command, or wait for them with `cloud-import wait`.",
            ),
            Self::OutcomeUnknown => (
                "whether an import was started is not known",
                "Repeat the command from the instant on that it says; it looks again before anything is sent.",
            ),
            Self::NotWritten => (
                "standard output did not take the results, whatever came of the imports",
                "Ids and tasks stand on standard error.",
            ),
            Self::Gone => (
                "the image that was made before is gone",
                "The command prints the line that makes another one.",
            ),
            Self::Interrupted => (
                "interrupted: what runs goes on in the clouds",
                "Repeat the command: it resumes where it stopped.",
            ),
            Self::OfCommand(_) => ("the code of the command that `sim` ran", "See that command."),
        }
    }

    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 2,
            Self::Credentials => 3,
            Self::NotStarted => 4,
            Self::Failed => 5,
            Self::Mixed => 6,
            Self::StillRunning => 7,
            Self::OutcomeUnknown => 8,
            Self::NotWritten => 9,
            Self::Gone => 10,
            Self::Interrupted => 130,
            Self::OfCommand(code) => code,
        }
    }

    /// As its number, for programs.
    pub(crate) fn as_code<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }

    /// What an error before or at a start means.
    pub(crate) fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Credentials => Self::Credentials,
            ErrorKind::TaskFailed | ErrorKind::Canceled => Self::Failed,
            ErrorKind::Stopped => Self::Interrupted,
            ErrorKind::WaitLimitReached => Self::StillRunning,
            ErrorKind::OutcomeUnknown => Self::OutcomeUnknown,
            // Without an answer from the cloud it was this side that refused.
            ErrorKind::InvalidRequest | ErrorKind::Unsupported | ErrorKind::Local if error.http_status().is_none() => {
                Self::Usage
            }
            _ => Self::NotStarted,
        }
    }

    /// What an error means once the import runs: only the cloud's verdict ends it.
    pub(crate) fn while_running(error: &Error) -> Self {
        match Self::of(error) {
            ended @ (Self::Failed | Self::Credentials | Self::OutcomeUnknown) => ended,
            _ => Self::StillRunning,
        }
    }

    /// One for several targets.
    pub(crate) fn together(exits: impl IntoIterator<Item = Self>) -> Self {
        exits
            .into_iter()
            .reduce(|one, other| if one == other { one } else { Self::Mixed })
            .unwrap_or(Self::Done)
    }

    /// The same, where only some results are to count.
    pub(crate) fn of_those(fail_if: FailIf, exits: impl IntoIterator<Item = Self> + Clone) -> Self {
        match fail_if {
            FailIf::All if exits.clone().into_iter().any(|exit| exit == Self::Done) => Self::Done,
            FailIf::Any | FailIf::All => Self::together(exits),
            FailIf::Never => Self::Done,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_their_codes() {
        let code = |kind| Exit::of(&Error::new(kind, "x")).code();
        assert_eq!(code(ErrorKind::InvalidRequest), 2);
        assert_eq!(
            Exit::of(&Error::new(ErrorKind::InvalidRequest, "x").with_http_status(400)).code(),
            4
        );
        assert_eq!(code(ErrorKind::Credentials), 3);
        assert_eq!(code(ErrorKind::QuotaExceeded), 4);
        assert_eq!(code(ErrorKind::TaskFailed), 5);
        assert_eq!(code(ErrorKind::WaitLimitReached), 7);
        assert_eq!(code(ErrorKind::OutcomeUnknown), 8);
        assert_eq!(
            Exit::while_running(&Error::new(ErrorKind::Connect, "x")),
            Exit::StillRunning
        );
        assert_eq!(Exit::together([Exit::Done, Exit::Failed]), Exit::Mixed);
        assert_eq!(Exit::together([Exit::Failed, Exit::Failed]), Exit::Failed);
    }

    #[test]
    fn which_results_count_is_the_users_choice() {
        let (some, none) = ([Exit::Done, Exit::Failed], [Exit::Failed, Exit::StillRunning]);
        let both = |fail_if| [Exit::of_those(fail_if, some), Exit::of_those(fail_if, none)];
        assert_eq!(both(FailIf::Any), [Exit::Mixed, Exit::Mixed]);
        assert_eq!(both(FailIf::All), [Exit::Done, Exit::Mixed]);
        assert_eq!(both(FailIf::Never), [Exit::Done, Exit::Done]);
        assert_eq!(Exit::of_those(FailIf::All, [Exit::Failed]), Exit::Failed);
    }
}
