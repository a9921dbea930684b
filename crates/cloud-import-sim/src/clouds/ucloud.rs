//! UCloud's UHost API: one path, parameters in a form, query or JSON body, every answer with HTTP 200 and a `RetCode`.
//!
//! Source: the vendor's API documents (2026-08) and SDKs. There is neither a task nor a token nor a reason: an import is its
//! image, and a failed one is `Unavailable`. Unverified: code 230 for wrong parameters, deleting an image that is being made.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::vendor::{Failure, Outcome, Reply, Vendor, gateway_page, json_answer, length};
use crate::{
    clock::Now,
    cloud::Cloud,
    generated::ucloud::OPERATIONS,
    objects::{Bucket, BucketSettings, Disk, Lookup, host},
    rules::{self, Closed, Params, Violation, Wrong},
    table::{self, Kind, field},
    verify::{self, Algorithm, Refusal, SecretOf, Verified},
    wire::{Answer, WireRequest, link},
    world::{Config, Import, Scope, Stage, Verdict, World, read_link},
};

/// UCloud.
pub(crate) struct Ucloud;

/// The project of requests that name none.
const DEFAULT_PROJECT: &str = "org-default";

/// The storage product's action by which a bucket's host is found. Its fields are from the vendor's API documents (2026-08).
pub(super) const DESCRIBE_BUCKET: table::Operation = table::Operation {
    name: "DescribeBucket",
    method: "POST",
    path: "/",
    fields: &[
        field("BucketName", Kind::Text),
        field("ProjectId", Kind::Text),
        field("Offset", Kind::Integer),
        field("Limit", Kind::Integer),
    ],
};

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
            "GetRegion" => return Ok(Reply::ok(regions())),
            "GetProjectList" => return Ok(Reply::ok(projects())),
            "DescribeBucket" => return describe_bucket(world, &params),
            _ => {}
        }
        let region = params
            .given("Region")
            .ok_or_else(|| invalid("Missing params [Region]"))?;
        let project = params.given("ProjectId").unwrap_or(DEFAULT_PROJECT);
        let scope = Scope::new(Cloud::Ucloud, region, project);
        match operation.name {
            "ImportCustomImage" => import_custom_image(world, now, scope, params),
            "DescribeImage" => describe_image(world, now, &scope, &params),
            "TerminateCustomImage" => terminate_custom_image(world, &scope, &params),
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

    fn image_state(&self, _: &Import, stage: Stage) -> &'static str {
        image_state(stage)
    }
}

fn image_state(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued | Stage::Running(_) => "Making",
        Stage::Succeeded => "Available",
        Stage::Failed | Stage::Canceled => "Unavailable",
    }
}

/// An import that fails. Nothing of the reason is shown.
fn failed(reason: &str) -> Verdict {
    Verdict::fail("8301", reason)
}

/// How an import ends whose source cannot be read.
fn unreadable() -> Verdict {
    failed("the file cannot be read")
}

/// The operation of this name, of UHost or of those around it.
fn operation(name: &str) -> Option<&'static table::Operation> {
    if name == DESCRIBE_BUCKET.name {
        return Some(&DESCRIBE_BUCKET);
    }
    table::named(OPERATIONS, name)
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

/// An error, delivered with HTTP 200 as all of them are.
fn error(code: &str, message: impl Into<String>) -> Failure {
    Failure::new(200, code, message)
}

/// A wrong parameter. The code is what practice shows; the vendor's table does not have it.
fn invalid(message: impl Into<String>) -> Failure {
    error("230", message)
}

fn violated(violation: Violation) -> Failure {
    let field = violation.field;
    invalid(match violation.wrong {
        Wrong::Missing => format!("Missing params [{field}]"),
        Wrong::Unknown => format!("Params [{field}] unknown"),
        Wrong::Type(kind) => format!("Params [{field}] must be {kind}"),
        Wrong::Malformed(reason) => format!("Params [{field}] not available: {reason}"),
        Wrong::Value(values) => format!("Params [{field}] must be one of {}", values.join(", ")),
    })
}

/// What an import takes; the one in lower case is no slip.
const FORMATS: &[Closed] = &[("Format", &["RAW", "VHD", "VMDK", "qcow2"])];

