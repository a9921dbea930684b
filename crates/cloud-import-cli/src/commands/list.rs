//! `list`: the jobs that are remembered, or with `--bucket` what lies in a bucket. Without it no cloud is asked.

use cloud_import::{
    Result,
    publish::{self, Damaged, Record, ReplaceStep},
};
use serde::Serialize;

use crate::{
    args::{self, OutputFormat},
    bucket,
    exit::Exit,
    output::{self, SCHEMA},
    render,
    simulate::Simulated,
    state::Remembered,
};

#[derive(Serialize)]
struct Listed {
    schema: u32,
    jobs: Vec<JobRow>,
}

/// A job; of a damaged one only its id is known, and why.
#[derive(Serialize, Default)]
struct JobRow {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    targets: Vec<TargetRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    damaged: Option<String>,
}

#[derive(Serialize)]
struct TargetRow {
    target: String,
    step: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The vendor's code of that reason, or of the answer after which it is not known whether the order was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Since when that is not known, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown_since: Option<String>,
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
    let mut damaged = Vec::new();
    for job in state.state().jobs().await? {
        jobs.push(match job {
            Ok(job) => JobRow {
                id: job.facts().id.clone(),
                name: Some(job.facts().name.clone()),
                source: Some(job.facts().source.clone()),
                targets: job
                    .records()
                    .await?
                    .into_iter()
                    .map(|record| row(record, &mut damaged))
                    .collect(),
                damaged: None,
            },
            Err(one) => {
                let row = JobRow {
                    id: one.job.clone().unwrap_or_default(),
                    damaged: Some(one.error.message().to_owned()),
                    ..JobRow::default()
                };
                damaged.push(one);
                row
            }
        });
    }
    match options.reach.output {
        OutputFormat::Json => output::json(&Listed { schema: SCHEMA, jobs })?,
        OutputFormat::Text if jobs.is_empty() => output::say(&format!("no jobs in {}", state.state())),
        OutputFormat::Text => jobs.iter().for_each(show),
    }
    Ok(output::damaged(&damaged))
}

fn row(record: Result<Record, Damaged>, damaged: &mut Vec<Damaged>) -> TargetRow {
    match record {
        Ok(record) => TargetRow {
            step: record.step.as_str(),
            generation: Some(record.generation),
            code: record.vendor_code().map(str::to_owned),
            unknown_since: record.unknown_since().map(render::instant),
            image_id: record.image_id,
            reason: record.reason,
            replacement: record.replace.map(|plan| plan.step),
            target: record.target,
        },
        Err(one) => {
            let row = TargetRow {
                step: "damaged",
                generation: None,
                image_id: None,
                reason: Some(one.error.message().to_owned()),
                code: None,
                unknown_since: None,
                replacement: None,
                target: one.target.clone().unwrap_or_default(),
            };
            damaged.push(one);
            row
        }
    }
}

fn show(job: &JobRow) {
    match &job.damaged {
        Some(why) => output::result(&format!("{}  damaged: {why}", job.id)),
        None => output::result(&format!("{}  {}", job.id, job.source.as_deref().unwrap_or_default())),
    }
    for target in &job.targets {
        let since = target.unknown_since.as_ref().map(|since| format!("since {since}"));
        let first = target.image_id.clone().or(target.reason.clone()).or(since);
        let mut rest: Vec<String> = first.into_iter().collect();
        rest.extend(target.code.as_ref().map(|code| format!("(code {code})")));
        let replacing = target.replacement.filter(|step| *step != ReplaceStep::Done);
        rest.extend(replacing.map(|step| format!("(replacing: {})", step.as_str())));
        let rest = rest.join(" ");
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
