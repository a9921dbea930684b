//! How a worker is, for who asks over HTTP: whether its database answers, and whether it takes orders.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cloud_import::{
    Error, Stop,
    env::{Env as _, SystemEnv},
};
use cloud_import_fleet::Queue;

/// How often the database is asked.
const EVERY: Duration = Duration::from_secs(3);

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// An answer that is older than this says nothing of now.
const LASTS: Duration = Duration::from_secs(15);

/// A worker that is watched.
#[derive(Debug)]
pub(crate) struct Watched {
    stop: Stop,
    /// How many orders it works on at a time, and does now.
    slots: usize,
    busy: AtomicUsize,
    seen: Mutex<Seen>,
}

/// What was seen last.
#[derive(Debug, Default)]
struct Seen {
    /// When the database last answered, by the clock that never goes back.
    answered: Option<Duration>,
    /// Why it did not, since then.
    away: Option<String>,
    /// Whether orders are handed out to this worker, else why not.
    takes: Option<Result<(), String>>,
}

impl Watched {
    pub(crate) fn new(slots: usize, stop: &Stop) -> Self {
        Self {
            stop: stop.clone(),
            slots,
            busy: AtomicUsize::new(0),
            seen: Mutex::default(),
        }
    }

    /// It works on so many orders now.
    pub(crate) fn is_busy_with(&self, orders: usize) {
        self.busy.store(orders, Ordering::Relaxed);
    }

    /// Orders are handed out to it, or for this reason not any more.
    pub(crate) fn takes(&self, takes: Result<(), &Error>) {
        self.seen().takes = Some(takes.map_err(|error| error.message().to_owned()));
    }

    /// How many orders it works on, of how many that it could.
    pub(crate) fn slots(&self) -> [usize; 2] {
        [self.busy.load(Ordering::Relaxed), self.slots]
    }

    /// Whether it takes orders and can record what becomes of them; else why not.
    pub(crate) fn ready(&self, now: Duration) -> Result<(), String> {
        if self.stop.is_requested() {
            return Err("it is stopping, and takes no orders".to_owned());
        }
        let seen = self.seen();
        if let Some(why) = &seen.away {
            return Err(format!("its database does not answer: {why}"));
        }
        if let Some(Err(why)) = &seen.takes {
            return Err(format!("it takes no orders: {why}"));
        }
        let since = seen.answered.map(|at| now.saturating_sub(at));
        match since {
            None => Err("its database was not asked yet".to_owned()),
            Some(since) if since > LASTS => Err(format!("its database last answered {} seconds ago", since.as_secs())),
            Some(_) if seen.takes.is_none() => Err("it does not take orders yet".to_owned()),
            Some(_) => Ok(()),
        }
    }

    /// Asks the database every few seconds, for as long as it is polled.
    pub(crate) async fn kept(&self, queue: &Queue) {
        loop {
            let answer = tokio::select! {
                answer = queue.census() => answer.map(drop),
                () = SystemEnv.sleep(PATIENCE) => Err(late()),
            };
            self.answered(answer.err().as_ref(), SystemEnv.monotonic());
            SystemEnv.sleep(EVERY).await;
        }
    }

    fn answered(&self, error: Option<&Error>, now: Duration) {
        let mut seen = self.seen();
        seen.away = error.map(|error| error.message().to_owned());
        if error.is_none() {
            seen.answered = Some(now);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of a database that takes too long.
pub(super) fn late() -> Error {
    let message = format!("no answer within {} seconds", PATIENCE.as_secs());
    Error::new(cloud_import::ErrorKind::Timeout, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_while_its_database_answers_and_it_takes_orders() {
        let stop = Stop::default();
        let worker = Watched::new(2, &stop);
        let at = Duration::from_secs;
        let why = |now| worker.ready(at(now)).unwrap_err();
        assert!(why(1).contains("not asked yet"));
        worker.answered(None, at(10));
        assert!(why(10).contains("does not take orders yet"));
        worker.takes(Ok(()));
        worker.ready(at(25)).unwrap();
        // A database that says nothing at all is not asked again before it has answered.
        assert!(why(26).contains("16 seconds ago"), "{}", why(26));
        worker.answered(Some(&late()), at(27));
        assert!(why(27).contains("no answer within"));
        worker.answered(None, at(28));
        worker.ready(at(28)).unwrap();
        worker.takes(Err(&late()));
        assert!(why(28).contains("takes no orders: no answer"));
        worker.takes(Ok(()));
        stop.request();
        assert!(why(28).contains("stopping"));
    }
}
