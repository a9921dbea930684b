//! A worker's step: an order is gone on with as `import` does it, asked about once, and put back or over.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cloud_import::{
    Error, ErrorKind, Result, Stop,
    env::{Env as _, SystemEnv},
    publish::{Event, Listener, Reason, Record, State, Step},
};
use cloud_import_fleet::{Next, Notice, Order};

use super::{
    Fleet, Limits,
    orders::{import, is_over},
    pauses::Pauses,
    places::{Turn, place},
};
use crate::{
    args::Reach,
    commands::import::published,
    connect::{Clouds, endpoint},
    exit::Exit,
    metrics,
    outcome::{Outcome, Status},
    output,
    ready::Targets,
    render,
};

/// Who carries out orders.
pub(crate) struct Worker<'a> {
    pub(super) reach: &'a Reach,
    pub(super) clouds: &'a Clouds<'a>,
    pub(super) fleet: &'a Fleet,
    limits: Limits,
    stop: &'a Stop,
    pauses: Pauses,
    /// What all workers were told last.
    notice: Mutex<Notice>,
    /// What stops the steps that are under way, by their orders.
    running: Mutex<HashMap<String, Stop>>,
}

impl<'a> Worker<'a> {
    pub(crate) fn new(
        reach: &'a Reach,
        clouds: &'a Clouds<'a>,
        fleet: &'a Fleet,
        limits: Limits,
        stop: &'a Stop,
    ) -> Self {
        Self {
            reach,
            clouds,
            fleet,
            limits,
            stop,
            pauses: Pauses::of(clouds.are_simulated()),
            notice: Mutex::default(),
            running: Mutex::default(),
        }
    }

    /// Reads what all workers are told, again and again. A step whose order is to be cancelled is stopped.
    pub(crate) async fn listen(&self) {
        loop {
            // A database that is away has nothing new to tell.
            if let Ok(notice) = self.fleet.notices.read().await {
                let running = locked(&self.running);
                let to_stop = running.iter().filter(|(key, _)| notice.cancels.contains(*key));
                to_stop.for_each(|(_, stop)| stop.request());
                drop(running);
                *locked(&self.notice) = notice;
            }
            SystemEnv.sleep(self.pauses.listens()).await;
        }
    }

    /// Goes on with an order, and says what comes next.
    pub(crate) async fn step(&self, order: Order) -> Next {
        let notice = locked(&self.notice).clone();
        let share = match self.limits.turn(&order, &notice).await {
            Ok(Turn::Now(share)) => share,
            Ok(Turn::After(rest)) => return Next::Again(rest, Box::new(order)),
            Ok(Turn::Full(before)) => return Next::Again(self.pauses.turn(before), Box::new(order)),
            Err(error) => return self.not_begun(order, &error),
        };
        let next = match notice.cancels.contains(&order.key()) {
            true => self.canceled(order).await,
            false => self.gone_on(order, true).await,
        };
        self.limits.done(share).await;
        next
    }

    /// Goes on with an order. `unless_canceled`: it is stopped once it is to be cancelled.
    pub(super) async fn gone_on(&self, order: Order, unless_canceled: bool) -> Next {
        let stop = Stop::default();
        if unless_canceled {
            locked(&self.running).insert(order.key(), stop.clone());
        }
        let forward = async {
            self.stop.requested().await;
            stop.request();
            self.stop.pressed().await;
            stop.press();
            std::future::pending::<Infallible>().await
        };
        let outcome = tokio::select! {
            outcome = Box::pin(self.outcome(&order, &stop)) => outcome,
            never = forward => match never {},
        };
        locked(&self.running).remove(&order.key());
        if stop.is_requested() && !matches!(outcome, Ok(None)) {
            // It is found where it stands, by another worker or by what cancels it.
            return Next::Again(Duration::ZERO, Box::new(order));
        }
        match outcome {
            // Another worker's or an earlier step's: its record says the result.
            Ok(None) => Next::Over,
            Ok(Some(outcome)) => {
                self.leave_alone(&order, outcome.error.as_ref()).await;
                self.next(order, &outcome)
            }
            Err(error) => {
                self.leave_alone(&order, Some(&error)).await;
                self.not_begun(order, &error)
            }
        }
    }

    /// A cloud that refuses one worker for its haste refuses the others, too.
    async fn leave_alone(&self, order: &Order, error: Option<&Error>) {
        let Some(error) = error.filter(|error| error.kind() == ErrorKind::RateLimited) else {
            return;
        };
        let at_least = error.retry_after().unwrap_or_default();
        let place = place(order);
        let paused = self.fleet.notices.pause(&place, self.pauses.leaves(), at_least);
        if let Err(error) = paused.await {
            output::say(&format!("{}: {error}", order.key()));
        }
    }

