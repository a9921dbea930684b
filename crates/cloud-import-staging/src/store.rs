//! One bucket of one store: each call of the multipart protocol, through the pipeline of core. No state, no file.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use cloud_import_core::{
    Bytes, Credentials, Error, ErrorKind, Link, Pace, Result,
    http::{Response, StatusCode},
    provider::{Pipeline, Repeat, datetime},
};

use crate::{
    answer::headers,
    bucket::Bucket,
    dialect::{Call, Dialect, PartBody},
    dialects::{self, signer::signing},
    objects::{ListedObject, ObjectHead, OpenUpload, Part, Receipt, Uploading},
    spec::Limits,
};

/// A client for one bucket. Cheap to clone.
///
/// ```no_run
/// use std::{sync::Arc, time::{Duration, SystemTime}};
///
/// use cloud_import_core::{Credentials, Provider, provider::Pipeline, transport::HttpTransport};
/// use cloud_import_staging::{Bucket, Store};
///
/// # async fn link(now: SystemTime) -> cloud_import_core::Result<()> {
/// let transport = HttpTransport::builder().idle_timeout(Duration::from_secs(120)).build()?;
/// let keys = Credentials::new("an-id", "a-secret");
/// let pipeline = Pipeline::new("cn-hangzhou", Arc::new(keys), Arc::new(transport));
/// let store = Store::new(Bucket::new(Provider::ALIYUN, "cn-hangzhou", "images")?, pipeline)?;
/// if let Some(object) = store.head("web.qcow2").await? {
///     println!("{object:?}");
///     let link = store.link("web.qcow2", now, Duration::from_secs(3600)).await?;
/// }
/// # Ok(()) }
/// ```
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

    /// The same, within limits that it shares with others: how many requests are under way at once, and how many bytes they carry a
    /// second.
    #[must_use]
    pub fn paced(mut self, pace: Pace) -> Self {
        self.pipeline.pace = pace;
        self
    }

    /// The bucket.
    pub fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// What the store takes.
    pub fn limits(&self) -> &'static Limits {
        &self.dialect.spec().limits
    }

    pub(crate) fn dialect(&self) -> &dyn Dialect {
        &*self.dialect
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// Sends a call, and reads a good answer.
    pub(crate) async fn call<T>(
        &self,
        call: Call<'_>,
        read: impl FnOnce(&Response<Bytes>) -> Result<T> + Send,
    ) -> Result<T> {
        let operation = call.operation();
        let repeatable = matches!(operation.repeat, Repeat::Safe);
        let named = |error: Error| error.with_provider(self.bucket.provider).with_operation(operation.name);
        let request = self.dialect.request(&call).map_err(named)?;
        let answer = self
            .pipeline
            .send(&*self.dialect, &operation, repeatable, request)
            .await?;
        // Where no signature holds a time, no refusal tells that this machine's clock is off, and links end by it all the same.
        if self.dialect.spec().signs_no_time {
            let date = headers::text(answer.http.headers(), "date").and_then(datetime::parse_http_date);
            self.pipeline.clock_offset.observe(date, self.pipeline.env.now());
        }
        read(&answer.http).map_err(|error| named(error).with_request_id(answer.request_id))
    }

    /// As [`Self::call`], for a HEAD. An answer to that has no body, so that the reason of a refusal is asked for by a GET of the
    /// same thing.
    pub(crate) async fn look<T>(
        &self,
        head: Call<'_>,
        get: Call<'_>,
        read: impl Fn(&Response<Bytes>) -> Result<T> + Send + Sync,
    ) -> Result<T> {
        let error = match self.call(head.clone(), &read).await {
            Err(error) if has_no_reason(&error) => error,
            outcome => return outcome,
        };
        match self.call(get, nothing).await {
            // The reason was this machine's clock, and the cloud's is known now.
            Ok(()) => self.call(head, read).await,
            Err(reason) if reason.code().is_some() => Err(reason),
            Err(_) => Err(error),
        }
    }

    /// Puts a whole object of at most [`Limits::max_put`] bytes. The store refuses them if they have another MD5 than the one that is
    /// given.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn put(&self, key: &str, body: Bytes, md5: Option<[u8; 16]>, sha256: Option<&str>) -> Result<Receipt> {
        let call = Call::PutObject { key, body, md5, sha256 };
        self.call(call, |answer| Ok(self.receipt(answer))).await
    }

    /// Looks at an object; `None` when there is none of that key.
    ///
    /// # Errors
    /// Every kind that a request can end with; a bucket that is not there is [`ErrorKind::NotFound`] where the store tells it
    /// from a missing object.
    pub async fn head(&self, key: &str) -> Result<Option<ObjectHead>> {
        let names = &self.dialect.spec().headers;
        let get = Call::GetObject {
            key,
            first: 0,
            length: 1,
            etag: None,
        };
        let head = self.look(Call::HeadObject { key }, get, |answer| {
            headers::head(answer.headers(), names)
        });
        unless_gone(head.await)
    }

    /// So many bytes of an object from the first one on; fewer where it ends. Ask for no more than a few MiB.
    ///
    /// # Errors
    /// Every kind that a request can end with; [`ErrorKind::Unsupported`] when the store sends the whole object instead.
    pub async fn read(&self, key: &str, first: u64, length: u64) -> Result<Bytes> {
        let call = Call::GetObject {
            key,
            first,
            length,
            etag: None,
        };
        let read = |answer: &Response<Bytes>| match answer.status() {
            StatusCode::PARTIAL_CONTENT => Ok(answer.body().clone()),
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                "the store sends no part of an object",
            )),
        };
        self.call(call, read).await
    }

    fn receipt(&self, answer: &Response<Bytes>) -> Receipt {
        headers::receipt(answer.headers(), &self.dialect.spec().headers)
    }

    /// Begins a multipart upload. Sent once: an answer that is lost may leave an upload open.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn initiate(&self, key: &str, sha256: Option<&str>) -> Result<Uploading> {
        let call = Call::InitiateMultipartUpload { key, sha256 };
        self.call(call, |answer| self.dialect.uploading(answer.body())).await
    }

    /// Whether it tells the CRC-64 of what it took and holds (OSS and COS), by which a part is checked for a fraction of the work of an MD5.
    pub(crate) fn answers_crc64(&self) -> bool {
        !self.dialect.spec().headers.crc64.is_empty()
    }

    /// Sends one part. Sent again, it replaces itself. The store refuses it if it has another MD5 than the one that is given.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        body: Bytes,
        md5: Option<[u8; 16]>,
    ) -> Result<Receipt> {
        self.send_part(key, upload_id, number, PartBody::Held(body), md5).await
    }

    /// The same for bytes wherever they are.
    pub(crate) async fn send_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        body: PartBody,
        md5: Option<[u8; 16]>,
    ) -> Result<Receipt> {
        let call = Call::UploadPart {
            key,
            upload_id,
            number,
            body,
            md5,
        };
        self.call(call, |answer| Ok(self.receipt(answer))).await
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
            let page = self.call(Call::ListParts { key, upload_id, after }, |answer| {
                self.dialect.parts(answer.body())
            });
            let Some(page) = where_there_is_such_a_call(page.await)? else {
                return Ok(None);
            };
            let advanced = page.items.last().map(|part| part.number) > after;
            parts.extend(page.items);
            if !page.more || !advanced {
                return Ok(Some(parts));
            }
        }
    }

    /// Makes the object of its parts, which are in ascending order. Sent once: see [`Self::head`] for how it ended.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn complete(&self, key: &str, upload_id: &str, parts: &[Part]) -> Result<Receipt> {
        let call = Call::CompleteMultipartUpload { key, upload_id, parts };
        self.call(call, |answer| Ok(self.receipt(answer))).await
    }

    /// The open uploads under a prefix, at most one page of them; `None` when the store cannot list them.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn open_uploads(&self, prefix: &str) -> Result<Option<Vec<OpenUpload>>> {
        let open = self.call(Call::ListMultipartUploads { prefix }, |answer| {
            self.dialect.uploads(answer.body())
        });
        match where_there_is_such_a_call(open.await) {
            // Where the vendor opens the call to those who apply for it, a refusal says that this account did not.
            Err(error) if !self.limits().lists_uploads && !error.is_retryable() && error.http_status().is_some() => {
                Ok(None)
            }
            open => open,
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
            let call = Call::ListObjects {
                prefix,
                after: after.as_deref(),
            };
            let page = self.call(call, |answer| self.dialect.objects(answer.body())).await?;
            let advanced = page
                .items
                .last()
                .is_some_and(|object| Some(&object.key) > after.as_ref());
            objects.extend(page.items);
            if !page.more || !advanced || objects.len() >= 10_000 {
                return Ok(objects);
            }
        }
    }

    /// The cloud's time, as far as its answers told it: links are signed of it.
    pub fn now(&self) -> SystemTime {
        self.pipeline.now()
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
        let signing = signing(&nobody, SystemTime::UNIX_EPOCH);
        let link = self.dialect.link(key, &signing, Duration::from_secs(1))?;
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
                    "Use keys that do not end, or give a link of your own to an object that already exists.",
                ));
        }
        self.dialect.link(key, &signing(&credentials, from), valid_for)
    }
}

/// Whether a HEAD was refused, for whatever reason, but that there is nothing of that name.
fn has_no_reason(error: &Error) -> bool {
    error
        .http_status()
        .is_some_and(|status| (300..500).contains(&status) && status != 404)
        && !error.is_retryable()
}

pub(crate) fn nothing(_: &Response<Bytes>) -> Result<()> {
    Ok(())
}

/// What is not there is no error; a bucket that is not there is one.
pub(crate) fn unless_gone<T>(outcome: Result<T>) -> Result<Option<T>> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound && error.code() != Some("NoSuchBucket") => Ok(None),
        outcome => outcome.map(Some),
    }
}

fn where_there_is_such_a_call<T>(outcome: Result<T>) -> Result<Option<T>> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::Unsupported || error.http_status() == Some(501) => Ok(None),
        outcome => outcome.map(Some),
    }
}
