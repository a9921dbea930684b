//! UCloud US3 (UFile), in its native dialect: its S3 dialect ends at 78 GiB.
//!
//! Source: UCloud documentation, UFile (ufile @b1bf0cf2); ufile-gosdk @1d4446ca and @016b56c3; ufile 3.2.11 for Python.

mod sign;

use std::time::{Duration, SystemTime};

use cloud_import_core::{
    Bytes, CodeRule, Credentials, Endpoint, Error, ErrorKind, Link, Provider, Result, canonical, digest, encode,
    http::{Method, Request, Response},
    pipeline::{Protocol, Reading, Signing},
};

use super::{
    site::{self, Site},
    us3_region,
};
use crate::{
    answer,
    bucket::Bucket,
    codes::US3,
    dialect::{Call, Dialect, Limits},
    sign::StoreSigner as _,
    store::Part,
};

pub use sign::Signer;

/// Every part but the last is exactly 4 MiB, or what the answer to the beginning of the upload says; parts count from 0; a
/// single PUT takes up to 512 MB. Source: UCloud documentation, UFile API and limits.
///
/// Unverified: the largest object, which an old question-and-answer page gives as 5 TB, and with it the number of parts,
/// which no source limits; that parts cannot be listed (the vendor's JavaScript SDK has a call for it that no document
/// describes). The ETag is the vendor's own sum. No source limits a link's life; seven days is this crate's bound.
const LIMITS: Limits = Limits {
    min_part: BLOCK,
    max_part: BLOCK,
    fixed_part: Some(BLOCK),
    max_parts: 1_192_093,
    first_part: 0,
    max_put: 512_000_000,
    max_object: 5_000_000_000_000,
    lists_parts: false,
    etag_is_md5: false,
    longest_link: Duration::from_secs(7 * 24 * 3600),
};

const BLOCK: u64 = 4 << 20;

/// A key has 1 to 1023 bytes. Source: UCloud documentation, UFile.
const LONGEST_KEY: usize = 1023;

/// Buckets are described by UCloud's API, which is signed in another way.
const API: &str = "api.ucloud.cn";

/// As much as one page of objects may hold. Source: ufile-gosdk (`ListObjects`), whose default is 100; unverified.
const PAGE: &str = "1000";

const OCTETS: &str = "application/octet-stream";

/// The dialect for one bucket.
#[derive(Debug)]
pub(crate) struct Us3 {
    bucket: String,
    region: String,
    site: Site,
    /// Where the cloud itself reads the object.
    inside: Site,
    signer: Signer,
}

impl Us3 {
    pub(crate) fn new(bucket: &Bucket) -> Result<Self> {
        let suffix = us3_region(&bucket.region);
        // The body is not part of the signature, so that it goes by TLS; name another endpoint where a region has none.
        let site = Site::of(bucket, &format!("https://{suffix}.ufileos.com"), LONGEST_KEY)?;
        // Links of the vendor's own image tool (packer-plugin-ucloud @d7433082) are plain http, and those are known to
        // work; whether the import takes https is unverified.
        let inside = Site::of(bucket, &format!("http://{suffix}.ufileos.com"), LONGEST_KEY)?;
        let signer = Signer {
            bucket: site.bucket_outside_path(bucket),
        };
        Ok(Self {
            bucket: bucket.name.clone(),
            region: bucket.region.clone(),
            site,
            inside,
            signer,
        })
    }

    /// Asks UCloud's API for the bucket.
    fn describe(&self) -> Result<Request<Bytes>> {
        let endpoint: Endpoint = API.parse()?;
        let form = encode::pairs([
            ("Action", "DescribeBucket"),
            ("BucketName", self.bucket.as_str()),
            ("Region", self.region.as_str()),
        ]);
        let form_type = Some("application/x-www-form-urlencoded");
        encode::request(&endpoint, Method::POST, "/", form_type, Bytes::from(form))
    }
}

fn is_described(request: &Request<Bytes>) -> bool {
    request.uri().host() == Some(API)
}

impl Protocol for Us3 {
    fn provider(&self) -> Provider {
        Provider::Ucloud
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        if is_described(request) {
            return sign::sign_form(request, signing);
        }
        self.signer.sign(request, signing)
    }

