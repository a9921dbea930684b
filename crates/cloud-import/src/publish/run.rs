//! Carries out what was decided for one target: stages, sends, settles, and hands over to the wait. Each step is recorded before it
//! is done and settled after.

use std::{sync::Arc, time::SystemTime};

use cloud_import_core::provider::spans;
use cloud_import_core::{
    Error, ErrorKind, Field, ImageImporter, ImportRequest, ImportTask, Remedy, Result, provider::NamedImage,
};
use tokio::sync::Semaphore;
use tracing::{Instrument as _, field::Empty, info_span};

use super::{
    content::Ordered,
    copies,
    destination::Destination,
    event::{Event, Listener},
    link::{Awaited, Link},
    outcome::{Ended, Outcome},
    parts::parts,
    plan::{Conflict, Decision, Intent, decide, takes_token},
    replace,
    stage::{sign_links, signing_instant, stage},
    store::{Asked, Place, Record, Step, Unsettled, What},
    target::{Context, Target, no_task, now, stopped},
};

/// One destination of a call.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) index: usize,
    pub(crate) destination: Arc<Destination>,
    pub(crate) ordered: Result<Ordered>,
    pub(crate) place: Place,
    /// The name of its record.
    pub(crate) record: String,
    /// What is kept of what was asked for.
    pub(crate) asked: Option<Asked>,
    /// What there is to say of its bucket was found out before this call.
    pub(crate) is_bucket_known: bool,
    pub(crate) context: Arc<Context>,
    /// Bounds how many of one cloud are worked on at a time, the waiting aside.
    pub(crate) slot: Arc<Semaphore>,
    pub(crate) link: Link,
}

/// What came of a destination of a call: traced, and told.
pub(crate) async fn traced(
    index: usize,
    destination: &Destination,
    listener: &dyn Listener,
    work: impl Future<Output = Result<(Ended, Record)>>,
) -> Outcome {
    let importer = &destination.importer;
    let span = info_span!(
        "import",
        cloud.provider = importer.provider().id(),
        cloud.region = importer.region(),
        target = destination.label,
        image.name = destination.order.name,
        image.id = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
    );
    let (ended, record) = match work.instrument(span.clone()).await {
        Ok((ended, record)) => (ended, Some(record)),
        Err(error) => (Ended::not_started(error), None),
    };
    let outcome = Outcome::new(&destination.label, ended).with_record(record);
    span.record("image.id", outcome.image().map(|image| image.id.as_str()));
    if let Some(error) = outcome.error() {
        spans::failed(&span, error);
    }
    listener.on(Some(index), &Event::Over { outcome: &outcome });
    outcome
}

impl Work {
    /// Works on it until it is done with for now.
    pub(crate) async fn run(self: Box<Self>) -> Outcome {
        let (index, listener) = (self.index, Arc::clone(&self.context.listener));
        let (destination, made) = (Arc::clone(&self.destination), self.link.made.clone());
        let outcome = traced(index, &destination, &*listener, Box::pin(self.ended())).await;
        if let Some(made) = made {
            made.is_over(&outcome);
        }
        outcome
    }

    /// Holds its record, and makes the target of it.
    async fn target(&self, order: &str) -> Result<Target> {
        let (context, destination) = (&self.context, &self.destination);
        let on_wait = || context.listener.on(Some(self.index), &Event::WaitingForOther);
        let new = Record::new(&self.record, &self.place, order);
        let held = context
            .job
            .hold(&self.record, Some(new), &context.stop, on_wait)
            .await?;
        let (importer, bucket) = (Arc::clone(&destination.importer), destination.bucket.clone());
        let held = held.ok_or_else(stopped)?;
        let mut target = Target::new(self.index, importer, bucket, Arc::clone(context), held);
        target.keep_object = destination.keep_object.unwrap_or(target.keep_object);
        target.is_bucket_known = self.is_bucket_known;
        target.made.clone_from(&self.link.made);
        Ok(target)
    }

