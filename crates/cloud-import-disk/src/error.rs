//! Why a file could not be read or understood.

use std::{fmt, io};

use crate::Format;

/// Why the facts of a file could not be told.
#[derive(Debug)]
#[non_exhaustive]
pub enum InspectError {
    /// Reading or seeking failed.
    Io {
        /// What was being done.
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// The file has no bytes.
    Empty,
    /// The file carries the mark of a format, but its header cannot be true.
    Damaged {
        /// The format that the mark stands for.
        format: Format,
        /// The field of the header.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// What the disk holds cannot be read from this file, or not there.
    Unreadable {
        /// Why, as a clause.
        reason: String,
    },
    /// The file would have taken more reads than this reader allows itself.
    TooMuchWork,
}

impl InspectError {
    pub(crate) fn damaged(format: Format, field: &'static str, problem: impl Into<String>) -> Self {
        Self::Damaged {
            format,
            field,
            problem: problem.into(),
        }
    }
}

impl fmt::Display for InspectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, source } => write!(f, "{doing}: {source}"),
            Self::Empty => f.write_str("the file is empty; name the disk image itself"),
            Self::Damaged { format, field, problem } => write!(
                f,
                "the file begins like {format}, but its {field} is wrong: {problem}; download or create the image again"
            ),
            Self::Unreadable { reason } => write!(f, "the content of the disk cannot be read: {reason}"),
            Self::TooMuchWork => f.write_str(
                "the headers of the file lead to more reads than are allowed; check the image, or convert it first",
            ),
        }
    }
}

impl std::error::Error for InspectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
