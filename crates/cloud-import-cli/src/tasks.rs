//! `wait`, `status` and `cancel`: what an earlier `import` started is gone on with, in this process: jobs by their id, or
//! tasks as it printed them.

use std::{collections::BTreeSet, fs, io::Read as _, sync::Arc};

use cloud_import::{
    CancelOutcome, Error, ErrorKind, ImageImporter, ImportTask, Result, Stop, Target, TaskState, WaitOptions,
    publish::{self, Ended, Event, Job, Listener, Reattach, Reattached, Record, Step},
};
use tokio::task::JoinSet;

use crate::{
    args,
    connect::Clouds,
    exit::Exit,
    import::{Renumbered, waiting},
    interrupt,
    progress::Progress,
    report::{self, Lines, Outcome, Status},
    simulate::Simulated,
    state::Remembered,
};

/// More text than this is no list of tasks.
const LONGEST: u64 = 16 << 20;

/// What is gone on with.
#[derive(Debug)]
enum Named {
    Task(Box<ImportTask>),
    /// Targets of a job.
    Job(Job, Vec<Record>),
}

/// Waits for the verdict of each.
pub(crate) async fn wait(options: args::Wait) -> Result<Exit> {
    let reach = &options.tasks.reach;
    let simulated = Simulated::of(reach).await?;
    let state = Remembered::of(&options.tasks.state, simulated.is_some())?;
    let named = named(&options.tasks.tasks, &state).await?;
    let clouds = Clouds::new(reach, simulated.as_ref())?;
    let stop = Stop::default();
    let waiting = waiting(options.waiting.timeout, simulated.is_some());
    let work = wait_for_all(named, &clouds, &waiting, &stop);
    let Some(outcomes) = interrupt::guarded(&stop, work).await else {
        return Ok(interrupt::left_at_once());
    };
    let exit = report::write(&outcomes, reach.output.into(), Lines::Images, None);
    Ok(if stop.is_requested() { Exit::Interrupted } else { exit })
}

async fn wait_for_all(named: Vec<Named>, clouds: &Clouds<'_>, waiting: &WaitOptions, stop: &Stop) -> Vec<Outcome> {
    let labels: Vec<String> = named.iter().flat_map(Named::labels).collect();
    let progress: Arc<dyn Listener> = Arc::new(Progress::new(labels));
    let mut outcomes: Vec<(usize, Outcome)> = Vec::new();
    let mut set: JoinSet<Vec<(usize, Outcome)>> = JoinSet::new();
    let mut next = 0;
    for one in named {
        let first = next;
        next += one.labels().len();
        match one {
            Named::Task(task) => {
                let target = target(&task).to_string();
                match clouds.importer_of(&task) {
                    Ok(importer) => {
                        let (waiting, progress, stop) = (waiting.clone(), Arc::clone(&progress), stop.clone());
                        set.spawn(async move {
                            let outcome =
                                wait_for_task(&*importer, *task, &target, first, waiting, &progress, &stop).await;
                            vec![(first, outcome)]
                        });
                    }
                    Err(error) => outcomes.push((first, Outcome::ended(&target, *task, error))),
                }
            }
            Named::Job(job, records) => {
                let (mut targets, mut indices) = (Vec::new(), Vec::new());
                for (offset, record) in records.into_iter().enumerate() {
                    match reattached(&record, clouds) {
                        Ok(target) => {
                            indices.push(first + offset);
                            targets.push(target);
                        }
                        Err(error) => {
                            let outcome = publish::Outcome::new(record.target, Ended::not_started(error));
                            outcomes.push((first + offset, outcome.into()));
                        }
                    }
                }
                let mut reattach = Reattach::to(job, targets);
                reattach.waiting = waiting.clone();
                reattach.listener = Arc::new(Renumbered::new(Arc::clone(&progress), indices.clone()));
                reattach.stop = stop.clone();
                set.spawn(async move {
                    let done = reattach.run().await;
                    indices.into_iter().zip(done.into_iter().map(Outcome::from)).collect()
                });
            }
        }
    }
    while let Some(joined) = set.join_next().await {
        outcomes.extend(joined.unwrap_or_default());
    }
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

async fn wait_for_task(
    importer: &dyn ImageImporter,
    mut task: ImportTask,
    target: &str,
    index: usize,
    waiting: WaitOptions,
    progress: &Arc<dyn Listener>,
    stop: &Stop,
) -> Outcome {
    let told = Arc::clone(progress);
    let waiting = waiting.on_event(move |task, event| told.on(Some(index), &Event::Polled { task, event }));
    let verdict = tokio::select! {
        verdict = cloud_import::wait(importer, &mut task, &waiting) => Some(verdict),
        () = stop.requested() => None,
    };
    let ended = match verdict {
        Some(Ok(image)) => Ended::Succeeded {
            image,
            task,
            found: false,
            unfinished: None,
        },
        Some(Err(error)) if matches!(error.kind(), ErrorKind::TaskFailed | ErrorKind::Canceled) => Ended::Failed {
            task: Some(task),
            error,
        },
        Some(Err(error)) => Ended::Running {
            task,
            error: Some(error),
        },
        None => Ended::Running { task, error: None },
    };
    let outcome = publish::Outcome::new(target, ended);
    progress.on(Some(index), &Event::Over { outcome: &outcome });
    outcome.into()
}

/// Asks once how each stands.
pub(crate) async fn status(options: args::Tasks) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?;
    let mut outcomes = Vec::new();
    for one in named(&options.tasks, &state).await? {
        match one {
            Named::Task(task) => outcomes.push(stands(target(&task).to_string(), *task, &clouds).await),
            Named::Job(_, records) => {
                for record in records {
                    outcomes.push(match (record.step, record.task.clone()) {
                        (Step::Started, Some(task)) => stands(record.target, task, &clouds).await,
                        _ => recorded(record),
                    });
                }
            }
        }
    }
    Ok(report::write(
        &outcomes,
        options.reach.output.into(),
        Lines::States,
        None,
    ))
}