    async fn ended(mut self: Box<Self>) -> Result<(Ended, Record)> {
        let destination = Arc::clone(&self.destination);
        let ordered = self.ordered.as_mut().map_err(|error| error.clone())?;
        ordered.request.generation = 0;
        let importer = &destination.importer;
        let order = ordered
            .request
            .token(importer.provider(), importer.region(), importer.project());
        let target = Box::pin(self.target(&order)).await?;
        let Self {
            place, asked, mut link, ..
        } = *self;
        let mut ordered = self.ordered?;
        let options = parts(&ordered.request, importer.provider());
        let intent = Intent {
            order: &order,
            again: destination.again.unwrap_or(target.context.options.again),
            replace: target.context.options.replace,
            dry_run: ordered.request.dry_run,
        };
        Box::pin(target.plans(destination.release.clone())).await?;
        let decision = target.with_record(|record| decide(record, &intent));
        let begins = match decision {
            Decision::Refuse(conflict) => {
                if conflict == Conflict::NotReplacedYet {
                    target.clean_up().await;
                }
                return Err(target.with_record(|record| conflict.error(record, &options)));
            }
            Decision::Finished { replaces } => {
                let ended = Box::pin(target.found(replaces, &self.slot)).await?;
                return Ok(target.with(ended).await);
            }
            Decision::Begin {
                generation,
                unless_listed,
            } => {
                if unless_listed && let Some(ended) = Box::pin(target.listed_by_now()).await {
                    return Ok(target.with(ended).await);
                }
                target.tell_if_retired(&intent);
                Some(generation)
            }
            Decision::Settle { .. } | Decision::Wait => None,
        };
        let (found_at, hashed) = (now(&*target.importer), target.context.hashed);
        let change = target.change(move |record| {
            record.is_found(found_at);
            record.is_at(&place);
            record.order = order;
            record.options = options;
            record.asked = asked.or(record.asked.take());
            if begins.is_some_and(|generation| generation != record.generation) {
                record.next_generation();
            }
            record.was_hashed(hashed);
        });
        change.await?;
        ordered.request.generation = target.with_record(|record| record.generation);
        let mut run = Run { target, ordered };
        let ended = match &mut link.awaited {
            None => Box::pin(run.carry_out(decision, &self.slot)).await,
            Some(awaited) => Box::pin(run.copied(decision, awaited, &self.slot)).await,
        };
        Ok(run.target.with(ended).await)
    }
}

impl Target {
    /// How it ends where an earlier run had made the image: that it is gone, or that it is there and what it was to replace is not.
    async fn found(&self, replaces: bool, slot: &Semaphore) -> Result<Ended> {
        let gone = {
            let _permit = slot.acquire().await;
            self.gone().await?
        };
        match gone {
            Some(gone) => Ok(gone),
            None => self.finished(replaces).await,
        }
    }

    /// Says that another image is made because this program deleted the one of before, where that was not asked for.
    fn tell_if_retired(&self, intent: &Intent<'_>) {
        let retired = self.with_record(|record| record.retired.clone());
        if let Some(retired) = retired.filter(|_| !intent.again) {
            self.tell(&Event::Anew { retired: &retired });
        }
    }
}

/// An order that is not done, and its target.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) target: Target,
    pub(super) ordered: Ordered,
}

impl Run {
    /// Puts the image into the order of a copy: the one that it was ordered of before, else the one that is waited for. What is only
    /// checked needs none.
    async fn with_image(&mut self, decision: &Decision, awaited: &mut Awaited) -> Result<()> {
        let known = self
            .target
            .with_record(|record| record.task.as_ref()?.copied_from.clone());
        let image = match (decision, known) {
            (Decision::Settle { .. } | Decision::Wait, Some(image)) => image,
            _ if self.ordered.request.dry_run => return Ok(()),
            _ => {
                self.target.tell(&Event::WaitingForImage { of: awaited.of() });
                let image = awaited.image(&self.target.context.stop).await?;
                (&image).into()
            }
        };
        copies::place(&mut self.ordered.request, image);
        Ok(())
    }

    /// A copy: it begins when its image is there and few enough others run.
    async fn copied(&mut self, decision: Decision, awaited: &mut Awaited, slot: &Semaphore) -> Ended {
        if let Err(error) = self.with_image(&decision, awaited).await {
            return Ended::not_started(error);
        }
        let _running = awaited.lane.acquire().await;
        self.carry_out(decision, slot).await
    }

