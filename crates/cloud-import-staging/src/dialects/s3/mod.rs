//! JD Cloud OSS: S3's protocol, signed with AWS's version 4.
//!
//! Source: JD Cloud documentation, OSS: endpoints, Compatibility-API-Overview, Introduction-4-SDK-Go (2018 to 2021). A page
//! of 2018 calls `x-amz-content-sha256` and the token of temporary keys unsupported, against the guides that use AWS's SDKs,
//! which send them; which holds today is unverified.

mod sign;

use std::time::Duration;

use cloud_import_core::{Provider, Result};

use super::{
    rest::{Facts, RestStore, Style},
    site::Site,
};
use crate::{answer, bucket::Bucket, dialect::Limits};

pub use sign::Signer;

/// Parts up to 5 GB, at most 10,000 of them, an object up to 48.8 TB, which is their product in binary units; a single PUT up
/// to 5 GB. Source: JD Cloud documentation, OSS, limits.
///
/// No source names a smallest part: 5 MiB is S3's own, and the size in the vendor's examples. That the ETag of a part is its
/// MD5 is S3's behaviour too; JD documents only that Content-MD5 is checked. A signed link lives seven days in version 4.
const LIMITS: Limits = Limits {
    min_part: 5 << 20,
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
    meta: "x-amz-meta-",
    lists_v2: true,
    bucket_info: None,
};

const HEADERS: answer::Headers = answer::Headers {
    request_id: "x-amz-request-id",
    sha256: "x-amz-meta-cloud-import-sha256",
    region: Some("x-amz-bucket-region"),
    storage_class: "x-amz-storage-class",
    error_code: None,
    error_document: None,
};

/// S3 limits a key to 1024 bytes.
const LONGEST_KEY: usize = 1024;

static FACTS: Facts = Facts {
    provider: Provider::Jdcloud,
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
    let region = &bucket.region;
    let public = format!("https://s3.{region}.jdcloud-oss.com");
    // The import guide asks for the host of the region's own network, and the signature covers the host: it is signed
    // as it will be asked for. Source: JD Cloud documentation, Import-Private-Image (2021).
    let internal = format!("https://s3-internal.{region}.jdcloud-oss.com");
    Ok(RestStore {
        facts: &FACTS,
        site: Site::of(bucket, &public, LONGEST_KEY)?,
        inside: Site::of(bucket, &internal, LONGEST_KEY)?,
        signer: Signer { region: region.clone() },
    })
}
