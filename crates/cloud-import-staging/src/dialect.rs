//! What a store's dialect is: turns a call into an unsigned request, signs, reads an answer. Pure; no retry, no clock.

use std::time::Duration;

use cloud_import_core::{
    Bytes, Link, Result,
    http::{Method, Request, Response},
    provider::{
        Operation, Repeat,
        protocol::{Protocol, Signing},
    },
    transport::StreamedBody,
};

use crate::{
    facts::BucketFacts,
    objects::{ListedObject, OpenUpload, Page, Part, Uploading},
    spec::StoreSpec,
};

/// One store's dialect, for one bucket. Its [`Protocol`] half signs, and tells a good answer from a refusal.
pub(crate) trait Dialect: Protocol {
    /// What is known of the store.
    fn spec(&self) -> &'static StoreSpec;

    /// The unsigned request.
    fn request(&self, call: &Call<'_>) -> Result<Request<Bytes>>;

    /// A link that gets the object until `valid_for` after the instant. Pure: the same arguments make the same link, byte for
    /// byte.
    fn link(&self, key: &str, signing: &Signing<'_>, valid_for: Duration) -> Result<Link>;

    /// Reads the answer to [`Call::InitiateMultipartUpload`].
    fn uploading(&self, body: &[u8]) -> Result<Uploading>;

    /// Reads the answer to [`Call::ListParts`]: in ascending order.
    fn parts(&self, body: &[u8]) -> Result<Page<Part>>;

    /// Reads the answer to [`Call::ListMultipartUploads`].
    fn uploads(&self, body: &[u8]) -> Result<Vec<OpenUpload>>;

    /// Reads the answer to [`Call::ListObjects`].
    fn objects(&self, body: &[u8]) -> Result<Page<ListedObject>>;

    /// Reads the answer to [`Call::GetBucketTagging`]: names and values.
    fn tags(&self, body: &[u8]) -> Result<Vec<(String, String)>>;

    /// Reads what the answer to [`Call::HeadBucket`] tells of the bucket.
    fn bucket(&self, answer: &Response<Bytes>) -> Result<BucketFacts>;
}

/// The bytes of a part.
#[derive(Debug, Clone)]
pub(crate) enum PartBody {
    /// In memory.
    Held(Bytes),
    /// Read while they are sent.
    Streamed(StreamedBody),
}

impl PartBody {
    /// A request that brings them.
    pub(crate) fn sent_by(&self, mut request: Request<Bytes>) -> Request<Bytes> {
        match self {
            Self::Held(bytes) => *request.body_mut() = bytes.clone(),
            Self::Streamed(body) => drop(request.extensions_mut().insert(body.clone())),
        }
        request
    }
}

/// One call to a store.
#[derive(Debug, Clone)]
pub(crate) enum Call<'a> {
    /// PUT of a whole object.
    PutObject {
        key: &'a str,
        body: Bytes,
        md5: Option<[u8; 16]>,
        sha256: Option<&'a str>,
    },
    /// HEAD.
    HeadObject { key: &'a str },
    /// GET of so many bytes from the first one on, where the ETag is the one that is named; a store that takes no such condition is
    /// not told of it.
    GetObject {
        key: &'a str,
        first: u64,
        length: u64,
        etag: Option<&'a str>,
    },
    /// DELETE, of one version where it is named.
    DeleteObject { key: &'a str, version: Option<&'a str> },
    /// Begins a multipart upload.
    InitiateMultipartUpload { key: &'a str, sha256: Option<&'a str> },
    /// One part.
    UploadPart {
        key: &'a str,
        upload_id: &'a str,
        number: u32,
        body: PartBody,
        md5: Option<[u8; 16]>,
    },
    /// The parts that are there, behind this number.
    ListParts {
        key: &'a str,
        upload_id: &'a str,
        after: Option<u32>,
    },
    /// Makes the object of its parts.
    CompleteMultipartUpload {
        key: &'a str,
        upload_id: &'a str,
        parts: &'a [Part],
    },
    /// Gives an upload up.
    AbortMultipartUpload { key: &'a str, upload_id: &'a str },
    /// The uploads under this prefix that are open.
    ListMultipartUploads { prefix: &'a str },
    /// The objects under this prefix, behind this key.
    ListObjects { prefix: &'a str, after: Option<&'a str> },
    /// Whether the bucket is there and may be used.
    HeadBucket,
    /// Where the bucket is.
    GetBucketLocation,
    /// Who may read it.
    GetBucketAcl,
    /// What expires in it.
    GetBucketLifecycle,
    /// Makes it, private.
    CreateBucket,
    /// Removes it, where it is empty.
    DeleteBucket,
    /// Its tags.
    GetBucketTagging,
    /// Makes these its tags.
    PutBucketTagging { tags: &'a [(String, String)] },
    /// How it encrypts.
    GetBucketEncryption,
    /// Lets it encrypt with the store's keys.
    PutBucketEncryption,
    /// Gives it one rule: unfinished uploads expire after so many days.
    PutBucketLifecycle { days: u32 },
}

impl Call<'_> {
    /// Name and nature, for the pipeline. A part sent twice replaces itself; an upload begun twice is two, and completing
    /// one twice needs a look in between.
    pub(crate) fn operation(&self) -> Operation {
        let (name, method, repeat) = match self {
            Self::PutObject { .. } => ("PutObject", Method::PUT, Repeat::Safe),
            Self::HeadObject { .. } => ("HeadObject", Method::HEAD, Repeat::Safe),
            Self::GetObject { .. } => ("GetObject", Method::GET, Repeat::Safe),
            Self::DeleteObject { .. } => ("DeleteObject", Method::DELETE, Repeat::Safe),
            Self::InitiateMultipartUpload { .. } => ("InitiateMultipartUpload", Method::POST, Repeat::Unsafe),
            Self::UploadPart { .. } => ("UploadPart", Method::PUT, Repeat::Safe),
            Self::ListParts { .. } => ("ListParts", Method::GET, Repeat::Safe),
            Self::CompleteMultipartUpload { .. } => ("CompleteMultipartUpload", Method::POST, Repeat::Unsafe),
            Self::AbortMultipartUpload { .. } => ("AbortMultipartUpload", Method::DELETE, Repeat::Safe),
            Self::ListMultipartUploads { .. } => ("ListMultipartUploads", Method::GET, Repeat::Safe),
            Self::ListObjects { .. } => ("ListObjects", Method::GET, Repeat::Safe),
            Self::HeadBucket => ("HeadBucket", Method::HEAD, Repeat::Safe),
            Self::GetBucketLocation => ("GetBucketLocation", Method::GET, Repeat::Safe),
            Self::GetBucketAcl => ("GetBucketAcl", Method::GET, Repeat::Safe),
            Self::GetBucketLifecycle => ("GetBucketLifecycle", Method::GET, Repeat::Safe),
            // Made or removed twice, a bucket is what it is after the first time; a refusal of the second is looked into.
            Self::CreateBucket => ("CreateBucket", Method::PUT, Repeat::Safe),
            Self::DeleteBucket => ("DeleteBucket", Method::DELETE, Repeat::Safe),
            Self::GetBucketTagging => ("GetBucketTagging", Method::GET, Repeat::Safe),
            Self::PutBucketTagging { .. } => ("PutBucketTagging", Method::PUT, Repeat::Safe),
            Self::GetBucketEncryption => ("GetBucketEncryption", Method::GET, Repeat::Safe),
            Self::PutBucketEncryption => ("PutBucketEncryption", Method::PUT, Repeat::Safe),
            Self::PutBucketLifecycle { .. } => ("PutBucketLifecycle", Method::PUT, Repeat::Safe),
        };
        Operation {
            name,
            method,
            path: "",
            repeat,
            placed: &[],
        }
    }
}
