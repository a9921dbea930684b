//! What stands in the place of a document that cannot be read, so that one damaged document is one and not all of them. Plain data.

use std::fmt;

use cloud_import_core::{Error, Remedy, remedy::Change};

use super::documents::LATER;

/// A job, the record of a target or a note on a staged object that cannot be read: damaged, of another form, or written by a later
/// version.
///
/// What it says of is not lost: what runs in the clouds goes on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Damaged {
    /// The id of the job, where it is of one.
    pub job: Option<String>,
    /// The target, where it is the record of one.
    pub target: Option<String>,
    /// What is wrong with it, of kind [`ErrorKind::Local`](cloud_import_core::ErrorKind::Local): it names the file.
    pub error: Error,
}

impl Damaged {
    /// The description of a job. It is written anew when the job is repeated.
    pub(super) fn job(id: &str, error: Error) -> Self {
        let remedy = Remedy::Repeat(Change::Nothing).or(Remedy::Forget(id.to_owned()));
        Self {
            job: Some(id.to_owned()),
            target: None,
            error: advised(error, remedy),
        }
    }

    /// The record of a target.
    pub(super) fn record(job: &str, target: String, error: Error) -> Self {
        let look = Remedy::text("Look in the vendor's console what became of its import.");
        Self {
            job: Some(job.to_owned()),
            target: Some(target),
            error: advised(error, look.then(Remedy::Forget(job.to_owned()))),
        }
    }

    /// The note on a staged object.
    pub(super) fn object(error: Error) -> Self {
        Self {
            job: None,
            target: None,
            error,
        }
    }
}

/// What a later version wrote is that version's.
fn advised(error: Error, remedy: Remedy) -> Error {
    match error.code() {
        Some(LATER) => error,
        _ => error.with_remedy(remedy),
    }
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.job, &self.target) {
            (Some(job), Some(target)) => write!(f, "the record of {target} (job {job})"),
            (Some(job), None) => write!(f, "the job {job}"),
            _ => f.write_str("the note on a staged object"),
        }
    }
}
