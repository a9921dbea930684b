//! Exit codes. They are part of the interface: scripts depend on them.

use std::process::ExitCode;

use cloud_import::{Error, ErrorKind};

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
}

impl Exit {
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
}