    async fn carry_out(&mut self, decision: Decision, slot: &Semaphore) -> Ended {
        // Never closed; and waiting for it is no reason not to stop.
        let permit = tokio::select! {
            permit = slot.acquire() => permit.ok(),
            () = self.target.context.stop.requested() => None,
        };
        // In boxes: what waits for hours, with a thousand others, is not as large as what it began with.
        let begun = match decision {
            Decision::Settle { name } => Box::pin(self.settle(name)).await,
            Decision::Wait => Ok(()),
            _ => Box::pin(self.start()).await,
        };
        // Waiting takes hours and almost no requests: others may begin meanwhile.
        drop(permit);
        let target = &self.target;
        let (step, task) = target.with_record(|record| (record.step, record.task.clone()));
        let may_be_sent = matches!(step, Step::Starting | Step::Unknown);
        match (begun, task) {
            (Err(error), task) if may_be_sent || error.kind() == ErrorKind::OutcomeUnknown => {
                Ended::Unknown { task, error }
            }
            (Err(error), _) => Ended::NotStarted { error },
            (Ok(()), None) => Ended::not_started(no_task()),
            (Ok(()), Some(task)) if task.dry_run => Box::pin(self.checked(task)).await,
            (Ok(()), Some(task)) => {
                target.tell(&Event::Started { task: &task });
                match target.context.options.wait {
                    true => Box::pin(target.wait(task)).await,
                    false => Ended::Running { task, error: None },
                }
            }
        }
    }

    /// Looks for an image that another machine may have made of this order, stages the file, and sends the order.
    pub(super) async fn start(&mut self) -> Result<()> {
        let Self { target, ordered } = self;
        target.unless_stopped()?;
        if ordered.request.is_copy() && ordered.request.dry_run && ordered.request.is_pending() {
            // There is no image yet that a cloud could be asked about: the order was validated.
            let task = target.importer.prepare(&ordered.request)?.into_task();
            return target.change(move |record| record.task = Some(task)).await;
        }
        let earlier = target.with_record(|record| record.unsettled.clone());
        if !ordered.request.dry_run {
            let may_be_there = ordered.request.generation == 0 || earlier.is_some();
            if may_be_there && adopt(target, ordered, earlier.as_ref()).await? {
                return Ok(());
            }
            let earlier_plan = target.with_record(|record| record.replace.clone().filter(|_| earlier.is_some()));
            let planned = match (target.context.options.replace, earlier_plan) {
                (false, _) => None,
                // Sent again, it has the same name: by its name a cloud refuses a second one.
                (true, Some(plan)) => {
                    if let Some(temporary) = &plan.temporary {
                        ordered.request.name.clone_from(temporary);
                    }
                    Some(plan)
                }
                (true, None) => Some(replace::plan(&mut ordered.request, &*target.importer).await?),
            };
            target.change(move |record| record.replace = planned).await?;
        }
        stage(target, ordered).await?;
        target.change(|record| record.step = Step::Staged).await?;
        target.unless_stopped()?;
        let has_token = takes_token(target.importer.capabilities(), ordered.request.is_copy());
        let is_repeated = earlier.is_some() && has_token;
        // With the token of an order that was sent before goes the same link.
        let signed_at = target.with_record(|record| record.link_signed_at.filter(|_| is_repeated));
        let signed_at = signed_at.unwrap_or_else(|| signing_instant(target, ordered));
        sign_links(target, ordered, signed_at).await?;
        let prepared = target.importer.prepare(&ordered.request)?;
        let mut before = prepared.task().clone();
        if let Some(earlier) = &earlier {
            // It is known again by when it was first sent.
            before.started_at = earlier.first_sent_at;
        }
        let (recorded, by) = (before.clone(), prepared.task().started_at);
        let change = target.change(move |record| {
            record.link_signed_at = Some(signed_at);
            let mut unsettled = Unsettled::of(&recorded, record.account.clone());
            unsettled.sent(by);
            record.unsettled = Some(unsettled);
            record.task = Some(recorded);
            record.step = Step::Starting;
        });
        change.await?;
        target.tell(&Event::Starting);
        let sent = match ordered.request.is_copy() {
            true => copies::submit(target, prepared).await,
            false => target.importer.submit(prepared).await,
        };
        self.sent(sent, before, earlier.is_some()).await
    }

