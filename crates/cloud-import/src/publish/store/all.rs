//! Everything that is remembered, read at once: in as few calls of the system as it takes, on as many threads as there are processors.
//! Takes no lock and changes nothing.

use std::{num::NonZero, thread};

use cloud_import_core::{Error, ErrorKind, Result};

use super::{
    damaged::Damaged,
    documents::Documents,
    job::{Job, described, is_plain, records, slug},
    record::Record,
    state::State,
};

/// More threads than this only wait for the disk.
const MOST_THREADS: usize = 8;

/// A job with what is recorded of its targets, in the order of their names, and behind it what stands in the place of records that
/// cannot be read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Remembered {
    /// The job.
    pub job: Job,
    /// Its records.
    pub records: Vec<Result<Record, Damaged>>,
}

impl State {
    /// The jobs that are there with all their records, by their ids, and what stands in the place of those that cannot be read.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the directory cannot be read.
    pub async fn all(&self) -> Result<Vec<Result<Remembered, Damaged>>> {
        let state = self.clone();
        self.with(move |documents| {
            let ids = documents.list("jobs")?;
            let threads = thread::available_parallelism()
                .map_or(1, NonZero::get)
                .min(MOST_THREADS);
            let read = |ids: &[String]| -> Result<Vec<_>> {
                let jobs = ids
                    .iter()
                    .filter_map(|id| remembered(&state, documents, id).transpose());
                jobs.collect()
            };
            let pieces = thread::scope(|scope| {
                let pieces = ids.chunks(ids.len().div_ceil(threads).max(1));
                let threads: Vec<_> = pieces.map(|piece| scope.spawn(move || read(piece))).collect();
                let broke_off = |_| Err(Error::new(ErrorKind::Local, "reading the state directory broke off"));
                let pieces = threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap_or_else(broke_off));
                pieces.collect::<Result<Vec<_>>>()
            });
            Ok(pieces?.into_iter().flatten().collect())
        })
        .await
    }

    /// The jobs that a text names: the one of that id; else those whose image has that name; else those whose ids begin with it. What
    /// cannot be read, and no other, is left out. No more is read than what may be meant.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the directory, or the job of that id, cannot be read.
    pub async fn jobs_named(&self, text: &str) -> Result<Vec<Job>> {
        let (state, text) = (self.clone(), text.to_owned());
        self.with(move |documents| {
            if !text.is_empty() && is_plain(&text) {
                let own = described(documents, &text).map_err(|damaged| damaged.error)?;
                if let Some(facts) = own {
                    return Ok(vec![Job::new(state, facts)]);
                }
            }
            let ids = documents.list("jobs")?;
            let read = |is_meant: &dyn Fn(&str) -> bool| -> Vec<Job> {
                let meant = ids.iter().filter(|id| is_meant(id));
                let facts = meant.filter_map(|id| described(documents, id).ok().flatten());
                facts.map(|facts| Job::new(state.clone(), facts)).collect()
            };
            let slug = slug(&text);
            let mut named = read(&|id| id.rsplit_once('-').is_some_and(|(name, _)| name == slug));
            named.retain(|job| job.facts().name == text);
            if named.is_empty() && !text.is_empty() {
                named = read(&|id| id.starts_with(text.as_str()));
            }
            Ok(named)
        })
        .await
    }
}

/// A job with its records; `None` where there is none of that id.
fn remembered(state: &State, documents: &Documents, id: &str) -> Result<Option<Result<Remembered, Damaged>>> {
    let facts = match described(documents, id) {
        Ok(Some(facts)) => facts,
        Ok(None) => return Ok(None),
        Err(damaged) => return Ok(Some(Err(damaged))),
    };
    let (records, damaged) = records(documents, id)?;
    let records = records.into_iter().map(Ok).chain(damaged.into_iter().map(Err));
    Ok(Some(Ok(Remembered {
        job: Job::new(state.clone(), facts),
        records: records.collect(),
    })))
}
