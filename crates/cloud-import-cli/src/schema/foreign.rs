//! The forms of the library's own types in JSON, as their documents say. That they are those is held by the test that reads what the
//! command writes.

#![allow(dead_code, reason = "only their schemas are of use")]

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

/// An instant (RFC 3339, UTC).
pub(crate) struct Instant;

impl JsonSchema for Instant {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Instant".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// What `cloud-import wait` takes. It may have more fields.
#[derive(JsonSchema)]
pub(crate) struct Task {
    version: u32,
    provider: String,
    endpoint: String,
    region: String,
    #[schemars(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    route: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    task_id: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    image_id: Option<String>,
    name: String,
    /// `BUCKET:KEY`, the link without its query, or `image,REGION,ID` of a copy.
    source: String,
    /// Of a copy, the image that it is made of.
    #[schemars(skip_serializing_if = "Option::is_none")]
    copied_from: Option<CopiedFrom>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    generation: u32,
    #[schemars(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    started_at: Instant,
    #[schemars(skip_serializing_if = "Option::is_none")]
    first_seen_at: Option<Instant>,
    /// When the cloud took a request to cancel it.
    #[schemars(skip_serializing_if = "Option::is_none")]
    cancel_requested_at: Option<Instant>,
}

/// An image that is copied.
#[derive(JsonSchema)]
struct CopiedFrom {
    region: String,
    id: String,
    #[schemars(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
}

/// What a cloud shows of an image.
#[derive(JsonSchema)]
pub(crate) struct Attributes {
    /// Accounts that it is shared with, where they were asked for.
    shared_with: Vec<String>,
    /// Those of them that have not accepted it.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    not_accepted: Vec<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    public: Option<bool>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    deprecated: Option<bool>,
    tags: BTreeMap<String, String>,
}

/// What a cloud's list shows of an image; what it does not show is not there.
#[derive(JsonSchema)]
pub(crate) struct Marks {
    /// Its family; empty where it has none.
    #[schemars(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    tags: Option<BTreeMap<String, String>>,
    /// Whether it is shared with other accounts.
    #[schemars(skip_serializing_if = "Option::is_none")]
    shared: Option<bool>,
    /// Whether anybody may use it.
    #[schemars(skip_serializing_if = "Option::is_none")]
    public: Option<bool>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    deprecated: Option<bool>,
}

/// What `cloud-import export --task` takes. It may have more fields.
#[derive(JsonSchema)]
pub(crate) struct ExportTask {
    version: u32,
    provider: String,
    endpoint: String,
    region: String,
    #[schemars(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    image_id: String,
    bucket: String,
    prefix: String,
    format: String,
    key_begins: String,
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    task_id: Option<String>,
    generation: u32,
    started_at: Instant,
    #[schemars(skip_serializing_if = "Option::is_none")]
    first_seen_at: Option<Instant>,
}

/// What the cloud's own check of an image found.
#[derive(JsonSchema)]
pub(crate) struct Inspection {
    state: String,
    findings: Vec<Finding>,
}

#[derive(JsonSchema)]
struct Finding {
    name: String,
    #[schemars(skip_serializing_if = "String::is_empty")]
    value: String,
    #[schemars(skip_serializing_if = "String::is_empty")]
    risk_level: String,
    #[schemars(skip_serializing_if = "String::is_empty")]
    risk_code: String,
}

/// Something in an order that a cloud refuses, or may refuse.
#[derive(JsonSchema)]
pub(crate) struct Problem {
    severity: Severity,
    /// The name of a warning that can be accepted.
    #[schemars(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// It is accepted.
    #[schemars(skip_serializing_if = "std::ops::Not::not")]
    acknowledged: bool,
    provider: String,
    /// The field of the order, by its path.
    field: String,
    message: String,
    source: String,
    remedy: String,
    #[schemars(skip_serializing_if = "Option::is_none")]
    action: Option<Value>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Severity {
    Error,
    Warning,
}

/// That this program deleted an image.
#[derive(JsonSchema)]
pub(crate) struct Retired {
    at: Instant,
    /// The job that deleted it; empty where that was asked for, by no job.
    by: String,
}

/// Something that happened to a target.
#[derive(JsonSchema)]
pub(crate) struct Happened {
    at: Instant,
    generation: u32,
    what: What,
    #[schemars(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum What {
    Hashing,
    Hashed,
    Staging,
    Staged,
    Starting,
    Started,
    State,
    Succeeded,
    Failed,
    Canceled,
    Unknown,
    NotStarted,
    Error,
    Tidied,
    Retired,
    Changed,
    Deprecated,
    Gone,
    Other,
}

/// What a job publishes.
#[derive(JsonSchema)]
pub(crate) struct Job {
    schema: u32,
    id: String,
    name: String,
    source: String,
    #[schemars(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    expected_sha256: Option<String>,
    /// What was asked for, for `resume` and `retry` alone.
    #[schemars(skip_serializing_if = "BTreeMap::is_empty")]
    orders: BTreeMap<String, Value>,
}

/// How far the replacement of older images is.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum ReplaceStep {
    Planned,
    Retiring,
    Renaming,
    Done,
    Kept,
}

/// How far a release is.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum ReleaseStep {
    Planned,
    Looked,
    Changed,
    Done,
}

