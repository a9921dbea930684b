//! JD Cloud's virtual-machine API, version `v1`: REST paths, JSON, errors with HTTP statuses, tasks with progress.
//!
//! Source: the vendor's API reference and Go SDK (rev. 1.6.1, 2024-11). Unverified: the 15 minutes in which a request's time is
//! good, the scope of a client token (here: the region), China's time in task times, names in the answer of `describeQuotas`.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::vendor::{Failure, Outcome, Reply, Vendor, json_answer, length, page};
use crate::{
    clock::{Now, china, parse_china},
    cloud::Cloud,
    generated::jdcloud::OPERATIONS,
    objects::Lookup,
    rules::{self, Closed, Params, Violation, Wrong},
    table::{self, PathParameters},
    verify::{self, Algorithm, Refusal, SecretOf, Verified},
    wire::{Answer, WireRequest, link},
    world::{Config, Import, Replay, Scope, Stage, Verdict, World, read_link},
};

/// JD Cloud.
pub(crate) struct Jdcloud;

impl Vendor for Jdcloud {
    fn has_host(&self, host: &str) -> bool {
        (host.starts_with("vm.") || host.starts_with("www.")) && host.ends_with(".jdcloud-api.com")
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
        match operation.name {
            "importImage" => import_image(world, now, scope, params),
            "imageTasks" => image_tasks(world, now, &scope, &params),
            "describeImages" => describe_images(world, now, &scope, &params),
            "describeImage" => describe_image(world, now, &scope, value("imageId")),
            "deleteImage" => delete_image(world, now, &scope, value("imageId")),
            "modifyImageAttribute" => modify_image(world, &scope, value("imageId"), &params),
            "describeQuotas" => describe_quotas(world, now, &scope, &params),
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

fn image_state(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued | Stage::Running(_) => "pending",
        Stage::Succeeded => "ready",
        Stage::Failed | Stage::Canceled => "error",
    }
}

/// How an import ends whose source cannot be read.
fn unreadable() -> Verdict {
    Verdict::fail("DOWNLOAD_FAILED", "Download image file failed")
}

fn route(request: &WireRequest) -> Option<(&'static table::Operation, PathParameters)> {
    table::routed(OPERATIONS, &request.method, &request.decoded_path())
}

fn access(message: String) -> Failure {
    Failure::new(401, "ACCESS_ERROR", message)
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

fn violated(violation: Violation) -> Failure {
    let field = violation.field;
    invalid(match violation.wrong {
        Wrong::Malformed(reason) if field.is_empty() => reason,
        Wrong::Malformed(reason) => format!("Parameter '{field}': {reason}"),
        Wrong::Unknown => format!("Parameter '{field}' is unknown"),
        Wrong::Type(kind) => format!("Parameter '{field}' must be of type {kind}"),
        Wrong::Missing => format!("Parameter '{field}' missing"),
        Wrong::Value(values) => {
            format!("Parameter '{field}' must be one of {}", values.join(", "))
        }
    })
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(400, "INVALID_ARGUMENT", message)
}

fn out_of_range(message: &str) -> Failure {
    Failure::new(400, "OUT_OF_RANGE", message)
}

fn import_image(world: &mut World, now: &Now, scope: Scope, params: Params) -> Outcome {
    check_limits(&params)?;
    let token = params.given("clientToken").map(str::to_owned);
    if let Some(token) = &token {
        // A known token gives the first result, whatever else the request says (vendor document).
        match world.replay(&scope, token, &params) {
            Replay::First => {}
            Replay::Same(result) => return Ok(Reply::ok(result)),
            Replay::Different(result) => {
                world.counters.count_replay(scope.cloud);
                return Ok(Reply::ok(result));
            }
        }
    }
    if world.quota_used_up(&scope, now) {
        return Err(Failure::new(429, "QUOTA_EXCEEDED", "Image quota limit exceeded"));
    }
    let system = (
        params.text("imageUrl").unwrap_or_default().to_owned(),
        params.given("diskFormat").unwrap_or("qcow2").to_owned(),
        params.integer("systemDiskSizeGB").unwrap_or(0),
    );
    let mut disks = vec![system];
    for disk in params.objects("dataDisks") {
        disks.push((
            disk.text("imageUrl").unwrap_or_default().to_owned(),
            disk.given("diskFormat").unwrap_or("qcow2").to_owned(),
            disk.integer("dataDiskSizeGB").unwrap_or(0),
        ));
    }
    let mut verdict = Verdict::Succeed;
    let mut first = None;
    let mut sources = Vec::new();
    for (url, format, gib) in &disks {
        sources.push(link::without_query(url));
        let found = source(world, now, &scope.region, url)?;
        if let Lookup::Here(disk) = &found {
            first = first.or(Some(*disk));
        }
        if verdict == Verdict::Succeed {
            verdict = judge(&found, format, *gib);
        }
    }
    let image_id = format!("img-{}", world.hex(10));
    let task_id = (7000 + world.next_serial()).to_string();
    let result = if world.config.jdcloud_import_task_id_number {
        json!({"imageId": image_id, "importTaskId": task_id.parse::<u64>().unwrap_or_default()})
    } else {
        json!({"imageId": image_id, "taskId": task_id})
    };
    world.accept(Import {
        image_id,
        task_id,
        name: params.text("imageName").unwrap_or_default().to_owned(),
        sources,
        disk: first,
        params: params.clone(),
        verdict,
        ..world.new_import(&scope, "importImage", now, unreadable())
    });
    if let Some(token) = token {
        world.remember(scope, &token, params, result.clone());
    }
    Ok(Reply::ok(result))
}

/// What an import takes; 32-bit x86 is in older documents only.
const CHOICES: &[Closed] = &[
    ("architecture", &["x86_64", "arm64", "i386"]),
    ("osType", &["windows", "linux"]),
    (
        "platform",
        &["CentOS", "Ubuntu", "Windows Server", "Other Linux", "Other Windows"],
    ),
    ("diskFormat", &["qcow2", "vhd", "vmdk", "raw"]),
    ("bootMode", &["bios", "uefi"]),
];

/// Limits on which the vendor's pages agree. The characters of a name are not among them: one page allows a dot.
fn check_limits(params: &Params) -> Result<(), Failure> {
    rules::closed(params, "", CHOICES).map_err(violated)?;
    let gib = params.integer("systemDiskSizeGB").unwrap_or(0);
    if !(40..=500).contains(&gib) {
        return Err(out_of_range("SystemDiskSizeGB must be between 40 and 500"));
    }
    if gib % 10 != 0 {
        return Err(out_of_range("SystemDiskSizeGB must be multiple of 10"));
    }
    check_lengths(params, &[("imageName", 32), ("description", 256), ("clientToken", 64)])?;
    for disk in params.objects("dataDisks") {
        rules::closed(&disk, "dataDisks", CHOICES).map_err(violated)?;
        if disk.integer("dataDiskSizeGB").unwrap_or(0) < 1 {
            return Err(out_of_range("DataDiskSizeGB must be positive"));
        }
    }
    Ok(())
}

fn check_lengths(params: &Params, limits: &[(&str, usize)]) -> Result<(), Failure> {
    for (field, most) in limits {
        if length(params.text(field).unwrap_or_default()) > *most {
            return Err(invalid(format!("Parameter '{field}' has more than {most} characters")));
        }
    }
    Ok(())
}

/// Finds the object behind a link of this cloud's storage; one in another region is refused at once.
fn source(world: &World, now: &Now, region: &str, url: &str) -> Result<Lookup, Failure> {
    let link = link::parse(url).ok_or_else(|| invalid("Parameter 'imageUrl' is no link"))?;
    let any = world.config.any_object;
    match read_link(world, Cloud::Jdcloud, &link, now) {
        None if any => Ok(Lookup::Assumed),
        None => Ok(Lookup::Absent),
        Some((other, _)) if other != region && !any => Err(conflict(&other, region)),
        Some((_, Lookup::Elsewhere { region: other })) => Err(conflict(&other, region)),
        Some((_, found)) => Ok(found),
    }
}

fn conflict(found: &str, wanted: &str) -> Failure {
    let message = format!("OssRegion '{found}' not match current region '{wanted}'");
    Failure::new(400, "CONFLICT", message)
}

/// What the task comes to, as far as the file decides it. The wording of the messages is the simulator's own.
fn judge(found: &Lookup, declared: &str, gib: i64) -> Verdict {
    let Lookup::Here(disk) = found else {
        return match found {
            Lookup::Assumed => Verdict::Succeed,
            _ => unreadable(),
        };
    };
    let format = disk.format.name();
    if format != declared {
        let reason = format!("Image format '{format}' not match diskFormat '{declared}'");
        return Verdict::fail("VERIFY_FAILED", reason);
    }
    if i64::try_from(disk.gib()).unwrap_or(i64::MAX) > gib {
        let reason = format!("Virtual size {}GB exceeds disk size {gib}GB", disk.gib());
        return Verdict::fail("VERIFY_FAILED", reason);
    }
    Verdict::Succeed
}

fn image_tasks(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let number = params.integer("pageNumber").unwrap_or(1);
    let size = params.integer("pageSize").unwrap_or(10);
    // Three sources give three ranges; only what none of them allows is refused.
    if number < 1 || !(1..=100).contains(&size) {
        return Err(out_of_range("PageSize out of range"));
    }
    let instant = |field: &str| match params.given(field) {
        None => Ok(None),
        Some(text) => parse_china(&text.replace('T', " ").replace('Z', ""))
            .map(Some)
            .ok_or_else(|| invalid(format!("Parameter '{field}' is no time"))),
    };
    let (from, to) = (instant("startTime")?, instant("endTime")?);
    let ids = params.texts("taskIds");
    let action = params.given("taskAction").unwrap_or("ImportImage");
    let status = params.given("taskStatus");
    let found = world.shown(now, scope, |import| {
        action == "ImportImage"
            && (ids.is_empty() || ids.contains(&import.task_id.as_str()))
            && status.is_none_or(|wanted| wanted == task_state(import.stage(now)))
            && from.is_none_or(|from| import.accepted.utc >= from)
            && to.is_none_or(|to| import.accepted.utc <= to)
    });
    let total = found.len();
    let forced = world.forced_state(Cloud::Jdcloud, "imageTasks");
    let task = |import: Import| {
        let stage = import.stage(now);
        let failure = import.failure(stage);
        json!({
            "taskId": import.task_id,
            // The vendor's list says ImportImage and its example this.
            "action": "ImportImageTask",
            "taskStatus": forced.as_deref().unwrap_or(task_state(stage)),
            "progress": stage.percent(),
            "errorInfo": failure.map_or("", |(_, reason)| reason),
            "message": failure.map_or("", |(code, _)| code),
            "createdTime": china(import.accepted.utc),
            "finishedTime": import.ended(now).map_or_else(String::new, china),
            "imageId": import.image_id,
            "imageName": import.name,
            "imageUrl": import.sources.first(),
        })
    };
    let tasks: Vec<Value> = page(found, number, size).into_iter().map(task).collect();
    Ok(Reply::ok(json!({"taskSet": tasks, "totalCount": total})))
}

fn task_state(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued => "pending",
        Stage::Running(_) => "running",
        Stage::Succeeded => "finished",
        Stage::Failed | Stage::Canceled => "failed",
    }
}

fn describe_images(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let ids = params.texts("ids");
    let source = params.given("imageSource");
    if source.is_none() && ids.is_empty() {
        let message = "Parameter ImageSource missing";
        return Err(Failure::new(400, "FAILED_PRECONDITION", message));
    }
    let number = params.integer("pageNumber").unwrap_or(1);
    let size = params.integer("pageSize").unwrap_or(20);
    if number < 1 || !(10..=100).contains(&size) {
        return Err(out_of_range("PageSize out of range"));
    }
    let same = |field: &str, import: &Import| {
        let wanted = params.given(field);
        wanted.is_none_or(|wanted| import.params.given(field) == Some(wanted))
    };
    let found = world.shown(now, scope, |import| {
        let state = image_state(import.stage(now));
        import.has_image()
            && source.is_none_or(|source| source == "private")
            && (ids.is_empty() || ids.contains(&import.image_id.as_str()))
            && params.given("imageName").is_none_or(|part| import.name.contains(part))
            && params.given("status").is_none_or(|wanted| wanted == state)
            && params.given("rootDeviceType").is_none_or(|kind| kind == "cloudDisk")
            && !params.flag("offline")
            && same("platform", import)
            && same("architecture", import)
            && same("bootMode", import)
    });
    let total = found.len();
    let forced = world.forced_state(Cloud::Jdcloud, "describeImages");
    let images: Vec<Value> = page(found, number, size)
        .iter()
        .map(|import| image(import, import.stage(now), forced.as_deref()))
        .collect();
    Ok(Reply::ok(json!({"images": images, "totalCount": total})))
}

fn describe_image(world: &mut World, now: &Now, scope: &Scope, id: &str) -> Outcome {
    let found = world.shown(now, scope, |import| import.has_image() && import.image_id == id);
    let import = found.first().ok_or_else(|| not_found(id))?;
    let stage = import.stage(now);
    let forced = world.forced_state(Cloud::Jdcloud, "describeImage");
    Ok(Reply::ok(json!({"image": image(import, stage, forced.as_deref())})))
}

fn not_found(id: &str) -> Failure {
    Failure::new(404, "NOT_FOUND", format!("Image '{id}' not found"))
}

fn image(import: &Import, stage: Stage, forced: Option<&str>) -> Value {
    let text = |field: &str| import.params.text(field);
    json!({
        "imageId": import.image_id,
        "name": import.name,
        "platform": text("platform"),
        "osVersion": text("osVersion"),
        "osType": text("osType"),
        "architecture": text("architecture"),
        "systemDiskSizeGB": import.params.integer("systemDiskSizeGB"),
        "sizeMB": import.disk.map_or(0, |disk| disk.size >> 20),
        "imageSource": "private",
        "status": forced.unwrap_or(image_state(stage)),
        "createTime": china(import.accepted.utc),
        "desc": text("description"),
        "launchPermission": "",
        "rootDeviceType": "cloudDisk",
        "progress": stage.percent().to_string(),
        "offline": false,
        "imported": true,
        "bootMode": import.params.given("bootMode").unwrap_or("bios"),
    })
}

fn delete_image(world: &mut World, now: &Now, scope: &Scope, id: &str) -> Outcome {
    let import = world.image_mut(scope, id).ok_or_else(|| not_found(id))?;
    if import.stage(now).is_open() {
        let message = format!("Image '{id}' is busy");
        return Err(Failure::new(400, "FAILED_PRECONDITION", message));
    }
    import.deleted = true;
    Ok(Reply::ok(json!({})))
}

/// Changes what is given; the limits are those of an import.
fn modify_image(world: &mut World, scope: &Scope, id: &str, params: &Params) -> Outcome {
    check_lengths(params, &[("name", 32), ("description", 256)])?;
    let image = world.image_mut(scope, id).ok_or_else(|| not_found(id))?;
    if let Some(name) = params.given("name") {
        image.name = name.to_owned();
    }
    if let Some(description) = params.text("description") {
        image
            .params
            .0
            .insert("description".to_owned(), Value::from(description));
    }
    Ok(Reply::ok(json!({})))
}

/// Only images have a quota here.
fn describe_quotas(world: &World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let mut wanted = true;
    for filter in params.objects("filters") {
        if filter.text("name") != Some("resourceTypes") {
            return Err(invalid("Parameter 'filters' knows resourceTypes only"));
        }
        wanted &= filter.texts("values").contains(&"image");
    }
    let image = json!({
        "resourceType": "image",
        "limit": world.config.quota_of(scope.cloud),
        "used": world.images_used(scope, now),
    });
    let quotas: Vec<Value> = wanted.then_some(image).into_iter().collect();
    Ok(Reply::ok(json!({"quotas": quotas})))
}
