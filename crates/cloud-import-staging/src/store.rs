//! One bucket of one store: each call of the multipart protocol, through the pipeline of core. No state, no file.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use cloud_import_core::{Bytes, Credentials, Error, ErrorKind, Link, Result, datetime, pipeline::Pipeline};
use serde_json::Value;

use crate::{
    answer,
    bucket::Bucket,
    dialect::{Call, Dialect, Limits},
    dialects,
};

/// A client for one bucket. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    bucket: Bucket,
    dialect: Arc<dyn Dialect>,
    pipeline: Pipeline,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

/// What HEAD tells of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectHead {
    /// Size in bytes.
    pub size: u64,
    /// The store's ETag, without quotes.
    pub etag: Option<String>,
    /// SHA-256 of the content in hex, where the one who put it there said so in its metadata.
    pub sha256: Option<String>,
}

/// A multipart upload that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uploading {
    /// Its id.
    pub upload_id: String,
    /// The part size that the store fixed for it (US3).
    pub part_size: Option<u64>,
}

/// A part that a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its number, from [`Limits::first_part`].
    pub number: u32,
    /// Its ETag, without quotes; empty where a store lists none.
    pub etag: String,
    /// Its size in bytes, where the store tells.
    pub size: Option<u64>,
}

/// An object of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedObject {
    /// The key.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// When it was put there, where the store tells (US3 is not documented to).
    pub modified: Option<SystemTime>,
}

/// An upload that is neither completed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenUpload {
    /// The key.
    pub key: String,
    /// Its id.
    pub upload_id: String,
    /// When it was begun, as the store writes it.
    pub initiated: Option<String>,
}

impl Store {
    /// A client for a bucket. The pipeline signs with the account's keys: the same as the import API's in all five clouds.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when the dialect of this cloud was not built in; [`ErrorKind::InvalidRequest`] for a region
    /// that makes no host.
    pub fn new(bucket: Bucket, pipeline: Pipeline) -> Result<Self> {
        let dialect = dialects::of(&bucket)?;
        Ok(Self {
            bucket,
            dialect,
            pipeline,
        })
    }

    /// The bucket.
    pub fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// What the store takes.
    pub fn limits(&self) -> &'static Limits {
        self.dialect.limits()
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Value> {
        let operation = call.operation();
        let repeatable = matches!(operation.repeat, cloud_import_core::Repeat::Safe);
        let named = |error: Error| error.with_provider(self.bucket.provider).with_operation(operation.name);
        let request = self.dialect.request(&call).map_err(named)?;
        let answer = self
            .pipeline
            .send(&*self.dialect, &operation, repeatable, request)
            .await?;
        Ok(answer.payload)
    }

