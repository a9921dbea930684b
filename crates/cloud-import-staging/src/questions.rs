//! What can be asked about a bucket before anything is put into it. Changes nothing.

use cloud_import_core::{Bytes, Error, ErrorKind, Result, http::Response};
use tracing::debug;

use crate::{
    answer::documents,
    bucket::Bucket,
    dialect::Call,
    facts::BucketFacts,
    store::{Store, unless_gone},
};

impl Store {
    /// Asks what the store documents about its buckets. A single question that these keys may not ask leaves its fact open.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the bucket is not there, [`ErrorKind::PermissionDenied`] when these keys may not use it,
    /// [`ErrorKind::InvalidRequest`] when it is in another region; every kind that a request can end with.
    pub async fn facts(&self) -> Result<BucketFacts> {
        let spec = self.dialect().spec();
        let read = |answer: &Response<Bytes>| self.dialect().bucket(answer);
        let described = match spec.asks_location {
            true => self.look(Call::HeadBucket, Call::GetBucketLocation, read).await,
            false => self.call(Call::HeadBucket, read).await,
        };
        let mut facts = match described {
            Ok(facts) => facts,
            // Where the cloud's API describes a bucket: the store may well take keys that the API does not.
            Err(error) if !spec.bucket_api.is_empty() && is_refusal(&error) => {
                debug!(%error, "the bucket cannot be described");
                return Ok(BucketFacts::default());
            }
            Err(error) => return Err(explained(error, self.bucket())),
        };
        if facts.region.is_none() && spec.asks_location {
            let location = self.call(Call::GetBucketLocation, |answer| documents::location(answer.body()));
            facts.region = tolerated(location.await).flatten();
        }
        if spec.asks_acl {
            let access = self.call(Call::GetBucketAcl, |answer| documents::is_open_to_all(answer.body()));
            facts.public = tolerated(access.await);
        }
        if spec.asks_lifecycle {
            let rules = self.call(Call::GetBucketLifecycle, |answer| {
                documents::expires_uploads(answer.body())
            });
            // Where there are no rules, none expires anything.
            facts.aborts_unfinished_uploads = tolerated(unless_gone(rules.await)).map(Option::unwrap_or_default);
        } else if spec.never_expires_uploads {
            facts.aborts_unfinished_uploads = Some(false);
        }
        Ok(facts)
    }
}

/// Whether the API refused to say anything of the bucket; that there is none is an answer.
fn is_refusal(error: &Error) -> bool {
    error.http_status().is_some() && !error.is_retryable() && error.kind() != ErrorKind::NotFound
}

/// An answer, or none where the question was refused or failed: the bucket is there, and no upload waits for the rest.
fn tolerated<T>(answer: Result<T>) -> Option<T> {
    answer
        .inspect_err(|error| debug!(%error, "a question about the bucket has no answer"))
        .ok()
}

/// What a refusal means for this bucket, with the store's own reason where it gave one.
pub(crate) fn explained(error: Error, bucket: &Bucket) -> Error {
    let (name, region) = (&bucket.name, &bucket.region);
    let reason = match error.code() {
        Some(_) => format!(". The store says: {}", error.message()),
        None => String::new(),
    };
    let (message, code, remedy) = match error.kind() {
        ErrorKind::NotFound => (
            format!("the bucket `{name}` does not exist, or is not in {region}"),
            Some("NoSuchBucket"),
            format!("Create it in {region}, or name another bucket."),
        ),
        ErrorKind::PermissionDenied => (
            format!(
                "these keys may not use the bucket `{name}`: it is another account's, or they lack the permission{reason}"
            ),
            error.code(),
            "Name a bucket of this account, or grant these keys to look at it, and to read, write and delete in it."
                .to_owned(),
        ),
        _ => return error,
    };
    let told = Error::new(error.kind(), message)
        .with_remedy(remedy)
        .with_provider(bucket.provider)
        .with_operation("HeadBucket")
        .with_request_id(error.request_id().map(str::to_owned));
    let told = match code {
        Some(code) => told.with_code(code),
        None => told,
    };
    match error.http_status() {
        Some(status) => told.with_http_status(status),
        None => told,
    }
}
