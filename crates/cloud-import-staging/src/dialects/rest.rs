//! The calls of the four stores that speak S3's protocol, or their own of the same shape: one path per object, sub-resources
//! in the query, XML in the bodies. They differ in names.

use std::time::{Duration, SystemTime};

use cloud_import_core::{
    Bytes, CodeRule, Credentials, Error, ErrorKind, Link, Provider, Result, canonical, digest,
    http::{Method, Request, Response},
    pipeline::{Protocol, Reading, Signing},
};

use super::site::{self, Site};
use crate::{
    answer,
    codes::XML,
    dialect::{Call, Dialect, Limits, SHA256_META},
    sign::StoreSigner,
    store::Part,
};

/// What differs between the four, beside hosts and signatures.
#[derive(Debug)]
pub(super) struct Facts {
    /// The cloud.
    pub(super) provider: Provider,
    /// What the store takes.
    pub(super) limits: Limits,
    /// How its requests are written.
    pub(super) style: Style,
    /// Names of its own headers.
    pub(super) headers: answer::Headers,
    /// What stands before the signature in `Authorization`, where that is not the word `Signature=`.
    pub(super) signature_after: Option<char>,
}

/// One of the four, for one bucket.
#[derive(Debug)]
pub(super) struct RestStore<S> {
    pub(super) facts: &'static Facts,
    /// Where requests go.
    pub(super) site: Site,
    /// Where the cloud itself reads an object.
    pub(super) inside: Site,
    pub(super) signer: S,
}

impl<S: StoreSigner> Protocol for RestStore<S> {
    fn provider(&self) -> Provider {
        self.facts.provider
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        self.signer.sign(request, signing)
    }

    fn read(&self, answer: &Response<Bytes>) -> Reading {
        answer::read_xml(answer, &self.facts.headers, XML)
    }

    fn codes(&self) -> &'static [CodeRule] {
        XML
    }

    fn secrets_of(&self, request: &Request<Bytes>) -> Vec<String> {
        let mark = self.facts.signature_after;
        mark.map(|mark| site::signature_after(request, mark))
            .unwrap_or_default()
    }
}

impl<S: StoreSigner> Dialect for RestStore<S> {
    fn limits(&self) -> &'static Limits {
        &self.facts.limits
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<Bytes>> {
        request(&self.site, &self.facts.style, call)
    }

    fn link(&self, key: &str, credentials: &Credentials, from: SystemTime, valid_for: Duration) -> Result<Link> {
        let mut request = self.inside.request(Method::GET, Some(key), &[], Bytes::new())?;
        self.signer.presign(&mut request, credentials, from, valid_for)?;
        Ok(site::link(&request))
    }
}

/// How requests are written.
#[derive(Debug)]
pub(super) struct Style {
    /// What stands before the name of an object's own metadata.
    pub(super) meta: &'static str,
    /// Lists objects by the second version of the call.
    pub(super) lists_v2: bool,
    /// The sub-resource that tells whether the bucket is there and what it is, where HEAD is not documented for it.
    pub(super) bucket_info: Option<&'static str>,
}

/// As much as one page may hold.
const PAGE: &str = "1000";

/// A body that is no text: also what tells the pipeline that there are no links in it to look for.
const OCTETS: &str = "application/octet-stream";

/// The unsigned request of a call.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for a key that cannot stand in a URL, or a part without its ETag.
fn request(site: &Site, style: &Style, call: &Call<'_>) -> Result<Request<Bytes>> {
    let none = Bytes::new;
    match call {
        Call::PutObject { key, body, md5, sha256 } => {
            let mut request = site.request(Method::PUT, Some(key), &[], body.clone())?;
            put_md5(&mut request, md5)?;
            put_object_headers(&mut request, style, *sha256)?;
            Ok(request)
        }
        Call::HeadObject { key } => site.request(Method::HEAD, Some(key), &[], none()),
        Call::DeleteObject { key } => site.request(Method::DELETE, Some(key), &[], none()),
        Call::InitiateMultipartUpload { key, sha256 } => {
            let mut request = site.request(Method::POST, Some(key), &[("uploads", "")], none())?;
            put_object_headers(&mut request, style, *sha256)?;
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
            let mut request = site.request(Method::PUT, Some(key), &query, body.clone())?;
            canonical::set(request.headers_mut(), "content-type", OCTETS)?;
            put_md5(&mut request, md5)?;
            Ok(request)
        }
        Call::ListParts { key, upload_id, after } => {
            let after = after.map(|number| number.to_string());
            let mut query = vec![("max-parts", PAGE), ("uploadId", upload_id)];
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
            let mut query = vec![("max-uploads", PAGE), ("uploads", "")];
            query.extend(given("prefix", prefix));
            site.request(Method::GET, None, &query, none())
        }
        Call::ListObjects { prefix, after } => {
            let marker = if style.lists_v2 { "start-after" } else { "marker" };
            let mut query = vec![("max-keys", PAGE)];
            if style.lists_v2 {
                query.push(("list-type", "2"));
            }
            query.extend(given("prefix", prefix));
            query.extend(after.and_then(|key| given(marker, key)));
            site.request(Method::GET, None, &query, none())
        }
        Call::HeadBucket => match style.bucket_info {
            Some(info) => site.request(Method::GET, None, &[(info, "")], none()),
            None => site.request(Method::HEAD, None, &[], none()),
        },
        Call::GetBucketLocation => site.request(Method::GET, None, &[("location", "")], none()),
        Call::GetBucketAcl => site.request(Method::GET, None, &[("acl", "")], none()),
        Call::GetBucketLifecycle => site.request(Method::GET, None, &[("lifecycle", "")], none()),
    }
}

fn given<'t>(name: &'static str, value: &'t str) -> Option<(&'static str, &'t str)> {
    (!value.is_empty()).then_some((name, value))
}

fn put_md5(request: &mut Request<Bytes>, md5: &[u8; 16]) -> Result<()> {
    canonical::set(request.headers_mut(), "content-md5", &digest::base64(md5))
}

/// What is said of an object when it is begun. No storage class: each store's default is its standard one.
fn put_object_headers(request: &mut Request<Bytes>, style: &Style, sha256: Option<&str>) -> Result<()> {
    canonical::set(request.headers_mut(), "content-type", OCTETS)?;
    match sha256 {
        Some(sha256) => site::put_header(request, &format!("{}{SHA256_META}", style.meta), sha256),
        None => Ok(()),
    }
}

/// The document that names an object's parts.
fn completion(parts: &[Part]) -> Result<String> {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64 + parts.len() * 96);
    text.push_str("<CompleteMultipartUpload>");
    for part in parts {
        if part.etag.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "part {} has no ETag, and the upload cannot be completed without it",
                    part.number
                ),
            )
            .with_remedy("Send that part again."));
        }
        let etag = quick_xml::escape::escape(part.etag.as_str());
        let number = part.number;
        let _ = write!(
            text,
            "<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag}&quot;</ETag></Part>"
        );
    }
    text.push_str("</CompleteMultipartUpload>");
    Ok(text)
}
