//! `wait`, `status` and `cancel`: what an earlier `import` printed is gone on with, in this process.

use std::{
    fs,
    io::Read as _,
    sync::{Arc, Mutex},
};

use cloud_import::{CancelOutcome, Error, ErrorKind, ImportTask, Result, Target, TaskState};
use tokio::task::JoinSet;

use crate::{
    args,
    connect::Clouds,
    exit::Exit,
    import::{Running, interrupted, waited, waiting},
    progress::Progress,
    report::{self, Lines, Outcome, Status},
    simulate::Simulated,
};

/// More text than this is no list of tasks.
const LONGEST: u64 = 16 << 20;

/// Waits for the verdict of each task.
pub(crate) async fn wait(options: args::Wait) -> Result<Exit> {
    let (tasks, reach) = (read(&options.tasks.tasks)?, &options.tasks.reach);
    let simulated = Simulated::of(reach).await?;
    let clouds = Clouds::new(reach, simulated.as_ref());
    let running: Running = Arc::new(Mutex::new(tasks.iter().cloned().map(Some).collect()));
    let progress = Arc::new(Progress::new(
        tasks.iter().map(|task| target(task).to_string()).collect(),
    ));
    let mut set = JoinSet::new();
    for (index, mut task) in tasks.into_iter().enumerate() {
        let importer = clouds.importer_of(&task);
        let (progress, running) = (Arc::clone(&progress), Arc::clone(&running));
        let wait = waiting(options.waiting.timeout, simulated.is_some());
        set.spawn(async move {
            let target = target(&task);
            let outcome = match importer {
                Ok(importer) => waited(&*importer, &mut task, wait, &target, index, &progress, &running).await,
                Err(error) => Outcome::ended(&target, task, error),
            };
            progress.over(index, &outcome.summary(), outcome.image.is_some());
            (index, outcome)
        });
    }
    let work = async {
        let mut outcomes = Vec::new();
        while let Some(joined) = set.join_next().await {
            outcomes.extend(joined);
        }
        outcomes.sort_by_key(|(index, _)| *index);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect::<Vec<_>>()
    };
    tokio::select! {
        outcomes = work => Ok(report::write(&outcomes, reach.output, Lines::Images)),
        _ = tokio::signal::ctrl_c() => Ok(interrupted(&running)),
    }
}

/// Asks once how each task stands.
pub(crate) async fn status(options: args::Tasks) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref());
    let mut outcomes = Vec::new();
    for mut task in read(&options.tasks)? {
        let target = target(&task);
        let polled = match clouds.importer_of(&task) {
            Ok(importer) => importer.poll(&mut task).await,
            Err(error) => Err(error),
        };
        outcomes.push(match polled {
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
                Outcome::ended(
                    &target,
                    task,
                    match failure.code {
                        Some(code) => error.with_code(code),
                        None => error,
                    },
                )
            }
            Ok(_) => {
                let error = Error::new(ErrorKind::Canceled, "the import was cancelled").with_provider(task.provider);
                Outcome::ended(&target, task, error)
            }
            Err(error) => Outcome::ended(&target, task, error),
        });
    }
    Ok(report::write(&outcomes, options.reach.output, Lines::States))
}

/// Cancels each task, where the cloud can.
pub(crate) async fn cancel(options: args::Tasks) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref());
    let mut outcomes = Vec::new();
    for task in read(&options.tasks)? {
        let target = target(&task);
        let canceled = match clouds.importer_of(&task) {
            Ok(importer) => importer.cancel(&task).await,
            Err(error) => Err(error),
        };
        outcomes.push(match canceled {
            Ok(CancelOutcome::Requested) => Outcome {
                state: Some("cancel requested".to_owned()),
                task: Some(task),
                ..Outcome::new(&target, Status::CancelRequested, Exit::Done)
            },
            Ok(CancelOutcome::Unsupported(why)) => Outcome::ended(
                &target,
                task,
                Error::new(ErrorKind::Unsupported, why).with_provider(target.provider),
            ),
            Ok(_) => Outcome::running(&target, task, Exit::StillRunning),
            Err(error) => Outcome::ended(&target, task, error),
        });
    }
    Ok(report::write(&outcomes, options.reach.output, Lines::States))
}

fn target(task: &ImportTask) -> Target {
    Target {
        provider: task.provider,
        region: task.region.clone(),
    }
}

/// Tasks from JSON, files of JSON lines, and standard input.
fn read(named: &[String]) -> Result<Vec<ImportTask>> {
    let mut tasks = Vec::new();
    for text in named {
        if text.trim_start().starts_with('{') {
            tasks.push(parse(text, "the argument")?);
            continue;
        }
        let lines = if text == "-" {
            read_bounded(std::io::stdin())
        } else {
            fs::File::open(text).and_then(read_bounded)
        };
        let lines = lines.map_err(|error| {
            Error::new(ErrorKind::Local, format!("`{text}` cannot be read"))
                .with_remedy("Give a file of tasks, a task's JSON, or - for standard input.")
                .with_source(error)
        })?;
        for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            tasks.push(parse(line, &format!("{text}:{}", number + 1))?);
        }
    }
    if tasks.is_empty() {
        return Err(Error::new(ErrorKind::InvalidRequest, "no task was given")
            .with_remedy("Give what `import --no-wait` printed."));
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
        Error::new(ErrorKind::InvalidRequest, format!("{place} is no task: {error}"))
            .with_remedy("Give what `import --no-wait` printed, a line per task.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_task_is_refused_with_its_place() {
        let error = read(&["{\"version\":9}".to_owned()]).unwrap_err();
        assert!(
            error.message().contains("the argument") && error.remedy().is_some(),
            "{error}"
        );
        assert_eq!(
            read(&["/nonexistent/tasks".to_owned()]).unwrap_err().kind(),
            ErrorKind::Local
        );
    }
}
