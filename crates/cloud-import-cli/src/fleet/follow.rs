//! Follows orders by what is recorded of them and what stands in the queue. Asks no cloud.

use std::{collections::HashMap, sync::Arc, time::Duration};

use cloud_import::{
    Error, ErrorKind, ImportTask, Result, Stop,
    env::{Env as _, SystemEnv},
    publish::{self, Ended, Event, Listener, Record, State, Step},
};
use cloud_import_fleet::{Order, Queue, Row};

use super::{rows::left, step::record};
use crate::outcome::Outcome;

/// Orders that are followed, and how.
pub(super) struct Follow<'a> {
    pub(super) queue: &'a Queue,
    pub(super) state: &'a State,
    pub(super) stop: &'a Stop,
    pub(super) orders: &'a [Order],
    pub(super) listener: Arc<dyn Listener>,
    /// How often it is looked.
    pub(super) every: Duration,
    /// How long in all.
    pub(super) limit: Option<Duration>,
}

/// What was told of an order so far.
#[derive(Default)]
struct Told {
    task: Option<ImportTask>,
    said: Option<String>,
    /// The outcome, once there is one.
    over: Option<Outcome>,
}

impl Follow<'_> {
    /// What came of each, in their order.
    pub(super) async fn followed(&self) -> Vec<Outcome> {
        let began = SystemEnv.monotonic();
        let mut told: Vec<Told> = self.orders.iter().map(|_| Told::default()).collect();
        let mut is_away = false;
        loop {
            match self.look(&mut told).await {
                Ok(()) => is_away = false,
                // Workers go on, or wait for it as this does.
                Err(error) if !is_away => {
                    is_away = true;
                    let text = error.to_string();
                    self.listener.on(None, &Event::Warning { text: &text });
                }
                Err(_) => {}
            }
            if told.iter().all(|one| one.over.is_some()) {
                break;
            }
            let spent = SystemEnv.monotonic().saturating_sub(began);
            if let Some(error) = self.why_no_longer(spent) {
                self.leave(&mut told, &error).await;
                break;
            }
            tokio::select! {
                () = SystemEnv.sleep(self.every) => {}
                () = self.stop.requested() => {}
            }
        }
        told.into_iter().filter_map(|one| one.over).collect()
    }

    fn why_no_longer(&self, spent: Duration) -> Option<Error> {
        if self.stop.is_requested() {
            return Some(Error::new(ErrorKind::Stopped, "interrupted: the fleet goes on with it"));
        }
        let is_reached = self.limit.is_some_and(|limit| spent >= limit);
        is_reached.then(|| {
            let message = "it is not waited for any longer; the fleet goes on with it";
            Error::new(ErrorKind::WaitLimitReached, message)
        })
    }

    /// Looks once at all that are not over.
    async fn look(&self, told: &mut [Told]) -> Result<()> {
        let open: Vec<usize> = (0..told.len()).filter(|at| told[*at].over.is_none()).collect();
        let keys: Vec<String> = open.iter().map(|at| self.orders[*at].key()).collect();
        // First the queue: what is not in it any more has its result on record by then.
        let rows = self.queue.look(&keys).await?;
        let records = self.records(&open).await?;
        for (at, key) in open.into_iter().zip(keys) {
            let order = &self.orders[at];
            let mut own = records.get(&order.job).into_iter().flatten();
            let record = own.find(|record| record.target == order.target);
            self.tell(at, &mut told[at], rows.get(&key), record);
            let ended = match rows.get(&key) {
                Some(Row { is_left: false, .. }) => continue,
                Some(row) => left(row, record),
                None => recorded(record, gone()),
            };
            self.over(at, &mut told[at], ended, record.cloned());
        }
        Ok(())
    }

    /// What the jobs of these have on record.
    async fn records(&self, open: &[usize]) -> Result<HashMap<String, Vec<Record>>> {
        let mut found = HashMap::new();
        for at in open {
            let id = &self.orders[*at].job;
            if found.contains_key(id) {
                continue;
            }
            found.insert(id.clone(), self.state.records_of(id).await?);
        }
        Ok(found)
    }

    /// Tells what is new.
    fn tell(&self, at: usize, told: &mut Told, row: Option<&Row>, record: Option<&Record>) {
        let task = record.filter(|record| record.step == Step::Started);
        let task = task.and_then(|record| record.task.as_ref());
        if let Some(task) = task.filter(|task| told.task.as_ref() != Some(*task)) {
            if told.task.is_none() {
                self.listener.on(Some(at), &Event::Started { task });
            }
            told.task = Some(task.clone());
        }
        let order = row.map(|row| &row.order);
        let said = order.and_then(|order| order.not_canceled.as_ref().or(order.said.as_ref()));
        let said = said.map(|said| said.message.clone());
        if let Some(text) = said.as_ref().filter(|_| said != told.said) {
            self.listener.on(Some(at), &Event::Warning { text });
        }
        told.said = said.or(told.said.take());
    }

    fn over(&self, at: usize, told: &mut Told, ended: Ended, record: Option<Record>) {
        let outcome = publish::Outcome::new(&self.orders[at].target, ended).with_record(record);
        self.listener.on(Some(at), &Event::Over { outcome: &outcome });
        told.over = Some(outcome.into());
    }

    /// What is not over is left to the fleet.
    async fn leave(&self, told: &mut [Told], why: &Error) {
        for (at, told) in told.iter_mut().enumerate().filter(|(_, told)| told.over.is_none()) {
            let record = record(self.state, &self.orders[at]).await.ok().flatten();
            let ended = match record.as_ref().map(|record| (record.step, record.task.clone())) {
                Some((Step::Started, Some(task))) => Ended::Running {
                    task,
                    error: Some(why.clone()),
                },
                Some((Step::Starting | Step::Unknown, task)) => Ended::Unknown {
                    task,
                    error: why.clone(),
                },
                _ => Ended::NotStarted { error: why.clone() },
            };
            self.over(at, told, ended, record);
        }
    }
}

/// The order is not in the queue, and nothing is on record.
fn gone() -> Error {
    Error::new(ErrorKind::Canceled, "its order was taken from the queue")
        .with_remedy("Repeat the command where that was not meant.")
}

/// How it ended by its record.
fn recorded(record: Option<&Record>, none: Error) -> Ended {
    let Some(record) = record else {
        return Ended::NotStarted { error: none };
    };
    if let (Some(error), Some(image)) = (record.why_gone(), record.image()) {
        return Ended::Gone { image, error };
    }
    let error = record.why().unwrap_or(none);
    match (record.step, record.image(), record.task.clone()) {
        (Step::Succeeded, Some(image), Some(task)) => Ended::Succeeded {
            image,
            task,
            found: false,
            unfinished: None,
        },
        (Step::Failed | Step::Canceled, _, task) => Ended::Failed { task, error },
        (Step::Started, _, Some(task)) => Ended::Running {
            task,
            error: Some(error),
        },
        (Step::Staging | Step::Staged, ..) => Ended::NotStarted { error },
        (_, _, task) => Ended::Unknown { task, error },
    }
}
