//! `forget`: records of jobs are deleted, by name or by age. Asks no cloud, and deletes nothing in one.

use std::time::{Duration, SystemTime};

use cloud_import::{
    Error, ErrorKind, Result,
    env::{Env as _, SystemEnv},
    publish::{Finished, State, finished},
};
use serde::Serialize;

use crate::{
    args::{self, OutputFormat},
    exit::Exit,
    findings::{self, Finding},
    jobs,
    output::{self, SCHEMA},
    row::Reason,
    state::Remembered,
};

/// What was forgotten, or would be.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Forgotten<'a> {
    schema: u32,
    /// Nothing was: these would be.
    dry_run: bool,
    /// The ids of the jobs.
    forgotten: Vec<&'a str>,
    /// Those that are still there.
    failed: Vec<Kept<'a>>,
}

/// A job that could not be forgotten.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Kept<'a> {
    id: &'a str,
    error: Reason<'a>,
}

pub(crate) async fn run(options: args::Forget) -> Result<Exit> {
    let state = Remembered::of(&options.state, false).await?;
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
    let (forgotten, failed) = match options.dry_run {
        true => (ids.iter().map(String::as_str).collect(), Vec::new()),
        false => all(state, &ids).await,
    };
    if let (1, [(_, error)]) = (ids.len(), failed.as_slice()) {
        return Err(error.clone());
    }
    tell(&failed);
    output::note(&told(forgotten.len(), options.dry_run));
    match options.output {
        OutputFormat::Text => forgotten.iter().for_each(|id| output::result(id)),
        OutputFormat::Json => output::json(&Forgotten {
            schema: SCHEMA,
            dry_run: options.dry_run,
            forgotten,
            failed: failed.iter().map(Kept::of).collect(),
        })?,
    }
    Ok(if failed.is_empty() { Exit::Done } else { Exit::Mixed })
}

impl<'a> Kept<'a> {
    fn of((id, error): &'a (&'a str, Error)) -> Self {
        let error = Reason::of(error);
        Self { id, error }
    }
}

/// What finished jobs are older than this is forgotten, without a word where there are none.
pub(crate) async fn retire(state: &State, age: Duration) {
    match old(state, Some(age), None).await {
        Ok(ids) if ids.is_empty() => {}
        Ok(ids) => {
            let (forgotten, failed) = all(state, &ids).await;
            tell(&failed);
            output::note(&told(forgotten.len(), false));
        }
        Err(error) => output::warning(&format!("old jobs are not forgotten: {}", error.message())),
    }
}

/// The id of the job that a text names, if nothing of it runs or that is no matter. A damaged one has its id alone.
pub(crate) async fn named(state: &State, text: &str, is_sure: bool) -> Result<String> {
    let Ok(Some(job)) = jobs::find(state, text).await else {
        return Ok(text.to_owned());
    };
    let records = job.records().await?;
    let open = records.iter().flatten().find(|record| record.is_open());
    match open.filter(|_| !is_sure) {
        Some(open) => {
            let message = match &open.export {
                Some(_) => format!("the export of `{}` from {} has no verdict yet", open.name, open.target),
                None => format!("the import of `{}` into {} has no verdict yet", open.name, open.target),
            };
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

/// Forgets these: those that it could, and the others with why not. One that a process works on holds up no other.
async fn all<'a>(state: &State, ids: &'a [String]) -> (Vec<&'a str>, Vec<(&'a str, Error)>) {
    let (mut forgotten, mut failed) = (Vec::new(), Vec::new());
    for id in ids {
        match state.forget(id).await {
            Ok(()) => forgotten.push(id.as_str()),
            Err(error) => failed.push((id.as_str(), error)),
        }
    }
    (forgotten, failed)
}

fn tell(failed: &[(&str, Error)]) {
    let found = failed.iter().flat_map(|(id, error)| {
        let found = Finding::of_error(error).into_iter();
        found.map(|finding| (*id, finding))
    });
    findings::say(&found.collect::<Vec<_>>());
}

/// How many were forgotten, or would be.
pub(crate) fn told(many: usize, is_dry_run: bool) -> String {
    let jobs = if many == 1 { "job" } else { "jobs" };
    match (is_dry_run, many) {
        (_, 0) => "nothing is forgotten".to_owned(),
        (true, _) => format!("{many} {jobs} would be forgotten"),
        (false, _) => format!("{many} {jobs} forgotten; what was staged for them alone is found with `list --bucket`"),
    }
}
