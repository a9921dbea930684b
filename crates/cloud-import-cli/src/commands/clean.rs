//! `clean`: what this tool left in the clouds, by what is remembered here, or with `--bucket` by the form of its keys. Nothing
//! that an order of this state directory may read is deleted, and of what other machines staged nothing that is younger than
//! it may be read for. A cloud is asked only to delete, and to list a bucket.

use cloud_import::{
    ErrorKind, Provider, Result, Target,
    env::{Env as _, SystemEnv},
    publish::{self, BucketItem, Damaged, Known, Leftover, PREFIX, StagedObject, leftovers},
};
use serde::Serialize;

use super::forget;
use crate::{
    args::{self, OutputFormat},
    bucket,
    connect::Clouds,
    exit::Exit,
    line,
    output::{self, SCHEMA},
    side_by_side::side_by_side,
    simulate::Simulated,
    state::Remembered,
    targets::Wanted,
};

/// What jobs left in the clouds.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Cleaned {
    schema: u32,
    leftovers: Vec<Row>,
    /// The job that was forgotten, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    forgotten: Option<String>,
}

/// Something that was left, and what became of it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    provider: Option<Provider>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    outcome: Done,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Row {
    /// `deleted`: what came of it, where it was tried. `places`: the options by which a later command finds jobs and clouds.
    fn of(left: &Result<Leftover, Damaged>, deleted: Option<Result<bool>>, places: &str) -> Self {
        let left = match left {
            Ok(left) => left,
            Err(damaged) => {
                return Self {
                    what: damaged.to_string(),
                    provider: None,
                    region: None,
                    outcome: Done::Damaged,
                    message: Some(damaged.error.message().to_owned()),
                };
            }
        };
        let (outcome, message) = match (deleted, left) {
            (None, _) if left.is_in_use() => (Done::InUse, None),
            (None, Leftover::PossibleUpload { object, .. }) => (Done::Possible, Some(line_to_look(object, places))),
            (None, _) => (Done::Deletable, None),
            (Some(Ok(true)), _) => (Done::Deleted, None),
            (Some(Ok(false)), _) => (Done::InUse, None),
            (Some(Err(error)), Leftover::PossibleUpload { object, .. }) if error.kind() == ErrorKind::Unsupported => (
                Done::Possible,
                Some(format!("{error}; {}", line_to_look(object, places))),
            ),
            (Some(Err(error)), _) => (Done::Failed, Some(error.to_string())),
        };
        Self {
            what: left.to_string(),
            provider: Some(left.provider()),
            region: Some(left.region().to_owned()),
            outcome,
            message,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
async fn forget(job: &str, options: &args::Clean) -> Result<Exit> {
    let state = Remembered::of(&options.state, false).await?;
    let id = forget::named(state.state(), job, options.yes).await?;
    state.state().forget(&id).await?;
    output::say(&format!(
        "forgotten: {id}; what was staged for it alone is found with --bucket"
    ));
    if options.reach.output == OutputFormat::Json {
        output::json(&Cleaned {
            schema: SCHEMA,
            leftovers: Vec::new(),
            forgotten: Some(id),
        })?;
    }
    Ok(Exit::Done)
}

/// Shows what the jobs left in the clouds, and deletes it when told to.
async fn of_jobs(options: args::Clean) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    // Simulated clouds know nothing of what is left in real ones.
    let state = Remembered::of(&options.state, simulated.is_some()).await?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?;
    let (mut rows, mut damaged) = (Vec::new(), Vec::new());
    let found = leftovers(state.state()).await?;
    let places = line::with_places("", &options.state, &options.reach, &options.reach.endpoint);
    let deleted = deleted(&found, |left| async {
        match left {
            Ok(left) if options.yes && !left.is_in_use() => Some(delete(left, &clouds, &state).await),
            _ => None,
        }
    });
    for (left, deleted) in found.iter().zip(deleted.await) {
        rows.push(Row::of(left, deleted, &places));
        damaged.extend(left.as_ref().err().cloned());
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
            forgotten: None,
        })?,
        OutputFormat::Text => {
            rows.iter().for_each(show);
            if rows.is_empty() {
                output::note("nothing is left over, as far as is known here");
            } else if deletable {
                output::note(&format!(
                    "nothing was deleted; to delete it: cloud-import clean --yes{places}"
                ));
            }
        }
    }
    let read = output::damaged(&damaged);
    Ok(if failed { Exit::Mixed } else { read })
}

