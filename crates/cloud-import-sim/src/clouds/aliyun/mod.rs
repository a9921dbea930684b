//! Alibaba Cloud's ECS API, version `2014-05-26`, and what an import needs of its RAM: one path, all parameters in the query or
//! a form, errors with HTTP statuses.
//!
//! Source: the vendor's API reference (to 2026-01, older pages of 2021) and SDKs. Unverified: which code a successful dry run
//! has, the codes of requests that are out of time, and that cancelling an import removes the image's entry.

mod answer;
mod attributes;
mod copies;
mod exports;
mod fields;
mod import;
mod query;
mod ram;
mod sharing;
mod sts;
mod tags;
mod tasks;
mod xml;

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::json;

use self::{
    answer::{bad, image_state, missing, violated},
    ram::Ram,
};
use super::vendor::{Failure, Outcome, Vendor, json_answer};
use crate::{
    clock::Now,
    cloud::Cloud,
    generated::aliyun::OPERATIONS,
    rules::{self, Params},
    table,
    verify::{self, Algorithm, Refusal, SecretOf, Verified},
    wire::{Answer, WireRequest},
    world::{Config, Import, Scope, Stage, World},
};

/// Alibaba Cloud.
#[derive(Debug)]
pub(crate) struct Aliyun(Mutex<Account>);

/// What the account has beside images.
#[derive(Debug)]
struct Account {
    ram: Ram,
    /// Ids. A snapshot belongs to a disk of an import and outlives its image.
    deleted_snapshots: HashSet<String>,
}

impl Aliyun {
    pub(crate) fn new(config: &Config) -> Self {
        Aliyun(Mutex::new(Account {
            ram: match config.aliyun_import_role {
                true => Ram::with_image_roles(),
                false => Ram::default(),
            },
            deleted_snapshots: HashSet::new(),
        }))
    }
}

const VERSION: &str = "2014-05-26";

/// Parameters that every action takes: those of the RPC signature and some that are older than it.
const COMMON: [&str; 16] = [
    "Action",
    "Version",
    "Format",
    "AccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "Timestamp",
    "SecurityToken",
    "RegionId",
    "OwnerId",
    "OwnerAccount",
    "ResourceOwnerId",
    "ResourceOwnerAccount",
];

impl Vendor for Aliyun {
    fn has_host(&self, host: &str) -> bool {
        let service = ["ecs.", "ecs-"].iter().any(|start| host.starts_with(start));
        [ram::HOST, sts::HOST].contains(&host) || (service && host.ends_with(".aliyuncs.com"))
    }

