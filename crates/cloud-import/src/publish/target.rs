//! One destination, from its record to its outcome: stages, starts, and hands over to the wait. Each step is recorded before
//! it is done and settled after.

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use cloud_import_core::{Error, ErrorKind, Field, ImportRequest, ImportTask, Remedy, Result, remedy::Change};
use tokio::sync::Semaphore;

use super::{
    Destination, Event, Image, Outcome, Record, Replacement, Step,
    attend::{Attended, Context, Kept},
    image::SideFile,
};

/// One destination being worked on.
#[derive(Debug)]
pub(crate) struct Work {
    attended: Attended,
    pub(crate) content: Arc<Content>,
    /// The order, its disk where it is or will be staged.
    pub(crate) order: ImportRequest,
    /// The key of the staged file.
    pub(crate) key: Option<String>,
}

/// What is published, hashed.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) image: Image,
    pub(crate) bitmap: Option<SideFile>,
}

impl Deref for Work {
    type Target = Attended;

    fn deref(&self) -> &Attended {
        &self.attended
    }
}

/// Works on one destination until it is done with for now.
pub(crate) async fn run(
    index: usize,
    destination: Destination,
    content: Arc<Content>,
    context: Arc<Context>,
    slot: Arc<Semaphore>,
) -> Outcome {
    let label = destination.label.clone();
    let listener = Arc::clone(&context.listener);
    let outcome = match begin(index, destination, content, context).await {
        Ok(Begun::Done(outcome)) => outcome,
        Ok(Begun::Work(work)) => work.go(&slot).await,
        Err(error) => Outcome::not_started(&label, error),
    };
    listener.on(Some(index), &Event::Over { outcome: &outcome });
    outcome
}

#[expect(clippy::large_enum_variant, reason = "it lives for a moment")]
enum Begun {
    Done(Outcome),
    Work(Box<Work>),
}

/// Holds the target's record and decides by it what is to be done.
async fn begin(index: usize, destination: Destination, content: Arc<Content>, context: Arc<Context>) -> Result<Begun> {
    let importer = Arc::clone(&destination.importer);
    let options = &context.options;
    let (mut order, key) = content.image.order(&destination, options, content.bitmap.is_some())?;
    if !order.no_validate {
        let problems = importer.validate(&order);
        if problems.iter().any(|problem| problem.is_error()) {
            return Err(Error::invalid(importer.provider(), problems));
        }
    }
    order.generation = 0;
    let project = importer.project();
    let fingerprint = order.token(importer.provider(), importer.region(), project);
    // A dry run has a record of its own: it says nothing of the import.
    let label = match order.dry_run {
        true => format!("{}#dry-run", destination.label),
        false => destination.label.clone(),
    };
    let told = || context.listener.on(Some(index), &Event::WaitingForOther);
    let held = context
        .job
        .hold_when_free(&label, importer.ambient(), &context.stop, told)
        .await?
        .ok_or_else(stopped)?;
    let record = match held.record() {
        Some(record) => record.clone(),
        None => Record::new(
            &label,
            importer.provider(),
            importer.region(),
            &order.name,
            fingerprint.clone(),
        ),
    };
    let (again, replaces) = (options.again, options.replace);
    let attended = Attended {
        index,
        label: destination.label.clone(),
        held_as: label,
        importer,
        store: destination.place.into_store(),
        kept: Arc::new(Mutex::new(Kept {
            held,
            record: record.clone(),
        })),
        context,
    };
    if record.order != fingerprint {
        match record.step {
            Step::Starting | Step::Started | Step::Unknown => {
                return Err(conflict(&record, "is being made with other options").with_remedy(
                    Remedy::Wait
                        .or(Remedy::Repeat(Change::Original))
                        .or(Remedy::Another(Field::Name)),
                ));
            }
            Step::Succeeded if !again => {
                return Err(conflict(&record, "was made of this content with other options")
                    .with_remedy(Remedy::Repeat(Change::Generation).or(Remedy::Another(Field::Name))));
            }
            _ => {}
        }
    }
    let is_replacing = record.replace.is_some();
    let is_sent = matches!(record.step, Step::Starting | Step::Started) || (record.step == Step::Unknown && !again);
    if is_sent && is_replacing != replaces && !order.dry_run {
        let how = if is_replacing {
            "is being made to replace older ones"
        } else {
            "is being made, replacing none"
        };
        return Err(replacing(&record, how));
    }
    let begins_anew = match record.step {
        Step::Failed | Step::Canceled => true,
        Step::Succeeded | Step::Unknown => again,
        _ => false,
    };
    if record.step == Step::Succeeded && !begins_anew {
        attended.tidy().await;
        if !replaces && record.replace.as_ref().is_some_and(Replacement::is_open) {
            return Err(replacing(&record, "is there, but has not replaced the older ones yet"));
        }
        return Ok(Begun::Done(attended.succeeded_before(&record, replaces).await?));
    }
    attended
        .change(move |record| {
            record.order = fingerprint;
            if begins_anew {
                record.next_generation();
            }
        })
        .await?;
    let record = attended.record();
    order.generation = record.generation;
    if let (Step::Starting | Step::Started | Step::Unknown, Some(plan)) = (record.step, record.replace)
        && let Some(temporary) = plan.temporary
    {
        order.name = temporary;
    }
    Ok(Begun::Work(Box::new(Work {
        attended,
        content,
        order,
        key,
    })))
}

