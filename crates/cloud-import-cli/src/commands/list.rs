//! `list`: the jobs that are remembered, or with `--bucket` what lies in a bucket. Without it no cloud is asked.

use std::time::{Duration, SystemTime};

use cloud_import::{
    Result,
    env::{Env as _, SystemEnv},
    publish::{self, Damaged},
};
use serde::Serialize;

use crate::{
    args::{self, OutputFormat},
    bucket,
    exit::Exit,
    jobs::Remembered as Job,
    outcome::{Outcome, Status, totals},
    output::{self, SCHEMA, Tone},
    phases, render,
    row::Row,
    simulate::Simulated,
    state::Remembered,
};

/// The jobs on record.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Listed<'a> {
    schema: u32,
    jobs: Vec<JobRow<'a>>,
}

/// A job; of a damaged one only its id is known, and why.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct JobRow<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    targets: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    damaged: Option<&'a str>,
}

pub(crate) async fn run(options: args::List) -> Result<Exit> {
    if options.place.bucket.is_some() {
        in_bucket(options).await
    } else {
        jobs(options).await
    }
}

/// Shows the jobs that are remembered, the newest last.
async fn jobs(options: args::List) -> Result<Exit> {
    let state = Remembered::of(&options.state, false).await?;
    let (mut jobs, mut damaged) = Job::all(&state).await?;
    for job in &mut jobs {
        damaged.append(&mut job.damaged);
        job.targets.retain(|target| options.wants(target));
    }
    jobs.retain(|job| options.wants_job(job));
    jobs.sort_by_cached_key(began);
    let of_no_job: Vec<&Damaged> = damaged.iter().filter(|one| one.target.is_none()).collect();
    match options.reach.output {
        OutputFormat::Json => json(&jobs, &of_no_job)?,
        OutputFormat::Text if jobs.is_empty() && of_no_job.is_empty() => {
            output::note(&format!("no jobs in {}", state.state()));
        }
        OutputFormat::Text => texts(&jobs, &of_no_job),
    }
    Ok(output::damaged(&damaged))
}

impl args::List {
    fn wants(&self, target: &Outcome) -> bool {
        let record = target.record.as_deref();
        let is_bad = matches!(
            target.status,
            Status::Failed | Status::Canceled | Status::NotStarted | Status::Gone | Status::Unknown | Status::Damaged
        );
        let is_at = |cloud| record.is_none_or(|record| record.provider == cloud);
        (!self.failed || is_bad) && self.cloud.is_none_or(is_at)
    }

    fn wants_job(&self, job: &Job) -> bool {
        let since = |age: Duration| SystemEnv.now().checked_sub(age);
        let is_new = |age| began(job).is_some_and(|at| since(age).is_none_or(|since| at >= since));
        let is_called = |name: &String| job.facts.name.contains(name.as_str());
        let narrows = self.failed || self.cloud.is_some();
        (!narrows || !job.targets.is_empty())
            && self.since.is_none_or(is_new)
            && self.name.as_ref().is_none_or(is_called)
    }
}

/// When work on it began.
fn began(job: &Job) -> Option<SystemTime> {
    let records = job.targets.iter().filter_map(|target| target.record.as_deref());
    records.filter_map(|record| phases::span(record).began).min()
}

fn json(jobs: &[Job], damaged: &[&Damaged]) -> Result<()> {
    let jobs = jobs.iter().map(|job| JobRow {
        id: &job.facts.id,
        name: Some(&job.facts.name),
        source: Some(&job.facts.source),
        targets: job.targets.iter().map(Row::of).collect(),
        damaged: None,
    });
    let damaged = damaged.iter().map(|one| JobRow {
        id: one.job.as_deref().unwrap_or_default(),
        name: None,
        source: None,
        targets: Vec::new(),
        damaged: Some(one.error.message()),
    });
    output::json(&Listed {
        schema: SCHEMA,
        jobs: jobs.chain(damaged).collect(),
    })
}

/// The totals, then a line for each job.
fn texts(jobs: &[Job], damaged: &[&Damaged]) {
    let targets: Vec<&Outcome> = jobs.iter().flat_map(|job| &job.targets).collect();
    let many = |many: usize, what: &str| format!("{many} {what}{}", if many == 1 { "" } else { "s" });
    let jobs_in_all = many(jobs.len() + damaged.len(), "job");
    if output::wants_notes() {
        let in_all = match targets.len() {
            0 => jobs_in_all,
            some => format!("{jobs_in_all}, {}: ", many(some, "target")),
        };
        say_with_counts(&in_all, targets.iter().copied(), "", output::say_words);
    }
    for job in jobs {
        let began = began(job).map_or_else(|| "-".to_owned(), render::instant);
        let before = format!("{}  {began}  ", job.facts.id);
        let after = format!("  {}", job.facts.source);
        say_with_counts(&before, &job.targets, after.trim_end(), output::result_words);
    }
    for one in damaged {
        let id = one.job.as_deref().unwrap_or_default();
        output::result(&format!("{id}  damaged: {}", one.error.message()));
    }
}

/// A line with how many targets are in which state in its middle: `3 succeeded, 1 failed`.
fn say_with_counts<'a>(
    before: &str,
    targets: impl IntoIterator<Item = &'a Outcome>,
    after: &str,
    say: impl Fn(&[(Tone, &str)]),
) {
    let counts: Vec<(Tone, String)> = totals(targets)
        .into_iter()
        .map(|(status, count)| (status.tone(), format!("{count} {}", status.words())))
        .collect();
    let mut words = vec![(Tone::Plain, before)];
    for (index, (tone, count)) in counts.iter().enumerate() {
        if index > 0 {
            words.push((Tone::Plain, ", "));
        }
        words.push((*tone, count));
    }
    words.push((Tone::Plain, after));
    say(&words);
}

/// Shows what lies in the bucket.
async fn in_bucket(options: args::List) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some()).await?;
    let store = bucket::store(&options.place, &options.reach, simulated.as_ref())?;
    let items = publish::in_bucket(state.state(), &store, &options.place.prefix).await?;
    let rows = items.into_iter().map(bucket::Row::from).collect();
    bucket::show(&store, rows, options.reach.output)?;
    Ok(Exit::Done)
}
