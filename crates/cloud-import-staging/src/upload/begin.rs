//! Begins an upload so that none is left open behind it: takes up one that is open already, settles a lost answer. Or puts
//! a small file in one request.

use cloud_import_core::{Error, ErrorKind, Result, provider::digest};

use super::{
    journal,
    options::Staged,
    run::{Run, is_final, is_gone, may_be_open},
    send::{SENDINGS, arrives_changed},
    source::Wanted,
};
use crate::{
    objects::{OpenUpload, Part, Receipt, Uploading},
    parts::Plan,
    record::UploadRecord,
};

impl Run<'_> {
    /// The whole file in one request, which may be repeated safely.
    pub(super) async fn put(&self, plan: Plan) -> Result<Staged> {
        let memory = (&self.options.budget, self.stop);
        let whole = Wanted {
            md5: true,
            streamed: false,
        };
        let piece = self.source.read(memory, (0, plan.size), whole).await?;
        let bytes = piece.bytes().cloned().unwrap_or_default();
        if let Some(file) = self.source.web() {
            self.is_promised(file, &digest::sha256_hex(&bytes))?;
        }
        let mut record = self.new_record(String::new(), plan.part_size);
        record.completing = true;
        let journal = self.journal(record);
        journal.write().await?;
        let sha256 = Some(self.source.sha256());
        let mut told = Receipt::default();
        for _ in 0..SENDINGS {
            told = match self.store.put(self.key, bytes.clone(), piece.md5, sha256).await {
                Ok(receipt) => receipt,
                Err(error) => {
                    if is_final(&error) {
                        journal.forget().await?;
                    }
                    return Err(error);
                }
            };
            let head = self.store.head(self.key).await?.ok_or_else(|| self.vanished())?;
            // The answer to a PUT may lack that the bucket encrypts: then only what HEAD tells counts.
            let is_encrypted = head.receipt.encryption.is_some();
            let is_denied =
                piece.is_denied_by(&head.receipt).await? || !is_encrypted && piece.is_denied_by(&told).await?;
            if !self.compares_sums() || !is_denied {
                self.report(plan.size, plan.size);
                return self.staged(head, told.version);
            }
            self.warn("the store acknowledged a checksum other than the file's: sending it again".to_owned());
        }
        // Under a key that names another content it must not stay.
        self.store.delete(self.key, told.version.as_deref()).await?;
        journal.forget().await?;
        Err(arrives_changed("the file", &piece, &told)
            .await
            .with_operation("PutObject"))
    }

    /// An upload with its record, not yet kept.
    pub(super) async fn begin(&self, plan: Plan) -> Result<(Plan, UploadRecord)> {
        // A run that ended between the answer and the record has left one open.
        let found = match self.open_uploads().await {
            Ok(Some(open)) => self.adopted(plan, open).await?,
            Ok(None) => {
                let since = *self.unanswered();
                if let Some(since) = since {
                    self.warn(may_be_open(&self.place(), since));
                }
                None
            }
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => {
                self.warn(format!(
                    "open uploads cannot be listed, so one may be left behind: {error}"
                ));
                None
            }
        };
        let begun = match found {
            Some(begun) => begun,
            None => match self.initiate(plan).await {
                Ok(begun) => begun,
                Err(error) => {
                    let left = self.new_record(String::new(), plan.part_size).left();
                    journal::keep(self.record_store.clone(), left).await?;
                    return Err(error);
                }
            },
        };
        let plan = match begun.part_size {
            Some(fixed) => self.plan_of(fixed)?,
            None => plan,
        };
        Ok((plan, self.new_record(begun.upload_id, plan.part_size)))
    }

    async fn initiate(&self, plan: Plan) -> Result<Uploading> {
        let sha256 = Some(self.source.sha256());
        let mut rounds = 0;
        loop {
            let earlier = *self.unanswered();
            self.intend(plan).await?;
            let error = match self.store.initiate(self.key, sha256).await {
                Ok(begun) => {
                    *self.unanswered() = earlier;
                    return Ok(begun);
                }
                Err(error) => error,
            };
            if !error.may_have_executed() {
                *self.unanswered() = earlier;
            }
            rounds += 1;
            if !error.is_retryable() || rounds > self.options.rounds {
                return Err(error);
            }
            if error.may_have_executed()
                && let Some(begun) = self.begun_unseen(plan).await?
            {
                return Ok(begun);
            }
            self.pause(rounds).await?;
        }
    }

    /// Has on record that an upload is about to be begun: of a process that ends before it has the answer, one may stay open.
    async fn intend(&self, plan: Plan) -> Result<()> {
        self.unanswered().get_or_insert_with(|| self.store.now());
        let record = self.new_record(String::new(), plan.part_size);
        journal::keep(self.record_store.clone(), Some(record)).await
    }

    /// The upload of which the answer to its beginning was lost, where the store lists it.
    async fn begun_unseen(&self, plan: Plan) -> Result<Option<Uploading>> {
        let (key, bucket) = (self.key, &self.store.bucket().name);
        match self.open_uploads().await {
            Ok(Some(open)) => return self.adopted(plan, open).await,
            Ok(None) => self.warn(format!(
                "the answer to the beginning of an upload of `{key}` was lost, and the store lists no unfinished uploads to this account: an \
                 empty one may be left open in the bucket `{bucket}`, which nothing here can find or give up. It holds no data; if \
                 the vendor's console shows it, delete it there"
            )),
            Err(error) => self.warn(format!(
                "the answer to the beginning of an upload of `{key}` was lost, and open uploads cannot be listed: an empty one \
                 may be left open in the bucket `{bucket}`: {error}"
            )),
        }
        Ok(None)
    }

    /// The open uploads of exactly this key.
    async fn open_uploads(&self) -> Result<Option<Vec<OpenUpload>>> {
        let mut open = self.store.open_uploads(self.key).await?;
        if let Some(open) = &mut open {
            open.retain(|upload| upload.key == self.key);
            // The newest first. All five stores write the time in a form that sorts; those without one stay in order.
            open.sort_by(|a, b| b.initiated.cmp(&a.initiated));
        }
        Ok(open)
    }

    /// The newest open upload whose parts, if any, are cut as planned. Empty ones beside it are given up; others with parts
    /// may be somebody's and are left. No upload of this key is unknown afterwards.
    async fn adopted(&self, plan: Plan, open: Vec<OpenUpload>) -> Result<Option<Uploading>> {
        let mut taken = None;
        for upload in open {
            let (parts, are_known) = match self.store.list_parts(self.key, &upload.upload_id).await {
                // Parts of another's are sent again where they cannot be listed: they are the same bytes.
                Ok(parts) => (parts.clone().unwrap_or_default(), parts.is_some()),
                Err(error) if is_gone(&error) => continue,
                Err(error) if error.is_retryable() => return Err(error),
                Err(error) => {
                    self.warn(format!(
                        "the open upload {} cannot be inspected: {error}",
                        upload.upload_id
                    ));
                    continue;
                }
            };
            if taken.is_none() && parts.iter().all(|part| cut_as_planned(&plan, part)) {
                taken = Some(Uploading {
                    upload_id: upload.upload_id,
                    part_size: None,
                });
            } else if are_known && parts.is_empty() {
                self.abandon(&upload.upload_id).await;
            } else {
                self.warn(format!(
                    "another upload of `{}` is open, {}, and may have parts: it is left alone",
                    self.key, upload.upload_id
                ));
            }
        }
        *self.unanswered() = None;
        Ok(taken)
    }

    fn place(&self) -> String {
        format!("`{}` in bucket `{}`", self.key, self.store.bucket().name)
    }

    /// An object that the store acknowledged and does not show.
    pub(super) fn vanished(&self) -> Error {
        Error::new(
            ErrorKind::InvalidResponse,
            format!("the store acknowledged the object `{}` and does not show it", self.key),
        )
        .with_remedy("Run it again; look whether a lifecycle rule or another program removes objects from the bucket.")
    }
}

fn cut_as_planned(plan: &Plan, part: &Part) -> bool {
    plan.range(part.number)
        .is_some_and(|(_, length)| part.size.is_none_or(|size| size == length))
}
