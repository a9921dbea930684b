//! `list`: the jobs that are remembered, or with `--bucket` what lies in a bucket. Without it no cloud is asked.

use cloud_import::{
    Result,
    publish::{self, ReplaceStep},
};
use serde::Serialize;

use crate::{
    args::{self, OutputFormat},
    bucket,
    exit::Exit,
    output::{self, SCHEMA},
    simulate::Simulated,
    state::Remembered,
};

#[derive(Serialize)]
struct Listed {
    schema: u32,
    jobs: Vec<JobRow>,
}

#[derive(Serialize)]
struct JobRow {
    id: String,
    name: String,
    source: String,
    targets: Vec<TargetRow>,
}

#[derive(Serialize)]
struct TargetRow {
    target: String,
    step: &'static str,
    generation: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// How far the replacement of older images has come, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<ReplaceStep>,
}

pub(crate) async fn run(options: args::List) -> Result<Exit> {
    if options.place.bucket.is_some() {
        in_bucket(options).await
    } else {
        jobs(options).await
    }
}

/// Shows the jobs that are remembered.
async fn jobs(options: args::List) -> Result<Exit> {
    let state = Remembered::of(&options.state, false)?;
    let mut jobs = Vec::new();
    for job in state.state().jobs().await? {
        let targets = job.records().await?.into_iter().map(|record| TargetRow {
            step: record.step.as_str(),
            generation: record.generation,
            image_id: record.image_id,
            reason: record.reason,
            replacement: record.replace.map(|plan| plan.step),
            target: record.target,
        });
        jobs.push(JobRow {
            id: job.facts().id.clone(),
            name: job.facts().name.clone(),
            source: job.facts().source.clone(),
            targets: targets.collect(),
        });
    }
    match options.reach.output {
        OutputFormat::Json => output::json(&Listed { schema: SCHEMA, jobs })?,
        OutputFormat::Text if jobs.is_empty() => output::say(&format!("no jobs in {}", state.state())),
        OutputFormat::Text => jobs.iter().for_each(show),
    }
    Ok(Exit::Done)
}

fn show(job: &JobRow) {
    output::result(&format!("{}  {}", job.id, job.source));
    for target in &job.targets {
        let rest = target
            .image_id
            .as_deref()
            .or(target.reason.as_deref())
            .unwrap_or_default();
        let rest = match target.replacement {
            Some(step) if step != ReplaceStep::Done => format!("{rest} (replacing: {})", step.as_str()),
            _ => rest.to_owned(),
        };
        output::result(format!("  {:28} {:10} {rest}", target.target, target.step).trim_end());
    }
}

/// Shows what lies in the bucket.
async fn in_bucket(options: args::List) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let store = bucket::store(&options.place, &options.reach, simulated.as_ref())?;
    let items = publish::in_bucket(state.state(), &store, &options.place.prefix).await?;
    let rows = items.into_iter().map(bucket::Row::from).collect();
    bucket::show(&store, rows, options.reach.output)?;
    Ok(Exit::Done)
}
