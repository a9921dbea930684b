//! Huawei Cloud OBS, in its own dialect and with its own signature.
//!
//! OBS takes AWS's version 4, too. Its own is what the vendor's documents and SDKs use by default, its header form was found
//! equal to the SDK's with temporary keys as well, and it needs no region; so it is the one that is sent.
//!
//! Source: Huawei Cloud documentation, OBS API Reference and developer guide; esdk-obs-python 3.26.6 (2026).

mod sign;

use std::time::Duration;

use cloud_import_core::{Provider, Result};

use super::{
    rest::{Facts, RestStore, Style},
    site::Site,
};
use crate::{answer, bucket::Bucket, dialect::Limits};

pub use sign::Signer;

/// Parts from 100 KB to 5 GB, at most 10,000 of them, an object up to 48.8 TB; a single PUT up to 5 GB. Source: Huawei Cloud
/// documentation, OBS developer guide. The ETag of a part is its MD5 where the bucket does not encrypt with keys of its own.
/// No source limits a link's life; seven days is this crate's bound, that of the other stores. Huawei's import takes bucket
/// and key and needs no link.
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

const STYLE: Style = Style {
    meta: "x-obs-meta-",
    lists_v2: false,
    bucket_info: None,
};

const HEADERS: answer::Headers = answer::Headers {
    request_id: "x-obs-request-id",
    sha256: "x-obs-meta-cloud-import-sha256",
    region: Some("x-obs-bucket-location"),
    storage_class: "x-obs-storage-class",
    error_code: Some("x-obs-error-code"),
    error_document: None,
};

/// A key has 1 to 1024 bytes. Source: Huawei Cloud documentation, OBS object naming.
const LONGEST_KEY: usize = 1024;

static FACTS: Facts = Facts {
    provider: Provider::Huawei,
    limits: LIMITS,
    style: STYLE,
    headers: HEADERS,
    signature_after: Some(':'),
};

/// The dialect for one bucket.
///
/// # Errors
/// [`InvalidRequest`](cloud_import_core::ErrorKind::InvalidRequest) when the region makes no host.
pub(super) fn store(bucket: &Bucket) -> Result<RestStore<Signer>> {
    let usual = format!("https://obs.{}.myhuaweicloud.com", bucket.region);
    let site = Site::of(bucket, &usual, LONGEST_KEY)?;
    let signer = Signer {
        bucket: site.bucket_outside_path(bucket),
    };
    Ok(RestStore {
        facts: &FACTS,
        inside: site.clone(),
        site,
        signer,
    })
}
