//! Alibaba Cloud OSS, signed with its version 4.
//!
//! Source: Alibaba Cloud documentation, OSS: "Multipart upload", "Limits"; alibabacloud-oss-v2 1.4.1 (2026).

mod sign;

use std::time::Duration;

use cloud_import_core::{Provider, Result};

use super::{
    rest::{Facts, RestStore, Style},
    site::Site,
};
use crate::{answer, bucket::Bucket, dialect::Limits};

pub use sign::{SignatureVersion, Signer};

/// Parts from 100 KB to 5 GB, at most 10,000 of them, an object up to 48.8 TB; a single PUT up to 5 GB. Source: Alibaba
/// Cloud documentation, "Multipart upload". The ETag of a part is its MD5 (UploadPart); a link of version 4 lives seven days
/// (Add signatures to URLs).
const LIMITS: Limits = Limits {
    min_part: 100 << 10,
    max_part: 5 << 30,
    fixed_part: None,
    max_parts: 10_000,
    first_part: 1,
    max_put: 5 << 30,
    max_object: 10_000 * (5 << 30),
    lists_parts: true,
    etag_is_md5: true,
    longest_link: Duration::from_secs(7 * 24 * 3600),
};

/// HEAD is not documented for a bucket; `bucketInfo` is, and tells region, class and who may read.
const STYLE: Style = Style {
    meta: "x-oss-meta-",
    lists_v2: false,
    bucket_info: Some("bucketInfo"),
};

const HEADERS: answer::Headers = answer::Headers {
    request_id: "x-oss-request-id",
    sha256: "x-oss-meta-cloud-import-sha256",
    region: None,
    storage_class: "x-oss-storage-class",
    error_code: None,
    error_document: Some("x-oss-err"),
};

/// A key has 1 to 1023 bytes. Source: Alibaba Cloud documentation, object naming.
const LONGEST_KEY: usize = 1023;

static FACTS: Facts = Facts {
    provider: Provider::Aliyun,
    limits: LIMITS,
    style: STYLE,
    headers: HEADERS,
    signature_after: None,
};

/// The dialect for one bucket.
///
/// # Errors
/// [`InvalidRequest`](cloud_import_core::ErrorKind::InvalidRequest) when the region makes no host.
pub(super) fn store(bucket: &Bucket) -> Result<RestStore<Signer>> {
    let usual = format!("https://oss-{}.aliyuncs.com", bucket.region);
    let site = Site::of(bucket, &usual, LONGEST_KEY)?;
    let signer = Signer {
        region: bucket.region.clone(),
        bucket: site.bucket_outside_path(bucket),
        version: SignatureVersion::V4,
    };
    Ok(RestStore {
        facts: &FACTS,
        inside: site.clone(),
        site,
        signer,
    })
}
