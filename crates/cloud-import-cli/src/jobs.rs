//! Jobs as people name them, and what is remembered of all of them.

use std::collections::BTreeMap;

use cloud_import::{
    Error, ErrorKind, Result,
    provider::suggest::did_you_mean,
    publish::{Damaged, Job, JobFacts, Record, State},
};

use crate::{outcome::Outcome, render, state};

/// So many jobs are named that a text may mean.
const SHOWN: usize = 10;

/// The job that a text names: by its id, by the beginning of one, or by its image's name; `None` when there is none.
///
/// # Errors
/// Several begin with it, or have that name.
pub(crate) async fn find(state: &State, text: &str) -> Result<Option<Job>> {
    let mut found = state.jobs_named(text).await?;
    if found.len() > 1 {
        let ids: Vec<&str> = found.iter().map(|job| job.facts().id.as_str()).collect();
        let (shown, more) = ids.split_at(ids.len().min(SHOWN));
        let mut message = format!("`{text}` may be any of these jobs: {}", shown.join(", "));
        if !more.is_empty() {
            message.push_str(&format!(", and {} more", more.len()));
        }
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
        None => match state.job(text).await {
            Err(error) => Err(or_meant(error, state, text).await),
            job => job,
        },
    }
}

/// The error of a text that names no job, with the job that may have been meant.
pub(crate) async fn or_meant(error: Error, state: &State, text: &str) -> Error {
    let jobs: Vec<Job> = state.jobs().await.unwrap_or_default().into_iter().flatten().collect();
    let facts = jobs.iter().map(Job::facts);
    let words: Vec<&str> = facts
        .flat_map(|facts| [facts.name.as_str(), facts.id.as_str()])
        .collect();
    match did_you_mean(text, words) {
        meant if meant.is_empty() => error,
        meant => {
            let remedy = render::remedy_of(&error).unwrap_or_default();
            error.with_remedy(format!("{meant}{remedy}"))
        }
    }
}

/// A job and its targets, as they are remembered.
pub(crate) struct Remembered {
    pub(crate) facts: JobFacts,
    /// How a later command names it, with the option by which it is found.
    pub(crate) line: String,
    pub(crate) targets: Vec<Outcome>,
    pub(crate) damaged: Vec<Damaged>,
}

impl Remembered {
    /// With what waits for workers.
    pub(crate) async fn of(job: &Job, state: &state::Remembered) -> Result<Self> {
        // Before the records: what is in neither was never there.
        let waiting = state.waiting().await?;
        let mut own = Self::recorded(job).await?;
        let is_own = |(job, waiting): (String, Outcome)| (job == own.facts.id).then_some(waiting);
        let waiting: Vec<Outcome> = waiting.into_iter().filter_map(is_own).collect();
        own.add(waiting);
        Ok(own)
    }

    /// All that can be read, with what waits for workers, and what stands in the place of the jobs that cannot.
    pub(crate) async fn all(state: &state::Remembered) -> Result<(Vec<Self>, Vec<Damaged>)> {
        let mut waiting: BTreeMap<String, Vec<Outcome>> = BTreeMap::new();
        for (job, outcome) in state.waiting().await? {
            waiting.entry(job).or_default().push(outcome);
        }
        let (mut jobs, damaged) = Self::all_recorded(state.state()).await?;
        for job in &mut jobs {
            job.add(waiting.remove(&job.facts.id).unwrap_or_default());
        }
        Ok((jobs, damaged))
    }

    /// By its records alone.
    pub(crate) async fn recorded(job: &Job) -> Result<Self> {
        Ok(Self::new(job.facts().clone(), job.records().await?))
    }

    /// All by their records alone.
    pub(crate) async fn all_recorded(state: &State) -> Result<(Vec<Self>, Vec<Damaged>)> {
        let (mut jobs, mut damaged) = (Vec::new(), Vec::new());
        for found in state.all().await? {
            match found {
                Ok(found) => jobs.push(Self::new(found.job.facts().clone(), found.records)),
                Err(one) => damaged.push(one),
            }
        }
        Ok((jobs, damaged))
    }

    /// Adds what has no record yet.
    fn add(&mut self, waiting: Vec<Outcome>) {
        for one in waiting {
            if self.targets.iter().all(|known| known.target != one.target) {
                self.targets.push(one);
            }
        }
    }

    fn new(facts: JobFacts, records: Vec<Result<Record, Damaged>>) -> Self {
        let (mut targets, mut damaged) = (Vec::new(), Vec::new());
        for record in records {
            match record {
                Ok(record) => targets.push(Outcome::recorded(record)),
                Err(one) => {
                    targets.push(Outcome::damaged(one.clone()));
                    damaged.push(one);
                }
            }
        }
        Self {
            line: facts.id.clone(),
            facts,
            targets,
            damaged,
        }
    }
}
