//! UCloud US3 (UFile), in its native dialect: its S3 dialect ends at 78 GiB.
//!
//! Source: UCloud documentation, UFile (ufile @b1bf0cf2); ufile-gosdk @1d4446ca and @016b56c3; ufile 3.2.11 for Python.

mod sign;

use std::time::Duration;

use cloud_import_core::{
    Bytes, Endpoint, Link, Provider, Result,
    http::{Method, Request, Response, header},
    provider::{
        CodeRule, canonical, digest, encode,
        protocol::{Protocol, Reading, Signing},
    },
};

use super::{
    buckets::{PRIVATE, unknown},
    rest,
    signer::StoreSigner as _,
    site::{self, Site},
};
use crate::{
    answer::json,
    bucket::Bucket,
    dialect::{Call, Dialect},
    facts::BucketFacts,
    generated::us3::CODES,
    objects::{ListedObject, OpenUpload, Page, Part, Uploading},
    spec::StoreSpec,
};

pub use sign::Signer;

const OCTETS: &str = "application/octet-stream";

/// What only a call of UCloud's API is.
const FORM: &str = "application/x-www-form-urlencoded";

/// The dialect for one bucket.
#[derive(Debug)]
pub(crate) struct Us3 {
    spec: &'static StoreSpec,
    bucket: String,
    region: String,
    site: Site,
    /// Where the cloud itself reads the object.
    inside: Site,
    /// Where the API is, which describes buckets.
    api: Endpoint,
    signer: Signer,
}

impl Us3 {
    pub(crate) fn new(bucket: &Bucket, spec: &'static StoreSpec) -> Result<Self> {
        Ok(Self {
            spec,
            bucket: bucket.name.clone(),
            region: bucket.region.clone(),
            site: Site::of(bucket, spec, spec.host)?,
            inside: Site::of(bucket, spec, spec.inside)?,
            api: match &bucket.api {
                Some(api) => api.clone(),
                None => spec.bucket_api.parse()?,
            },
            signer: Signer {
                bucket: bucket.name_in_host(),
            },
        })
    }

    /// An action of UCloud's API on the bucket.
    fn action(&self, name: &str, more: &[(&str, &str)]) -> Result<Request<Bytes>> {
        let pairs = [("Action", name), ("BucketName", self.bucket.as_str())];
        let form = encode::pairs(pairs.into_iter().chain(more.iter().copied()));
        encode::request(&self.api, Method::POST, "/", Some(FORM), Bytes::from(form))
    }
}

/// Whether a request is for the API, which is signed in another way.
fn is_form(request: &Request<Bytes>) -> bool {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == FORM)
}

impl Protocol for Us3 {
    fn provider(&self) -> Provider {
        Provider::UCLOUD
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        if is_form(request) {
            return sign::sign_form(request, signing);
        }
        self.signer.sign(request, signing)
    }

    fn read(&self, answer: &Response<Bytes>) -> Reading {
        json::read(answer)
    }

    fn codes(&self) -> &'static [CodeRule] {
        CODES
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        self.spec.headers.request_id
    }

    fn secrets_of(&self, request: &Request<Bytes>) -> Vec<String> {
        if !is_form(request) {
            return site::signature_after(request, self.spec.signature_after);
        }
        let form = String::from_utf8_lossy(request.body()).into_owned();
        let mut pairs = encode::decode_pairs(&form);
        pairs.retain(|(name, _)| name == "Signature");
        pairs.into_iter().map(|(_, value)| value).collect()
    }
}