impl Work {
    async fn go(mut self, slot: &Semaphore) -> Outcome {
        // Never closed; and waiting for it is no reason not to stop.
        let permit = tokio::select! {
            permit = slot.acquire() => permit.ok(),
            () = self.context.stop.requested() => None,
        };
        let begun = match self.record().step {
            Step::Staging | Step::Staged => self.start().await,
            Step::Starting | Step::Unknown => self.settle().await,
            _ => Ok(()),
        };
        // Waiting takes hours and almost no requests: others may begin meanwhile.
        drop(permit);
        let Record { step, task, .. } = self.record();
        let may_be_sent = matches!(step, Step::Starting | Step::Unknown);
        match (begun, task) {
            (Err(error), task) if may_be_sent || error.kind() == ErrorKind::OutcomeUnknown => {
                Outcome::unknown(&self.label, task, error)
            }
            (Err(error), _) => Outcome::not_started(&self.label, error),
            (Ok(()), None) => Outcome::unknown(&self.label, None, no_task()),
            (Ok(()), Some(task)) if task.dry_run => self.checked(task).await,
            (Ok(()), Some(task)) => {
                self.tell(&Event::Started { task: &task });
                if self.context.options.wait {
                    self.wait(task).await
                } else {
                    Outcome::running(&self.label, task, None)
                }
            }
        }
    }

    /// Looks for an image that another machine may have made of this order, stages the file, and sends the order.
    async fn start(&mut self) -> Result<()> {
        self.go_on()?;
        if !self.order.dry_run && self.order.generation == 0 && self.adopt().await? {
            return Ok(());
        }
        if !self.order.dry_run {
            self.plan_replacement().await?;
        }
        self.stage().await?;
        self.change(|record| record.step = Step::Staged).await?;
        self.go_on()?;
        let signed_at = self.importer().ambient().now();
        self.sign_link(signed_at).await?;
        let prepared = self.importer().prepare(&self.order)?;
        let before = prepared.task().clone();
        let recorded = before.clone();
        self.change(move |record| {
            record.link_signed_at = Some(signed_at);
            record.task = Some(recorded);
            record.step = Step::Starting;
        })
        .await?;
        self.tell(&Event::Starting);
        let sent = self.importer().submit(prepared).await;
        self.sent(sent, before).await
    }