    /// What came of it for now; `None` where it had come to its end before.
    async fn outcome(&self, order: &Order, stop: &Stop) -> Result<Option<Outcome>> {
        let state = self.fleet.state.state();
        let record = record(state, order).await?;
        if let Some(record) = record.as_ref().filter(|record| is_over(record, order)) {
            // Who recorded its verdict may have ended before what was staged was deleted. After a failure the same order would begin anew.
            let is_done = record.step != Step::Succeeded || !state.holds_staged(&order.job, record).await?;
            if is_done {
                return Ok(None);
            }
        }
        let (import, wanted) = import(order, record.as_ref())?;
        let clouds = self.clouds.clone().stopped_by(stop);
        for one in &wanted {
            // An order does not choose who gets requests that are signed with this worker's keys.
            if let Some(endpoint) = endpoint(one, self.reach) {
                let importer = clouds.importer(one)?;
                clouds.is_trusted(&*importer, endpoint, &self.reach.endpoint)?;
            }
        }
        let (mut targets, image) = Targets::of(&import, &wanted, &clouds, state, stop).await?;
        targets.listener = Some(metrics::uploading(order.provider.id(), Arc::new(Told(order.key()))));
        let (outcomes, _) = published(targets, image).await?;
        Ok(outcomes.into_iter().next())
    }

    fn next(&self, mut order: Order, outcome: &Outcome) -> Next {
        let why = outcome.error.as_ref();
        match outcome.status {
            Status::Running | Status::CancelRequested => {
                let rest = self.pauses.ask(order.polls);
                order.polls += 1;
                (order.tries, order.looks, order.said) = (0, 0, None);
                Next::Again(rest, Box::new(order))
            }
            Status::Unknown => self.unknown(order, why),
            Status::Succeeded if outcome.exit != Exit::Done && why.is_some_and(may_pass) => self.again(order, why),
            Status::NotStarted if why.is_none_or(may_pass) => self.again(order, why),
            Status::NotStarted | Status::Damaged if !is_on_record(outcome) => self.left(order, why),
            _ => {
                output::say(&format!("{}: {}", order.key(), outcome.summary()));
                Next::Over
            }
        }
    }

    pub(super) fn not_begun(&self, order: Order, error: &Error) -> Next {
        match may_pass(error) {
            true => self.again(order, Some(error)),
            false => self.left(order, Some(error)),
        }
    }

    /// It could not be begun, or not be recorded: the same later.
    fn again(&self, mut order: Order, why: Option<&Error>) -> Next {
        let rest = self.pauses.again(order.tries);
        order.tries += 1;
        tell(&mut order, why);
        Next::Again(rest, Box::new(order))
    }

    /// Whether it was started is not known: it is looked again, for a day.
    fn unknown(&self, mut order: Order, why: Option<&Error>) -> Next {
        match self.pauses.look(order.looks) {
            Some(rest) => {
                order.looks += 1;
                tell(&mut order, why);
                Next::Again(rest, Box::new(order))
            }
            None => self.left(order, why),
        }
    }

    /// A person is to look.
    fn left(&self, mut order: Order, why: Option<&Error>) -> Next {
        tell(&mut order, why);
        output::say(&format!("{}: left for a person", order.key()));
        Next::Left(Box::new(order))
    }
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether its record says why it is not better.
fn is_on_record(outcome: &Outcome) -> bool {
    let record = outcome.record.as_ref();
    record.is_some_and(|record| record.why().is_some())
}

/// Says why it is not better, where that is news.
pub(super) fn tell(order: &mut Order, why: Option<&Error>) {
    let Some(error) = why else { return };
    let is_news = order.said.as_ref().is_none_or(|said| said.message != error.message());
    if is_news {
        let remedy = render::remedy_of(error).unwrap_or_default();
        output::say(&format!("{}: {error}. {remedy}", order.key()));
    }
    order.said = Some(Reason::of(error));
}

/// Whether what stands against it may pass by itself: an answer that did not come, or what this machine could not do.
pub(super) fn may_pass(error: &Error) -> bool {
    let kinds = [ErrorKind::Local, ErrorKind::Stopped, ErrorKind::WaitLimitReached];
    error.is_retryable() || kinds.contains(&error.kind())
}

/// What the job of an order has of its target.
pub(super) async fn record(state: &State, order: &Order) -> Result<Option<Record>> {
    let mut records = state.records_of(&order.job).await?.into_iter();
    Ok(records.find(|record| record.target == order.target))
}

/// What happens to an order, in the worker's log.
#[derive(Debug)]
struct Told(String);

impl Listener for Told {
    fn on(&self, _: Option<usize>, event: &Event<'_>) {
        let order = &self.0;
        match event {
            Event::Starting => tracing::info!(order, "the order leaves"),
            Event::Settling => tracing::info!(order, "what became of an order is found out"),
            Event::Found { .. } => tracing::info!(order, "an earlier order arrived"),
            Event::Staged { object, reused } => tracing::info!(order, object, reused, "staged"),
            Event::Tidied { object } => tracing::info!(order, object, "tidied"),
            Event::WaitingForOther => tracing::info!(order, "another works on it"),
            Event::Warning { text } => output::say(&format!("{order}: {text}")),
            _ => {}
        }
    }
}
