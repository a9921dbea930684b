//! Goes on with what a job has started, from its record alone: no file, no order. Starts nothing.

use std::sync::Arc;

use cloud_import_core::{
    CancelOutcome, Error, ErrorKind, ImageImporter, Remedy, Result, Stop, WaitOptions, find, remedy::Change,
};
use cloud_import_staging::Store;
use tokio::sync::OnceCell;

use super::{
    event::{Event, Listener},
    options::Options,
    outcome::{Ended, Outcome},
    store::{Job, Record, Step},
    target::{Context, Target, now, side_by_side, stopped},
};

/// A target of a job, with what reaches its cloud.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reattached {
    /// The name of its record: [`Record::target`].
    pub label: String,
    /// The cloud.
    pub importer: Arc<dyn ImageImporter>,
    /// The bucket of what was staged; without it nothing is cleaned up.
    pub store: Option<Store>,
}

impl Reattached {
    /// The target of a record.
    pub fn new(record: &Record, importer: Arc<dyn ImageImporter>, store: Option<Store>) -> Self {
        Self {
            label: record.target.clone(),
            importer,
            store,
        }
    }
}

/// Waits for the verdicts of targets of a job, records them and cleans up.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reattach {
    /// The job.
    pub job: Job,
    /// Its targets.
    pub targets: Vec<Reattached>,
    /// How to wait.
    pub waiting: WaitOptions,
    /// Who is told what happens, by the index of the target.
    pub listener: Arc<dyn Listener>,
    /// What ends the waiting.
    pub stop: Stop,
}

impl Reattach {
    /// To these targets of a job: waits without limit, and tells nobody.
    pub fn to(job: Job, targets: Vec<Reattached>) -> Self {
        Self {
            job,
            targets,
            waiting: WaitOptions::default(),
            listener: Arc::new(()),
            stop: Stop::default(),
        }
    }

    /// Waits. The outcomes are in the order of the targets.
    ///
    /// # Cancel safety
    /// When the future is dropped, the imports go on in the clouds. Call it again.
    pub async fn run(self) -> Vec<Outcome> {
        let context = Arc::new(Context {
            job: self.job,
            options: Options {
                waiting: self.waiting,
                ..Options::default()
            },
            listener: self.listener,
            stop: self.stop,
            hashed: None,
            naming: OnceCell::new(),
        });
        let labels: Vec<String> = self.targets.iter().map(|target| target.label.clone()).collect();
        let work = self.targets.into_iter().enumerate().map(|(index, target)| {
            let context = Arc::clone(&context);
            async move {
                let (label, listener) = (target.label.clone(), Arc::clone(&context.listener));
                let outcome = match hold(index, target, context).await {
                    Ok(target) => {
                        let (ended, record) = target.with(target.go_on().await).await;
                        Outcome::new(label, ended).with_record(Some(record))
                    }
                    Err(error) => Outcome::new(label, Ended::Unknown { task: None, error }),
                };
                listener.on(Some(index), &Event::Over { outcome: &outcome });
                outcome
            }
        });
        Outcome::all(side_by_side(work).await, labels)
    }
}

/// Asks the cloud to cancel a target's import. Its verdict is then waited for with [`Reattach`].
///
/// # Errors
/// [`ErrorKind::Conflict`] when nothing runs; else the cloud's own.
///
/// # Cancel safety
/// Call it again: cancelling twice does nothing more.
pub async fn cancel(job: &Job, target: Reattached) -> Result<CancelOutcome> {
    let context = Arc::new(Context {
        job: job.clone(),
        options: Options::default(),
        listener: Arc::new(()),
        stop: Stop::default(),
        hashed: None,
        naming: OnceCell::new(),
    });
    let target = hold(0, target, context).await?;
    if target.with_record(|record| record.export.is_some()) {
        let message = "it is an export, and none is cancelled from here";
        return Ok(CancelOutcome::Unsupported(message.to_owned()));
    }
    let (step, task) = target.with_record(|record| (record.step, record.task.clone()));
    match (step, task) {
        (Step::Started, Some(task)) => {
            let outcome = target.importer.cancel(&task).await?;
            if outcome == CancelOutcome::Requested {
                target.cancel_requested().await?;
            }
            Ok(outcome)
        }
        (Step::Staging | Step::Staged, _) => Err(not_started()),
        (step, _) if step.is_settled() => {
            Err(Error::new(ErrorKind::Conflict, "it is over").with_remedy(Remedy::ListJobs))
        }
        _ => Err(target.unsettled()),
    }
}

async fn hold(index: usize, target: Reattached, context: Arc<Context>) -> Result<Target> {
    let on_wait = || context.listener.on(Some(index), &Event::WaitingForOther);
    let held = context.job.hold(&target.label, None, &context.stop, on_wait).await?;
    let lease = held.ok_or_else(stopped)?;
    Ok(Target::new(index, target.importer, target.store, context, lease))
}

impl Target {
    /// Records that the cloud took a request to cancel what runs: it may show that by nothing else.
    pub(super) async fn cancel_requested(&self) -> Result<()> {
        let at = now(&*self.importer);
        self.change(move |record| {
            if let Some(task) = &mut record.task {
                task.cancel_requested(at);
            }
        })
        .await
    }

    async fn go_on(&self) -> Ended {
        if self.with_record(|record| record.export.is_some()) {
            return Box::pin(self.go_on_with_export()).await;
        }
        let (step, task) = self.with_record(|record| (record.step, record.task.clone()));
        match (step, task) {
            // Why it was not is known where it was refused, and that stays on record.
            (Step::Staging | Step::Staged, _) => Ended::NotStarted {
                error: self.with_record(Record::why).unwrap_or_else(not_started),
            },
            (Step::Succeeded, _) => {
                let made = match self.gone().await {
                    Ok(None) => self.finished(false).await,
                    Ok(Some(gone)) => Ok(gone),
                    Err(error) => Err(error),
                };
                made.unwrap_or_else(|error| Ended::Unknown { task: None, error })
            }
            (Step::Failed | Step::Canceled, task) => {
                self.clean_up().await;
                let error = self.with_record(failed);
                Ended::Failed { task, error }
            }
            (_, None) => Ended::Unknown {
                task: None,
                error: self.unsettled(),
            },
            (Step::Started, Some(task)) => self.wait(task).await,
            (Step::Starting | Step::Unknown, Some(task)) => {
                self.tell(&Event::Settling);
                let Some(task) = find(&*self.importer, &task).await else {
                    let error = self.unsettled();
                    return Ended::Unknown {
                        task: Some(task),
                        error,
                    };
                };
                let found = task.clone();
                let change = self.change(move |record| {
                    record.task = Some(found);
                    record.step = Step::Started;
                    record.unsettled = None;
                });
                match change.await {
                    Ok(()) => self.wait(task).await,
                    Err(error) => Ended::Running {
                        task,
                        error: Some(error),
                    },
                }
            }
        }
    }
}

/// The verdict that is on record.
fn failed(record: &Record) -> Error {
    let unsaid = || Error::new(ErrorKind::TaskFailed, "the import failed").with_provider(record.provider);
    record.why().unwrap_or_else(unsaid)
}

fn not_started() -> Error {
    Error::new(ErrorKind::Conflict, "its import was not started").with_remedy(Remedy::Repeat(Change::Original))
}