    fn read(&self, answer: &Response<Bytes>) -> Reading {
        answer::read_json(answer, US3)
    }

    fn codes(&self) -> &'static [CodeRule] {
        US3
    }

    fn secrets_of(&self, request: &Request<Bytes>) -> Vec<String> {
        if !is_described(request) {
            return site::signature_after(request, ':');
        }
        let form = String::from_utf8_lossy(request.body()).into_owned();
        let mut pairs = encode::decode_pairs(&form);
        pairs.retain(|(name, _)| name == "Signature");
        pairs.into_iter().map(|(_, value)| value).collect()
    }
}

impl Dialect for Us3 {
    fn limits(&self) -> &'static Limits {
        &LIMITS
    }

    /// Metadata is not documented for this dialect, so that no SHA-256 goes with an object.
    fn request(&self, call: &Call<'_>) -> Result<Request<Bytes>> {
        let none = Bytes::new;
        let site = &self.site;
        match call {
            Call::PutObject { key, body, md5, .. } => {
                with_body(site.request(Method::PUT, Some(key), &[], body.clone())?, md5)
            }
            Call::HeadObject { key } => site.request(Method::HEAD, Some(key), &[], none()),
            Call::DeleteObject { key } => site.request(Method::DELETE, Some(key), &[], none()),
            Call::InitiateMultipartUpload { key, .. } => {
                let mut request = site.request(Method::POST, Some(key), &[("uploads", "")], none())?;
                canonical::set(request.headers_mut(), "content-type", OCTETS)?;
                Ok(request)
            }
            Call::UploadPart {
                key,
                upload_id,
                number,
                body,
                md5,
            } => {
                let number = number.to_string();
                let query = [("uploadId", *upload_id), ("partNumber", number.as_str())];
                with_body(site.request(Method::PUT, Some(key), &query, body.clone())?, md5)
            }
            Call::CompleteMultipartUpload { key, upload_id, parts } => {
                let body = Bytes::from(completion(parts)?);
                let mut request = site.request(Method::POST, Some(key), &[("uploadId", upload_id)], body)?;
                canonical::set(request.headers_mut(), "content-type", "text/plain")?;
                Ok(request)
            }
            Call::AbortMultipartUpload { key, upload_id } => {
                site.request(Method::DELETE, Some(key), &[("uploadId", upload_id)], none())
            }
            Call::ListObjects { prefix, after } => {
                let marker = after.unwrap_or_default();
                let query = [
                    ("listobjects", ""),
                    ("prefix", *prefix),
                    ("marker", marker),
                    ("max-keys", PAGE),
                ];
                site.request(Method::GET, None, &query, none())
            }
            Call::HeadBucket => self.describe(),
            Call::ListParts { .. }
            | Call::ListMultipartUploads { .. }
            | Call::GetBucketLocation
            | Call::GetBucketAcl
            | Call::GetBucketLifecycle => Err(Error::new(
                ErrorKind::Unsupported,
                format!("{} is not documented for US3", call.operation().name),
            )
            .with_provider(Provider::Ucloud)),
        }
    }

    fn link(&self, key: &str, credentials: &Credentials, from: SystemTime, valid_for: Duration) -> Result<Link> {
        let mut request = self.inside.request(Method::GET, Some(key), &[], Bytes::new())?;
        self.signer.presign(&mut request, credentials, from, valid_for)?;
        Ok(site::link(&request))
    }
}

/// The sum is written in hex, as ufile-gosdk does; whether the store looks at it is unverified.
fn with_body(mut request: Request<Bytes>, md5: &[u8; 16]) -> Result<Request<Bytes>> {
    canonical::set(request.headers_mut(), "content-type", OCTETS)?;
    canonical::set(request.headers_mut(), "content-md5", &digest::hex(md5))?;
    Ok(request)
}

/// The parts' ETags, in order.
fn completion(parts: &[Part]) -> Result<String> {
    if let Some(part) = parts.iter().find(|part| part.etag.is_empty()) {
        return Err(Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "part {} has no ETag, and the upload cannot be completed without it",
                part.number
            ),
        )
        .with_remedy("Send that part again."));
    }
    let etags: Vec<&str> = parts.iter().map(|part| part.etag.as_str()).collect();
    Ok(etags.join(","))
}
