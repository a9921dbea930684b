//! `list` and `clean`: what this tool has done and left, by what it remembers. A cloud is asked only by `clean`, and only to
//! delete.

use cloud_import::{
    Error, ErrorKind, Provider, Result, Target,
    publish::{Leftover, ReplaceStep, leftovers},
};
use serde::Serialize;

use crate::{
    args::{self, Form},
    connect::Clouds,
    exit::Exit,
    output,
    simulate::Simulated,
    state::Remembered,
    targets::Wanted,
};

/// The version of the JSON form. It is raised when a field changes its meaning or goes.
pub(crate) const SCHEMA: u32 = 1;

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

/// Shows the jobs that are remembered.
pub(crate) async fn list(options: args::List) -> Result<Exit> {
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
        Form::Json => json(&Listed { schema: SCHEMA, jobs })?,
        Form::Text if jobs.is_empty() => output::say(&format!("no jobs in {}", state.state())),
        Form::Text => jobs.iter().for_each(show),
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

#[derive(Serialize)]
struct Cleaned {
    schema: u32,
    leftovers: Vec<Row>,
}

/// Something that was left, and what became of it.
#[derive(Debug, Serialize)]
struct Row {
    what: String,
    provider: Provider,
    region: String,
    outcome: Done,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Done {
    /// It is left alone: an order may still read it.
    InUse,
    /// `--yes` would delete it.
    Deletable,
    Deleted,
    Failed,
}

impl Done {
    fn words(self) -> &'static str {
        match self {
            Self::InUse => "in use",
            Self::Deletable => "to delete",
            Self::Deleted => "deleted",
            Self::Failed => "not deleted",
        }
    }
}

/// Shows what earlier runs left in the clouds, and deletes it when told to.
pub(crate) async fn clean(options: args::Clean) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, false)?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?;
    let mut rows = Vec::new();
    for left in leftovers(state.state()).await? {
        let (outcome, message) = match (left.is_in_use(), options.yes) {
            (true, _) => (Done::InUse, None),
            (false, false) => (Done::Deletable, None),
            (false, true) => match delete(&left, &clouds, &state).await {
                Ok(true) => (Done::Deleted, None),
                Ok(false) => (Done::InUse, None),
                Err(error) => (Done::Failed, Some(error.to_string())),
            },
        };
        rows.push(Row {
            what: left.to_string(),
            provider: left.provider(),
            region: left.region().to_owned(),
            outcome,
            message,
        });
    }
    let failed = rows.iter().any(|row| row.outcome == Done::Failed);
    let deletable = rows.iter().any(|row| row.outcome == Done::Deletable);
    match options.reach.output {
        Form::Json => json(&Cleaned {
            schema: SCHEMA,
            leftovers: rows,
        })?,
        Form::Text => {
            for row in &rows {
                let target = format!("{}/{}", row.provider, row.region);
                let rest = row
                    .message
                    .as_ref()
                    .map(|message| format!(": {message}"))
                    .unwrap_or_default();
                output::result(&format!("{:12} {target:28} {}{rest}", row.outcome.words(), row.what));
            }
            if rows.is_empty() {
                output::say("nothing is left that is known of here");
            } else if deletable {
                output::say("nothing was deleted; to delete what may go: cloud-import clean --yes");
            }
        }
    }
    Ok(if failed { Exit::Mixed } else { Exit::Done })
}

/// Deletes it; `false` when an order began to read it meanwhile.
async fn delete(left: &Leftover, clouds: &Clouds<'_>, state: &Remembered) -> Result<bool> {
    let importer = match left.task() {
        Some(task) => clouds.importer_of(task)?,
        None => clouds.importer(&Wanted::of(Target::new(left.provider(), left.region())))?,
    };
    left.delete(state.state(), &*importer).await
}

pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Error::new(ErrorKind::Local, "the list cannot be written as JSON").with_source(error))?;
    output::result(&text);
    Ok(())
}
