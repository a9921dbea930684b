//! Sends the parts that are missing, several at a time within the budget, each checked by its sum and retried by itself.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cloud_import_core::{Error, ErrorKind, Result, Stop, env::Env, provider::digest};
use tokio::{
    sync::{Mutex as Turns, OwnedMutexGuard},
    task::JoinSet,
};

use super::{
    flight::Flight,
    journal::Journal,
    options::{OnProgress, Progress, stopped},
    piece::Piece,
    run::{Halt, Run, is_final, is_gone},
    source::{Source, Wanted},
    sum::Sum,
};
use crate::{blocking, budget::Budget, objects::Receipt, parts::Plan, record::PartRecord, store::Store, web::changed};

/// How long parts on their way may take to arrive when no more are begun.
const GRACE: Duration = Duration::from_secs(10);

/// The pause before a round, times the round's number.
const PAUSE: Duration = Duration::from_secs(3);

/// How often a part whose sum was not acknowledged is sent.
pub(super) const SENDINGS: u32 = 3;

type Outcome = Result<(u32, PartRecord)>;

impl Run<'_> {
    pub(super) async fn send_missing(&self, plan: Plan, journal: &Journal) -> Result<(), Halt> {
        let (upload_id, mut missing, mut present) = {
            let record = journal.record();
            let missing: VecDeque<u32> = plan
                .numbers()
                .filter(|number| !record.parts.contains_key(number))
                .collect();
            (
                record.upload_id.clone(),
                missing,
                size_of(&plan, record.parts.keys().copied()),
            )
        };
        let sender = self.sender(plan, journal, upload_id);
        let mut acknowledged = |(number, part): (u32, PartRecord)| {
            let size = size_of(&plan, [number]);
            present += size;
            sender.flight(|flight, now| flight.arrived(size, now));
            journal.note(|record| {
                record.parts.insert(number, part);
                if let (Some(sum), Some(web)) = (&sender.sum, &mut record.web) {
                    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                    sum.is_there(number);
                    *web = sum.remembered(&web.stamp);
                }
            });
            self.report(present, plan.size);
        };
        let mut running: JoinSet<Outcome> = JoinSet::new();
        let failure = loop {
            if self.stop.is_requested() {
                break stopped();
            }
            let has_room = running.len() < sender.flight(|flight, _| flight.allowed());
            let next = missing.front().copied().filter(|_| has_room);
            if next.is_none() && running.is_empty() {
                return Ok(());
            }
            let ended = tokio::select! {
                turn = sender.turn(), if next.is_some() => {
                    if let Some(number) = missing.pop_front() {
                        running.spawn(sender.clone().part(number, turn));
                    }
                    continue;
                }
                Some(ended) = running.join_next() => joined(ended),
                () = self.stop.requested() => break stopped(),
            };
            match ended {
                Ok(part) => acknowledged(part),
                Err(error) => break error,
            }
        };
        if is_gone(&failure) {
            return Err(Halt::Gone);
        }
        if !is_final(&failure) {
            // Their bytes are almost there: what arrives need not be sent again.
            let env = self.store.pipeline().env.clone();
            let mut late = env.sleep(GRACE);
            loop {
                let ended = tokio::select! {
                    ended = running.join_next() => ended,
                    () = &mut late => break,
                };
                match ended.map(joined) {
                    None => break,
                    Some(Ok(part)) => acknowledged(part),
                    Some(Err(_)) => {}
                }
            }
        }
        Err(failure.into())
    }

    fn sender(&self, plan: Plan, journal: &Journal, upload_id: String) -> Arc<Sender> {
        Arc::new(Sender {
            store: self.store.clone(),
            source: self.source.clone(),
            key: self.key.to_owned(),
            upload_id,
            plan,
            budget: self.options.budget.clone(),
            rounds: self.options.rounds,
            compares_sums: self.compares_sums(),
            wanted: self.wanted(),
            progress: self.progress.clone(),
            stop: self.stop.clone(),
            turns: Arc::default(),
            sum: journal.record().web.as_ref().and_then(Sum::of).map(Mutex::new),
            flight: Mutex::new(Flight::new(
                self.options.parallel,
                self.store.pipeline().env.monotonic(),
            )),
        })
    }

    /// Waits before another try; ends at once when a stop is requested.
    pub(super) async fn pause(&self, round: u32) -> Result<()> {
        pause(&*self.store.pipeline().env, self.stop, round).await
    }
}

fn size_of(plan: &Plan, numbers: impl IntoIterator<Item = u32>) -> u64 {
    let lengths = numbers.into_iter().filter_map(|number| plan.range(number));
    lengths.map(|(_, length)| length).sum()
}

fn joined(ended: Result<Outcome, tokio::task::JoinError>) -> Outcome {
    ended.unwrap_or_else(|error| Err(Error::new(ErrorKind::Local, "sending a part was interrupted").with_source(error)))
}

