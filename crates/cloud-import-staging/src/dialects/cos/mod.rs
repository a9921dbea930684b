//! Tencent Cloud COS.
//!
//! Source: Tencent Cloud documentation, COS API; cos_python_sdk_v5 1.9.44 (2026).

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

/// The dialect for one bucket.
#[derive(Debug)]
pub(crate) struct Cos {
    site: Site,
    signer: Signer,
}

impl Cos {
    pub(crate) fn new(bucket: &Bucket) -> Result<Self> {
        let usual = format!("https://cos.{}.myqcloud.com", bucket.region);
        Ok(Self {
            site: Site::of(bucket, &usual, LONGEST_KEY)?,
            signer: Signer::default(),
        })
    }
}

impl Protocol for Cos {
    fn provider(&self) -> Provider {
        Provider::Tencent
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

    fn secrets_of(&self, request: &Request<Bytes>) -> Vec<String> {
        site::signature_after(request, '=')
    }
}

impl Dialect for Cos {
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
