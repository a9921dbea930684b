//! JD Cloud OSS: S3's protocol, signed with AWS's version 4.
//!
//! Source: JD Cloud documentation, OSS: endpoints, Compatibility-API-Overview, Introduction-4-SDK-Go (2018 to 2021). A page
//! of 2018 calls `x-amz-content-sha256` and the token of temporary keys unsupported, against the guides that use AWS's SDKs,
//! which send them; which holds today is unverified.

mod sign;

use std::time::{Duration, SystemTime};

use cloud_import_core::{
    Bytes, CodeRule, Credentials, Link, Provider, Result,
    http::{Method, Request, Response},
    pipeline::{Protocol, Reading, Signing},
};

use super::{
    rest::{self, Style},
    site::{self, Site},
};
use crate::{
    answer,
    bucket::Bucket,
    codes::XML,
    dialect::{Call, Dialect, Limits},
};

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

/// The dialect for one bucket.
#[derive(Debug)]
pub(crate) struct S3 {
    site: Site,
    /// Where the cloud itself reads the object.
    inside: Site,
    signer: Signer,
}

impl S3 {
    pub(crate) fn new(bucket: &Bucket) -> Result<Self> {
        let region = &bucket.region;
        let public = format!("https://s3.{region}.jdcloud-oss.com");
        // The import guide asks for the host of the region's own network, and the signature covers the host: it is signed
        // as it will be asked for. Source: JD Cloud documentation, Import-Private-Image (2021).
        let internal = format!("https://s3-internal.{region}.jdcloud-oss.com");
        Ok(Self {
            site: Site::of(bucket, &public, LONGEST_KEY)?,
            inside: Site::of(bucket, &internal, LONGEST_KEY)?,
            signer: Signer { region: region.clone() },
        })
    }
}

impl Protocol for S3 {
    fn provider(&self) -> Provider {
        Provider::Jdcloud
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        self.signer.sign(request, signing)
    }

    fn read(&self, answer: &Response<Bytes>) -> Reading {
        answer::read_xml(answer, &HEADERS, XML)
    }

    fn codes(&self) -> &'static [CodeRule] {
        XML
    }
}

impl Dialect for S3 {
    fn limits(&self) -> &'static Limits {
        &LIMITS
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<Bytes>> {
        rest::request(&self.site, &STYLE, call)
    }

    fn link(&self, key: &str, credentials: &Credentials, from: SystemTime, valid_for: Duration) -> Result<Link> {
        let mut request = self.inside.request(Method::GET, Some(key), &[], Bytes::new())?;
        self.signer.presign(&mut request, credentials, from, valid_for)?;
        Ok(site::link(&request))
    }
}
