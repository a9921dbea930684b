//! Tencent Cloud's CVM API, version `2017-03-12`, and what images need of its services of tags and keys: one path, the action in a
//! header, errors with HTTP 200, no tasks.
//!
//! Source: the vendor's API reference and SDKs (2026-10). An import that fails later shows only `IMPORTFAILED`: the API has no
//! reason. Unverified: the form of a successful dry run, the code for texts that are too long, and that names of images still
//! being imported are taken.
//!
//! Of what comes after an import, unverified: what a failed copy looks like, that it has the description and no tags or family of the
//! first image, that copying does not keep that one from anything but its deletion, that finance regions take no copies; that a share
//! is refused as a whole where one account has it, that taking back one that is not there is none; that an owner may change an image
//! that he shares (the documents deny it, and the code's own text speaks of images of others); which image of a family is shown; the
//! state of an image during an export, how many exports run at once, and the names of files without a prefix. Images of other
//! accounts are not simulated.

mod answer;
mod attributes;
mod copies;
mod exports;
mod images;
mod import;
mod os;
mod sharing;
mod sts;
mod tags;

use std::time::Duration;

use serde_json::{Value, json};

use self::answer::{error, image_state, missing, violated};
use super::vendor::{Failure, Outcome, Reply, Vendor, gateway_page, json_answer};
use crate::{
    clock::Now,
    cloud::Cloud,
    generated::tencent::OPERATIONS,
    rules::{self, Params, Violation},
    table,
    verify::{self, Algorithm, Refusal, SecretOf, Verified},
    wire::{Answer, WireRequest},
    world::{Config, Import, Scope, Stage, World},
};

/// Tencent Cloud.
pub(crate) struct Tencent;

const VERSION: &str = "2017-03-12";

/// Parameters that come with every action in a query or form.
const COMMON: [&str; 11] = [
    "Action",
    "Version",
    "Region",
    "Timestamp",
    "Nonce",
    "SecretId",
    "Token",
    "Signature",
    "SignatureMethod",
    "Language",
    "RequestClient",
];

impl Vendor for Tencent {
    fn has_host(&self, host: &str) -> bool {
        let is_known = ["cvm.", "tag.", "sts."].iter().any(|product| host.starts_with(product));
        is_known && host.ends_with(".tencentcloudapi.com")
    }

    fn operation(&self, request: &WireRequest) -> Option<&'static str> {
        table::named(OPERATIONS, &common(request, "X-TC-Action", "Action")?).map(|found| found.name)
    }

    fn verify(&self, request: &WireRequest, secret_of: SecretOf<'_>) -> Result<Verified, Refusal> {
        verify::tencent(request, secret_of)
    }

    fn window(&self, _: Algorithm) -> Option<(Duration, Failure)> {
        let message = "The signature's timestamp is more than five minutes off.";
        Some((
            Duration::from_secs(5 * 60),
            error("AuthFailure.SignatureExpire", message),
        ))
    }

    fn refused(&self, refusal: Refusal) -> Failure {
        let (code, message) = match refusal {
            Refusal::MissingSignature => (
                "AuthFailure.InvalidAuthorization",
                "The request carries no signature.".to_owned(),
            ),
            Refusal::Malformed(what) => ("AuthFailure.InvalidAuthorization", what),
            Refusal::UnknownAccessKey(_) => ("AuthFailure.SecretIdNotFound", "The SecretId is not found.".to_owned()),
            Refusal::WrongToken => (
                "AuthFailure.TokenFailure",
                "The token is not the one of this SecretId.".to_owned(),
            ),
            Refusal::SignatureMismatch { .. } => (
                "AuthFailure.SignatureFailure",
                "The provided credentials could not be validated. Please check your signature is correct.".to_owned(),
            ),
        };
        error(code, message)
    }

    fn throttled(&self) -> Failure {
        error(
            "RequestLimitExceeded",
            "Your current request times exceed the limit. Reduce the frequency of requests.",
        )
    }

    fn broken(&self, http: u16) -> Failure {
        // Any status but 200 comes from in front of the API, without its JSON.
        Failure::page(http, "InternalError", "An internal error has occurred.")
    }

    fn too_large(&self) -> Failure {
        error("RequestSizeLimitExceeded", "The request is too large.")
    }

    fn execute(&self, world: &mut World, request: &WireRequest, now: &Now) -> Outcome {
        let version = common(request, "X-TC-Version", "Version").unwrap_or_default();
        let products = [Product::Cvm, Product::Tag, Product::Sts];
        if !products.iter().any(|product| product.is_asked(request, &version)) {
            let message = "The product has no such API version.";
            return Err(error("NoSuchVersion", message));
        }
        let action = common(request, "X-TC-Action", "Action").ok_or_else(|| missing("Action"))?;
        let found = table::named(OPERATIONS, &action)
            .filter(|found| Product::of_operation(found.name).is_asked(request, &version));
        let operation = found.ok_or_else(|| {
            let message = format!("The action `{action}` does not exist.");
            error("InvalidAction", message)
        })?;
        let params = params(operation, request).map_err(violated)?;
        match Product::of_operation(operation.name) {
            Product::Tag => return tags::execute(world, operation.name, &params),
            Product::Sts => return Ok(sts::caller()),
            Product::Cvm => {}
        }
        let region = common(request, "X-TC-Region", "Region")
            .filter(|region| !region.is_empty())
            .ok_or_else(|| missing("Region"))?;
        let scope = Scope::new(Cloud::Tencent, &region, "");
        match operation.name {
            "ImportImage" => import::import_image(world, now, scope, params),
            "DescribeImages" => images::describe_images(world, now, &scope, &params),
            "DeleteImages" => images::delete_images(world, now, &scope, &params),
            "ModifyImageAttribute" => attributes::modify_image(world, now, &scope, &params),
            "DescribeImageFromFamily" => attributes::from_family(world, now, &scope, &params),
            "SyncImages" => copies::sync_images(world, now, &scope, &params),
            "ModifyImageSharePermission" => sharing::modify(world, now, &scope, &params),
            "DescribeImageSharePermission" => sharing::describe(world, &scope, &params),
            "ExportImages" => exports::export_images(world, now, &scope, &params),
            "DescribeImportImageOs" => Ok(Reply::ok(os::supported())),
            "DescribeImageQuota" => {
                let quota = world.config.quota_of(Cloud::Tencent);
                Ok(Reply::ok(json!({"ImageNumQuota": quota})))
            }
            other => Err(error("UnsupportedOperation", format!("{other} is not simulated."))),
        }
    }

    fn render(&self, _: &Config, _: &WireRequest, request_id: &str, outcome: &Outcome) -> Answer {
        let (http, mut response) = match outcome {
            Ok(reply) => {
                let body = reply.body.clone().unwrap_or_else(|| json!({}));
                (reply.http, body)
            }
            Err(failure) if failure.page => return gateway_page(failure.http),
            Err(failure) => (
                failure.http,
                json!({"Error": {"Code": failure.code, "Message": failure.message}}),
            ),
        };
        response["RequestId"] = Value::from(request_id);
        json_answer(http, "application/json", &json!({"Response": response}))
    }

    fn image_state(&self, import: &Import, stage: Stage) -> &'static str {
        image_state(import, stage)
    }
}

