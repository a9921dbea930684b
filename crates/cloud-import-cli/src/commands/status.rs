//! `status`: each cloud is asked once how its imports stand, and whether what they made is still there.

use cloud_import::{
    Error, ErrorKind, ExportState, ExportTask, ImportTask, ImportedImage, Result, Stop, TaskState,
    env::{Env as _, SystemEnv},
    publish::{Job, Look, Record, Step, look, note_gone},
};

use crate::{
    args,
    connect::Clouds,
    exit::Exit,
    outcome::{Outcome, Status},
    output,
    report::{self, Lines},
    side_by_side::side_by_side,
    simulate::Simulated,
    state::Remembered,
    tasks::{Named, named, target},
};

pub(crate) async fn run(options: args::Tasks) -> Result<Exit> {
    #[cfg(feature = "fleet")]
    if options.state.fleet.is_some() {
        return crate::fleet::status(&options).await;
    }
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some()).await?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?;
    let asked = named(&options.tasks, &state)
        .await?
        .into_iter()
        .flat_map(|one| match one {
            Named::Damaged(damaged) => vec![Asked::Known(Box::new(Outcome::damaged(damaged)))],
            Named::Task(task) => vec![Asked::Task(target(&task).to_string(), task)],
            Named::Job(job, records) => records.into_iter().map(|record| Asked::of(&job, record)).collect(),
        });
    let outcomes = side_by_side(asked, |asked| asked.answered(&clouds)).await;
    Ok(report::write(
        &outcomes,
        options.reach.output.into(),
        Lines::States,
        None,
        args::FailIf::Any,
    ))
}

/// What is asked after.
pub(super) enum Asked {
    Known(Box<Outcome>),
    Task(String, Box<ImportTask>),
    Running(Box<Record>, Box<ImportTask>),
    Exporting(Box<Record>, Box<ExportTask>),
    Made(Job, Box<Record>, Box<ImportTask>),
}

impl Asked {
    pub(super) fn of(job: &Job, record: Record) -> Self {
        if let (Step::Started, Some(task)) = (record.step, record.export_task().cloned()) {
            return Self::Exporting(Box::new(record), Box::new(task));
        }
        match (record.step, record.task.clone()) {
            (Step::Started, Some(task)) => Self::Running(Box::new(record), Box::new(task)),
            (Step::Succeeded, Some(task)) if record.why_gone().is_none() => {
                Self::Made(job.clone(), Box::new(record), Box::new(task))
            }
            _ => Self::Known(Box::new(Outcome::recorded(record))),
        }
    }

    pub(super) async fn answered(self, clouds: &Clouds<'_>) -> Outcome {
        match self {
            Self::Known(outcome) => *outcome,
            Self::Task(target, task) => stands(target, *task, clouds).await,
            Self::Running(record, task) => stands(record.target.clone(), *task, clouds).await.with(*record),
            Self::Exporting(record, task) => exporting(*record, *task, clouds).await,
            Self::Made(job, record, task) => made(&job, *record, &task, clouds).await,
        }
    }
}

/// How an export stands by the cloud's own word. Its verdict is recorded by `wait`.
async fn exporting(record: Record, mut task: ExportTask, clouds: &Clouds<'_>) -> Outcome {
    let polled = match clouds.importer_of_export(&task) {
        Ok(importer) => importer.poll_export(&mut task).await,
        Err(error) => Err(error),
    };
    let outcome = match polled {
        Ok(ExportState::InProgress { percent, raw }) => Outcome {
            state: Some(percent.map_or(raw.clone(), |percent| format!("{raw} {percent}%"))),
            ..Outcome::new(&record.target, Status::Running, Exit::StillRunning)
        },
        Ok(ExportState::Succeeded { export }) => Outcome {
            export: Some(export),
            ..Outcome::new(&record.target, Status::Succeeded, Exit::Done)
        },
        Ok(ExportState::Failed(failure)) => Outcome {
            error: Some(failure.into_export_error(&task)),
            ..Outcome::new(&record.target, Status::Failed, Exit::Failed)
        },
        Ok(_) => Outcome::new(&record.target, Status::Canceled, Exit::Failed),
        Err(error) => Outcome {
            exit: Exit::while_running(&error),
            error: Some(error),
            ..Outcome::new(&record.target, Status::Running, Exit::StillRunning)
        },
    };
    outcome.with(record)
}

/// Whether the image of a record is still there.
async fn made(job: &Job, mut record: Record, task: &ImportTask, clouds: &Clouds<'_>) -> Outcome {
    let image = ImportedImage::of(task, record.image_id.clone().unwrap_or_default());
    let seen = match clouds.importer_of(task) {
        Ok(importer) => look(&image, record.account.as_deref(), &*importer, &Stop::default()).await,
        Err(error) => Look::Unclear(error.message().to_owned()),
    };
    if let Look::Gone(_) = seen {
        record.gone_at = Some(SystemEnv.now());
        if let Err(error) = note_gone(job, &record.target, &image).await {
            output::warning(&format!("{}: {}", record.target, error.message()));
        }
    }
    told(&record.target, &seen);
    Outcome::recorded(record)
}

/// Says why it could not be seen whether an image is still there.
fn told(target: &str, seen: &Look) {
    if let Look::Unclear(why) = seen {
        output::warning(&format!(
            "{target}: whether its image is still there is not known: {why}"
        ));
    }
}

/// How a task stands by the cloud's own word.
pub(super) async fn stands(target: String, mut task: ImportTask, clouds: &Clouds<'_>) -> Outcome {
    let importer = match clouds.importer_of(&task) {
        Ok(importer) => importer,
        Err(error) => return Outcome::ended(&target, task, error),
    };
    match importer.poll(&mut task).await {
        Ok(TaskState::Succeeded { image }) => {
            // It may have been made long ago.
            let seen = look(&image, None, &*importer, &Stop::default()).await;
            told(&target, &seen);
            match seen {
                Look::Gone(error) => Outcome {
                    error: Some(error),
                    ..Outcome::new(&target, Status::Gone, Exit::Gone)
                },
                _ => Outcome::succeeded(&target, image, task),
            }
        }
        Ok(TaskState::InProgress { percent, raw }) => {
            let state = percent.map_or(raw.clone(), |percent| format!("{raw} {percent}%"));
            Outcome {
                state: Some(state),
                ..Outcome::running(&target, task, Exit::StillRunning)
            }
        }
        Ok(TaskState::Failed(failure)) => {
            let error = failure.into_error(&task);
            Outcome::ended(&target, task, error)
        }
        Ok(_) => {
            let error = Error::new(ErrorKind::Canceled, "the import was cancelled").with_provider(task.provider);
            Outcome::ended(&target, task, error)
        }
        Err(error) => Outcome::ended(&target, task, error),
    }
}
