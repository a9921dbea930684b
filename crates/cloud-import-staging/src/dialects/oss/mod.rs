//! Alibaba Cloud OSS, signed with its version 4.
//!
//! Source: Alibaba Cloud documentation, OSS: "Multipart upload", "Limits"; alibabacloud-oss-v2 1.4.1 (2026).

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

/// The dialect for one bucket.
#[derive(Debug)]
pub(crate) struct Oss {
    site: Site,
    signer: Signer,
}

impl Oss {
    pub(crate) fn new(bucket: &Bucket) -> Result<Self> {
        let usual = format!("https://oss-{}.aliyuncs.com", bucket.region);
        let site = Site::of(bucket, &usual, LONGEST_KEY)?;
        let signer = Signer {
            region: bucket.region.clone(),
            bucket: site.bucket_outside_path(bucket),
            version: SignatureVersion::V4,
        };
        Ok(Self { site, signer })
    }
}

impl Protocol for Oss {
    fn provider(&self) -> Provider {
        Provider::Aliyun
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

impl Dialect for Oss {
    fn limits(&self) -> &'static Limits {
        &LIMITS
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<Bytes>> {
        rest::request(&self.site, &STYLE, call)
    }

    fn link(&self, key: &str, credentials: &Credentials, from: SystemTime, valid_for: Duration) -> Result<Link> {
        let mut request = self.site.request(Method::GET, Some(key), &[], Bytes::new())?;
        self.signer.presign(&mut request, credentials, from, valid_for)?;
        Ok(site::link(&request))
    }
}