    /// Puts a whole object of at most [`Limits::max_put`] bytes, and gives its ETag.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn put(&self, key: &str, body: Bytes, md5: [u8; 16], sha256: Option<&str>) -> Result<String> {
        let payload = self.call(Call::PutObject { key, body, md5, sha256 }).await?;
        Ok(answer::etag(&payload))
    }

    /// Looks at an object; `None` when there is none of that key.
    ///
    /// # Errors
    /// Every kind that a request can end with; a bucket that is not there is [`ErrorKind::NotFound`] where the store tells it
    /// from a missing object.
    pub async fn head(&self, key: &str) -> Result<Option<ObjectHead>> {
        match self.call(Call::HeadObject { key }).await {
            Ok(payload) => answer::head(&payload).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound && error.code() != Some("NoSuchBucket") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes an object. One that is not there is deleted already.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn delete(&self, key: &str) -> Result<()> {
        gone_is_done(self.call(Call::DeleteObject { key }).await)
    }

    /// Begins a multipart upload. Sent once: an answer that is lost may leave an upload open.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn initiate(&self, key: &str, sha256: Option<&str>) -> Result<Uploading> {
        answer::uploading(&self.call(Call::InitiateMultipartUpload { key, sha256 }).await?)
    }

    /// Sends one part, and gives its ETag. Sent again, it replaces itself.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        body: Bytes,
        md5: [u8; 16],
    ) -> Result<String> {
        let payload = self
            .call(Call::UploadPart {
                key,
                upload_id,
                number,
                body,
                md5,
            })
            .await?;
        Ok(answer::etag(&payload))
    }

    /// The parts that the store holds; `None` when it cannot list them.
    ///
    /// # Errors
    /// Every kind that a request can end with; code `NoSuchUpload` when the upload is gone.
    pub async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Option<Vec<Part>>> {
        if !self.limits().lists_parts {
            return Ok(None);
        }
        let mut parts: Vec<Part> = Vec::new();
        loop {
            let after = parts.last().map(|part| part.number);
            let payload = match self.call(Call::ListParts { key, upload_id, after }).await {
                Ok(payload) => payload,
                Err(error) if error.kind() == ErrorKind::Unsupported || error.http_status() == Some(501) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            let (page, more) = answer::parts(&payload)?;
            let advanced = page.last().map(|part| part.number) > after;
            parts.extend(page);
            if !more || !advanced {
                return Ok(Some(parts));
            }
        }
    }

    /// Makes the object of its parts, which are in ascending order. Sent once: see [`Self::head`] for how it ended.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn complete(&self, key: &str, upload_id: &str, parts: &[Part]) -> Result<()> {
        self.call(Call::CompleteMultipartUpload { key, upload_id, parts })
            .await
            .map(drop)
    }

    /// Gives an upload up. One that is not there is given up already.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn abort(&self, key: &str, upload_id: &str) -> Result<()> {
        gone_is_done(self.call(Call::AbortMultipartUpload { key, upload_id }).await)
    }

    /// The open uploads under a prefix, at most one page of them; `None` when the store cannot list them.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn open_uploads(&self, prefix: &str) -> Result<Option<Vec<OpenUpload>>> {
        match self.call(Call::ListMultipartUploads { prefix }).await {
            Ok(payload) => answer::open_uploads(&payload).map(Some),
            Err(error) if error.kind() == ErrorKind::Unsupported || error.http_status() == Some(501) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The objects under a prefix, at most 10,000.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn list(&self, prefix: &str) -> Result<Vec<ListedObject>> {
        let mut objects: Vec<ListedObject> = Vec::new();
        loop {
            let after = objects.last().map(|object| object.key.clone());
            let payload = self
                .call(Call::ListObjects {
                    prefix,
                    after: after.as_deref(),
                })
                .await?;
            let (page, more) = answer::objects(&payload)?;
            let advanced = page.last().is_some_and(|object| Some(&object.key) > after.as_ref());
            objects.extend(page);
            if !more || !advanced || objects.len() >= 10_000 {
                return Ok(objects);
            }
        }
    }

    /// Whether a link would be signed with temporary keys whose end nobody told: it ends with them.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when there are none.
    pub async fn link_may_end_early(&self) -> Result<bool> {
        let credentials = self.pipeline.credentials.credentials().await?;
        Ok(credentials.is_temporary() && credentials.expires_at().is_none())
    }

    /// Where an object is, unsigned: opens nothing that is private.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a key that makes no URL.
    pub fn url(&self, key: &str) -> Result<Link> {
        // Signed with nothing and cut: a link's host and path do not depend on the keys.
        let nobody = Credentials::new("", "");
        let link = self
            .dialect
            .link(key, &nobody, SystemTime::UNIX_EPOCH, Duration::from_secs(1))?;
        Ok(Link::new(link.without_query()))
    }

    /// A link that gets the object until `valid_for` after `from`. The same instant and keys make the same link.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when there are none, or temporary ones that end sooner: the link would end with them.
    /// [`ErrorKind::InvalidRequest`] when the store signs for no such time.
    pub async fn link(&self, key: &str, from: SystemTime, valid_for: Duration) -> Result<Link> {
        let provider = self.bucket.provider;
        let longest = self.limits().longest_link;
        if valid_for > longest {
            let message = format!(
                "a signed link of this store is valid for at most {} hours",
                longest.as_secs() / 3600
            );
            return Err(Error::new(ErrorKind::InvalidRequest, message).with_provider(provider));
        }
        let credentials = self.pipeline.credentials.credentials().await?;
        if let Some(end) = credentials.expires_at().filter(|end| *end < from + valid_for) {
            let message = format!(
                "the link that the import reads the file by must be valid for {} hours, and the temporary keys that would sign it \
                 end at {}",
                valid_for.as_secs() / 3600,
                datetime::extended(end)
            );
            return Err(Error::new(ErrorKind::Credentials, message)
                .with_provider(provider)
                .with_remedy(
                    "Use keys that do not end, or give a link of your own to an object that is there already.",
                ));
        }
        self.dialect.link(key, &credentials, from, valid_for)
    }
}

fn gone_is_done(outcome: Result<Value>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound && error.code() != Some("NoSuchBucket") => Ok(()),
        outcome => outcome.map(drop),
    }
}
