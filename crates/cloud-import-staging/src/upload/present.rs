//! Which parts of an upload are in the store: the record and the store's own list, held against the file. Sends nothing.

use std::collections::BTreeMap;

use cloud_import_core::{Result, provider::digest};

use super::{
    journal::Journal,
    piece::{FilePart, Piece, md5_of},
    run::{Halt, Run, is_gone},
    source::Source,
    sum::fit,
};
use crate::{
    blocking,
    objects::{Part, Receipt},
    parts::Plan,
    record::{PartRecord, UploadRecord},
    web::WebFile,
};

/// Up to this size in bytes, a file that is at its key already is summed again to be held against what the store says of it.
const SUMMED_AGAIN: u64 = 64 << 20;

impl Run<'_> {
    /// Whether what the store says of an object that is small enough to be summed again is true of the file. Nothing is said
    /// against one of which the store tells no sum.
    pub(super) async fn has_its_sum(&self, receipt: &Receipt) -> Result<bool> {
        // Of a web file nothing is fetched to be compared.
        let Source::File { file, .. } = self.source else {
            return Ok(true);
        };
        let size = file.size();
        let tells_a_sum = receipt.md5().is_some() || receipt.crc64.is_some();
        if !tells_a_sum || !self.compares_sums() || size > SUMMED_AGAIN {
            return Ok(true);
        }
        let whole = FilePart::new(file.clone(), (0, size), false);
        Ok(!Piece::streamed(whole, None, None).is_denied_by(receipt).await?)
    }

    /// Makes the record say what the store holds.
    pub(super) async fn settle_present(&self, plan: Plan, journal: &Journal) -> Result<(), Halt> {
        let upload_id = journal.record().upload_id.clone();
        journal.note(|record| {
            record.parts.retain(|number, _| plan.range(*number).is_some());
            self.fit(record, plan.first);
        });
        match self.store.list_parts(self.key, &upload_id).await {
            Ok(Some(listed)) => self.merge(plan, journal, listed).await?,
            Ok(None) => {}
            Err(error) if is_gone(&error) => return Err(Halt::Gone),
            Err(error) if error.is_retryable() => return Err(error.into()),
            Err(error) => self.warn(format!(
                "the parts of the upload cannot be listed; only the record counts: {error}"
            )),
        }
        journal.note(|record| self.fit(record, plan.first));
        let present = journal
            .record()
            .parts
            .keys()
            .filter_map(|number| plan.range(*number))
            .map(|(_, length)| length)
            .sum();
        self.report(present, plan.size);
        Ok(())
    }

    async fn merge(&self, plan: Plan, journal: &Journal, listed: Vec<Part>) -> Result<()> {
        let mut recorded = journal.record().parts.clone();
        let mut present = BTreeMap::new();
        for part in listed {
            let Some(range) = plan.range(part.number) else { continue };
            if part.size.is_some_and(|size| size != range.1) {
                continue;
            }
            let known = recorded.remove(&part.number);
            let crc64 = known.as_ref().and_then(|known| known.crc64);
            let counts = match &known {
                // A store that lists no ETags has the part that the record names.
                Some(known) => part.etag.is_empty() || part.etag.eq_ignore_ascii_case(&known.etag),
                None => false,
            };
            let etag = match known {
                Some(known) if counts => Some(known.etag),
                _ if self.compares_sums() && !part.etag.is_empty() => {
                    let sum = self.md5_of(part.number, range, journal).await?;
                    sum.is_some_and(|sum| part.etag.eq_ignore_ascii_case(&sum))
                        .then_some(part.etag)
                }
                _ => None,
            };
            if let Some(etag) = etag {
                present.insert(part.number, PartRecord { etag, crc64 });
            }
        }
        journal.note(|record| record.parts = present);
        Ok(())
    }
}

impl Run<'_> {
    fn fit(&self, record: &mut UploadRecord, first: u32) {
        fit(record, self.source.web().map(WebFile::stamp), first);
    }

    /// The MD5 in hex of a part; of a web file, where it passed already.
    async fn md5_of(&self, number: u32, range: (u64, u64), journal: &Journal) -> Result<Option<String>> {
        if let Source::File { file, .. } = self.source {
            let file = file.clone();
            let md5 = blocking::run(move || md5_of(&file, range)).await?;
            return Ok(Some(digest::hex(&md5)));
        }
        let record = journal.record();
        Ok(record.web.as_ref().and_then(|web| web.passed.get(&number).cloned()))
    }
}