fn import_custom_image(world: &mut World, now: &Now, scope: Scope, params: Params) -> Outcome {
    let text = |field: &str| params.text(field).unwrap_or_default();
    rules::closed(&params, "", FORMATS).map_err(violated)?;
    if !params.flag("Auth") {
        return Err(error("8300", "The user refused the authorization"));
    }
    for (field, most) in [("ImageName", 63), ("Tag", 63), ("ImageDescription", 255)] {
        if length(text(field)) > most {
            return Err(invalid(format!("Params [{field}] has more than {most} characters")));
        }
    }
    if (text("OsType") == "Other") != (text("OsName") == "Other") {
        return Err(invalid("Params [OsName] must be Other when OsType is"));
    }
    if world.quota_used_up(&scope, now) {
        return Err(error("8095", "Quota of custom images is used up"));
    }
    let url = text("UFileUrl");
    let found = source(world, now, url)?;
    let verdict = judge(&found, &scope.region, text("Format"));
    let disk: Option<Disk> = match &found {
        Some((_, Lookup::Here(disk))) => Some(*disk),
        _ => None,
    };
    let image_id = format!("uimage-{}", world.hex(8));
    let answer = json!({"ImageId": image_id});
    world.accept(Import {
        image_id,
        name: text("ImageName").to_owned(),
        sources: vec![link::without_query(url)],
        disk,
        params,
        verdict,
        ..world.new_import(&scope, "ImportCustomImage", now, unreadable())
    });
    Ok(Reply::ok(answer))
}

/// The region of the link's bucket and what lies there; `None` for a link that leads to no bucket of this cloud.
fn source(world: &World, now: &Now, url: &str) -> Result<Option<(String, Lookup)>, Failure> {
    let link = link::parse(url).ok_or_else(|| invalid("Params [UFileUrl] is no link"))?;
    let assumed = || world.config.any_object.then(|| (String::new(), Lookup::Assumed));
    Ok(read_link(world, Cloud::Ucloud, &link, now).or_else(assumed))
}

/// What becomes of the import.
fn judge(found: &Option<(String, Lookup)>, region: &str, declared: &str) -> Verdict {
    match found {
        Some((_, Lookup::Assumed)) => Verdict::Succeed,
        Some((place, _)) if place != region => failed("the file is in another region"),
        Some((_, Lookup::Here(disk))) if disk.format.name().eq_ignore_ascii_case(declared) => Verdict::Succeed,
        Some((_, Lookup::Here(_))) => failed("the file is not of the declared format"),
        _ => unreadable(),
    }
}

fn describe_image(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let offset = params.integer("Offset").unwrap_or(0);
    let limit = params.integer("Limit").unwrap_or(20);
    if offset < 0 || limit < 0 {
        return Err(invalid("Params [Offset] and [Limit] must not be negative"));
    }
    let mut ids = params.texts("ImageIds");
    ids.extend(params.given("ImageId"));
    let found = world.shown(now, scope, |import| {
        let windows = import.params.given("OsType") == Some("Windows");
        import.has_image()
            && (ids.is_empty() || ids.contains(&import.image_id.as_str()))
            && params.given("ImageType").is_none_or(|kind| kind == "Custom")
            && params
                .given("OsType")
                .is_none_or(|family| (family == "Windows") == windows)
            && params.given("FuncType").is_none_or(|kind| kind == "uhost")
            && params
                .given("Tag")
                .is_none_or(|tag| import.params.given("Tag") == Some(tag))
    });
    let total = found.len();
    let forced = world.forced_state(Cloud::Ucloud, "DescribeImage");
    let zone = params
        .given("Zone")
        .map_or_else(|| format!("{}-01", scope.region), str::to_owned);
    let images: Vec<Value> = found
        .iter()
        .skip(usize::try_from(offset).unwrap_or(0))
        .take(usize::try_from(limit).unwrap_or(0))
        .map(|import| {
            let state = image_state(import.stage(now));
            image(import, &zone, forced.as_deref().unwrap_or(state))
        })
        .collect();
    Ok(Reply::ok(json!({"TotalCount": total, "ImageSet": images})))
}