impl Dialect for Us3 {
    fn spec(&self) -> &'static StoreSpec {
        self.spec
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<Bytes>> {
        let site = &self.site;
        let region = ("Region", self.region.as_str());
        match call {
            Call::PutObject { key, body, md5, .. } => {
                with_body(site.request(Method::PUT, Some(key), &[], body.clone())?, md5.as_ref())
            }
            Call::HeadObject { .. }
            | Call::GetObject { .. }
            | Call::DeleteObject { .. }
            | Call::InitiateMultipartUpload { .. }
            | Call::AbortMultipartUpload { .. } => rest::request(site, self.spec, call),
            Call::UploadPart {
                key,
                upload_id,
                number,
                body,
                md5,
            } => {
                let number = number.to_string();
                let query = [("uploadId", *upload_id), ("partNumber", number.as_str())];
                let request = site.request(Method::PUT, Some(key), &query, Bytes::new())?;
                with_body(body.sent_by(request), md5.as_ref())
            }
            Call::CompleteMultipartUpload { key, upload_id, parts } => {
                let body = Bytes::from(completion(parts)?);
                let mut request = site.request(Method::POST, Some(key), &[("uploadId", upload_id)], body)?;
                canonical::set(request.headers_mut(), "content-type", "text/plain")?;
                Ok(request)
            }
            Call::ListObjects { prefix, after } => {
                let marker = after.unwrap_or_default();
                let query = [
                    ("listobjects", ""),
                    ("prefix", *prefix),
                    ("marker", marker),
                    ("max-keys", self.spec.page),
                ];
                site.request(Method::GET, None, &query, Bytes::new())
            }
            Call::ListParts { upload_id, after, .. } => {
                let after = after.map(|number| number.to_string());
                let mut query = vec![
                    ("muploadpart", ""),
                    ("uploadId", *upload_id),
                    ("max-parts", self.spec.page),
                ];
                query.extend(after.as_deref().map(|number| ("part-number-marker", number)));
                site.request(Method::GET, None, &query, Bytes::new())
            }
            Call::ListMultipartUploads { prefix } => {
                let query = [("muploadid", ""), ("prefix", *prefix), ("limit", self.spec.page)];
                site.request(Method::GET, None, &query, Bytes::new())
            }
            Call::HeadBucket => self.action("DescribeBucket", &[region]),
            Call::CreateBucket => self.action("CreateBucket", &[region, (self.spec.new_bucket.acl, PRIVATE)]),
            // Its documents name no region here.
            Call::DeleteBucket => self.action("DeleteBucket", &[]),
            Call::GetBucketLocation
            | Call::GetBucketAcl
            | Call::GetBucketLifecycle
            | Call::GetBucketTagging
            | Call::PutBucketTagging { .. }
            | Call::GetBucketEncryption
            | Call::PutBucketEncryption
            | Call::PutBucketLifecycle { .. } => Err(unknown(Provider::UCLOUD, call)),
        }
    }

    fn link(&self, key: &str, signing: &Signing<'_>, valid_for: Duration) -> Result<Link> {
        self.inside.link(key, &self.signer, signing, valid_for)
    }

    fn uploading(&self, body: &[u8]) -> Result<Uploading> {
        json::uploading(body)
    }

    fn parts(&self, body: &[u8]) -> Result<Page<Part>> {
        json::parts(body)
    }

    fn uploads(&self, body: &[u8]) -> Result<Vec<OpenUpload>> {
        json::uploads(body)
    }

    fn objects(&self, body: &[u8]) -> Result<Page<ListedObject>> {
        json::objects(body)
    }

    /// There are none.
    fn tags(&self, _: &[u8]) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn bucket(&self, answer: &Response<Bytes>) -> Result<BucketFacts> {
        json::described(answer.body(), &self.bucket)
    }
}

/// The sum is written in hex, as ufile-gosdk does; whether the store looks at it is unverified.
fn with_body(mut request: Request<Bytes>, md5: Option<&[u8; 16]>) -> Result<Request<Bytes>> {
    canonical::set(request.headers_mut(), "content-type", OCTETS)?;
    if let Some(md5) = md5 {
        canonical::set(request.headers_mut(), "content-md5", &digest::hex(md5))?;
    }
    Ok(request)
}

/// The parts' ETags, in order.
fn completion(parts: &[Part]) -> Result<String> {
    let etags = parts.iter().map(Part::known_etag);
    Ok(etags.collect::<Result<Vec<_>>>()?.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::us3::STORE;

    #[test]
    fn a_bucket_is_asked_after_where_the_api_is() {
        let asked = |bucket: &Bucket| {
            Us3::new(bucket, &STORE)
                .unwrap()
                .action("DescribeBucket", &[])
                .unwrap()
                .uri()
                .to_string()
        };
        let bucket = Bucket::new(Provider::UCLOUD, "cn-bj2", "images").unwrap();
        assert_eq!(asked(&bucket), "https://api.ucloud.cn/");
        let channel = "https://api.channel.example".parse().unwrap();
        assert_eq!(asked(&bucket.api(channel)), "https://api.channel.example/");
    }
}
