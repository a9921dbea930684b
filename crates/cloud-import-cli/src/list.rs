//! `list` and `clean`: what this tool has done and left, by what it remembers. A cloud is asked only by `clean`, and only to
//! delete.

use std::sync::Arc;

use cloud_import::{
    Error, ErrorKind, ImageImporter, ImportedImage, Provider, Result, Target,
    publish::{Leftover, ReplaceStep, StagedObject, leftovers},
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
pub(crate) fn list(options: &args::List) -> Result<Exit> {
    let state = Remembered::of(&options.state, false)?;
    let mut jobs = Vec::new();
    for job in state.state().jobs()? {
        let targets = job.records()?.into_iter().map(|record| TargetRow {
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
        Form::Text if jobs.is_empty() => output::say(&format!("no jobs in {}", state.state().folder().display())),
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
    for left in leftovers(state.state())? {
        let what = shown(&left);
        let (provider, region) = place(&left);
        let (outcome, message) = match &left {
            Leftover::Object { in_use: true, .. } => (Done::InUse, None),
            _ if !options.yes => (Done::Deletable, None),
            _ => match delete(&left, &clouds, &state).await {
                Ok(true) => (Done::Deleted, None),
                Ok(false) => (Done::InUse, None),
                Err(error) => (Done::Failed, Some(error.to_string())),
            },
        };
        rows.push(Row {
            what,
            provider,
            region,
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

fn shown(left: &Leftover) -> String {
    match left {
        Leftover::Object { object, .. } => format!("object {}", object.shown()),
        Leftover::Upload { object, job, .. } => format!("unfinished upload of {} (job {job})", object.shown()),
        Leftover::FailedImage { image_id, job, .. } => format!("failed image {image_id} (job {job})"),
        _ => "something that this version does not know".to_owned(),
    }
}

fn place(left: &Leftover) -> (Provider, String) {
    match left {
        Leftover::FailedImage { task, .. } => (task.provider, task.region.clone()),
        Leftover::Object { object, .. } | Leftover::Upload { object, .. } => (object.provider, object.region.clone()),
        _ => (Provider::ALIYUN, String::new()),
    }
}

/// Deletes it; `false` when an order began to read it meanwhile.
async fn delete(left: &Leftover, clouds: &Clouds<'_>, state: &Remembered) -> Result<bool> {
    match left {
        Leftover::Object { object, .. } => {
            let store = clouds.store(&*importer(object, clouds)?, &object.bucket)?;
            cloud_import::publish::delete_object(state.state(), &store, object).await
        }
        Leftover::Upload {
            object,
            upload_id,
            job,
            target,
        } => {
            let job = state.state().job(job)?;
            // Whoever works on the target will finish or abort it.
            let Some(mut held) = job.hold(target)? else {
                return Ok(false);
            };
            let store = clouds.store(&*importer(object, clouds)?, &object.bucket)?;
            store.abort(&object.key, upload_id).await?;
            if let Some(mut record) = held.record().cloned() {
                record.files.values_mut().for_each(|file| file.upload = None);
                held.save(&record)?;
            }
            Ok(true)
        }
        Leftover::FailedImage {
            task,
            image_id,
            job,
            target,
        } => {
            let job = state.state().job(job)?;
            let Some(mut held) = job.hold(target)? else {
                return Ok(false);
            };
            clouds
                .importer_of(task)?
                .delete(&ImportedImage::of(task, image_id))
                .await?;
            if let Some(mut record) = held.record().cloned() {
                record.task = None;
                held.save(&record)?;
            }
            Ok(true)
        }
        _ => Err(Error::new(
            ErrorKind::Unsupported,
            "this version does not know how to delete it",
        )),
    }
}

fn importer(object: &StagedObject, clouds: &Clouds<'_>) -> Result<Arc<dyn ImageImporter>> {
    let target = Target::new(object.provider, &object.region);
    let wanted = Wanted::of(target);
    clouds.importer(&wanted).map(Arc::from)
}

pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Error::new(ErrorKind::Local, "the list cannot be written as JSON").with_source(error))?;
    output::result(&text);
    Ok(())
}