/// Something that was looked at before an import.
#[derive(JsonSchema)]
pub(crate) struct Checked {
    what: Subject,
    outcome: CheckOutcome,
    /// The name of a warning that can be accepted.
    #[schemars(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// It is accepted.
    #[schemars(skip_serializing_if = "std::ops::Not::not")]
    acknowledged: bool,
    message: String,
    remedy: String,
    #[schemars(skip_serializing_if = "Option::is_none")]
    action: Option<Value>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Subject {
    Order,
    Endpoint,
    Credentials,
    Project,
    Region,
    Name,
    Quota,
    Os,
    ImportRole,
    Bucket,
    Share,
    DryRun,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum CheckOutcome {
    Passed,
    Warning,
    Failed,
    NotChecked,
}

/// What the records here know of something in a bucket.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum Known {
    InUse,
    Left,
    NotHere,
}

/// What a cloud can do.
#[derive(JsonSchema)]
pub(crate) struct Cloud {
    provider: String,
    default_region: String,
    formats: Fact<Vec<String>>,
    sources: Fact<Vec<String>>,
    bucket_names: Option<BucketNames>,
    architectures: Fact<Vec<String>>,
    boot_modes: Fact<Vec<String>>,
    license_types: Fact<Vec<String>>,
    max_data_disks: Fact<u32>,
    data_image: Fact<bool>,
    data_disk_images: Fact<bool>,
    side_file: Fact<Option<SideFile>>,
    tags: Fact<bool>,
    description: Fact<bool>,
    project: Fact<String>,
    client_token: Fact<bool>,
    unique_names: Fact<UniqueNames>,
    listed_within_minutes: Fact<Option<u32>>,
    dry_run: Fact<bool>,
    cancel: Fact<bool>,
    progress: Fact<bool>,
    failure_reason: Fact<bool>,
    skip_guest_check: Fact<bool>,
    nvme: Fact<bool>,
    imds_v2: Fact<bool>,
    after: After,
    guest: Vec<GuestRule>,
    likely_causes: Vec<String>,
    limits: Vec<Limit>,
}

/// What a finding in the guest is worth to a cloud.
#[derive(JsonSchema)]
struct GuestRule {
    id: String,
    severity: GuestSeverity,
    remedy: String,
    source: String,
    /// Whether a source settles it.
    verified: bool,
    /// The only family of systems that it is for.
    only: Option<String>,
    /// Only findings that name one of these; none for all.
    naming: Vec<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum GuestSeverity {
    Error,
    Warning,
    Note,
}

/// What a cloud can do with an image that is there.
#[derive(JsonSchema)]
struct After {
    copy_to_regions: Fact<bool>,
    copy_within: Fact<bool>,
    copy_on_request: Fact<bool>,
    copy_closed: Fact<Vec<String>>,
    copy_encrypted: Fact<CopyEncryption>,
    copies_at_once: Fact<Option<u32>>,
    copy_max_gib: Fact<Option<u32>>,
    copy_token: Fact<bool>,
    copy_description: Fact<bool>,
    copy_tags: Fact<bool>,
    copy_options: Fact<Vec<String>>,
    copy_cancel: Fact<bool>,
    share: Fact<u32>,
    share_at_once: Fact<Option<u32>>,
    share_with: Fact<String>,
    public: Fact<bool>,
    family: Fact<bool>,
    deprecate: Fact<bool>,
    deprecate_unshared: Fact<bool>,
    public_keeps_shares: Fact<bool>,
    tag: Fact<bool>,
    export_formats: Fact<Vec<String>>,
    export_format_regions: Fact<Vec<String>>,
    export_bucket: Fact<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum CopyEncryption {
    No,
    Within,
    Any,
}

/// A value, where it was read and how sure it is.
#[derive(JsonSchema)]
#[schemars(inline)]
struct Fact<T> {
    value: T,
    source: String,
    /// Whether a source settles it.
    verified: bool,
    note: String,
}

#[derive(JsonSchema)]
struct BucketNames {
    shortest: u32,
    longest: u32,
    dots: bool,
    account_number: bool,
    source: String,
}

#[derive(JsonSchema)]
struct SideFile {
    suffix: String,
    formats: Vec<String>,
    option: String,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum UniqueNames {
    No,
    Refused,
    Unverified,
}

#[derive(JsonSchema)]
struct Limit {
    field: String,
    /// The kind of the rule, with its numbers.
    rule: BTreeMap<String, Value>,
    /// Whether all sources agree.
    agreed: bool,
    source: String,
    note: String,
}
