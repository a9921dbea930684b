//! `forget`: records of jobs are deleted, by name or by age. Asks no cloud, and deletes nothing in one.

use std::time::{Duration, SystemTime};

use cloud_import::{
    Error, ErrorKind, Result,
    env::{Env as _, SystemEnv},
    publish::{Finished, State, finished},
};

use crate::{args, exit::Exit, jobs, output, state::Remembered};

pub(crate) async fn run(options: args::Forget) -> Result<Exit> {
    let state = Remembered::of(&options.state, false)?;
    let state = state.state();
    let mut ids = Vec::new();
    match options.jobs.as_slice() {
        [] => ids = old(state, options.older_than, options.keep).await?,
        names => {
            for name in names {
                ids.push(named(state, name, options.yes).await?);
            }
        }
    }
    all(state, &ids, options.dry_run).await
}

/// What finished jobs are older than this is forgotten, without a word where there are none.
pub(crate) async fn retire(state: &State, age: Duration) {
    let done = match old(state, Some(age), None).await {
        Ok(ids) if ids.is_empty() => return,
        Ok(ids) => all(state, &ids, false).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        output::say(&format!("warning: old jobs are not forgotten: {}", error.message()));
    }
}

/// The id of the job that a text names, if nothing of it runs or that is no matter. A damaged one has its id alone.
async fn named(state: &State, text: &str, is_sure: bool) -> Result<String> {
    let Ok(Some(job)) = jobs::find(state, text).await else {
        return Ok(text.to_owned());
    };
    let records = job.records().await?;
    let open = records.iter().flatten().find(|record| record.is_open());
    match open.filter(|_| !is_sure) {
        Some(open) => {
            let message = format!("the import of `{}` into {} has no verdict yet", open.name, open.target);
            Err(Error::new(ErrorKind::Conflict, message)
                .with_remedy("Wait for it with `cloud-import wait`, or add --yes to lose sight of it."))
        }
        None => Ok(job.facts().id.clone()),
    }
}

/// The ids of the finished jobs to which nothing has happened for so long, and that are not among the newest.
async fn old(state: &State, age: Option<Duration>, keep: Option<usize>) -> Result<Vec<String>> {
    let before = age.map(|age| SystemEnv.now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH));
    let is_old = |job: &Finished| before.is_none_or(|before| job.last_at.is_some_and(|at| at < before));
    let jobs = finished(state).await?.into_iter().skip(keep.unwrap_or_default());
    Ok(jobs.filter(is_old).map(|job| job.job.facts().id.clone()).collect())
}

async fn all(state: &State, ids: &[String], is_dry_run: bool) -> Result<Exit> {
    let mut forgotten = 0;
    let mut failed = None;
    for id in ids {
        let done = match is_dry_run {
            true => Ok(()),
            false => state.forget(id).await,
        };
        match done {
            Ok(()) => {
                forgotten += 1;
                output::result(id);
            }
            // One that a process works on holds up no other.
            Err(error) if ids.len() > 1 => {
                output::error_of(&[id], &error);
                failed = Some(Exit::Mixed);
            }
            Err(error) => return Err(error),
        }
    }
    let jobs = if forgotten == 1 { "job" } else { "jobs" };
    output::say(&match (is_dry_run, forgotten) {
        (_, 0) => "nothing is forgotten".to_owned(),
        (true, _) => format!("{forgotten} {jobs} would be forgotten"),
        (false, _) => {
            format!("{forgotten} {jobs} forgotten; what was staged for them alone is found with `list --bucket`")
        }
    });
    Ok(failed.unwrap_or(Exit::Done))
}
