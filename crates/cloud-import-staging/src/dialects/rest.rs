//! The calls of the four stores that speak S3's protocol, or their own of the same shape: one path per object, sub-resources
//! in the query, XML in the bodies. They differ in names.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use cloud_import_core::{
    Bytes, Link, Provider, Result,
    http::{Method, Request, Response},
    provider::{
        CodeRule, canonical, digest,
        protocol::{Protocol, Reading, Signing},
    },
};

use super::{
    buckets::{self, unknown},
    signer::StoreSigner,
    site::{self, Site},
};
use crate::{
    answer::{documents, headers, rest},
    bucket::Bucket,
    dialect::{Call, Dialect},
    facts::BucketFacts,
    generated::xml::CODES,
    objects::{ListedObject, OpenUpload, Page, Part, Uploading},
    spec::StoreSpec,
};

/// One of the four, for one bucket.
#[derive(Debug)]
struct RestStore<S> {
    spec: &'static StoreSpec,
    /// The region, in the words of the store.
    region: String,
    /// Where requests go.
    site: Site,
    /// Where the cloud itself reads an object.
    inside: Site,
    signer: S,
}

/// The dialect for one bucket.
///
/// # Errors
/// [`InvalidRequest`](cloud_import_core::ErrorKind::InvalidRequest) when the region makes no host.
pub(super) fn store(
    bucket: &Bucket,
    spec: &'static StoreSpec,
    signer: impl StoreSigner + 'static,
) -> Result<Arc<dyn Dialect>> {
    Ok(Arc::new(RestStore {
        spec,
        region: spec.region(&bucket.region).to_owned(),
        site: Site::of(bucket, spec, spec.host)?,
        inside: Site::of(bucket, spec, spec.inside)?,
        signer,
    }))
}

impl<S: StoreSigner> Protocol for RestStore<S> {
    fn provider(&self) -> Provider {
        self.spec.provider
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        self.signer.sign(request, signing)
    }

    fn read(&self, answer: &Response<Bytes>) -> Reading {
        rest::read(answer, self.spec)
    }

    fn codes(&self) -> &'static [CodeRule] {
        CODES
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        self.spec.headers.request_id
    }

    fn secrets_of(&self, request: &Request<Bytes>) -> Vec<String> {
        site::signature_after(request, self.spec.signature_after)
    }
}

impl<S: StoreSigner> Dialect for RestStore<S> {
    fn spec(&self) -> &'static StoreSpec {
        self.spec
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<Bytes>> {
        match call {
            Call::CreateBucket
            | Call::DeleteBucket
            | Call::GetBucketTagging
            | Call::PutBucketTagging { .. }
            | Call::GetBucketEncryption
            | Call::PutBucketEncryption
            | Call::PutBucketLifecycle { .. } => buckets::request(&self.site, self.spec, &self.region, call),
            call => request(&self.site, self.spec, call),
        }
    }

    fn link(&self, key: &str, signing: &Signing<'_>, valid_for: Duration) -> Result<Link> {
        self.inside.link(key, &self.signer, signing, valid_for)
    }

    fn uploading(&self, body: &[u8]) -> Result<Uploading> {
        documents::uploading(body)
    }

    fn parts(&self, body: &[u8]) -> Result<Page<Part>> {
        documents::parts(body)
    }

    fn uploads(&self, body: &[u8]) -> Result<Vec<OpenUpload>> {
        documents::open_uploads(body)
    }

    fn objects(&self, body: &[u8]) -> Result<Page<ListedObject>> {
        documents::objects(body)
    }

    fn tags(&self, body: &[u8]) -> Result<Vec<(String, String)>> {
        documents::tags(body)
    }

    fn bucket(&self, answer: &Response<Bytes>) -> Result<BucketFacts> {
        if !self.spec.bucket_query.is_empty() {
            return documents::bucket_info(answer.body(), self.spec);
        }
        let told = |name| headers::text(answer.headers(), name).map(str::to_owned);
        Ok(BucketFacts {
            region: told(self.spec.headers.region),
            storage_class: told(self.spec.headers.storage_class),
            ..BucketFacts::default()
        })
    }
}

/// A body that is no text: also what tells the pipeline that there are no links in it to look for.
const OCTETS: &str = "application/octet-stream";

