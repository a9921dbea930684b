//! `clean`: what this tool left in the clouds, by what is remembered here, or with `--bucket` by the form of its keys. Nothing
//! that an order of this state directory may read is deleted, and of what other machines staged nothing that is younger than
//! it may be read for. A cloud is asked only to delete, and to list a bucket.

use cloud_import::{
    Error, ErrorKind, Provider, Result, Target,
    env::{Env as _, SystemEnv},
    publish::{self, Leftover, StagedObject, leftovers},
};
use serde::Serialize;

use crate::{
    args::{self, OutputFormat},
    bucket,
    connect::Clouds,
    exit::Exit,
    line,
    output::{self, SCHEMA},
    simulate::Simulated,
    state::Remembered,
    targets::Wanted,
};

#[derive(Serialize)]
struct Cleaned {
    schema: u32,
    leftovers: Vec<Row>,
}

/// Something that was left, and what became of it.
#[derive(Debug, Serialize)]
struct Row {
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Provider>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
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
    /// It may be there: `--yes` would look, and delete it where the store lists such uploads.
    Possible,
    Deleted,
    Failed,
    /// What was left cannot be told: the record cannot be read.
    Damaged,
}

impl Done {
    fn words(self) -> &'static str {
        match self {
            Self::InUse => "in use",
            Self::Deletable => "to delete",
            Self::Possible => "may be left",
            Self::Deleted => "deleted",
            Self::Failed => "not deleted",
            Self::Damaged => "damaged",
        }
    }
}

pub(crate) async fn run(options: args::Clean) -> Result<Exit> {
    if options.place.bucket.is_some() {
        in_bucket(options).await
    } else if let Some(job) = &options.forget {
        forget(job, &options).await
    } else {
        of_jobs(options).await
    }
}

/// Forgets a job. What runs is lost sight of only when that is asked for.
async fn forget(id: &str, options: &args::Clean) -> Result<Exit> {
    let state = Remembered::of(&options.state, false)?;
    let records = match state.state().job(id).await {
        Ok(job) => job.records().await?,
        // Damaged, or not there: forgetting it tells.
        Err(_) => Vec::new(),
    };
    if let Some(open) = records
        .iter()
        .flatten()
        .find(|record| record.is_open())
        .filter(|_| !options.yes)
    {
        let message = format!("the import of `{}` into {} has no verdict yet", open.name, open.target);
        return Err(Error::new(ErrorKind::Conflict, message)
            .with_remedy("Wait for it with `cloud-import wait`, or add --yes to lose sight of it."));
    }
    state.state().forget(id).await?;
    output::say(&format!(
        "forgotten: {id}; what was staged for it alone is found with --bucket"
    ));
    Ok(Exit::Done)
}

/// Shows what the jobs left in the clouds, and deletes it when told to.
async fn of_jobs(options: args::Clean) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, false)?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?;
    let (mut rows, mut damaged) = (Vec::new(), Vec::new());
    for left in leftovers(state.state()).await? {
        let left = match left {
            Ok(left) => left,
            Err(one) => {
                rows.push(Row {
                    what: one.to_string(),
                    provider: None,
                    region: None,
                    outcome: Done::Damaged,
                    message: Some(one.error.message().to_owned()),
                });
                damaged.push(one);
                continue;
            }
        };
        let (outcome, message) = match (left.is_in_use(), options.yes) {
            (true, _) => (Done::InUse, None),
            (false, false) => match &left {
                Leftover::PossibleUpload { object, .. } => (Done::Possible, Some(line_to_look(object))),
                _ => (Done::Deletable, None),
            },
            (false, true) => match (delete(&left, &clouds, &state).await, &left) {
                (Ok(true), _) => (Done::Deleted, None),
                (Ok(false), _) => (Done::InUse, None),
                (Err(error), Leftover::PossibleUpload { object, .. }) if error.kind() == ErrorKind::Unsupported => {
                    (Done::Possible, Some(format!("{error}; {}", line_to_look(object))))
                }
                (Err(error), _) => (Done::Failed, Some(error.to_string())),
            },
        };
        rows.push(Row {
            what: left.to_string(),
            provider: Some(left.provider()),
            region: Some(left.region().to_owned()),
            outcome,
            message,
        });
    }
    let failed = rows.iter().any(|row| row.outcome == Done::Failed);
    let deletable = !options.yes
        && rows
            .iter()
            .any(|row| matches!(row.outcome, Done::Deletable | Done::Possible));
    match options.reach.output {
        OutputFormat::Json => output::json(&Cleaned {
            schema: SCHEMA,
            leftovers: rows,
        })?,
        OutputFormat::Text => {
            rows.iter().for_each(show);
            if rows.is_empty() {
                output::note("nothing is left over, as far as is known here");
            } else if deletable {
                output::note("nothing was deleted; to delete it: cloud-import clean --yes");
            }
        }
    }
    let read = output::damaged(&damaged);
    Ok(if failed { Exit::Mixed } else { read })
}

/// The line that looks into the bucket for uploads of an object. What is left there under the usual prefix is found without one.
fn line_to_look(object: &StagedObject) -> String {
    let target = format!("{}/{}", object.provider, object.region);
    let mut words = vec!["cloud-import", "clean", "--to", &target, "--bucket", &object.bucket];
    if object.prefix() != args::PREFIX {
        words.extend(["--prefix", object.prefix()]);
    }
    format!("look with: {}", line::of(&words))
}

fn show(row: &Row) {
    let target = match (row.provider, &row.region) {
        (Some(provider), Some(region)) => format!("{provider}/{region}"),
        _ => String::new(),
    };
    let rest = row
        .message
        .as_ref()
        .map(|message| format!(": {message}"))
        .unwrap_or_default();
    output::result(&format!("{:12} {target:28} {}{rest}", row.outcome.words(), row.what));
}

/// Deletes it; `false` when an order began to read it meanwhile.
async fn delete(left: &Leftover, clouds: &Clouds<'_>, state: &Remembered) -> Result<bool> {
    let importer = match left.task() {
        Some(task) => clouds.importer_of(task)?,
        None => clouds.importer(&Wanted::of(Target::new(left.provider(), left.region())))?,
    };
    left.delete(state.state(), &*importer).await
}

/// Shows what may be deleted in the bucket, and deletes it when told to.
async fn in_bucket(options: args::Clean) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let store = bucket::store(&options.place, &options.reach, simulated.as_ref())?;
    let now = SystemEnv.now();
    let mut rows = Vec::new();
    for item in publish::in_bucket(state.state(), &store, &options.place.prefix).await? {
        let (outcome, message) = match (item.may_go(options.older_than, now), options.yes) {
            (false, _) => (bucket::Done::Kept, None),
            (true, false) => (bucket::Done::Deletable, None),
            (true, true) => match item.delete(state.state(), &store).await {
                Ok(true) => (bucket::Done::Deleted, None),
                Ok(false) => (bucket::Done::Kept, None),
                Err(error) => (bucket::Done::Failed, Some(error.to_string())),
            },
        };
        let mut row = bucket::Row::from(item);
        row.outcome = Some(outcome);
        row.message = message;
        rows.push(row);
    }
    let failed = rows.iter().any(|row| row.outcome == Some(bucket::Done::Failed));
    bucket::show(&store, rows, options.reach.output)?;
    Ok(if failed { Exit::Mixed } else { Exit::Done })
}
