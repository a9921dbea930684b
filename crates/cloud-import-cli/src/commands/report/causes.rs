//! What went wrong, each cause once, with the targets that it hit.

use cloud_import::Error;

use crate::{jobs::Remembered as Job, outcome::Outcome, render};

/// A cause, and whom it hit.
pub(super) struct Cause<'a> {
    /// The vendor's code, else the kind of the error.
    pub(super) code: &'a str,
    /// What the first of its targets was told.
    pub(super) message: &'a str,
    pub(super) remedy: Option<String>,
    pub(super) targets: Vec<&'a Outcome>,
}

/// The causes, the commonest first.
pub(super) fn causes(jobs: &[Job]) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for target in jobs.iter().flat_map(|job| &job.targets) {
        let Some(error) = &target.error else { continue };
        let (code, remedy) = (code(error), render::remedy_of(error));
        match causes
            .iter_mut()
            .find(|cause| cause.code == code && cause.remedy == remedy)
        {
            Some(cause) => cause.targets.push(target),
            None => causes.push(Cause {
                code,
                message: error.message(),
                remedy,
                targets: vec![target],
            }),
        }
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.targets.len()));
    causes
}

/// The vendor's code, else the kind.
pub(super) fn code(error: &Error) -> &str {
    error.code().unwrap_or_else(|| error.kind().as_str())
}