fn image(import: &Import, zone: &str, state: &str) -> Value {
    let text = |field: &str| import.params.text(field).unwrap_or_default();
    let family = if text("OsType") == "Windows" {
        "Windows"
    } else {
        "Linux"
    };
    json!({
        "Zone": zone,
        "ImageId": import.image_id,
        "ImageName": import.name,
        "Tag": import.params.given("Tag").unwrap_or("Default"),
        "OsType": family,
        "OsName": text("OsName"),
        "ImageType": "Custom",
        "Features": [],
        "FuncType": "uhost",
        "IntegratedSoftware": "",
        "Vendor": "",
        "Links": "",
        "State": state,
        "ImageDescription": text("ImageDescription"),
        "CreateTime": import.accepted.utc.unix_timestamp(),
        "ImageSize": import.gib(),
        "MinimalCPU": "",
        "MaintainEol": "",
    })
}

fn terminate_custom_image(world: &mut World, scope: &Scope, params: &Params) -> Outcome {
    let id = params
        .given("ImageId")
        .ok_or_else(|| invalid("Missing params [ImageId]"))?;
    let image = world
        .image_mut(scope, id)
        .ok_or_else(|| error("8956", "Resource is missing or is no custom image"))?;
    image.deleted = true;
    Ok(Reply::ok(json!({"ImageId": id})))
}

/// One bucket by its name, or those of a region. The code of an absent one is of the range that the bucket API has; the number
/// itself is unverified.
fn describe_bucket(world: &mut World, params: &Params) -> Outcome {
    if let (true, Some(bucket), Some(region)) = (
        world.config.any_bucket,
        params.given("BucketName"),
        params.given("Region"),
    ) && world.store.region_of(Cloud::Ucloud, bucket, None).is_err()
    {
        world
            .store
            .create(Cloud::Ucloud, region, bucket, BucketSettings::of_any());
    }
    let buckets = described_buckets(world, params.given("BucketName"), params.given("Region"));
    if buckets.is_empty() && params.given("BucketName").is_some() {
        return Err(error("15010", "bucket not exist"));
    }
    let offset = usize::try_from(params.integer("Offset").unwrap_or(0)).unwrap_or(0);
    let limit = usize::try_from(params.integer("Limit").unwrap_or(20)).unwrap_or(0);
    let shown: Vec<Value> = buckets.into_iter().skip(offset).take(limit).collect();
    Ok(Reply::ok(json!({"DataSet": shown})))
}

/// UCloud's buckets as its API describes them: of this name and in this region, where given.
fn described_buckets(world: &World, name: Option<&str>, region: Option<&str>) -> Vec<Value> {
    let wanted = |found: &(Cloud, &str, &str, &Bucket)| {
        found.0 == Cloud::Ucloud
            && name.is_none_or(|name| name == found.1)
            && region.is_none_or(|region| region == found.2)
            && !found.3.settings.owner_is_other
    };
    let described = |(cloud, name, region, bucket): (Cloud, &str, &str, &Bucket)| {
        json!({
            "BucketName": name,
            "BucketId": format!("ufile-{name}"),
            "Region": region,
            "Type": if bucket.settings.public { "public" } else { "private" },
            "Domain": {
                "Src": [format!("{name}.{}", host::endpoint(cloud, region))],
                "Cdn": [],
                "CustomSrc": [],
                "CustomCdn": [],
            },
        })
    };
    world.store.all().filter(wanted).map(described).collect()
}

fn regions() -> Value {
    const REGIONS: [&str; 8] = ["cn-bj2", "cn-wlcb", "cn-sh2", "cn-gd", "hk", "sg", "us-ca", "ge-fra"];
    let region = |(number, id): (usize, &&str)| {
        json!({
            "RegionId": 1000 + number,
            "RegionName": id,
            "Region": id,
            "Zone": format!("{id}-01"),
            "IsDefault": number == 0,
            "BitMaps": "",
        })
    };
    json!({"Regions": REGIONS.iter().enumerate().map(region).collect::<Vec<_>>()})
}

fn projects() -> Value {
    json!({
        "ProjectCount": 1,
        "ProjectSet": [{
            "ProjectId": DEFAULT_PROJECT,
            "ProjectName": "Default",
            "ParentId": "",
            "ParentName": "",
            "CreateTime": 1_600_000_000,
            "IsDefault": true,
            "MemberCount": 1,
            "ResourceCount": 0,
        }],
    })
}
