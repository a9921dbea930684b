//! What `wait`, `status` and `cancel` are told to go on with: jobs by their id, or tasks as `import` printed them.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fs,
    io::Read as _,
    sync::Arc,
};

use cloud_import::{
    Error, ErrorKind, ImageImporter, ImportTask, Result, Target,
    publish::{Damaged, Job, Reattached, Record},
};

use crate::{
    connect::{self, Clouds},
    jobs,
    outcome::label,
    output,
    state::Remembered,
};

/// More text than this is no list of tasks.
const LONGEST: u64 = 16 << 20;

/// What is gone on with.
#[derive(Debug)]
pub(crate) enum Named {
    Task(Box<ImportTask>),
    /// Targets of a job.
    Job(Job, Vec<Record>),
    /// A job or the record of a target that cannot be read.
    Damaged(Damaged),
}

pub(crate) fn reattached(record: &Record, clouds: &Clouds<'_>) -> Result<Reattached> {
    if let Some(export) = record.export_task() {
        let importer: Arc<dyn ImageImporter> = Arc::from(clouds.importer_of_export(export)?);
        let store = clouds.store(&*importer, &export.bucket)?;
        return Ok(Reattached::new(record, importer, Some(store)));
    }
    let task = record.task.as_ref().ok_or_else(|| {
        Error::new(ErrorKind::Conflict, "its import was not started")
            .with_provider(record.provider)
            .with_remedy("Resume the job: that begins what was not started.")
    })?;
    let importer: Arc<dyn ImageImporter> = Arc::from(clouds.importer_of(task)?);
    let staged = record.files.values().find_map(|file| file.staged.as_ref());
    let store = match staged {
        Some(staged) => Some(clouds.store(&*importer, &staged.bucket)?),
        None => None,
    };
    Ok(Reattached::new(record, importer, store))
}

impl Named {
    pub(crate) fn labels(&self) -> Vec<String> {
        match self {
            Self::Task(task) => vec![target(task).to_string()],
            Self::Job(_, records) => records.iter().map(|record| record.target.clone()).collect(),
            Self::Damaged(damaged) => vec![label(damaged)],
        }
    }
}

pub(crate) fn target(task: &ImportTask) -> Target {
    Target::new(task.provider, &task.region)
}

/// What the arguments name; every target that is not settled when they name nothing.
pub(crate) async fn named(arguments: &[OsString], state: &Remembered) -> Result<Vec<Named>> {
    let mut named = Vec::new();
    if arguments.is_empty() {
        for found in state.state().all().await? {
            match found {
                Ok(found) => named.extend(readable(found.job, found.records, Record::is_open)),
                Err(damaged) => named.push(Named::Damaged(damaged)),
            }
        }
        if named.is_empty() {
            match state.lasts() {
                true => output::note(&format!("no job in {} waits for a result", state.state())),
                false => output::note("no job waits for a result: simulated clouds have those of --state alone"),
            }
        }
        return Ok(named);
    }
    let mut seen = BTreeSet::new();
    for text in arguments {
        // A job's id is text; a path need not be.
        match jobs::find(state.state(), text.to_str().unwrap_or_default()).await? {
            Some(job) if seen.insert(job.facts().id.clone()) => {
                let records = job.records().await?;
                named.extend(readable(job, records, |_| true));
            }
            Some(_) => {}
            None => match tasks(text) {
                Ok(tasks) => named.extend(of_jobs(tasks, state).await?),
                Err(error) => return Err(jobs::or_meant(error, state.state(), &text.to_string_lossy()).await),
            },
        }
    }
    Ok(named)
}

/// A job with those of its targets that are wanted, and what of it cannot be read.
fn readable(job: Job, records: Vec<Result<Record, Damaged>>, is_wanted: impl Fn(&Record) -> bool) -> Vec<Named> {
    let (mut wanted, mut named) = (Vec::new(), Vec::new());
    for record in records {
        match record {
            Ok(record) if is_wanted(&record) => wanted.push(record),
            Ok(_) => {}
            Err(damaged) => named.push(Named::Damaged(damaged)),
        }
    }
    if !wanted.is_empty() {
        named.insert(0, Named::Job(job, wanted));
    }
    named
}

