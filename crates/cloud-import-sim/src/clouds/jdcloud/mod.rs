//! JD Cloud's virtual-machine API, version `v1`: REST paths, JSON, errors with HTTP statuses, tasks with progress. Tags are
//! another service, `resourcetag`, of the same form.
//!
//! Source: the vendor's API reference and Go SDK (rev. 1.6.1, 2024-11). Unverified: the 15 minutes in which a request's time is
//! good, the scope of a client token (here: the region), China's time in task times, names in the answer of `describeQuotas`.
//! What is unverified of the calls after an import is said in their files. One account plays here, so that no image is shared
//! with it, and no snapshot is encrypted.

mod answer;
mod copies;
mod exports;
mod images;
mod import;
mod quotas;
mod sharing;
mod tags;
mod tasks;

use std::time::Duration;

use serde_json::{Map, Value, json};

use self::answer::{access, image_state, violated};
use super::vendor::{Failure, Outcome, Vendor, json_answer};
use crate::{
    clock::Now,
    cloud::Cloud,
    generated::jdcloud::OPERATIONS,
    rules::{self, Params, Violation, Wrong},
    table::{self, PathParameters},
    verify::{self, Algorithm, Refusal, SecretOf, Verified},
    wire::{Answer, WireRequest},
    world::{Config, Import, Scope, Stage, World},
};

/// JD Cloud.
pub(crate) struct Jdcloud;

impl Vendor for Jdcloud {
    fn has_host(&self, host: &str) -> bool {
        const SERVICES: [&str; 4] = ["vm.", "www.", "resourcetag.", "resource-tag."];
        host.ends_with(".jdcloud-api.com") && SERVICES.iter().any(|service| host.starts_with(service))
    }

    fn operation(&self, request: &WireRequest) -> Option<&'static str> {
        route(request).map(|(operation, _)| operation.name)
    }

    fn verify(&self, request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
        verify::jdcloud(request, secret_of)
    }

    fn window(&self, _: Algorithm) -> Option<(Duration, Failure)> {
        let failure = access("x-jdcloud-date is out of the allowed range [gw]".to_owned());
        Some((Duration::from_secs(15 * 60), failure))
    }

    fn refused(&self, refusal: Refusal) -> Failure {
        access(match refusal {
            Refusal::MissingSignature => "lack of header authorization[gw]".to_owned(),
            Refusal::Malformed(what) => format!("{what} [gw]"),
            Refusal::UnknownAccessKey(_) => "Invalid accessKey [gw]".to_owned(),
            Refusal::WrongToken => "invalid security token [gw]".to_owned(),
            Refusal::SignatureMismatch { .. } => "sign result is not same [gw]".to_owned(),
        })
    }

    fn throttled(&self) -> Failure {
        Failure::new(
            429,
            "HTTP_RATE_LIMIT_EXCEEDED",
            "minute rate limit exceeded, role:ak|api",
        )
    }

    fn broken(&self, http: u16) -> Failure {
        let status = match http {
            502 => "HTTP_BAD_GATEWAY",
            503 => "HTTP_SERVICE_UNAVAILABLE",
            504 => "HTTP_SERVER_TIMING_OUT",
            _ => "INTERNAL",
        };
        Failure::new(http, status, "internal server error, retry later")
    }

    fn too_large(&self) -> Failure {
        Failure::new(413, "HTTP_REQUEST_ENTITY_TOO_LARGE", "request entity too large [gw]")
    }

    fn execute(&self, world: &mut World, request: &WireRequest, now: &Now) -> Outcome {
        let Some((operation, path)) = route(request) else {
            return Err(Failure::new(404, "NOT_FOUND", "no route and no API found [gw]"));
        };
        let params = params(operation, &path, request).map_err(violated)?;
        let value = |name: &str| {
            let found = path.iter().find(|(parameter, _)| *parameter == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        let scope = Scope::new(Cloud::Jdcloud, value("regionId"), "");
        let image = value("imageId");
        match operation.name {
            "importImage" => import::import_image(world, now, scope, params),
            "imageTasks" => tasks::image_tasks(world, now, &scope, &params),
            "describeImages" => images::describe_images(world, now, &scope, &params),
            "describeImage" => images::describe_image(world, now, &scope, image),
            "deleteImage" => images::delete_image(world, now, &scope, image),
            "modifyImageAttribute" => images::modify_image(world, &scope, image, &params),
            "describeQuotas" => quotas::describe_quotas(world, now, &scope, &params),
            "copyImages" => copies::copy_images(world, now, &scope, &params),
            "shareImage" => sharing::share_image(world, now, &scope, image, &params),
            "unShareImage" => sharing::un_share_image(world, &scope, image, &params),
            "describeImageMembers" => sharing::describe_image_members(world, &scope, image),
            "describeImageConstraints" => sharing::describe_image_constraints(world, &scope, image),
            "releaseImage" => sharing::release_image(world, now, &scope, image),
            "unReleaseImage" => sharing::un_release_image(world, &scope, image),
            "exportImage" => exports::export_image(world, now, scope, image, params),
            "tagResources" => tags::tag_resources(world, &scope, &params),
            "unTagResources" => tags::un_tag_resources(world, &scope, &params),
            other => Err(Failure::new(404, "NOT_FOUND", format!("{other} is not simulated"))),
        }
    }

    fn render(&self, _: &Config, _: &WireRequest, request_id: &str, outcome: &Outcome) -> Answer {
        let (http, body) = match outcome {
            Ok(reply) => (reply.http, json!({"requestId": request_id, "result": reply.body})),
            Err(failure) => (
                failure.http,
                json!({
                    "requestId": request_id,
                    // Delivered with 200 by a fault, an error still needs a code of its own.
                    "error": {
                        "code": if failure.http == 200 { 500 } else { failure.http },
                        "status": failure.code,
                        "message": failure.message,
                    },
                }),
            ),
        };
        json_answer(http, "application/json; charset=utf-8", &body).header("x-jdcloud-request-id", request_id)
    }

    fn request_id(&self, world: &mut World) -> String {
        world.hex(32)
    }

    fn image_state(&self, _: &Import, stage: Stage) -> &'static str {
        image_state(stage)
    }
}

