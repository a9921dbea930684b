//! Jobs as people name them, and what is remembered of all of them.

use cloud_import::{
    Error, ErrorKind, Result,
    publish::{Damaged, Job, JobFacts, State},
};

use crate::outcome::Outcome;

/// The job that a text names: by its id, by the beginning of one, or by its image's name; `None` when there is none.
///
/// # Errors
/// Several begin with it, or have that name.
pub(crate) async fn find(state: &State, text: &str) -> Result<Option<Job>> {
    match state.job(text).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        found => return found.map(Some),
    }
    let jobs: Vec<Job> = state.jobs().await?.into_iter().flatten().collect();
    let that = |is_it: &dyn Fn(&JobFacts) -> bool| jobs.iter().filter(|job| is_it(job.facts())).cloned().collect();
    let mut found: Vec<Job> = that(&|facts| facts.name == text);
    if found.is_empty() && !text.is_empty() {
        found = that(&|facts| facts.id.starts_with(text));
    }
    if found.len() > 1 {
        let ids: Vec<&str> = found.iter().map(|job| job.facts().id.as_str()).collect();
        let message = format!("`{text}` may be any of these jobs: {}", ids.join(", "));
        return Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy("Give more of its id."));
    }
    Ok(found.pop())
}

/// The job that a text names.
///
/// # Errors
/// As [`find`]; and when there is none.
pub(crate) async fn named(state: &State, text: &str) -> Result<Job> {
    match find(state, text).await? {
        Some(job) => Ok(job),
        None => state.job(text).await,
    }
}

/// A job and its targets, as they are remembered.
pub(crate) struct Remembered {
    pub(crate) facts: JobFacts,
    pub(crate) targets: Vec<Outcome>,
    pub(crate) damaged: Vec<Damaged>,
}

impl Remembered {
    pub(crate) async fn of(job: &Job) -> Result<Self> {
        let (mut targets, mut damaged) = (Vec::new(), Vec::new());
        for record in job.records().await? {
            match record {
                Ok(record) => targets.push(Outcome::recorded(record)),
                Err(one) => {
                    targets.push(Outcome::damaged(one.clone()));
                    damaged.push(one);
                }
            }
        }
        let facts = job.facts().clone();
        Ok(Self {
            facts,
            targets,
            damaged,
        })
    }
}
