//! Makes the object of its parts and looks that it is there. An answer that was lost is settled by looking.

use cloud_import_core::{Error, ErrorKind, Remedy, Result, remedy::Change};

use super::{
    journal::Journal,
    options::{Progress, Staged},
    run::{Halt, Run, WRONG_OBJECT, is_gone},
    sum::Sum,
};
use crate::{
    crc64,
    objects::{ObjectHead, Part},
    parts::Plan,
    record::{PartRecord, UploadRecord},
    web::WebFile,
};

/// The code of an error that says that what came is not what was promised.
const OTHER_CONTENT: &str = "OtherContent";

/// How often an acknowledged object is looked for.
const LOOKS: u32 = 3;

impl Run<'_> {
    pub(super) async fn finish(&self, plan: Plan, journal: &Journal) -> Result<Staged, Halt> {
        self.source.check().await?;
        self.passed_as_promised(plan, journal)?;
        // From here on the object may be there, whatever becomes of the answer.
        journal.record().completing = true;
        journal.write().await?;
        (self.progress)(Progress::Completing);
        let (upload_id, parts) = {
            let record = journal.record();
            let part = |(number, part): (&u32, &PartRecord)| Part {
                number: *number,
                etag: part.etag.clone(),
                size: plan.range(*number).map(|(_, length)| length),
            };
            (
                record.upload_id.clone(),
                record.parts.iter().map(part).collect::<Vec<_>>(),
            )
        };
        let mut rounds = 0;
        loop {
            let error = match self.store.complete(self.key, &upload_id, &parts).await {
                Ok(receipt) => return Ok(self.acknowledged(&plan, journal, receipt.version).await?),
                Err(error) => error,
            };
            if (error.may_have_executed() || is_gone(&error))
                && let Some(staged) = self.completed(&plan, journal, None).await?
            {
                return Ok(staged);
            }
            if is_gone(&error) {
                return Err(Halt::Gone);
            }
            if error.code() == Some("InvalidPart") {
                // The store has lost a part, or has another than it acknowledged: none of them can be trusted.
                self.abandon(&upload_id).await;
                return Err(Halt::Gone);
            }
            rounds += 1;
            // An error that no table knows may pass too, and as the object is not there, asking again does no harm.
            let may_pass = error.is_retryable() || error.kind() == ErrorKind::Service;
            if !may_pass || rounds > self.options.rounds {
                return Err(error.into());
            }
            self.pause(rounds).await?;
        }
    }

    /// Whether all of a web file passed, and was what it must be.
    fn passed_as_promised(&self, plan: Plan, journal: &Journal) -> Result<()> {
        let Some(file) = self.source.web() else { return Ok(()) };
        let sum = journal.record().web.as_ref().and_then(Sum::of);
        let whole = sum.filter(|sum| sum.next() == plan.numbers().end);
        self.is_promised(file, &whole.map(|sum| sum.sha256()).unwrap_or_default())
    }

    /// Whether that is the SHA-256 that a web file must have.
    pub(super) fn is_promised(&self, file: &WebFile, sha256: &str) -> Result<()> {
        if sha256 == file.sha256() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "`{}` has the SHA-256 {sha256}, and not {}",
                file.stamp().url,
                file.sha256()
            ),
        )
        .with_code(OTHER_CONTENT)
        .with_remedy("Look whether the link and the digest are of one version; nothing was made of what came."))
    }

    async fn acknowledged(&self, plan: &Plan, journal: &Journal, version: Option<String>) -> Result<Staged> {
        for look in 1..=LOOKS {
            if let Some(staged) = self.completed(plan, journal, version.clone()).await? {
                return Ok(staged);
            }
            self.pause(look).await?;
        }
        Err(self.vanished())
    }

    /// The object, if it is there and made of as many parts as were sent.
    async fn completed(&self, plan: &Plan, journal: &Journal, version: Option<String>) -> Result<Option<Staged>> {
        match self.store.head(self.key).await? {
            Some(head) => {
                self.made_of(plan, &head)?;
                let staged = self.staged(head.clone(), version)?;
                let record = journal.record().clone();
                self.held_against_parts(&head, &record).await?;
                Ok(Some(staged))
            }
            None => Ok(None),
        }
    }

    /// Where each part was acknowledged with its CRC-64 and the store tells that of the object, it is that of the parts together. An
    /// object of which it is not is deleted: under a key that names another content it must not stay.
    pub(super) async fn held_against_parts(&self, head: &ObjectHead, record: &UploadRecord) -> Result<()> {
        let plan = self.plan_of(record.part_size)?;
        let part = |number: u32| Some((record.parts.get(&number)?.crc64?, plan.range(number)?.1));
        let whole = plan.numbers().try_fold(0, |sum, number| {
            part(number).map(|(next, length)| crc64::joined(sum, next, length))
        });
        match (whole, head.receipt.crc64) {
            (Some(own), Some(told)) if own != told => {
                self.store.delete(self.key, head.receipt.version.as_deref()).await?;
                let message = format!(
                    "the object `{}` was not what its parts were: its CRC-64 was {told}, and that of the parts {own}; it was deleted",
                    self.key
                );
                Err(Error::new(ErrorKind::InvalidResponse, message).with_remedy(Remedy::Repeat(Change::Nothing)))
            }
            _ => Ok(()),
        }
    }

    /// Where an ETag ends in a number of parts (`…-N`), it is the plan's.
    fn made_of(&self, plan: &Plan, head: &ObjectHead) -> Result<()> {
        let told = head.receipt.etag.rsplit_once('-');
        let is_made_of_md5s = self.compares_sums() && head.receipt.encryption.is_none();
        match told.and_then(|(_, count)| count.parse::<u32>().ok()) {
            Some(count) if is_made_of_md5s && count != plan.count => Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "the object `{}` was made of {count} parts, and this upload has {}",
                    self.key, plan.count
                ),
            )
            .with_code(WRONG_OBJECT)
            .with_remedy(
                "Somebody else put it there meanwhile. Run it again: it is used if it has the right content.",
            )),
            _ => Ok(()),
        }
    }
}