/// How a task stands by the cloud's own word.
async fn stands(target: String, mut task: ImportTask, clouds: &Clouds<'_>) -> Outcome {
    let polled = match clouds.importer_of(&task) {
        Ok(importer) => importer.poll(&mut task).await,
        Err(error) => Err(error),
    };
    match polled {
        Ok(TaskState::Succeeded { image }) => Outcome::succeeded(&target, image, task),
        Ok(TaskState::InProgress { percent, raw }) => {
            let state = percent.map_or(raw.clone(), |percent| format!("{raw} {percent}%"));
            Outcome {
                state: Some(state),
                ..Outcome::running(&target, task, Exit::StillRunning)
            }
        }
        Ok(TaskState::Failed(failure)) => {
            let error = Error::new(ErrorKind::TaskFailed, format!("the import failed: {}", failure.reason))
                .with_provider(task.provider);
            let error = match failure.code {
                Some(code) => error.with_code(code),
                None => error,
            };
            Outcome::ended(&target, task, error)
        }
        Ok(_) => {
            let error = Error::new(ErrorKind::Canceled, "the import was cancelled").with_provider(task.provider);
            Outcome::ended(&target, task, error)
        }
        Err(error) => Outcome::ended(&target, task, error),
    }
}

/// How a target stands by its record, where the cloud has nothing to add.
fn recorded(record: Record) -> Outcome {
    let (status, exit) = match record.step {
        Step::Succeeded => (Status::Succeeded, Exit::Done),
        Step::Failed | Step::Canceled => (Status::Failed, Exit::Failed),
        Step::Staging | Step::Staged => (Status::NotStarted, Exit::NotStarted),
        _ => (Status::Unknown, Exit::OutcomeUnknown),
    };
    let state = match (&record.image_id, &record.reason) {
        (Some(image), _) => image.clone(),
        (None, Some(reason)) => reason.clone(),
        (None, None) => record.step.as_str().to_owned(),
    };
    Outcome {
        state: Some(state),
        task: record.task,
        ..Outcome::new(&record.target, status, exit)
    }
}

/// Cancels each, where the cloud can.
pub(crate) async fn cancel(options: args::Tasks) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?;
    if options.tasks.is_empty() {
        return Err(Error::new(ErrorKind::InvalidRequest, "nothing is named to cancel")
            .with_remedy("Name a job (`cloud-import list` shows them) or a task."));
    }
    let mut outcomes = Vec::new();
    for one in named(&options.tasks, &state).await? {
        match one {
            Named::Task(task) => {
                let outcome = match clouds.importer_of(&task) {
                    Ok(importer) => importer.cancel(&task).await,
                    Err(error) => Err(error),
                };
                let target = target(&task).to_string();
                outcomes.push(canceled(target, Some(*task), outcome));
            }
            Named::Job(job, records) => {
                for record in records {
                    let outcome = match reattached(&record, &clouds) {
                        Ok(target) => publish::cancel(&job, target).await,
                        Err(error) => Err(error),
                    };
                    outcomes.push(canceled(record.target, record.task, outcome));
                }
            }
        }
    }
    Ok(report::write(
        &outcomes,
        options.reach.output.into(),
        Lines::States,
        None,
    ))
}