/// Tags are another service's, at a host of its own; `www` serves both.
fn route(request: &WireRequest) -> Option<(&'static table::Operation, PathParameters)> {
    let found = table::routed(OPERATIONS, &request.method, &request.decoded_path())?;
    let is_of_tags = found.0.path.contains("/tags:");
    let service = request.header("host").and_then(|host| host.split('.').next());
    let fits = match service {
        Some("vm") => !is_of_tags,
        Some("resourcetag" | "resource-tag") => is_of_tags,
        _ => true,
    };
    fits.then_some(found)
}

/// Fields of the query (lists numbered from 1) or of the JSON body. A path's parameter may be repeated there.
fn params(operation: &table::Operation, path: &PathParameters, request: &WireRequest) -> Result<Params, Violation> {
    let in_path: Vec<&str> = path.iter().map(|(name, _)| *name).collect();
    let in_path_pairs = path.iter().map(|(name, value)| (*name, value.clone()));
    if request.method == "POST" {
        // The checker gets the path's parameters as if they were in the body, so that a table may list them.
        let mut body: Map<String, Value> = serde_json::from_slice(&request.body).map_err(|error| Violation {
            field: String::new(),
            wrong: Wrong::Malformed(format!("the body is no JSON object: {error}")),
        })?;
        for (name, value) in in_path_pairs {
            body.insert(name.to_owned(), Value::from(value));
        }
        let body = Value::Object(body).to_string();
        return rules::json(operation.fields, body.as_bytes(), &in_path);
    }
    let mut pairs = request.query_pairs();
    pairs.retain(|(name, _)| !in_path.contains(&name.as_str()));
    pairs.extend(in_path_pairs.map(|(name, value)| (name.to_owned(), value)));
    rules::flat(operation.fields, pairs, 1, &in_path)
}