/// Tasks; of those that a job here has started, that target of it: what is settled of it is then on record.
async fn of_jobs(tasks: Vec<ImportTask>, state: &Remembered) -> Result<Vec<Named>> {
    let mut known = Vec::new();
    for found in state.state().all().await?.into_iter().flatten() {
        let records = found.records.into_iter().flatten();
        known.extend(records.map(|record| (found.job.clone(), record)));
    }
    let of_job = |task: ImportTask| {
        let of_it = |(_, record): &&(Job, Record)| record.task.as_ref().is_some_and(|own| is_same(own, &task));
        match known.iter().find(of_it) {
            Some((job, record)) => Named::Job(job.clone(), vec![record.clone()]),
            None => Named::Task(Box::new(task)),
        }
    };
    Ok(tasks.into_iter().map(of_job).collect())
}

/// Whether two tasks are of one order in one place.
fn is_same(one: &ImportTask, other: &ImportTask) -> bool {
    let is_told = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
    (one.provider, &one.endpoint, &one.region, &one.project)
        == (other.provider, &other.endpoint, &other.region, &other.project)
        && (is_told(&one.token, &other.token)
            || is_told(&one.task_id, &other.task_id)
            || is_told(&one.image_id, &other.image_id)
            || is_told(&one.marker, &other.marker) && one.generation == other.generation)
}

/// Tasks from JSON, a file of JSON lines, or standard input.
fn tasks(argument: &OsStr) -> Result<Vec<ImportTask>> {
    if let Some(text) = argument.to_str().filter(|text| text.trim_start().starts_with('{')) {
        return Ok(vec![parse(text, "the argument")?]);
    }
    let shown = argument.display();
    let lines = if argument == "-" {
        read_bounded(std::io::stdin())
    } else {
        fs::File::open(argument).and_then(read_bounded)
    };
    let lines = lines.map_err(|error| {
        Error::new(
            ErrorKind::Local,
            format!("`{shown}` is neither a job nor a readable file: {error}"),
        )
        .with_remedy("Give a job's id (`cloud-import list`), a file of tasks, a task's JSON, or - for standard input.")
        .with_source(error)
    })?;
    let numbered = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let tasks = numbered
        .map(|(number, line)| parse(line, &format!("line {} of `{shown}`", number + 1)))
        .collect::<Result<Vec<_>>>()?;
    if tasks.is_empty() {
        return Err(
            Error::new(ErrorKind::InvalidRequest, format!("there is no task in `{shown}`"))
                .with_remedy("Give what `import --no-wait` printed."),
        );
    }
    Ok(tasks)
}

fn read_bounded(from: impl std::io::Read) -> std::io::Result<String> {
    let mut text = String::new();
    from.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn parse(text: &str, place: &str) -> Result<ImportTask> {
    let task: ImportTask = serde_json::from_str(text).map_err(|error| {
        // The parser's words help with what was meant for a task.
        let why = if text.trim_start().starts_with('{') {
            format!(": {error}")
        } else {
            String::new()
        };
        Error::new(ErrorKind::InvalidRequest, format!("{place} is not a task{why}"))
            .with_remedy("Give what `import --no-wait` printed, a line per task.")
    })?;
    connect::known(task.provider).map_err(|error| error.context(place))?;
    Ok(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_task_is_refused_with_its_place() {
        let tasks = |argument: &str| tasks(OsStr::new(argument));
        let error = tasks("{\"version\":9}").unwrap_err();
        assert!(
            error.message().contains("the argument") && error.remedy().is_some(),
            "{error}"
        );
        let task = r#"{"version":1,"provider":"aws","endpoint":"https://a.example","region":"x","name":"n","source":"b:k","generation":0,"started_at":"2026-11-29T16:00:00Z"}"#;
        let error = tasks(task).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.message(), "the argument: unknown provider `aws`");
        assert!(error.remedy().unwrap().to_string().contains("aliyun"), "{error}");
        assert!(tasks(&task.replace("aws", "aliyun")).is_ok());
        assert_eq!(tasks("/nonexistent/tasks").unwrap_err().kind(), ErrorKind::Local);
    }
}
