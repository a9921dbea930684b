//! The documents of the four stores that speak XML, each as a type: what it must have, and what it becomes.

use cloud_import_core::{Result, provider::datetime};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::{faults, xml::decode};
use crate::{
    facts::BucketFacts,
    objects::{ListedObject, OpenUpload, Page, Part, Uploading},
    spec::StoreSpec,
};

/// A number that may be anything else: then it is not known.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(String::deserialize(deserializer)?.trim().parse().ok())
}

/// `true` in any case.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(String::deserialize(deserializer)?.trim().eq_ignore_ascii_case("true"))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Initiated {
    upload_id: String,
}

/// The upload that was begun.
///
/// # Errors
/// [`InvalidResponse`](cloud_import_core::ErrorKind::InvalidResponse) when there is no id in it; so do all that follow when
/// an element is missing that they name.
pub(crate) fn uploading(body: &[u8]) -> Result<Uploading> {
    let Initiated { upload_id } = decode(body)?;
    Ok(Uploading {
        upload_id: faults::upload_id(upload_id)?,
        part_size: None,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parts {
    #[serde(default, deserialize_with = "flag")]
    is_truncated: bool,
    #[serde(default, rename = "Part")]
    parts: Vec<ListedPart>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedPart {
    part_number: u32,
    #[serde(default, rename = "ETag")]
    etag: String,
    #[serde(default, deserialize_with = "number")]
    size: Option<u64>,
}

/// The parts of one page in ascending order.
pub(crate) fn parts(body: &[u8]) -> Result<Page<Part>> {
    let Parts { is_truncated, parts } = decode(body)?;
    let parts = parts
        .into_iter()
        .map(|part| Ok(Part::new(part.part_number, faults::etag(&part.etag)?, part.size)));
    let mut items: Vec<Part> = parts.collect::<Result<_>>()?;
    items.sort_unstable_by_key(|part| part.number);
    Ok(Page {
        items,
        more: is_truncated,
    })
}

#[derive(Deserialize)]
struct Uploads {
    #[serde(default, rename = "Upload")]
    uploads: Vec<ListedUpload>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedUpload {
    key: String,
    upload_id: String,
    initiated: Option<String>,
}

/// The open uploads of one page.
pub(crate) fn open_uploads(body: &[u8]) -> Result<Vec<OpenUpload>> {
    let Uploads { uploads } = decode(body)?;
    let uploads = uploads.into_iter().map(|upload| {
        Ok(OpenUpload {
            key: upload.key,
            upload_id: faults::upload_id(upload.upload_id)?,
            initiated: upload.initiated,
        })
    });
    uploads.collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Objects {
    #[serde(default, deserialize_with = "flag")]
    is_truncated: bool,
    #[serde(default)]
    contents: Vec<Object>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Object {
    key: String,
    size: u64,
    last_modified: Option<String>,
}

/// The objects of one page.
pub(crate) fn objects(body: &[u8]) -> Result<Page<ListedObject>> {
    let Objects { is_truncated, contents } = decode(body)?;
    let objects = contents.into_iter().map(|object| ListedObject {
        key: object.key,
        size: object.size,
        modified: object.last_modified.as_deref().and_then(datetime::parse_rfc3339),
    });
    Ok(Page {
        items: objects.collect(),
        more: is_truncated,
    })
}

/// The name of a region is the root's own text, or stands in an element of it.
#[derive(Deserialize)]
struct Location {
    #[serde(rename = "$text")]
    text: Option<String>,
    #[serde(rename = "LocationConstraint", alias = "Location")]
    element: Option<String>,
}

/// The region of a bucket; none where the store gives an empty name.
pub(crate) fn location(body: &[u8]) -> Result<Option<String>> {
    let Location { text, element } = decode(body)?;
    Ok(element.or(text).filter(|name| !name.is_empty()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AccessControl {
    access_control_list: Grants,
}

#[derive(Deserialize)]
struct Grants {
    #[serde(default, rename = "Grant")]
    grants: Vec<Grant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Grant {
    grantee: Option<Grantee>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Grantee {
    #[serde(rename = "URI")]
    group: Option<String>,
    canned: Option<String>,
}

/// Whether an access list lets everyone in: by the groups that S3, COS and OBS name in it.
pub(crate) fn is_open_to_all(body: &[u8]) -> Result<bool> {
    let AccessControl { access_control_list } = decode(body)?;
    let mut grantees = access_control_list.grants.into_iter().filter_map(|grant| grant.grantee);
    Ok(grantees.any(|grantee| {
        let is_all = |group: String| group.ends_with("AllUsers") || group.ends_with("AuthenticatedUsers");
        grantee.group.is_some_and(is_all) || grantee.canned.as_deref() == Some("Everyone")
    }))
}

#[derive(Deserialize)]
struct Lifecycle {
    #[serde(default, rename = "Rule")]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    status: Option<String>,
    #[serde(rename = "AbortIncompleteMultipartUpload", alias = "AbortMultipartUpload")]
    aborts: Option<IgnoredAny>,
}

/// Whether an enabled rule expires unfinished uploads.
pub(crate) fn expires_uploads(body: &[u8]) -> Result<bool> {
    let Lifecycle { rules } = decode(body)?;
    let mut enabled = rules.iter().filter(|rule| rule.status.as_deref() == Some("Enabled"));
    Ok(enabled.any(|rule| rule.aborts.is_some()))
}

#[derive(Deserialize)]
struct Tagging {
    #[serde(default, rename = "TagSet")]
    set: TagSet,
}

#[derive(Default, Deserialize)]
struct TagSet {
    #[serde(default, rename = "Tag")]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

/// The tags of a bucket.
pub(crate) fn tags(body: &[u8]) -> Result<Vec<(String, String)>> {
    let Tagging { set } = decode(body)?;
    Ok(set.tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SealedBucket {
    rule: Option<SealingRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SealingRule {
    apply_server_side_encryption_by_default: Option<Encryption>,
}

/// How a bucket encrypts, in the vendor's word.
pub(crate) fn encryption(body: &[u8]) -> Result<Option<String>> {
    let SealedBucket { rule } = decode(body)?;
    let how = rule.and_then(|rule| rule.apply_server_side_encryption_by_default);
    Ok(how.and_then(|how| how.algorithm).filter(|word| !word.is_empty()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BucketInfo {
    bucket: Described,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    location: Option<String>,
    storage_class: Option<String>,
    access_control_list: Option<AccessWord>,
    server_side_encryption_rule: Option<Encryption>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AccessWord {
    grant: Option<String>,
}

#[derive(Deserialize)]
struct Encryption {
    #[serde(rename = "SSEAlgorithm")]
    algorithm: Option<String>,
}

/// What OSS tells of a bucket in one answer: all but its rules. It writes `None` for no encryption.
pub(crate) fn bucket_info(body: &[u8], spec: &StoreSpec) -> Result<BucketFacts> {
    let BucketInfo { bucket } = decode(body)?;
    let grant = bucket.access_control_list.and_then(|access| access.grant);
    let encryption = bucket.server_side_encryption_rule.and_then(|rule| rule.algorithm);
    let region = |name: String| spec.own_region(&name).to_owned();
    Ok(BucketFacts {
        region: bucket.location.map(region),
        public: grant.map(|grant| grant.starts_with("public")),
        storage_class: bucket.storage_class,
        encryption: encryption.filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("none")),
        aborts_unfinished_uploads: None,
    })
}
