//! Goes on with what a job has started, from its record alone: no file, no order. Starts nothing.

use std::sync::{Arc, Mutex};

use cloud_import_core::{CancelOutcome, Error, ErrorKind, ImageImporter, Remedy, Result, Stop, find, remedy::Change};
use cloud_import_staging::Store;

use super::{
    Event, Job, Listener, Options, Outcome, State, Step,
    attend::{Attended, Context, Kept},
    target::{look_again, stopped},
};

/// A target of a job, with what reaches its cloud.
#[derive(Debug)]
pub struct Reattached {
    /// The target's label, as its record says.
    pub label: String,
    /// The cloud.
    pub importer: Arc<dyn ImageImporter>,
    /// The bucket of what was staged; without it nothing is tidied up.
    pub store: Option<Store>,
}

/// Waits for the verdicts of targets of a job, records them and tidies up. The outcomes are in the order given.
///
/// # Errors
/// None that concerns all targets: each outcome has its own.
pub async fn reattach(
    job: &Job,
    targets: Vec<Reattached>,
    state: &State,
    options: Options,
    listener: Arc<dyn Listener>,
    stop: Stop,
) -> Vec<Outcome> {
    let context = Arc::new(Context {
        state: state.clone(),
        job: job.clone(),
        options,
        listener: Arc::clone(&listener),
        stop,
    });
    let mut set = tokio::task::JoinSet::new();
    let labels: Vec<String> = targets.iter().map(|target| target.label.clone()).collect();
    for (index, target) in targets.into_iter().enumerate() {
        let context = Arc::clone(&context);
        set.spawn(async move {
            let label = target.label.clone();
            let outcome = match hold(index, target, context).await {
                Ok(attended) => attended.go_on().await,
                Err(error) => Outcome::unknown(&label, None, error),
            };
            (index, outcome)
        });
    }
    let mut outcomes: Vec<Option<Outcome>> = labels.iter().map(|_| None).collect();
    while let Some(joined) = set.join_next().await {
        if let Ok((index, outcome)) = joined {
            listener.on(Some(index), &Event::Over { outcome: &outcome });
            outcomes[index] = Some(outcome);
        }
    }
    let broken = |label: &String| Outcome::unknown(label, None, super::broke_off());
    let filled = outcomes.into_iter().zip(&labels);
    filled
        .map(|(outcome, label)| outcome.unwrap_or_else(|| broken(label)))
        .collect()
}

async fn hold(index: usize, target: Reattached, context: Arc<Context>) -> Result<Attended> {
    let told = || context.listener.on(Some(index), &Event::WaitingForOther);
    let held = context
        .job
        .hold_when_free(&target.label, target.importer.ambient(), &context.stop, told)
        .await?
        .ok_or_else(stopped)?;
    let record = held.record().cloned().ok_or_else(|| {
        let message = format!("nothing is recorded of `{}`", target.label);
        Error::new(ErrorKind::NotFound, message).with_remedy(Remedy::ListJobs)
    })?;
    Ok(Attended {
        index,
        held_as: target.label.clone(),
        label: target.label,
        importer: target.importer,
        store: target.store,
        kept: Arc::new(Mutex::new(Kept { held, record })),
        context,
    })
}

impl Attended {
    async fn go_on(&self) -> Outcome {
        let record = self.record();
        match (record.step, record.task.clone()) {
            (Step::Staging | Step::Staged, _) => Outcome::not_started(&self.label, not_started()),
            (Step::Succeeded, _) => {
                self.tidy().await;
                self.succeeded_before(&record, false)
                    .await
                    .unwrap_or_else(|error| Outcome::unknown(&self.label, None, error))
            }
            (Step::Failed | Step::Canceled, task) => {
                self.tidy().await;
                let reason = record.reason.unwrap_or_else(|| "the import failed".to_owned());
                let kind = match record.step {
                    Step::Canceled => ErrorKind::Canceled,
                    _ => ErrorKind::TaskFailed,
                };
                Outcome::failed(
                    &self.label,
                    task,
                    Error::new(kind, reason).with_provider(record.provider),
                )
            }
            (_, None) => Outcome::unknown(&self.label, None, unsettled(&record.name)),
            (Step::Started, Some(task)) => self.wait(task).await,
            (Step::Starting | Step::Unknown, Some(task)) => {
                self.tell(&Event::Settling);
                let Some(task) = find(self.importer(), &task).await else {
                    return Outcome::unknown(&self.label, Some(task), unsettled(&record.name));
                };
                let found = task.clone();
                let recorded = self
                    .change(move |record| {
                        record.task = Some(found);
                        record.step = Step::Started;
                    })
                    .await;
                match recorded {
                    Ok(()) => self.wait(task).await,
                    Err(error) => Outcome::running(&self.label, task, Some(error)),
                }
            }
        }
    }

    /// Asks the cloud to cancel what runs.
    async fn cancel(&self) -> Result<CancelOutcome> {
        match (self.record().step, self.record().task) {
            (Step::Started, Some(task)) => self.importer().cancel(&task).await,
            (Step::Staging | Step::Staged, _) => Err(not_started()),
            (step, _) if step.is_settled() => {
                Err(Error::new(ErrorKind::Conflict, "it is over").with_remedy(Remedy::ListJobs))
            }
            _ => Err(unsettled(&self.record().name)),
        }
    }
}

/// Asks the cloud to cancel a target's import. Its verdict is then waited for with [`reattach`].
///
/// # Errors
/// [`ErrorKind::Conflict`] when nothing runs, [`ErrorKind::Local`] while another process works on the target; else the
/// cloud's own.
pub async fn cancel(job: &Job, target: Reattached, state: &State) -> Result<CancelOutcome> {
    let context = Arc::new(Context {
        state: state.clone(),
        job: job.clone(),
        options: Options::default(),
        listener: Arc::new(()),
        stop: Stop::default(),
    });
    hold(0, target, context).await?.cancel().await
}

fn not_started() -> Error {
    Error::new(ErrorKind::Conflict, "its import was not started").with_remedy(Remedy::Repeat(Change::Nothing))
}

fn unsettled(name: &str) -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        format!("whether the import of `{name}` was started is not known"),
    )
    .with_remedy(look_again())
}
