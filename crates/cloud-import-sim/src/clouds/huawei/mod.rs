//! Huawei Cloud's Image Management Service: REST paths, JSON, jobs; and the one IAM call that finds a project id.
//!
//! Source: the vendor's API reference (editions 2022 to 2026), its OpenAPI text and SDKs. Errors come in three shapes: the
//! service's own, the API gateway's (codes `APIGW.nnnn`) and IAM's. Unverified: which check fails at once and which fails
//! the job (here: only a disk larger than `min_disk` fails the job). What else is unverified stands in the files of each subject.

mod account;
mod answer;
mod copies;
mod exports;
mod iam;
mod images;
mod import;
mod jobs;
mod list;
mod members;
mod owners;
mod sharing;
mod tags;
mod update;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};

use self::answer::{REGISTERED, image_state, violated};
use super::vendor::{Failure, Outcome, Vendor, json_answer};
use crate::{
    clock::Now,
    cloud::Cloud,
    generated::huawei::OPERATIONS,
    rules::{self, Params, Violation, Wrong},
    table::{self, PathParameters},
    verify::{self, Algorithm, Refusal, SecretOf, Verified},
    wire::{Answer, WireRequest},
    world::{Config, Import, Scope, Stage, World},
};

/// Huawei Cloud.
#[derive(Debug, Default)]
pub(crate) struct Huawei(Mutex<account::Account>);

/// The region of a request whose host does not name one.
const DEFAULT_REGION: &str = "cn-north-4";

impl Vendor for Huawei {
    fn has_host(&self, host: &str) -> bool {
        const DOMAINS: [&str; 3] = [".myhuaweicloud.com", ".myhuaweicloud.eu", ".otc.t-systems.com"];
        (host.starts_with("ims.") || host.starts_with("iam.")) && DOMAINS.iter().any(|domain| host.ends_with(domain))
    }

    fn operation(&self, request: &WireRequest) -> Option<&'static str> {
        route(request).map(|(operation, _)| operation.name)
    }

    fn verify(&self, request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
        verify::huawei(request, secret_of)
    }

    fn window(&self, _: Algorithm) -> Option<(Duration, Failure)> {
        let failure = unauthenticated("verify aksk signature fail, x-sdk-date is expired");
        Some((Duration::from_secs(15 * 60), failure))
    }

    fn refused(&self, refusal: Refusal) -> Failure {
        unauthenticated(&match refusal {
            Refusal::MissingSignature => "x-auth-token not found".to_owned(),
            Refusal::Malformed(what) => format!("verify aksk signature fail, {what}"),
            Refusal::UnknownAccessKey(id) => format!("Get secretKey failed,ak:{id},err:ak not exist"),
            Refusal::WrongToken => "decrypt token fail".to_owned(),
            Refusal::SignatureMismatch { .. } => "verify aksk signature fail".to_owned(),
        })
    }

    fn throttled(&self) -> Failure {
        Failure::new(429, "APIGW.0308", "The throttling threshold has been reached")
    }

    fn broken(&self, http: u16) -> Failure {
        match http {
            500 => Failure::new(http, "IMG.0061", "Unknown error"),
            504 => Failure::new(http, "APIGW.0201", "Backend timeout"),
            _ => Failure::new(http, "APIGW.0201", "Backend unavailable"),
        }
    }

    fn too_large(&self) -> Failure {
        Failure::new(413, "APIGW.0201", "Request entity too large")
    }

    fn execute(&self, world: &mut World, request: &WireRequest, now: &Now) -> Outcome {
        let Some((operation, path)) = route(request) else {
            let message = "The API does not exist or has not been published in the environment";
            return Err(Failure::new(404, "APIGW.0101", message));
        };
        let params = params(operation, &path, request).map_err(violated)?;
        let region = region(request);
        let in_path = |index: usize| path.get(index).map_or("", |(_, value)| value.as_str());
        let project = match path.first() {
            Some(("project_id", project)) => project.clone(),
            _ => iam::project(&world.config, request, &region),
        };
        let scope = Scope::new(Cloud::Huawei, &region, &project);
        let account = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        account.settle(world, now);
        match operation.name {
            "ImportImageQuick" => import::quick(world, now, scope, params),
            "CreateImage" => import::common(world, now, scope, params),
            "CreateDataImage" => import::data(world, now, scope, params),
            REGISTERED => import::metadata(world, now, scope, params),
            "RegisterImage" => import::register(world, now, scope, in_path(0), params),
            "ShowJob" => jobs::show(world, account, now, &scope, in_path(1), operation.name),
            "ShowJobProgress" => jobs::show(world, account, now, &scope, in_path(0), operation.name),
            "ListImages" => list::images(world, now, &scope, &params),
            "GlanceListImages" => list::glance(world, now, &scope, &params),
            "GlanceShowImage" => images::show(world, now, &scope, in_path(0)),
            "UpdateImage" => update::update(world, now, &scope, in_path(0), &params),
            "GlanceDeleteImage" => images::delete(world, account, now, &scope, in_path(0)),
            "ListOsVersions" => Ok(images::os_versions(&params)),
            "ShowImageQuota" => Ok(images::quota(world, now, &scope)),
            "KeystoneListProjects" => Ok(iam::projects(&world.config, &params, &region)),
            other => after(world, account, now, &scope, (other, &path), &params),
        }
    }

    fn render(&self, _: &Config, request: &WireRequest, request_id: &str, outcome: &Outcome) -> Answer {
        let answer = match outcome {
            Ok(reply) => match &reply.body {
                Some(body) => json_answer(reply.http, "application/json", body),
                None => Answer {
                    status: reply.http,
                    ..Answer::default()
                },
            },
            Err(failure) => {
                let body = error_body(request, request_id, failure);
                json_answer(failure.http, "application/json", &body)
            }
        };
        match outcome {
            Err(Failure {
                retry_after: Some(seconds),
                ..
            }) => answer.header("retry-after", seconds.to_string()),
            _ => answer,
        }
        .header("x-request-id", request_id)
    }

    fn request_id(&self, world: &mut World) -> String {
        world.hex(32)
    }

    fn image_state(&self, import: &Import, stage: Stage) -> &'static str {
        image_state(import, stage)
    }
}

