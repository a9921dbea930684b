//! `cancel`: imports that run are cancelled, where the cloud can.

use cloud_import::{
    CancelOutcome, Error, ErrorKind, ImportTask, Result,
    publish::{self, Ended},
};

use crate::{
    args,
    connect::Clouds,
    exit::Exit,
    report::{self, Lines, Outcome, Status},
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
    let mut outcomes = Vec::new();
    for one in named(&options.tasks, &state).await? {
        match one {
            Named::Damaged(damaged) => outcomes.push(Outcome::damaged(damaged)),
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
