//! What can be asked about a bucket before anything is put into it, and what is wrong with it. Changes nothing.

use cloud_import_core::{Error, ErrorKind, Field, Problem, Provider, Result};
use serde_json::Value;
use tracing::debug;

use crate::{
    answer::{header, items, text},
    bucket::Bucket,
    dialect::Call,
    dialects::us3_region,
    store::Store,
};

/// What a bucket tells of itself; `None` for what it does not tell, or not to these keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BucketFacts {
    /// Its region, in the words of the store: those of the import API but at UCloud, where `cn-bj` is `cn-bj2`.
    pub region: Option<String>,
    /// Whether its access list lets everyone read. What a bucket policy allows is not looked at.
    pub public: Option<bool>,
    /// The storage class that its objects get, in the vendor's word.
    pub storage_class: Option<String>,
    /// Whether an enabled rule of its expires unfinished uploads. Which keys the rule covers is not looked at.
    pub aborts_unfinished_uploads: Option<bool>,
}

impl Store {
    /// Asks what the store documents about its buckets. A single question that these keys may not ask leaves its fact open.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the bucket is not there, [`ErrorKind::PermissionDenied`] when these keys may not use it,
    /// [`ErrorKind::InvalidRequest`] when it is in another region; every kind that a request can end with.
    pub async fn facts(&self) -> Result<BucketFacts> {
        let provider = self.bucket().provider;
        let first = match self.call(Call::HeadBucket).await {
            Ok(answer) => answer,
            // UCloud's buckets are described by its API: the store may well take keys that the API does not.
            Err(error) if provider == Provider::Ucloud && is_refusal(&error) => {
                debug!(%error, "the bucket cannot be described");
                return Ok(BucketFacts::default());
            }
            Err(error) => return Err(explained(error, self.bucket())),
        };
        match provider {
            Provider::Aliyun => self.of_info(&first).await,
            Provider::Ucloud => described(&first, self.bucket()),
            _ => self.of_questions(&first).await,
        }
    }

    /// OSS tells all but its rules in one answer.
    async fn of_info(&self, info: &Value) -> Result<BucketFacts> {
        let bucket = info.get("Bucket").unwrap_or(info);
        let access = bucket.get("AccessControlList");
        let rules = self.ask_for_rules().await;
        Ok(BucketFacts {
            region: text(bucket, "Location").map(|name| region_of_location(name).to_owned()),
            public: access
                .and_then(|list| text(list, "Grant"))
                .map(|grant| grant.starts_with("public")),
            storage_class: text(bucket, "StorageClass").map(str::to_owned),
            aborts_unfinished_uploads: rules,
        })
    }

    /// The other stores that speak XML have a question for each fact.
    async fn of_questions(&self, head: &Value) -> Result<BucketFacts> {
        let region = match header(head, "region") {
            Some(region) => Some(region.to_owned()),
            None => {
                let location = tolerated(self.call(Call::GetBucketLocation).await);
                let names = ["LocationConstraint", "Location"];
                let name = location
                    .as_ref()
                    .and_then(|value| names.iter().find_map(|name| text(value, name)));
                name.filter(|name| !name.is_empty()).map(str::to_owned)
            }
        };
        let access = tolerated(self.call(Call::GetBucketAcl).await);
        // JD OSS documents that its rules know no unfinished uploads.
        let rules = match self.bucket().provider {
            Provider::Jdcloud => Some(false),
            _ => self.ask_for_rules().await,
        };
        Ok(BucketFacts {
            region,
            public: access.as_ref().map(is_open_to_all),
            storage_class: header(head, "storage-class").map(str::to_owned),
            aborts_unfinished_uploads: rules,
        })
    }

    async fn ask_for_rules(&self) -> Option<bool> {
        match self.call(Call::GetBucketLifecycle).await {
            Err(error) if error.kind() == ErrorKind::NotFound && error.code() != Some("NoSuchBucket") => Some(false),
            answer => tolerated(answer).as_ref().map(expires_uploads),
        }
    }
}

/// Whether the API refused to say anything of the bucket; that there is none is an answer.
fn is_refusal(error: &Error) -> bool {
    error.http_status().is_some() && !error.is_retryable() && error.kind() != ErrorKind::NotFound
}

/// An answer, or none where the question was refused or failed: the bucket is there, and no upload waits for the rest.
fn tolerated(answer: Result<Value>) -> Option<Value> {
    answer
        .inspect_err(|error| debug!(%error, "a question about the bucket has no answer"))
        .ok()
}