/// A product with an API of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Product {
    Cvm,
    Tag,
    Sts,
}

impl Product {
    fn of_operation(name: &str) -> Self {
        match name {
            sts::OPERATION => Self::Sts,
            name if tags::has(name) => Self::Tag,
            _ => Self::Cvm,
        }
    }

    /// Whether a request is for this product: by its version, and where its host is one of the vendor's, by that.
    fn is_asked(self, request: &WireRequest, version: &str) -> bool {
        let own = match self {
            Self::Cvm => VERSION,
            Self::Tag => tags::VERSION,
            Self::Sts => sts::VERSION,
        };
        let host = request.header("host").unwrap_or_default().to_ascii_lowercase();
        let named = match host.split('.').next() {
            Some("cvm") => Some(Self::Cvm),
            Some("tag") => Some(Self::Tag),
            Some("sts") => Some(Self::Sts),
            _ => None,
        };
        version == own && named.is_none_or(|named| named == self)
    }
}

/// A parameter that is a header beside a JSON body, and one parameter among others in a query or form.
fn common(request: &WireRequest, header: &str, parameter: &str) -> Option<String> {
    if let Some(value) = request.header(header) {
        return Some(value.to_owned());
    }
    let mut pairs = flat_pairs(request)?;
    let at = pairs.iter().position(|(name, _)| name == parameter)?;
    Some(pairs.swap_remove(at).1)
}

/// The parameters of a query or form; `None` for a JSON body.
fn flat_pairs(request: &WireRequest) -> Option<Vec<(String, String)>> {
    let content_type = request.header("content-type").unwrap_or_default();
    if request.method == "GET" {
        Some(request.query_pairs())
    } else if content_type.starts_with("application/json") {
        None
    } else {
        Some(request.form_pairs())
    }
}

/// Fields of the JSON body, or of a query or form with lists numbered from 0.
fn params(operation: &table::Operation, request: &WireRequest) -> Result<Params, Violation> {
    match flat_pairs(request) {
        Some(pairs) => {
            let mut params = rules::flat(operation.fields, pairs, 0, &COMMON)?;
            let own = |name: &str| operation.fields.iter().any(|field| field.name == name);
            params.0.retain(|name, _| own(name));
            Ok(params)
        }
        None => rules::json(operation.fields, &request.body, &[]),
    }
}
