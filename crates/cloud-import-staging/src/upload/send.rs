//! Sends the parts that are missing, several at a time within the budget, each checked by its sum and retried by itself.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use cloud_import_core::{Bytes, Error, ErrorKind, Result, Stop, env::Env, provider::digest};
use md5::{Digest as _, Md5};
use tokio::task::JoinSet;

use super::{
    journal::Journal,
    options::{OnProgress, Progress},
    run::{Halt, Run, is_final, is_gone, stopped},
};
use crate::{
    blocking, budget::Budget, crc64, file::LocalFile, objects::Receipt, parts::Plan, record::PartRecord, store::Store,
};

/// How long parts on their way may take to arrive when no more are begun.
const GRACE: Duration = Duration::from_secs(10);

/// The pause before a round, times the round's number.
const PAUSE: Duration = Duration::from_secs(3);

/// How often a part whose sum was not acknowledged is sent.
pub(super) const SENDINGS: u32 = 3;

type Outcome = Result<(u32, String)>;

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
        let sender = Arc::new(Sender {
            store: self.store.clone(),
            file: self.file.clone(),
            key: self.key.to_owned(),
            upload_id,
            plan,
            budget: self.options.budget.clone(),
            rounds: self.options.rounds,
            compares_sums: self.compares_sums(),
            progress: self.progress.clone(),
            stop: self.stop.clone(),
        });
        let mut acknowledged = |(number, etag): (u32, String)| {
            present += size_of(&plan, [number]);
            journal.note(|record| {
                record.parts.insert(number, PartRecord { etag });
            });
            self.report(present, plan.size);
        };
        let mut running: JoinSet<Outcome> = JoinSet::new();
        let failure = loop {
            if self.stop.is_requested() {
                break stopped();
            }
            while running.len() < self.options.parallel.max(1) {
                let Some(number) = missing.pop_front() else { break };
                running.spawn(sender.clone().part(number));
            }
            let ended = tokio::select! {
                ended = running.join_next() => ended,
                () = self.stop.requested() => break stopped(),
            };
            match ended.map(joined) {
                None => return Ok(()),
                Some(Ok(part)) => acknowledged(part),
                Some(Err(error)) => break error,
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

    /// Waits before another try; ends at once when a stop is requested.
    pub(super) async fn pause(&self, round: u32) -> Result<()> {
        pause(&*self.store.pipeline().env, self.stop, round).await
    }

    /// A range of the file and its MD5.
    pub(super) async fn read(&self, offset: u64, length: u64) -> Result<(Bytes, [u8; 16])> {
        read(self.file, &self.options.budget, self.stop, offset, length).await
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

async fn read(file: &LocalFile, budget: &Budget, stop: &Stop, offset: u64, length: u64) -> Result<(Bytes, [u8; 16])> {
    let length = usize::try_from(length).map_err(|_| {
        Error::new(
            ErrorKind::Local,
            format!("a part of {length} bytes does not fit into this machine's memory"),
        )
    })?;
    let mut buffer = tokio::select! {
        buffer = budget.take(length) => buffer,
        () = stop.requested() => return Err(stopped()),
    };
    let file = file.clone();
    blocking::run(move || {
        file.read_at(offset, buffer.as_mut())?;
        file.unchanged()?;
        let md5 = Md5::digest(buffer.as_mut()).into();
        Ok((buffer.into_bytes(), md5))
    })
    .await
}

/// What the sending of one part needs.
struct Sender {
    store: Store,
    file: LocalFile,
    key: String,
    upload_id: String,
    plan: Plan,
    budget: Budget,
    rounds: u32,
    compares_sums: bool,
    progress: OnProgress,
    stop: Stop,
}

impl Sender {
    /// One part, until the store has it or no sense is in going on.
    async fn part(self: Arc<Self>, number: u32) -> Outcome {
        let mut rounds = 0;
        loop {
            let error = match self.sent(number).await {
                Ok(etag) => return Ok((number, etag)),
                Err(error) => error,
            };
            rounds += 1;
            if !error.is_retryable() || rounds > self.rounds {
                return Err(error);
            }
            (self.progress)(Progress::Retrying {
                part: number,
                reason: error.to_string(),
            });
            // Its memory is free meanwhile, and the file is read again.
            pause(&*self.store.pipeline().env, &self.stop, rounds).await?;
        }
    }

    async fn sent(&self, number: u32) -> Result<String> {
        let (offset, length) = self.plan.range(number).unwrap_or_default();
        let (bytes, md5) = read(&self.file, &self.budget, &self.stop, offset, length).await?;
        let mut told = Receipt::default();
        for _ in 0..SENDINGS {
            let part = self
                .store
                .upload_part(&self.key, &self.upload_id, number, bytes.clone(), md5);
            told = part.await?;
            let is_denied = self.compares_sums && Sent { md5, bytes: &bytes }.is_denied_by(&told);
            if !is_denied && !told.etag.is_empty() {
                return Ok(told.etag);
            }
            tracing::warn!(
                number,
                "the store acknowledged a checksum other than the part's: sending it again"
            );
        }
        Err(arrives_changed(&format!("part {number}"), &md5, &told).with_operation("UploadPart"))
    }
}

/// Bytes that were sent.
pub(super) struct Sent<'b> {
    pub(super) md5: [u8; 16],
    pub(super) bytes: &'b [u8],
}

impl Sent<'_> {
    /// Whether the store says that it has others.
    pub(super) fn is_denied_by(&self, receipt: &Receipt) -> bool {
        receipt.denies(&digest::hex(&self.md5), || crc64::update(0, self.bytes))
    }
}

/// What the store acknowledged is not what was sent, however often.
pub(super) fn arrives_changed(what: &str, md5: &[u8], told: &Receipt) -> Error {
    Error::new(
        ErrorKind::InvalidResponse,
        format!(
            "{what} arrives changed: its MD5 is {}, and the store says `{}`",
            digest::hex(md5),
            told.etag
        ),
    )
    .with_remedy("Look for a proxy or gateway that alters what is sent, and for faulty memory.")
}