    fn operation(&self, request: &WireRequest) -> Option<&'static str> {
        table::named(OPERATIONS, &action(request)?).map(|operation| operation.name)
    }

    fn verify(&self, request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
        verify::aliyun(request, secret_of)
    }

    fn window(&self, algorithm: Algorithm) -> Option<(Duration, Failure)> {
        let (minutes, code) = match algorithm {
            Algorithm::AcsRpcHmacSha1 => (31, "IllegalTimestamp"),
            _ => (15, "InvalidTimeStamp.Expired"),
        };
        let failure = bad(code, "Specified time stamp or date value is expired.");
        Some((Duration::from_secs(minutes * 60), failure))
    }

    fn nonce_used(&self) -> Option<Failure> {
        let message = "Specified signature nonce was used already.";
        Some(bad("SignatureNonceUsed", message))
    }

    fn refused(&self, refusal: Refusal) -> Failure {
        match refusal {
            Refusal::MissingSignature => bad("IncompleteSignature", "The request signature is missing."),
            Refusal::Malformed(what) => bad(
                "IncompleteSignature",
                format!("The request signature does not conform to Aliyun standards. {what}"),
            ),
            Refusal::UnknownAccessKey(_) => {
                Failure::new(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
            }
            Refusal::WrongToken => bad(
                "InvalidSecurityToken.Expired",
                "Specified SecurityToken is expired or does not belong to the access key.",
            ),
            Refusal::SignatureMismatch { string_to_sign } => bad(
                "SignatureDoesNotMatch",
                format!(
                    "Specified signature is not matched with our calculation. server string to sign is:{string_to_sign}"
                ),
            ),
        }
    }

    fn throttled(&self) -> Failure {
        bad("Throttling.User", "Request was denied due to user flow control.")
    }

    fn broken(&self, http: u16) -> Failure {
        let (code, message) = match http {
            503 => (
                "ServiceUnavailable",
                "The request has failed due to a temporary failure of the server.",
            ),
            _ => (
                "InternalError",
                "The request processing has failed due to some unknown error.",
            ),
        };
        Failure::new(http, code, message)
    }

    fn too_large(&self) -> Failure {
        Failure::new(413, "InvalidParameter", "The request is too large.")
    }

    fn execute(&self, world: &mut World, request: &WireRequest, now: &Now) -> Outcome {
        let action = action(request).ok_or_else(|| missing("Action"))?;
        let api = Api::of(version(request).as_deref()).filter(|api| api.fits_host(request));
        let api = api.ok_or_else(|| {
            let message = "Specified API version is not found.";
            Failure::new(404, "InvalidVersion", message)
        })?;
        let operation = table::named(OPERATIONS, &action)
            .filter(|operation| Api::of_operation(operation.name) == api)
            .ok_or_else(|| Failure::new(404, "InvalidAction.NotFound", "Specified API is not found."))?;
        let refused = match operation.name {
            "TagResources" | "UntagResources" | "ListTagResources" => tags::refused,
            _ => violated,
        };
        let params = rules::flat(operation.fields, pairs(request), 1, &COMMON).map_err(refused)?;
        let params = own_fields(operation, params);
        let mut account = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if api == Api::Sts {
            return Ok(sts::caller());
        }
        if api == Api::Ram {
            return ram::execute(&mut account.ram, now, operation.name, &params);
        }
        if operation.name == "DescribeRegions" {
            return Ok(query::regions());
        }
        if operation.name == "DeleteSnapshot" {
            return import::delete_snapshot(world, &mut account.deleted_snapshots, &params);
        }
        let region = params.given("RegionId").ok_or_else(|| missing("RegionId"))?;
        if !fields::is_region(region) {
            let message = "The specified RegionId does not exist.";
            let code = match operation.name {
                "CopyImage" => "SourceRegion.NotFound",
                _ => "InvalidRegionId.NotFound",
            };
            return Err(bad(code, message));
        }
        let scope = Scope::new(Cloud::Aliyun, region, "");
        copies::advance(world, now);
        match operation.name {
            "ImportImage" => import::import_image(world, &account.ram, now, scope, params),
            "ExportImage" => exports::export_image(world, &account.ram, now, &scope, &params),
            name => on_images(world, now, &scope, name, &params),
        }
    }

    fn render(&self, _: &Config, request: &WireRequest, request_id: &str, outcome: &Outcome) -> Answer {
        let (http, mut body) = match outcome {
            Ok(reply) => (reply.http, reply.body.clone().unwrap_or_else(|| json!({}))),
            Err(failure) => (
                failure.http,
                json!({
                    "Code": failure.code,
                    "Message": failure.message,
                    "HostId": request.header("host").unwrap_or_default(),
                    "Recommend": format!("https://api.aliyun.com/troubleshoot?q={}", failure.code),
                }),
            ),
        };
        body["RequestId"] = json!(request_id);
        let answer = if wants_json(request) {
            json_answer(http, "application/json;charset=utf-8", &body)
        } else {
            let root = match outcome {
                Ok(_) => format!("{}Response", self.operation(request).unwrap_or("Unknown")),
                Err(_) => "Error".to_owned(),
            };
            Answer::new(http, "text/xml;charset=utf-8", xml::document(&root, &body))
        };
        match outcome {
            Err(Failure {
                retry_after: Some(seconds),
                ..
            }) => answer.header("x-acs-retry-after", (u64::from(*seconds) * 1000).to_string()),
            _ => answer,
        }
        .header("x-acs-request-id", request_id)
    }

    fn request_id(&self, world: &mut World) -> String {
        world.uuid().to_ascii_uppercase()
    }

    fn image_state(&self, image: &Import, stage: Stage) -> &'static str {
        image_state(image, stage)
    }
}