fn canceled(target: String, task: Option<ImportTask>, outcome: Result<CancelOutcome>) -> Outcome {
    let told = |why: &str| {
        let error = Error::new(ErrorKind::Unsupported, why);
        match &task {
            Some(task) => error.with_provider(task.provider),
            None => error,
        }
    };
    let error = match outcome {
        Ok(CancelOutcome::Requested) => {
            return Outcome {
                state: Some("cancel requested".to_owned()),
                task,
                ..Outcome::new(&target, Status::CancelRequested, Exit::Done)
            };
        }
        Ok(CancelOutcome::Unsupported(why)) => told(&why),
        Ok(_) => told("this version does not know what the cloud says to that"),
        Err(error) => error,
    };
    match task {
        Some(task) => Outcome::ended(&target, task, error),
        None => publish::Outcome::new(target, Ended::not_started(error)).into(),
    }
}

fn reattached(record: &Record, clouds: &Clouds<'_>) -> Result<Reattached> {
    let task = record.task.as_ref().ok_or_else(|| {
        Error::new(ErrorKind::Conflict, "its import was not started")
            .with_provider(record.provider)
            .with_remedy("Repeat the import command: it goes on where it stopped.")
    })?;
    let importer: Arc<dyn ImageImporter> = Arc::from(clouds.importer_of(task)?);
    let staged = record.files.values().find_map(|file| file.staged.as_ref());
    let store = match staged {
        Some(staged) => Some(clouds.store(&*importer, &staged.bucket)?),
        None => None,
    };
    Ok(Reattached {
        label: record.target.clone(),
        importer,
        store,
    })
}

impl Named {
    fn labels(&self) -> Vec<String> {
        match self {
            Self::Task(task) => vec![target(task).to_string()],
            Self::Job(_, records) => records.iter().map(|record| record.target.clone()).collect(),
        }
    }
}

fn target(task: &ImportTask) -> Target {
    Target::new(task.provider, &task.region)
}

/// What the arguments name; every target that is not settled when they name nothing.
async fn named(arguments: &[String], state: &Remembered) -> Result<Vec<Named>> {
    let mut named = Vec::new();
    if arguments.is_empty() {
        for job in state.state().jobs().await? {
            let open: Vec<Record> = job.records().await?.into_iter().filter(Record::is_open).collect();
            if !open.is_empty() {
                named.push(Named::Job(job, open));
            }
        }
        return match named.is_empty() {
            true => Err(
                Error::new(
                    ErrorKind::InvalidRequest,
                    format!("no job in `{}` waits for a verdict, and no task was given", state.state()),
                )
                .with_remedy("`cloud-import list` shows the jobs. Name another directory with --state, or give what `import --no-wait` printed."),
            ),
            false => Ok(named),
        };
    }
    let mut jobs = BTreeSet::new();
    for text in arguments {
        match state.state().job(text).await {
            Ok(job) => {
                if jobs.insert(text) {
                    let records = job.records().await?;
                    named.push(Named::Job(job, records));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                named.extend(tasks(text)?.into_iter().map(|task| Named::Task(Box::new(task))));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(named)
}

/// Tasks from JSON, a file of JSON lines, or standard input.
fn tasks(text: &str) -> Result<Vec<ImportTask>> {
    if text.trim_start().starts_with('{') {
        return Ok(vec![parse(text, "the argument")?]);
    }
    let lines = if text == "-" {
        read_bounded(std::io::stdin())
    } else {
        fs::File::open(text).and_then(read_bounded)
    };
    let lines = lines.map_err(|error| {
        Error::new(
            ErrorKind::Local,
            format!("`{text}` is no job, and no file that can be read: {error}"),
        )
        .with_remedy("Give a job's id (`cloud-import list`), a file of tasks, a task's JSON, or - for standard input.")
        .with_source(error)
    })?;
    let numbered = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let tasks = numbered
        .map(|(number, line)| parse(line, &format!("line {} of `{text}`", number + 1)))
        .collect::<Result<Vec<_>>>()?;
    if tasks.is_empty() {
        return Err(
            Error::new(ErrorKind::InvalidRequest, format!("there is no task in `{text}`"))
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
    serde_json::from_str(text).map_err(|error| {
        // The parser's words help with what was meant for a task.
        let why = if text.trim_start().starts_with('{') {
            format!(": {error}")
        } else {
            String::new()
        };
        Error::new(ErrorKind::InvalidRequest, format!("{place} is no task{why}"))
            .with_remedy("Give what `import --no-wait` printed, a line per task.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_task_is_refused_with_its_place() {
        let error = tasks("{\"version\":9}").unwrap_err();
        assert!(
            error.message().contains("the argument") && error.remedy().is_some(),
            "{error}"
        );
        assert_eq!(tasks("/nonexistent/tasks").unwrap_err().kind(), ErrorKind::Local);
    }
}
