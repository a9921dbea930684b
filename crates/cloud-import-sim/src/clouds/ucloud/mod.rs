//! UCloud's UHost API: one path, parameters in a form, query or JSON body, every answer with HTTP 200 and a `RetCode`.
//!
//! Source: the vendor's API documents (2026-08) and SDKs. There is neither a task nor a token nor a reason: an import is its
//! image, and a failed one is `Unavailable`. Unverified: code 230 for wrong parameters, deleting an image that is being made.
//! What is unverified of copies and labels is said in their files.

mod account;
mod answer;
mod buckets;
mod copies;
mod images;
mod import;
mod labels;

use std::time::Duration;

use serde_json::{Map, Value, json};

use self::answer::{error, image_state, invalid, violated};
pub(super) use self::buckets::ALL as BUCKETS;
use super::vendor::{Failure, Outcome, Reply, Vendor, gateway_page, json_answer};
use crate::{
    clock::Now,
    cloud::Cloud,
    generated::ucloud::OPERATIONS,
    rules::{self, Params, Violation},
    table,
    verify::{self, Algorithm, Refusal, SecretOf, Verified},
    wire::{Answer, WireRequest},
    world::{Config, Import, Scope, Stage, World},
};

/// UCloud.
pub(crate) struct Ucloud;

/// Parameters that come with every action.
const COMMON: [&str; 7] = [
    "Action",
    "PublicKey",
    "Signature",
    "SecurityToken",
    "Region",
    "Zone",
    "ProjectId",
];

impl Vendor for Ucloud {
    fn has_host(&self, host: &str) -> bool {
        const HOSTS: [&str; 6] = [
            "api.ucloud.cn",
            "api.service.ucloud.cn",
            "api.ucloud-global.com",
            "api.scloudsg.com",
            "api.surfercloud.com",
            "api.an-link.com",
        ];
        HOSTS.contains(&host)
    }

    fn operation(&self, request: &WireRequest) -> Option<&'static str> {
        operation(&action(request)?).map(|operation| operation.name)
    }

    fn verify(&self, request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
        verify::ucloud(request, secret_of)
    }

    fn window(&self, _: Algorithm) -> Option<(Duration, Failure)> {
        None
    }

    fn refused(&self, refusal: Refusal) -> Failure {
        match refusal {
            Refusal::MissingSignature => error("170", "Missing signature"),
            Refusal::Malformed(what) => error("171", format!("Signature VerifyAC Error, {what}")),
            Refusal::UnknownAccessKey(_) => error("172", "User not exist"),
            Refusal::WrongToken => error("174", "Token not exist"),
            Refusal::SignatureMismatch { .. } => error("171", "Signature VerifyAC Error"),
        }
    }

    fn throttled(&self) -> Failure {
        error("153", "Request too frequent")
    }

    fn broken(&self, http: u16) -> Failure {
        // Any status but 200 comes from in front of the API, without its JSON.
        Failure::page(http, "150", "Service unavailable")
    }

    fn too_large(&self) -> Failure {
        Failure::page(413, "230", "Request too large")
    }

    fn execute(&self, world: &mut World, request: &WireRequest, now: &Now) -> Outcome {
        let action = action(request)
            .filter(|action| !action.is_empty())
            .ok_or_else(|| error("160", "Missing Action"))?;
        let operation = operation(&action).ok_or_else(|| error("161", format!("Action {action} not exist")))?;
        let params = params(operation, request).map_err(violated)?;
        match operation.name {
            "GetRegion" => return Ok(Reply::ok(account::regions())),
            "GetProjectList" => return Ok(Reply::ok(account::projects())),
            "DescribeBucket" => return buckets::describe_bucket(world, &params),
            "CreateBucket" => return buckets::create_bucket(world, &params),
            "DeleteBucket" => return buckets::delete_bucket(world, &params),
            "BindLabels" => return labels::bind(world, &params),
            "UnbindLabels" => return labels::unbind(world, &params),
            "ListLabelsByResourceIds" => return labels::list(world, &params),
            "ListResourcesTypesForLabel" => return labels::list_types(world),
            _ => {}
        }
        let region = params
            .given("Region")
            .ok_or_else(|| invalid("Missing params [Region]"))?;
        let project = params.given("ProjectId").unwrap_or(account::DEFAULT_PROJECT);
        let scope = Scope::new(Cloud::Ucloud, region, project);
        match operation.name {
            "ImportCustomImage" => import::import_custom_image(world, now, scope, params),
            "DescribeImage" => images::describe_image(world, now, &scope, &params),
            "TerminateCustomImage" => images::terminate_custom_image(world, &scope, &params),
            "CopyCustomImage" => copies::copy_custom_image(world, now, &scope, &params),
            other => Err(error("161", format!("{other} is not simulated"))),
        }
    }

    fn render(&self, config: &Config, request: &WireRequest, request_id: &str, outcome: &Outcome) -> Answer {
        let (http, code, mut body) = match outcome {
            Ok(reply) => {
                let body = reply.body.clone().unwrap_or_else(|| json!({}));
                (reply.http, "0", body)
            }
            Err(failure) if failure.page => {
                return gateway_page(failure.http).header("x-ucloud-request-uuid", request_id);
            }
            Err(failure) => (failure.http, failure.code.as_str(), json!({"Message": failure.message})),
        };
        body["Action"] = Value::from(format!("{}Response", action(request).unwrap_or_default()));
        body["RetCode"] = match code.parse::<i64>() {
            Ok(number) if !config.ucloud_ret_code_text => Value::from(number),
            _ => Value::from(code),
        };
        json_answer(http, "application/json", &body).header("x-ucloud-request-uuid", request_id)
    }

    fn image_state(&self, import: &Import, stage: Stage) -> &'static str {
        image_state(import, stage)
    }
}

/// The operation of this name, of UHost or of those around it.
fn operation(name: &str) -> Option<&'static table::Operation> {
    let of_buckets = BUCKETS.into_iter().find(|operation| operation.name == name);
    of_buckets.or_else(|| table::named(OPERATIONS, name))
}

/// A JSON body's members, `None` for a query or form.
fn json_body(request: &WireRequest) -> Option<Map<String, Value>> {
    let content_type = request.header("content-type").unwrap_or_default();
    if request.method == "GET" || !content_type.starts_with("application/json") {
        return None;
    }
    serde_json::from_slice(&request.body).ok()
}

fn pairs(request: &WireRequest) -> Vec<(String, String)> {
    if request.method == "GET" {
        request.query_pairs()
    } else {
        request.form_pairs()
    }
}

fn action(request: &WireRequest) -> Option<String> {
    if let Some(body) = json_body(request) {
        return body.get("Action")?.as_str().map(str::to_owned);
    }
    let mut pairs = pairs(request).into_iter();
    pairs.find(|(name, _)| name == "Action").map(|(_, value)| value)
}

/// Fields of a JSON body, or of a query or form with lists numbered from 0. The protocol's own are left out.
fn params(operation: &table::Operation, request: &WireRequest) -> Result<Params, Violation> {
    let mut params = match json_body(request) {
        Some(_) => rules::json(operation.fields, &request.body, &COMMON)?,
        None => rules::flat(operation.fields, pairs(request), 0, &COMMON)?,
    };
    params
        .0
        .retain(|name, _| !matches!(name.as_str(), "Action" | "PublicKey" | "Signature" | "SecurityToken"));
    Ok(params)
}
