//! Jobs that nothing is left of to do, so that they can be forgotten: nothing of them runs, is unclear or lies in a cloud. Asks no
//! cloud.

use std::{collections::HashSet, time::SystemTime};

use cloud_import_core::Result;

use super::{
    leftovers::left_by,
    store::{Job, Record, Remembered, State, Step},
};

/// A job that can be forgotten.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Finished {
    /// The job.
    pub job: Job,
    /// When something last happened to one of its targets. Records of before do not tell.
    pub last_at: Option<SystemTime>,
}

/// The jobs that can be forgotten, the newest first. One of which anything cannot be read is none of them.
///
/// # Errors
/// [`ErrorKind::Local`](cloud_import_core::ErrorKind::Local) when the state directory cannot be read.
pub async fn finished(state: &State) -> Result<Vec<Finished>> {
    let (objects, _) = state.staged_objects().await?;
    let users = objects.into_iter().flat_map(|(_, users)| users);
    let staging: HashSet<String> = users
        .filter_map(|user| user.rsplit_once('+').map(|(id, _)| id.to_owned()))
        .collect();
    let mut found = Vec::new();
    for Remembered { job, records } in state.all().await?.into_iter().flatten() {
        let is_over = |record: &Record| {
            let unclear = matches!(record.step, Step::Starting | Step::Started | Step::Unknown);
            !unclear && !record.is_open() && left_by(&job.facts().id, record.clone()).is_empty()
        };
        let Ok(records) = records.into_iter().collect::<Result<Vec<_>, _>>() else {
            continue;
        };
        if records.iter().all(is_over) && !staging.contains(&job.facts().id) {
            let last_at = records.iter().filter_map(Record::last_at).max();
            found.push(Finished { job, last_at });
        }
    }
    found.sort_by_key(|job| std::cmp::Reverse(job.last_at));
    Ok(found)
}