/// The operations that need nothing of the account but its images.
fn on_images(world: &mut World, now: &Now, scope: &Scope, operation: &str, params: &Params) -> Outcome {
    match operation {
        "CancelTask" => import::cancel_task(world, now, scope, params),
        "DeleteImage" => import::delete_image(world, now, scope, params),
        "DescribeTasks" => tasks::list(world, now, scope, params),
        "DescribeTaskAttribute" => tasks::attribute(world, now, scope, params),
        "DescribeImages" => query::images(world, now, scope, params),
        "CopyImage" => copies::copy_image(world, now, scope, params),
        "CancelCopyImage" => copies::cancel_copy_image(world, now, scope, params),
        "ModifyImageSharePermission" => sharing::modify(world, now, scope, params),
        "DescribeImageSharePermission" => sharing::describe(world, now, scope, params),
        "ModifyImageAttribute" => attributes::modify(world, now, scope, params),
        "DescribeImageFromFamily" => attributes::from_family(world, now, scope, params),
        "TagResources" => tags::tag(world, scope, params),
        "UntagResources" => tags::untag(world, scope, params),
        "ListTagResources" => tags::list(world, now, scope, params),
        other => Err(Failure::new(
            403,
            "InvalidAction.NotFound",
            format!("{other} is not simulated."),
        )),
    }
}

/// All parameters, of the query and of a form body. A body of another type has none.
fn pairs(request: &WireRequest) -> Vec<(String, String)> {
    let mut pairs = request.query_pairs();
    let content_type = request.header("content-type").unwrap_or_default();
    if content_type.starts_with("application/x-www-form-urlencoded") {
        pairs.extend(request.form_pairs());
    }
    pairs
}

fn parameter(request: &WireRequest, wanted: &str) -> Option<String> {
    let mut pairs = pairs(request).into_iter();
    pairs.find(|(name, _)| name == wanted).map(|(_, value)| value)
}

/// A header in signature V3, a parameter in the RPC scheme.
fn action(request: &WireRequest) -> Option<String> {
    let header = request.header("x-acs-action").map(str::to_owned);
    header.or_else(|| parameter(request, "Action"))
}

fn version(request: &WireRequest) -> Option<String> {
    let header = request.header("x-acs-version").map(str::to_owned);
    header.or_else(|| parameter(request, "Version"))
}

/// Which of the vendor's APIs is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    Ecs,
    Ram,
    Sts,
}

impl Api {
    fn of(version: Option<&str>) -> Option<Self> {
        match version? {
            VERSION => Some(Self::Ecs),
            ram::VERSION => Some(Self::Ram),
            sts::VERSION => Some(Self::Sts),
            _ => None,
        }
    }

    fn of_operation(name: &str) -> Self {
        match name {
            sts::OPERATION => Self::Sts,
            name if ram::OPERATIONS.contains(&name) => Self::Ram,
            _ => Self::Ecs,
        }
    }

    /// Whether a host, where it is one of the cloud's names, is that of this API.
    fn fits_host(self, request: &WireRequest) -> bool {
        let host = request.header("host").unwrap_or_default();
        let name = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let of = match name.as_str() {
            ram::HOST => Self::Ram,
            sts::HOST => Self::Sts,
            _ => Self::Ecs,
        };
        !name.ends_with(".aliyuncs.com") || of == self
    }
}

/// The RPC scheme answers XML unless it is asked for JSON.
fn wants_json(request: &WireRequest) -> bool {
    request.header("x-acs-action").is_some()
        || parameter(request, "Format").is_some_and(|format| format.eq_ignore_ascii_case("json"))
}

/// Leaves out the parameters of the protocol: what is left is what the caller asked for.
fn own_fields(operation: &table::Operation, mut params: Params) -> Params {
    let own = |name: &str| operation.fields.iter().any(|field| field.name == name);
    params.0.retain(|name, _| name == "RegionId" || own(name));
    params
}