/// HEAD has no body, so that the reason of a refusal must be said here.
fn explained(error: Error, bucket: &Bucket) -> Error {
    let (name, region) = (&bucket.name, &bucket.region);
    let told = match error.kind() {
        ErrorKind::NotFound => Error::new(
            ErrorKind::NotFound,
            format!("the bucket `{name}` is not there, or not in {region}"),
        )
        .with_code("NoSuchBucket")
        .with_remedy(format!("Create it in {region}, or name another bucket.")),
        ErrorKind::PermissionDenied => Error::new(
            ErrorKind::PermissionDenied,
            format!("these keys may not use the bucket `{name}`: it is another account's, or they lack the permission"),
        )
        .with_remedy(
            "Name a bucket of this account, or grant these keys to look at it, and to read, write and delete in it.",
        ),
        _ => return error,
    };
    let told = told
        .with_provider(bucket.provider)
        .with_operation("HeadBucket")
        .with_request_id(error.request_id().map(str::to_owned));
    match error.http_status() {
        Some(status) => told.with_http_status(status),
        None => told,
    }
}

/// UCloud's description of the bucket.
fn described(answer: &Value, bucket: &Bucket) -> Result<BucketFacts> {
    let is_ours = |found: &&Value| text(found, "BucketName").is_none_or(|name| name == bucket.name);
    let Some(found) = items(answer, "DataSet").find(is_ours) else {
        let gone = Error::new(ErrorKind::NotFound, "no bucket of that name is listed");
        return Err(explained(gone, bucket));
    };
    Ok(BucketFacts {
        region: text(found, "Region").map(str::to_owned),
        public: text(found, "Type").map(|kind| kind == "public"),
        ..BucketFacts::default()
    })
}

/// OSS writes a region as its host does: `oss-cn-hangzhou`.
fn region_of_location(name: &str) -> &str {
    name.strip_prefix("oss-").unwrap_or(name)
}

/// The groups that S3, COS and OBS name in an access list.
fn is_open_to_all(answer: &Value) -> bool {
    let list = answer.get("AccessControlList").unwrap_or(answer);
    items(list, "Grant")
        .filter_map(|grant| grant.get("Grantee"))
        .any(|grantee| {
            let group = text(grantee, "URI")
                .is_some_and(|uri| uri.ends_with("AllUsers") || uri.ends_with("AuthenticatedUsers"));
            group || text(grantee, "Canned") == Some("Everyone")
        })
}

fn expires_uploads(answer: &Value) -> bool {
    let names = ["AbortIncompleteMultipartUpload", "AbortMultipartUpload"];
    items(answer, "Rule")
        .any(|rule| text(rule, "Status") == Some("Enabled") && names.iter().any(|name| rule.get(name).is_some()))
}

impl BucketFacts {
    /// What is wrong with a bucket for staging images, before any byte moves. No I/O.
    pub fn problems(&self, bucket: &Bucket) -> Vec<Problem> {
        let provider = bucket.provider;
        let mut problems = Vec::new();
        let wrong = |message: String| Problem::error(provider, Field::Bucket, message);
        let worth_a_word = |message: String| Problem::warning(provider, Field::Bucket, message);
        let name = &bucket.name;
        if let Some(region) = self
            .region
            .as_deref()
            .filter(|region| is_elsewhere(provider, region, &bucket.region))
        {
            problems.push(
                wrong(format!(
                    "`{name}` is in {region}, and the import in {} reads only from a bucket there",
                    bucket.region
                ))
                .source(REGION)
                .remedy(format!("Name a bucket in {}, or import in {region}.", bucket.region)),
            );
        }
        if let Some(class) = self
            .storage_class
            .as_deref()
            .filter(|class| !is_readable(provider, class))
        {
            problems.push(
                wrong(format!(
                    "`{name}` has the storage class {class}, from which the import does not read"
                ))
                .source(class_source(provider))
                .remedy("Name a bucket of the standard class."),
            );
        }
        if self.public == Some(true) {
            problems.push(
                worth_a_word(format!(
                    "`{name}` is open to everyone, and so is each image in it while it is staged"
                ))
                .remedy("Name a private bucket: the import gets a signed link, or reads by the account's role."),
            );
        }
        // JD Cloud has no such rule, so that a word about it would help nobody.
        if self.aborts_unfinished_uploads == Some(false) && provider != Provider::Jdcloud {
            problems.push(
                worth_a_word(format!(
                    "`{name}` keeps the parts of an upload that never ends, and they cost money"
                ))
                .remedy("Add a rule that expires unfinished uploads after some days."),
            );
        }
        problems
    }
}

/// Where the rule of the region was read.
const REGION: &str = "each vendor's guide to image import: the object is in the region of the import";

/// Where the rule of the class was read.
fn class_source(provider: Provider) -> &'static str {
    match provider {
        Provider::Huawei => "Huawei Cloud, IMS quick import: class Standard",
        _ => "Alibaba Cloud, ImportImage: no archived objects",
    }
}

fn is_elsewhere(provider: Provider, found: &str, asked: &str) -> bool {
    match provider {
        Provider::Ucloud => us3_region(found) != us3_region(asked),
        _ => !found.eq_ignore_ascii_case(asked),
    }
}

fn is_readable(provider: Provider, class: &str) -> bool {
    match provider {
        Provider::Huawei => class.eq_ignore_ascii_case("STANDARD"),
        Provider::Aliyun => !class.to_ascii_lowercase().contains("archive"),
        _ => true,
    }
}
