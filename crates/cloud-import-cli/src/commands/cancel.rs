//! `cancel`: imports that run are cancelled, where the cloud can.

use cloud_import::{
    CancelOutcome, Error, ErrorKind, ImportTask, Result,
    env::{Env as _, SystemEnv},
    publish::{self, Damaged, Job, Record, Step},
};

use super::status;
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
    tasks::{Named, named, reattached, target},
};

pub(crate) async fn run(options: args::Tasks) -> Result<Exit> {
    #[cfg(feature = "fleet")]
    if options.state.fleet.is_some() {
        return crate::fleet::cancel(&options).await;
    }
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some()).await?;
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
            Named::Job(job, records) => records.into_iter().map(|record| Asked::of(&job, record)).collect(),
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
    /// An import that runs by its record.
    Running(Job, Box<Record>),
    /// There is nothing to be cancelled.
    Over(Box<status::Asked>),
}

impl Asked {
    fn of(job: &Job, record: Record) -> Self {
        match record.step {
            Step::Started => Self::Running(job.clone(), Box::new(record)),
            _ => Self::Over(Box::new(status::Asked::of(job, record))),
        }
    }

    async fn canceled(self, clouds: &Clouds<'_>) -> Outcome {
        match self {
            Self::Damaged(damaged) => Outcome::damaged(damaged),
            Self::Task(task) => {
                let target = target(&task).to_string();
                if let Some(over) = over(&target, &task, clouds).await {
                    return over;
                }
                let outcome = match clouds.importer_of(&task) {
                    Ok(importer) => importer.cancel(&task).await,
                    Err(error) => Err(error),
                };
                canceled(target, *task, outcome)
            }
            Self::Running(job, record) => {
                let Some(task) = record.task.clone() else {
                    let message = "an export is not cancelled from here: see the vendor's console";
                    let error = Error::new(ErrorKind::Unsupported, message).with_provider(record.provider);
                    return Outcome {
                        exit: Exit::of(&error),
                        error: Some(error),
                        ..Outcome::recorded(*record)
                    };
                };
                if let Some(over) = over(&record.target, &task, clouds).await {
                    return over.with(*record);
                }
                let outcome = match reattached(&record, clouds) {
                    Ok(target) => publish::cancel(&job, target).await,
                    Err(error) => Err(error),
                };
                canceled(record.target.clone(), task, outcome).with(*record)
            }
            Self::Over(asked) => {
                let outcome = asked.answered(clouds).await;
                nothing_runs(&outcome.target);
                outcome
            }
        }
    }
}

/// How an import ended, where it is over by its cloud's word: some clouds take an order to cancel it all the same.
async fn over(target: &str, task: &ImportTask, clouds: &Clouds<'_>) -> Option<Outcome> {
    let stands = status::stands(target.to_owned(), task.clone(), clouds).await;
    let is_over = !matches!(stands.status, Status::Running | Status::Unknown);
    is_over.then(|| {
        nothing_runs(target);
        stands
    })
}

fn nothing_runs(target: &str) {
    output::note(&format!("{target}: nothing of it runs that could be cancelled"));
}

fn canceled(target: String, mut task: ImportTask, outcome: Result<CancelOutcome>) -> Outcome {
    let provider = task.provider;
    let told = |why: &str| Error::new(ErrorKind::Unsupported, why).with_provider(provider);
    let error = match outcome {
        Ok(CancelOutcome::Requested) => {
            task.cancel_requested(SystemEnv.now());
            return Outcome {
                state: Some("cancel requested".to_owned()),
                task: Some(task),
                ..Outcome::new(&target, Status::CancelRequested, Exit::Done)
            };
        }
        Ok(CancelOutcome::Unsupported(why)) => told(&why),
        Ok(_) => told("this version does not know what the cloud says to that"),
        Err(error) => error,
    };
    Outcome::ended(&target, task, error)
}
