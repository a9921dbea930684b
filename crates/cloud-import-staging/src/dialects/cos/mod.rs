//! Tencent Cloud COS.
//!
//! Source: Tencent Cloud documentation, COS API; cos_python_sdk_v5 1.9.44 (2026).

mod sign;

use std::time::Duration;

use cloud_import_core::{Provider, Result};

use super::{
    rest::{Facts, RestStore, Style},
    site::Site,
};
use crate::{answer, bucket::Bucket, dialect::Limits};

pub use sign::Signer;

/// Parts from 1 MB to 5 GB, at most 10,000 of them; a single PUT up to 5 GB. Source: Tencent Cloud documentation, "Upload
/// Part". The largest object is the product of the two, in binary units. The ETag of a part is its MD5 where the bucket does
/// not encrypt with keys of its own. No source limits a link's life; seven days is this crate's bound, that of other stores.
const LIMITS: Limits = Limits {
    min_part: 1 << 20,
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

const STYLE: Style = Style {
    meta: "x-cos-meta-",
    lists_v2: false,
    bucket_info: None,
};

const HEADERS: answer::Headers = answer::Headers {
    request_id: "x-cos-request-id",
    sha256: "x-cos-meta-cloud-import-sha256",
    region: Some("x-cos-bucket-region"),
    storage_class: "x-cos-storage-class",
    error_code: None,
    error_document: None,
};

/// A key has 1 to 850 bytes. Source: Tencent Cloud documentation, object naming (unverified against the service).
const LONGEST_KEY: usize = 850;

static FACTS: Facts = Facts {
    provider: Provider::Tencent,
    limits: LIMITS,
    style: STYLE,
    headers: HEADERS,
    signature_after: Some('='),
};

/// The dialect for one bucket.
///
/// # Errors
/// [`InvalidRequest`](cloud_import_core::ErrorKind::InvalidRequest) when the region makes no host.
pub(super) fn store(bucket: &Bucket) -> Result<RestStore<Signer>> {
    let usual = format!("https://cos.{}.myqcloud.com", bucket.region);
    let site = Site::of(bucket, &usual, LONGEST_KEY)?;
    Ok(RestStore {
        facts: &FACTS,
        inside: site.clone(),
        site,
        signer: Signer::default(),
    })
}
