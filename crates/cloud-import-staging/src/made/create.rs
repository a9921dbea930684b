//! Makes a bucket: private, marked, with a rule for unfinished uploads, encrypted where the import reads that. Each step is looked for
//! before it is taken on a bucket that is there, so that a repeat goes on where the last one ended.

use cloud_import_core::{Bytes, Error, ErrorKind, Result, http::Response};
use tracing::debug;

use super::{DAYS, MadeBucket, Setting, Standing, conflict, not_ours};
use crate::{
    answer::documents,
    dialect::Call,
    store::{Store, nothing, unless_gone},
};

impl Store {
    /// Makes the bucket in its region: private, marked as this tool's, with a rule that expires unfinished uploads and with encryption
    /// by the store's own keys, where the store has that and the import reads it. What is not done is told as [`Setting::NotSet`].
    ///
    /// A bucket that has the mark is there already, and what it lacks of that is set; nothing that somebody else set is changed. One
    /// without the mark is this tool's only if `begun` says that an earlier call set out to make it and was not seen to end: who has
    /// seen [`MadeBucket::mark_shown`] need not say so any more.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a name that the store does not allow, before anything is sent; [`ErrorKind::Conflict`] for a
    /// bucket that is not this tool's, or another account's; every kind that a request can end with. Where the bucket was made and
    /// a later step failed, the message says so.
    ///
    /// # Cancel safety
    /// When the future is dropped, the bucket may be there or not, and may lack the mark. Call it again, with `begun`.
    pub async fn create_bucket(&self, begun: bool) -> Result<MadeBucket> {
        let created = match self.bucket_standing().await? {
            Standing::Ours => false,
            Standing::Unmarked if begun => false,
            Standing::Unmarked => {
                let remedy = "Use it as it is, or name another bucket.";
                return Err(not_ours(self.bucket(), remedy).with_operation("CreateBucket"));
            }
            Standing::Absent => {
                self.make().await?;
                true
            }
        };
        let made = self.furnish(created).await;
        made.map_err(|error| self.unfinished(error))
    }

    /// Sends the order for a bucket that was not there a moment ago. However its answer got lost, what is there then tells.
    async fn make(&self) -> Result<()> {
        let Err(error) = self.call(Call::CreateBucket, nothing).await else {
            return Ok(());
        };
        // A refusal may be that of a repetition, in words that are not known of every store.
        debug!(%error, "the bucket may have been made");
        let name = &self.bucket().name;
        match self.bucket_is_there().await {
            Ok(true) => Ok(()),
            // All accounts share the names, and a store that says that it is taken shows nothing of who has it.
            Ok(false) | Err(_) if error.kind() == ErrorKind::Conflict => {
                let message = format!("the bucket `{name}` is another account's, or in another region");
                let told = conflict(self.bucket().provider, message, "Name another bucket.".to_owned())
                    .with_operation("CreateBucket")
                    .with_request_id(error.request_id().map(str::to_owned));
                Err(match error.code() {
                    Some(code) => told.with_code(code),
                    None => told,
                })
            }
            Err(look) if error.may_have_executed() => Err(Error::new(
                ErrorKind::OutcomeUnknown,
                format!("whether the bucket `{name}` was made is not known: {}", error.message()),
            )
            .with_provider(self.bucket().provider)
            .with_operation("CreateBucket")
            .with_remedy("Repeat the same command: it goes on with a bucket that it began.")
            .with_source(look)),
            Ok(false) | Err(_) => Err(error),
        }
    }

    /// Mark, rule and encryption.
    async fn furnish(&self, created: bool) -> Result<MadeBucket> {
        if created || !self.is_marked().await? {
            self.put_mark().await?;
        }
        let unfinished_uploads = self.expire_uploads(created).await?;
        let encryption = self.encrypt(created).await?;
        Ok(MadeBucket {
            created,
            mark: self.mark(),
            mark_shown: self.is_marked().await?,
            encryption,
            unfinished_uploads,
        })
    }

    /// Sets the rule for unfinished uploads, where the bucket has no rules: they are set all at once, and those of others would go.
    async fn expire_uploads(&self, is_new: bool) -> Result<Setting> {
        let new = &self.dialect().spec().new_bucket;
        if !new.not_expiring.is_empty() {
            return Ok(Setting::NotSet(new.not_expiring.to_owned()));
        }
        let set = Setting::Set(format!("after {DAYS} days"));
        if !is_new {
            let read = |answer: &Response<Bytes>| documents::expires_uploads(answer.body());
            match unless_gone(self.call(Call::GetBucketLifecycle, read).await)? {
                Some(true) => return Ok(Setting::Set("by a rule of its own".to_owned())),
                Some(false) => {
                    return Ok(Setting::NotSet(
                        "it has rules of its own, which are left alone".to_owned(),
                    ));
                }
                None => {}
            }
        }
        let sent = self.call(Call::PutBucketLifecycle { days: DAYS }, nothing).await;
        tolerated(sent, set)
    }

    /// Lets it encrypt, where the import reads that. What somebody else chose stays.
    async fn encrypt(&self, is_new: bool) -> Result<Setting> {
        let new = &self.dialect().spec().new_bucket;
        if new.encryption.is_empty() {
            return Ok(Setting::NotSet(new.not_encrypted.to_owned()));
        }
        if !is_new {
            let read = |answer: &Response<Bytes>| documents::encryption(answer.body());
            if let Some(Some(word)) = unless_gone(self.call(Call::GetBucketEncryption, read).await)? {
                return Ok(Setting::Set(word));
            }
        }
        let sent = self.call(Call::PutBucketEncryption, nothing).await;
        tolerated(sent, Setting::Set(new.encryption.to_owned()))
    }

    /// What a failure behind the making of the bucket means.
    fn unfinished(&self, error: Error) -> Error {
        let name = &self.bucket().name;
        error
            .map_message(|told| format!("the bucket `{name}` is there and not set up to its end: {told}"))
            .with_provider(self.bucket().provider)
    }
}

/// A setting that a store does not have in this region is told and is no reason to give the bucket up.
fn tolerated(sent: Result<()>, set: Setting) -> Result<Setting> {
    match sent {
        Ok(()) => Ok(set),
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidRequest) => {
            Ok(Setting::NotSet(format!("the store refuses it: {}", error.message())))
        }
        Err(error) => Err(error),
    }
}
