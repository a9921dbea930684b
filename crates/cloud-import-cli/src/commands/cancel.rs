//! `cancel`: imports that run are cancelled, where the cloud can.

use cloud_import::{
    CancelOutcome, Error, ErrorKind, ImportTask, Result,
    env::{Env as _, SystemEnv},
    publish::{self, Damaged, Ended, Job, Record},
};

use crate::{
    args,
    connect::Clouds,
    exit::Exit,
    outcome::{Outcome, Status},
    report::{self, Lines},
    side_by_side::side_by_side,
    simulate::Simulated,
    state::Remembered,
    tasks::{Named, named, reattached, target},
};

pub(crate) async fn run(options: args::Tasks) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?;
    if options.tasks.is_empty() {
        return Err(Error::new(ErrorKind::InvalidRequest, "nothing to cancel was named")
            .with_remedy("Name a job (`cloud-import list` shows them) or a task."));
    }
    let asked = named(&options.tasks, &state)
        .await?
        .into_iter()
        .flat_map(|one| match one {
            Named::Damaged(damaged) => vec![Asked::Damaged(damaged)],
            Named::Task(task) => vec![Asked::Task(task)],
            Named::Job(job, records) => records
                .into_iter()
                .map(|record| Asked::Target(job.clone(), Box::new(record)))
                .collect(),
        });
    let outcomes = side_by_side(asked, |asked| asked.canceled(&clouds)).await;
    Ok(report::write(
        &outcomes,
        options.reach.output.into(),
        Lines::States,
        None,
        args::FailIf::Any,
    ))
}

/// What is to be cancelled.
enum Asked {
    Damaged(Damaged),
    Task(Box<ImportTask>),
    Target(Job, Box<Record>),
}

impl Asked {
    async fn canceled(self, clouds: &Clouds<'_>) -> Outcome {
        match self {
            Self::Damaged(damaged) => Outcome::damaged(damaged),
            Self::Task(task) => {
                let outcome = match clouds.importer_of(&task) {
                    Ok(importer) => importer.cancel(&task).await,
                    Err(error) => Err(error),
                };
                canceled(target(&task).to_string(), Some(*task), outcome)
            }
            Self::Target(job, record) => {
                let outcome = match reattached(&record, clouds) {
                    Ok(target) => publish::cancel(&job, target).await,
                    Err(error) => Err(error),
                };
                canceled(record.target.clone(), record.task.clone(), outcome).with(*record)
            }
        }
    }
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
            let task = task.map(|mut task| {
                task.cancel_requested(SystemEnv.now());
                task
            });
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