    /// Finds out what became of an order that an earlier process may have sent.
    async fn settle(&mut self) -> Result<()> {
        self.tell(&Event::Settling);
        let record = self.record();
        let task = record.task.ok_or_else(no_task)?;
        if let Some(signed_at) = record.link_signed_at {
            self.sign_link(signed_at).await?;
        }
        match self.importer().resume(&self.order, task.clone()).await {
            // Of this attempt alone: the record still says that the order may have been sent.
            Err(error) if says_nothing_of_the_order(&error) => Err(error),
            sent => self.sent(sent, task).await,
        }
    }

    /// Records what came of sending the order, whose task `before` was recorded.
    async fn sent(&mut self, sent: Result<ImportTask>, before: ImportTask) -> Result<()> {
        let (step, task, sent) = match sent {
            Ok(task) => (Step::Started, Some(task), Ok(())),
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => (Step::Unknown, Some(before), Err(error)),
            // Settled: the cloud refused it, or it never left. What is staged is kept for the repeat.
            Err(error) => (Step::Staged, None, Err(error)),
        };
        self.change(move |record| {
            record.step = step;
            record.task = task;
        })
        .await?;
        sent
    }

    /// Takes an image over that the cloud already has of this order: from a run on another machine, or one whose record is
    /// gone. A token alone would find it too, but for no documented time.
    async fn adopt(&mut self) -> Result<bool> {
        let now = self.importer().ambient().now();
        self.sign_link(now).await?;
        for (order, name) in self.may_be_named() {
            let mut probe = self.importer().prepare(&order)?.task().clone();
            probe.name = name;
            let started_at = std::mem::replace(&mut probe.started_at, SystemTime::UNIX_EPOCH);
            let Some(mut found) = self.importer().lookup(&probe).await? else {
                continue;
            };
            found.started_at = started_at;
            let replacement = self.replacement_of(&found).await?;
            self.tell(&Event::Found { task: &found });
            self.change(move |record| {
                record.task = Some(found);
                record.step = Step::Started;
                record.replace = replacement;
            })
            .await?;
            return Ok(true);
        }
        Ok(false)
    }

    async fn checked(&self, task: ImportTask) -> Outcome {
        // Nothing was started: the next check begins anew.
        let forgotten = self.change(Record::next_generation).await;
        self.tidy().await;
        match forgotten {
            Ok(()) => Outcome::checked(&self.label, task),
            Err(error) => Outcome::not_started(&self.label, error),
        }
    }

    fn go_on(&self) -> Result<()> {
        if self.context.stop.is_requested() {
            Err(stopped())
        } else {
            Ok(())
        }
    }
}

/// Whether an error tells only that this machine was not heard, not what became of an order that was sent before.
fn says_nothing_of_the_order(error: &Error) -> bool {
    let unheard = matches!(
        error.kind(),
        ErrorKind::Credentials | ErrorKind::ClockSkew | ErrorKind::PermissionDenied | ErrorKind::Local
    );
    unheard || error.is_retryable()
}

fn conflict(record: &Record, what: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("an image named `{}` {what}", record.name)).with_provider(record.provider)
}

fn replacing(record: &Record, how: &str) -> Error {
    conflict(record, how).with_remedy(Remedy::Repeat(Change::Original).or(Remedy::Another(Field::Name)))
}

fn no_task() -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        "the record says that an order was sent, and names no task",
    )
    .with_remedy(look_again())
}

/// What a target ends with that was stopped before anything was sent.
pub(crate) fn stopped() -> Error {
    Error::new(ErrorKind::Canceled, "stopped before the import was started")
        .with_remedy(Remedy::Repeat(Change::Nothing))
}

/// What there is to do where it is not known whether an order was sent.
pub(crate) fn look_again() -> Remedy {
    let absent = "the vendor's console shows no image of that name";
    Remedy::Repeat(Change::Nothing).then(Remedy::when(absent, Remedy::Repeat(Change::Generation)))
}
