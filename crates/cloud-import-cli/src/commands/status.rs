//! `status`: each cloud is asked once how its imports stand.

use cloud_import::{
    Error, ErrorKind, ImportTask, Result, TaskState,
    publish::{Record, Step},
};

use crate::{
    args,
    connect::Clouds,
    exit::Exit,
    render,
    report::{self, Lines, Outcome, Status},
    simulate::Simulated,
    state::Remembered,
    tasks::{Named, named, target},
};

pub(crate) async fn run(options: args::Tasks) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?;
    let mut outcomes = Vec::new();
    for one in named(&options.tasks, &state).await? {
        match one {
            Named::Damaged(damaged) => outcomes.push(Outcome::damaged(damaged)),
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

/// How a target stands by its record, where the cloud has nothing to add.
fn recorded(record: Record) -> Outcome {
    let (status, exit) = match record.step {
        Step::Succeeded => (Status::Succeeded, Exit::Done),
        Step::Failed | Step::Canceled => (Status::Failed, Exit::Failed),
        Step::Staging | Step::Staged => (Status::NotStarted, Exit::NotStarted),
        _ => (Status::Unknown, Exit::OutcomeUnknown),
    };
    let since = record.unknown_since().map(render::instant);
    let code = record.vendor_code().map(str::to_owned);
    let state = match (&record.image_id, &record.reason, &since) {
        (Some(image), ..) => image.clone(),
        (None, Some(reason), _) => reason.clone(),
        (None, None, Some(since)) => format!("{} since {since}", record.step.as_str()),
        (None, None, None) => record.step.as_str().to_owned(),
    };
    let state = match &code {
        Some(code) => format!("{state} (code {code})"),
        None => state,
    };
    Outcome {
        state: Some(state),
        code,
        unknown_since: since,
        task: record.task,
        ..Outcome::new(&record.target, status, exit)
    }
}
