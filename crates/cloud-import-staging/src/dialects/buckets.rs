//! The calls that make a bucket and remove it, at the four stores that speak XML. They differ in the names of elements and headers.
//!
//! Source: each store's documents, by the keys of its `store.toml`. Every body goes with its MD5: COS and OBS want it, and the others take
//! it.

use cloud_import_core::{
    Bytes, Error, ErrorKind, Provider, Result,
    http::{Method, Request},
    provider::{canonical, digest},
};
use md5::{Digest as _, Md5};
use quick_xml::escape::escape;

use super::site::Site;
use crate::{dialect::Call, spec::StoreSpec};

/// Nobody but the account reads it.
pub(super) const PRIVATE: &str = "private";

/// The rule's name, by which people find it in the console.
const RULE: &str = "cloud-import-unfinished-uploads";

/// The unsigned request. `region`: in the words of the store.
///
/// # Errors
/// [`Unsupported`](cloud_import_core::ErrorKind::Unsupported) for what the store does not have.
pub(super) fn request(site: &Site, spec: &StoreSpec, region: &str, call: &Call<'_>) -> Result<Request<Bytes>> {
    let new = &spec.new_bucket;
    let get = |name: &str| site.request(Method::GET, None, &[(name, "")], Bytes::new());
    match call {
        Call::CreateBucket => {
            let body = match new.place {
                "" => String::new(),
                place => inside("CreateBucketConfiguration", &inside(place, &escape(region))),
            };
            let mut request = put(site, &[], body)?;
            canonical::set(request.headers_mut(), new.acl, PRIVATE)?;
            Ok(request)
        }
        Call::DeleteBucket => site.request(Method::DELETE, None, &[], Bytes::new()),
        Call::GetBucketTagging if new.tagged => get("tagging"),
        Call::PutBucketTagging { tags } if new.tagged => {
            let tag = |(name, value): &(String, String)| {
                inside(
                    "Tag",
                    &(inside("Key", &escape(name.as_str())) + &inside("Value", &escape(value.as_str()))),
                )
            };
            let tags: String = tags.iter().map(tag).collect();
            put(site, &[("tagging", "")], inside("Tagging", &inside("TagSet", &tags)))
        }
        Call::GetBucketEncryption if !new.encryption.is_empty() => get("encryption"),
        Call::PutBucketEncryption if !new.encryption.is_empty() => {
            let elements = [
                "ServerSideEncryptionConfiguration",
                "Rule",
                "ApplyServerSideEncryptionByDefault",
                "SSEAlgorithm",
            ];
            put(site, &[("encryption", "")], nested(&elements, new.encryption))
        }
        Call::PutBucketLifecycle { days } if !new.unfinished.is_empty() => {
            let prefix = match new.filtered {
                true => nested(&["Filter", "Prefix"], ""),
                false => inside("Prefix", ""),
            };
            let rule = inside("ID", RULE)
                + &prefix
                + &inside("Status", "Enabled")
                + &nested(new.unfinished, &days.to_string());
            put(
                site,
                &[("lifecycle", "")],
                nested(&["LifecycleConfiguration", "Rule"], &rule),
            )
        }
        call => Err(unknown(spec.provider, call)),
    }
}

/// That a store has no such call.
pub(super) fn unknown(provider: Provider, call: &Call<'_>) -> Error {
    let message = format!(
        "{} is not documented for the object storage of {}",
        call.operation().name,
        provider.name()
    );
    Error::new(ErrorKind::Unsupported, message).with_provider(provider)
}

/// A PUT of a document, or of nothing.
fn put(site: &Site, query: &[(&str, &str)], body: String) -> Result<Request<Bytes>> {
    if body.is_empty() {
        return site.request(Method::PUT, None, query, Bytes::new());
    }
    let md5 = digest::base64(&Md5::digest(body.as_bytes()));
    let mut request = site.request(Method::PUT, None, query, Bytes::from(body))?;
    canonical::set(request.headers_mut(), "content-type", "application/xml")?;
    canonical::set(request.headers_mut(), "content-md5", &md5)?;
    Ok(request)
}

fn inside(element: &str, content: &str) -> String {
    format!("<{element}>{content}</{element}>")
}

/// The elements, one in the other.
fn nested(elements: &[&str], content: &str) -> String {
    let wrapped = elements.iter().rev();
    wrapped.fold(content.to_owned(), |content, element| inside(element, &content))
}