async fn pause(env: &dyn Env, stop: &Stop, round: u32) -> Result<()> {
    tokio::select! {
        () = env.sleep(PAUSE.saturating_mul(round)) => Ok(()),
        () = stop.requested() => Err(stopped()),
    }
}

/// What the sending of one part needs.
struct Sender {
    store: Store,
    source: Source,
    key: String,
    upload_id: String,
    plan: Plan,
    budget: Budget,
    rounds: u32,
    compares_sums: bool,
    wanted: Wanted,
    progress: OnProgress,
    stop: Stop,
    /// Parts of a web file are read one after another: their sum is made in their order.
    turns: Arc<Turns<()>>,
    /// That sum.
    sum: Option<Mutex<Sum>>,
    flight: Mutex<Flight>,
}

/// The right to read the next part, where they are read in their order.
type Turn = Option<OwnedMutexGuard<()>>;

impl Sender {
    /// Does something with what is known of the parts under way, at this moment.
    fn flight<T>(&self, work: impl FnOnce(&mut Flight, Duration) -> T) -> T {
        let now = self.store.pipeline().env.monotonic();
        work(&mut self.flight.lock().unwrap_or_else(PoisonError::into_inner), now)
    }

    async fn turn(&self) -> Turn {
        match self.sum {
            Some(_) => Some(self.turns.clone().lock_owned().await),
            None => None,
        }
    }

    /// One part, until the store has it or no sense is in going on.
    async fn part(self: Arc<Self>, number: u32, mut turn: Turn) -> Outcome {
        let mut rounds = 0;
        loop {
            let error = match self.sent(number, &mut turn).await {
                Ok(part) => return Ok((number, part)),
                Err(error) => error,
            };
            rounds += 1;
            if !error.is_retryable() || rounds > self.rounds {
                return Err(error);
            }
            self.flight(|flight, now| flight.failed(now));
            (self.progress)(Progress::Retrying {
                part: number,
                reason: error.to_string(),
            });
            // Its memory is free meanwhile, and the file is read again.
            pause(&*self.store.pipeline().env, &self.stop, rounds).await?;
        }
    }

    async fn sent(self: &Arc<Self>, number: u32, turn: &mut Turn) -> Result<PartRecord> {
        let range = self.plan.range(number).unwrap_or_default();
        let piece = self.source.read((&self.budget, &self.stop), range, self.wanted).await?;
        let piece = self.clone().summed(number, piece).await?;
        drop(turn.take());
        let (mut md5, mut told) = (piece.md5, Receipt::default());
        for _ in 0..SENDINGS {
            let (key, id) = (&self.key, &self.upload_id);
            let answer = self.store.send_part(key, id, number, piece.body(), md5).await;
            piece.read_well().await?;
            told = answer?;
            if md5.is_none() && told.crc64.is_none() && told.md5().is_none() {
                // It tells no sum at all: then it has to compare one itself.
                md5 = Some(piece.made_md5().await?);
                continue;
            }
            let is_denied = self.compares_sums && piece.is_denied_by(&told).await?;
            if !is_denied && !told.etag.is_empty() {
                return Ok(PartRecord {
                    etag: told.etag,
                    crc64: told.crc64.filter(|_| self.compares_sums),
                });
            }
            tracing::warn!(
                number,
                "the store acknowledged a checksum other than the part's: sending it again"
            );
        }
        Err(arrives_changed(&format!("part {number}"), &piece, &told)
            .await
            .with_operation("UploadPart"))
    }
}

impl Sender {
    /// A part of a web file passes into the sum; one that did so before must be the same.
    async fn summed(self: Arc<Self>, number: u32, piece: Piece) -> Result<Piece> {
        if self.sum.is_none() {
            return Ok(piece);
        }
        blocking::run(move || {
            let Some(sum) = &self.sum else { return Ok(piece) };
            let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            let md5 = piece.md5.unwrap_or_default();
            if number == sum.next() {
                sum.add(piece.bytes().map_or(&[], |bytes| bytes), &md5);
                return Ok(piece);
            }
            match sum.passed(number) == Some(digest::hex(&md5).as_str()) {
                true => Ok(piece),
                false => Err(changed(
                    &self.source.shown(),
                    &format!("its part {number} has another content"),
                )),
            }
        })
        .await
    }
}

/// What the store acknowledged is not what was sent, however often.
pub(super) async fn arrives_changed(what: &str, piece: &Piece, told: &Receipt) -> Error {
    let own = match told.crc64 {
        Some(sum) => piece
            .crc64()
            .await
            .map(|own| format!("CRC-64 is {own}, and the store says `{sum}`")),
        None => {
            let md5 = piece.made_md5().await;
            md5.map(|own| format!("MD5 is {}, and the store says `{}`", digest::hex(&own), told.etag))
        }
    };
    let told = |own| Error::new(ErrorKind::InvalidResponse, format!("{what} arrives changed: its {own}"));
    own.map_or_else(|error| error, told)
        .with_remedy("Look for a proxy or gateway that alters what is sent, and for faulty memory.")
}