/// The unsigned request of a call.
///
/// # Errors
/// [`InvalidRequest`](cloud_import_core::ErrorKind::InvalidRequest) for a key that cannot stand in a URL, or a part without
/// its ETag.
pub(super) fn request(site: &Site, spec: &StoreSpec, call: &Call<'_>) -> Result<Request<Bytes>> {
    let none = Bytes::new;
    let get = |query: &[(&str, &str)]| site.request(Method::GET, None, query, Bytes::new());
    match call {
        Call::PutObject { key, body, md5, sha256 } => {
            let mut request = site.request(Method::PUT, Some(key), &[], body.clone())?;
            put_md5(&mut request, md5.as_ref())?;
            put_object_headers(&mut request, spec, *sha256)?;
            Ok(request)
        }
        Call::HeadObject { key } => site.request(Method::HEAD, Some(key), &[], none()),
        Call::GetObject {
            key,
            first,
            length,
            etag,
        } => get_object(site, spec, key, (*first, *length), *etag),
        Call::DeleteObject { key, version } => {
            let query: Vec<_> = version.iter().map(|version| ("versionId", *version)).collect();
            site.request(Method::DELETE, Some(key), &query, none())
        }
        Call::InitiateMultipartUpload { key, sha256 } => {
            let mut request = site.request(Method::POST, Some(key), &[("uploads", "")], none())?;
            put_object_headers(&mut request, spec, *sha256)?;
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
            let query = [("partNumber", number.as_str()), ("uploadId", upload_id)];
            let mut request = body.sent_by(site.request(Method::PUT, Some(key), &query, none())?);
            canonical::set(request.headers_mut(), "content-type", OCTETS)?;
            put_md5(&mut request, md5.as_ref())?;
            Ok(request)
        }
        Call::ListParts { key, upload_id, after } => {
            let after = after.map(|number| number.to_string());
            let mut query = vec![("max-parts", spec.page), ("uploadId", upload_id)];
            query.extend(after.as_deref().map(|number| ("part-number-marker", number)));
            site.request(Method::GET, Some(key), &query, none())
        }
        Call::CompleteMultipartUpload { key, upload_id, parts } => {
            let body = Bytes::from(completion(parts)?);
            let mut request = site.request(Method::POST, Some(key), &[("uploadId", upload_id)], body)?;
            canonical::set(request.headers_mut(), "content-type", "application/xml")?;
            Ok(request)
        }
        Call::AbortMultipartUpload { key, upload_id } => {
            site.request(Method::DELETE, Some(key), &[("uploadId", upload_id)], none())
        }
        Call::ListMultipartUploads { prefix } => {
            let mut query = vec![("max-uploads", spec.page), ("uploads", "")];
            query.extend(given("prefix", prefix));
            get(&query)
        }
        Call::ListObjects { prefix, after } => {
            let (version, marker) = match spec.lists_v2 {
                true => (Some(("list-type", "2")), "start-after"),
                false => (None, "marker"),
            };
            let mut query = vec![("max-keys", spec.page)];
            query.extend(version);
            query.extend(given("prefix", prefix));
            query.extend(after.and_then(|key| given(marker, key)));
            get(&query)
        }
        Call::HeadBucket if spec.bucket_query.is_empty() => site.request(Method::HEAD, None, &[], none()),
        Call::HeadBucket => get(&[(spec.bucket_query, "")]),
        Call::GetBucketLocation => get(&[("location", "")]),
        Call::GetBucketAcl => get(&[("acl", "")]),
        Call::GetBucketLifecycle => get(&[("lifecycle", "")]),
        // Those that make a bucket are in `buckets`.
        call => Err(unknown(spec.provider, call)),
    }
}

/// A part of an object, on condition of its ETag where the store takes that.
fn get_object(
    site: &Site,
    spec: &StoreSpec,
    key: &str,
    (first, length): (u64, u64),
    etag: Option<&str>,
) -> Result<Request<Bytes>> {
    let mut request = site.request(Method::GET, Some(key), &[], Bytes::new())?;
    let last = first.saturating_add(length.saturating_sub(1));
    canonical::set(request.headers_mut(), "range", &format!("bytes={first}-{last}"))?;
    if let Some(etag) = etag.filter(|_| spec.takes_if_match) {
        canonical::set(request.headers_mut(), "if-match", &format!("\"{etag}\""))?;
    }
    Ok(request)
}

fn given<'t>(name: &'static str, value: &'t str) -> Option<(&'static str, &'t str)> {
    (!value.is_empty()).then_some((name, value))
}

fn put_md5(request: &mut Request<Bytes>, md5: Option<&[u8; 16]>) -> Result<()> {
    md5.map_or(Ok(()), |md5| {
        canonical::set(request.headers_mut(), "content-md5", &digest::base64(md5))
    })
}

/// What is said of an object when it is begun. No storage class: each store's default is its standard one.
fn put_object_headers(request: &mut Request<Bytes>, spec: &StoreSpec, sha256: Option<&str>) -> Result<()> {
    canonical::set(request.headers_mut(), "content-type", OCTETS)?;
    match (spec.headers.sha256, sha256) {
        ("", _) | (_, None) => Ok(()),
        (name, Some(sha256)) => canonical::set(request.headers_mut(), name, sha256),
    }
}

/// The document that names an object's parts.
fn completion(parts: &[Part]) -> Result<String> {
    let mut text = String::with_capacity(64 + parts.len() * 96);
    text.push_str("<CompleteMultipartUpload>");
    for part in parts {
        let etag = quick_xml::escape::escape(part.known_etag()?);
        let number = part.number;
        let _ = write!(
            text,
            "<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag}&quot;</ETag></Part>"
        );
    }
    text.push_str("</CompleteMultipartUpload>");
    Ok(text)
}
