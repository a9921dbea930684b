//! What a store's dialect is: turns a call into an unsigned request, signs, reads an answer. Pure; no retry, no clock.

use std::time::{Duration, SystemTime};

use cloud_import_core::{
    Bytes, Credentials, Link, Operation, Repeat, Result,
    http::{Method, Request},
    pipeline::Protocol,
};

use crate::store::Part;

/// The name under which the object's SHA-256 is kept in its metadata, behind the store's own prefix.
pub(crate) const SHA256_META: &str = "cloud-import-sha256";

/// One store's dialect, for one bucket. Its [`Protocol`] half signs and reads.
///
/// The payload of a good answer is an object: the child elements of the XML document (or the fields of the JSON one) under
/// their own names, a repeated element as an array, and beside them under `"header"` the headers `etag`, `content-length`,
/// `sha256` (the metadata of [`SHA256_META`]) and `region` (the bucket's, where a header tells), as text, where they came.
pub(crate) trait Dialect: Protocol {
    /// What the store takes.
    fn limits(&self) -> &'static Limits;

    /// The unsigned request.
    fn request(&self, call: &Call<'_>) -> Result<Request<Bytes>>;

    /// A link that gets the object until `valid_for` after `from`, signed with these keys. Pure: the same arguments make the
    /// same link, byte for byte.
    fn link(&self, key: &str, credentials: &Credentials, from: SystemTime, valid_for: Duration) -> Result<Link>;
}

/// What a store takes. Sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The smallest part, but for the last.
    pub min_part: u64,
    /// The largest part.
    pub max_part: u64,
    /// Every part but the last has exactly this size, where the store wants that.
    pub fixed_part: Option<u64>,
    /// How many parts at most.
    pub max_parts: u32,
    /// Number of the first part: 0 at US3, else 1.
    pub first_part: u32,
    /// The largest object of a single PUT.
    pub max_put: u64,
    /// The largest object.
    pub max_object: u64,
    /// Whether parts can be listed, as far as is known.
    pub lists_parts: bool,
    /// Whether the ETag of a part is its MD5 in hex.
    pub etag_is_md5: bool,
    /// The longest time for which a signed link may be valid.
    pub longest_link: Duration,
}

/// One call to a store.
#[derive(Debug)]
pub(crate) enum Call<'a> {
    /// PUT of a whole object.
    PutObject {
        key: &'a str,
        body: Bytes,
        md5: [u8; 16],
        sha256: Option<&'a str>,
    },
    /// HEAD.
    HeadObject { key: &'a str },
    /// DELETE.
    DeleteObject { key: &'a str },
    /// Begins a multipart upload.
    InitiateMultipartUpload { key: &'a str, sha256: Option<&'a str> },
    /// One part.
    UploadPart {
        key: &'a str,
        upload_id: &'a str,
        number: u32,
        body: Bytes,
        md5: [u8; 16],
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
}

impl Call<'_> {
    /// Name and nature, for the pipeline. A part sent twice replaces itself; an upload begun twice is two, and completing
    /// one twice needs a look in between.
    pub(crate) fn operation(&self) -> Operation {
        let (name, method, repeat) = match self {
            Self::PutObject { .. } => ("PutObject", Method::PUT, Repeat::Safe),
            Self::HeadObject { .. } => ("HeadObject", Method::HEAD, Repeat::Safe),
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