    /// Records what came of sending the order, whose task `before` was recorded. `again`: it had been sent before, and was taken
    /// for not started.
    pub(super) async fn sent(&self, sent: Result<ImportTask>, before: ImportTask, again: bool) -> Result<()> {
        let target = &self.target;
        match sent {
            Ok(task) => {
                let change = target.change(move |record| {
                    record.step = Step::Started;
                    record.task = Some(task);
                    record.unsettled = None;
                });
                change.await
            }
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => self.lost(before, error).await,
            Err(error) if again && error.kind() == ErrorKind::DuplicateName && !self.is_listed(&before).await => {
                // No image that is listed has the name: the order that was taken for not started may be making it.
                let name = before.name.clone();
                let error = error.map_message(|why| {
                    format!("whether the import of `{name}` was started is not known: no image that is listed has the name, but {why}")
                });
                self.lost(before, error.with_kind(ErrorKind::OutcomeUnknown)).await
            }
            // Settled: the cloud refused it, or it never left. What is staged is kept for the repeat.
            Err(error) => {
                let error = self.with_who_has_the_name(error, &before).await;
                let why = error.clone();
                let change = target.change(move |record| {
                    record.went_wrong(&why);
                    record.is_unsent();
                    record.unsettled.take_if(|_| !again);
                });
                change.await?;
                Err(error)
            }
        }
    }

    /// Whether the cloud lists an image of a task's name.
    async fn is_listed(&self, task: &ImportTask) -> bool {
        !self.listed(task).await.is_empty()
    }

    /// The images of a task's name that the cloud lists, as far as it can be asked.
    async fn listed(&self, task: &ImportTask) -> Vec<NamedImage> {
        let listed = self.target.importer.images_named(&task.name, task.project.as_deref());
        listed.await.unwrap_or_default()
    }

    /// A refusal of the name with the image that has it, and what can be done about that.
    async fn with_who_has_the_name(&self, error: Error, task: &ImportTask) -> Error {
        if error.kind() != ErrorKind::DuplicateName || self.target.context.options.replace {
            return error;
        }
        let ids: Vec<String> = self.listed(task).await.into_iter().map(|image| image.id).collect();
        let error = match ids.as_slice() {
            [] => error,
            ids => {
                error.map_message(|why| format!("{}; it is the name of {}", why.trim_end_matches('.'), ids.join(", ")))
            }
        };
        // A copy replaces nothing.
        error.with_remedy(match task.is_copy() {
            true => Remedy::Another(Field::Name),
            false => Remedy::taken_name(),
        })
    }

    async fn checked(&self, task: ImportTask) -> Ended {
        // Nothing was started: the next check begins anew.
        let change = |record: &mut Record| {
            record.happened(What::Checked, None);
            record.next_generation();
        };
        let forgotten = self.target.change(change).await;
        self.target.clean_up().await;
        match forgotten {
            Ok(()) => Ended::Checked { task },
            Err(error) => Ended::NotStarted { error },
        }
    }
}

/// The import of an order that the cloud already has, under one of the names that it may have, as a task that this order would have.
/// One that is older than `not_before` is another's.
pub(super) async fn of_before(
    importer: &dyn ImageImporter,
    request: &ImportRequest,
    replaces: bool,
    not_before: SystemTime,
) -> Result<Option<ImportTask>> {
    for (request, name) in replace::may_be_named(request, importer, replaces) {
        let mut probe = importer.prepare(&request)?.into_task();
        probe.name = name;
        let started_at = std::mem::replace(&mut probe.started_at, not_before);
        if let Some(mut found) = importer.lookup(&probe).await? {
            found.started_at = started_at;
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Takes an image over that the cloud already has of this order: from a run on another machine, or one whose record is gone. A token
/// alone would find it too, but for no documented time.
///
/// `earlier`: the order was sent before, and taken for not started.
async fn adopt(target: &Target, ordered: &mut Ordered, earlier: Option<&Unsettled>) -> Result<bool> {
    let (importer, replaces) = (&*target.importer, target.context.options.replace);
    sign_links(target, ordered, signing_instant(target, ordered)).await?;
    // Of a later generation, an image that was made before it is another's.
    let not_before = match (ordered.request.generation, earlier) {
        (1.., Some(earlier)) => earlier.first_sent_at,
        _ => SystemTime::UNIX_EPOCH,
    };
    let Some(found) = of_before(importer, &ordered.request, replaces, not_before).await? else {
        return Ok(false);
    };
    let name = target.with_record(|record| record.name.clone());
    let replacement = match replaces {
        true => Some(replace::replacement_of(&found, &name, importer).await?),
        false => None,
    };
    target.tell(&Event::Found { task: &found });
    let change = target.change(move |record| {
        record.task = Some(found);
        record.step = Step::Started;
        record.unsettled = None;
        record.replace = replacement;
    });
    change.await?;
    Ok(true)
}