/// The line that looks into the bucket for uploads of an object. What is left there under the usual prefix is found without one.
fn line_to_look(object: &StagedObject, places: &str) -> String {
    let target = format!("{}/{}", object.provider, object.region);
    let mut words = vec!["cloud-import", "clean", "--to", &target, "--bucket", &object.bucket];
    if object.prefix() != PREFIX {
        words.extend(["--prefix", object.prefix()]);
    }
    format!("look with: {}{places}", line::of(&words))
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

/// Deletes side by side, and tells for each what came of it, where it was tried. What another of these held meanwhile, as the files
/// of one order do, is tried once more when that is over.
async fn deleted<'a, T: Sync, F: Future<Output = Option<Result<bool>>>>(
    found: &'a [T],
    delete: impl Fn(&'a T) -> F + Copy,
) -> Vec<Option<Result<bool>>> {
    let mut outcomes = side_by_side(found, delete).await;
    for (one, outcome) in found.iter().zip(&mut outcomes) {
        if matches!(outcome, Some(Ok(false))) {
            *outcome = delete(one).await;
        }
    }
    outcomes
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
    let state = Remembered::of(&options.state, simulated.is_some()).await?;
    let store = bucket::store(&options.place, &options.reach, simulated.as_ref())?;
    let now = SystemEnv.now();
    let found = publish::in_bucket(state.state(), &store, &options.place.prefix).await?;
    let deleted = deleted(&found, |item| async {
        match options.yes && item.may_go(options.older_than, now) {
            true => Some(item.delete(state.state(), &store).await),
            false => None,
        }
    });
    let deleted = deleted.await;
    let row = |(item, deleted): (BucketItem, Option<Result<bool>>)| {
        let (outcome, message) = match deleted {
            None if item.may_go(options.older_than, now) => (bucket::Done::Deletable, None),
            None | Some(Ok(false)) => (bucket::Done::Kept, Some(why_kept(&item).to_owned())),
            Some(Ok(true)) => (bucket::Done::Deleted, None),
            Some(Err(error)) => (bucket::Done::Failed, Some(error.to_string())),
        };
        let mut row = bucket::Row::from(item);
        row.outcome = Some(outcome);
        row.message = message;
        row
    };
    let rows: Vec<bucket::Row> = found.into_iter().zip(deleted).map(row).collect();
    let failed = rows.iter().any(|row| row.outcome == Some(bucket::Done::Failed));
    bucket::show(&store, rows, options.reach.output)?;
    Ok(if failed { Exit::Mixed } else { Exit::Done })
}

/// Why it is not deleted.
fn why_kept(item: &BucketItem) -> &'static str {
    match item.known {
        Known::NotHere => "no job here knows it, and it is younger than --older-than: another machine may read it",
        _ => "a job here may read it",
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use cloud_import::Error;

    use super::*;

    #[tokio::test]
    async fn deletions_go_side_by_side_and_what_was_held_is_tried_again() {
        let (now, most, tried) = (Cell::new(0), Cell::new(0), RefCell::new(Vec::new()));
        let delete = |number: &u32| {
            let number = *number;
            let (now, most, tried) = (&now, &most, &tried);
            async move {
                now.set(now.get() + 1);
                most.set(most.get().max(now.get()));
                tokio::task::yield_now().await;
                now.set(now.get() - 1);
                tried.borrow_mut().push(number);
                // One is not to be deleted, one is held as long as the others are deleted, one for ever, and one is refused.
                let again = tried.borrow().iter().filter(|other| **other == number).count() > 1;
                match number {
                    0 => None,
                    1 => Some(Ok(again)),
                    2 => Some(Ok(false)),
                    3 => Some(Err(Error::new(ErrorKind::PermissionDenied, "no"))),
                    _ => Some(Ok(true)),
                }
            }
        };
        let numbers: Vec<u32> = (0..20).collect();
        let outcomes = deleted(&numbers, delete).await;
        assert_eq!(most.get(), 20);
        assert_eq!(tried.borrow()[20..], [1, 2], "each of these once more, by itself");
        let told = outcomes.iter().map(|one| one.as_ref().map(|one| one.as_ref().ok()));
        let told: Vec<_> = told.collect();
        assert_eq!(told[..4], [None, Some(Some(&true)), Some(Some(&false)), Some(None)]);
        assert!(told[4..].iter().all(|one| *one == Some(Some(&true))));
    }
}