/// The calls that follow an import.
fn after(
    world: &mut World,
    account: &mut account::Account,
    now: &Now,
    scope: &Scope,
    (operation, path): (&str, &PathParameters),
    params: &Params,
) -> Outcome {
    let named = |name: &str| {
        let found = path.iter().find(|(own, _)| *own == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let (image, member) = (named("image_id"), named("member_id"));
    match operation {
        copies::ACROSS => copies::across(world, now, scope, image, params),
        "CopyImageInRegion" | "CopyImageInRegionInSafeMode" => {
            copies::within(world, now, scope, operation, image, params)
        }
        "BatchAddMembers" => sharing::add(world, account, now, scope, params),
        "BatchDeleteMembers" => sharing::remove(world, account, now, scope, params),
        "BatchUpdateMembers" => sharing::answer(world, account, now, scope, params),
        "ListImageMembers" | "GlanceListImageMembers" => members::list(world, account, scope, image, params),
        "ShowImageMember" => members::show(world, account, scope, image, member),
        "GlanceAddImageMember" => members::add(world, account, now, scope, image, params),
        "GlanceUpdateImageMember" => members::update(world, account, scope, image, member, params),
        "AddImageTag" => tags::add(world, scope, image, params),
        "BatchAddOrDeleteTags" => tags::batch(world, scope, image, params),
        "DeleteImageTag" => tags::delete(world, scope, image, named("key")),
        "ListImageTags" => tags::list(world, scope, image),
        "ExportImage" | "ExportImageInSafeMode" => exports::start(world, now, scope, operation, image, params),
        other => Err(Failure::new(400, "IMG.0061", format!("{other} is not simulated"))),
    }
}

fn error_body(request: &WireRequest, request_id: &str, failure: &Failure) -> Value {
    if request.path.starts_with("/v3/") {
        let title = match failure.http {
            401 => "Unauthorized",
            404 => "Not Found",
            _ => "Error",
        };
        return json!({
            "error": {"message": failure.message, "code": failure.http, "title": title},
        });
    }
    if failure.code.starts_with("APIGW.") {
        return json!({
            "error_code": failure.code,
            "error_msg": failure.message,
            "request_id": request_id,
        });
    }
    json!({"error": {"message": failure.message, "code": failure.code}})
}

fn route(request: &WireRequest) -> Option<(&'static table::Operation, PathParameters)> {
    table::routed(OPERATIONS, &request.method, &request.decoded_path())
}

fn unauthenticated(why: &str) -> Failure {
    let message = format!("Incorrect IAM authentication information: {why}");
    Failure::new(401, "APIGW.0301", message)
}

/// The second label of a host such as `ims.cn-north-4.myhuaweicloud.com`.
fn region(request: &WireRequest) -> String {
    let host = request.header("host").unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    match labels.as_slice() {
        ["ims" | "iam", region, _, _, ..] => (*region).to_owned(),
        _ => DEFAULT_REGION.to_owned(),
    }
}

/// Fields of the JSON body, or of the query where there is no body.
fn params(operation: &table::Operation, path: &PathParameters, request: &WireRequest) -> Result<Params, Violation> {
    let in_path: Vec<&str> = path.iter().map(|(name, _)| *name).collect();
    let reads_body = match request.method.as_str() {
        "GET" => false,
        "DELETE" => !request.body.is_empty(),
        _ => true,
    };
    if !reads_body {
        let mut pairs = request.query_pairs();
        for (name, value) in path {
            pairs.push(((*name).to_owned(), value.clone()));
        }
        // Images can be asked for by any of their attributes, which begin with two underscores.
        let attributes: Vec<String> = pairs
            .iter()
            .map(|(name, _)| name.clone())
            .filter(|name| name.starts_with("__"))
            .collect();
        let mut also: Vec<&str> = attributes.iter().map(String::as_str).collect();
        also.extend(&in_path);
        return rules::flat(operation.fields, pairs, 0, &also);
    }
    if request.body.is_empty() {
        return Err(Violation {
            field: String::new(),
            wrong: Wrong::Malformed("the body is empty".to_owned()),
        });
    }
    let malformed = |error: serde_json::Error| Violation {
        field: String::new(),
        wrong: Wrong::Malformed(format!("the body has not the form of this API: {error}")),
    };
    let mut body = serde_json::Map::new();
    if operation.name == "UpdateImage" {
        // Its body is a list: the checker gets it as the field that the table calls it.
        let changes: Vec<Value> = serde_json::from_slice(&request.body).map_err(malformed)?;
        body.insert("changes".to_owned(), Value::from(changes));
    } else {
        body = serde_json::from_slice(&request.body).map_err(malformed)?;
    }
    for (name, value) in path {
        body.insert((*name).to_owned(), Value::from(value.as_str()));
    }
    let version = body.get("os_version").and_then(Value::as_str);
    if operation.name == "ImportImageQuick" && version.is_none_or(str::is_empty) {
        // The shared model of system and data disks requires it; the service asks for it only where it is needed.
        body.insert("os_version".to_owned(), Value::from(import::NO_OS_VERSION));
    }
    let body = Value::Object(body).to_string();
    rules::json(operation.fields, body.as_bytes(), &in_path)
}
