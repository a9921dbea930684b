//! What became of one vector in one part of the suite.

use std::fmt;

/// A part of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The simulator checks the recorded request.
    Verify,
    /// The client's signer signs the recorded request.
    Resign,
    /// The client makes the request anew.
    Produce,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Verify => "verify",
            Self::Resign => "re-sign",
            Self::Produce => "produce",
        })
    }
}

/// Why a vector is left out of a part. There is no other reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// No client signs with this scheme.
    SignatureVersionNotOffered,
    /// The client makes this call with another method.
    MethodNotOffered,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::SignatureVersionNotOffered => "SignatureVersionNotOffered",
            Self::MethodNotOffered => "MethodNotOffered",
        })
    }
}

/// A parameter that a request type has no place for. It is sent as an extra field, as a caller would send it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unfit {
    /// The type has no field of this name.
    Name(String),
    /// The field of this name has another JSON type.
    Type(String),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name} (not known)"),
            Self::Type(name) => write!(f, "{name} (of another type)"),
        }
    }
}

/// What became of a vector.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It holds, and so do all its counter-examples.
    Passed {
        /// How many changed requests or keys were told from the right one.
        changes: usize,
        /// Parameters that the client's type has no place for.
        unfit: Vec<Unfit>,
    },
    /// It does not hold; each text is one difference.
    Failed(Vec<String>),
    /// It was not tried.
    LeftOut(Reason),
}

impl Outcome {
    /// Passed when there are no differences.
    pub(crate) fn of(differences: Vec<String>, changes: usize) -> Self {
        if differences.is_empty() {
            Self::Passed {
                changes,
                unfit: Vec::new(),
            }
        } else {
            Self::Failed(differences)
        }
    }

    /// Failed with one difference.
    pub(crate) fn failed(difference: impl Into<String>) -> Self {
        Self::Failed(vec![difference.into()])
    }
}
