//! Jobs and images as they are asked for, deletion, and the two lists that need no memory.

use serde_json::{Value, json};

use super::super::{Failure, Outcome, Reply, Vendor};
use super::{Huawei, import, invalid};
use crate::clock::{Now, rfc3339, rfc3339_millis};
use crate::cloud::Cloud;
use crate::rules::Params;
use crate::tasks::{Import, Stage};
use crate::world::{Scope, World};

/// `ShowJob` and `ShowJobProgress`.
pub(super) fn job(world: &mut World, now: &Now, scope: &Scope, job_id: &str, operation: &str) -> Outcome {
    let import_time = world.config.import_time;
    let found = world.shown(|import| scope.holds(import) && import.task_id == job_id);
    let Some(import) = found.first() else {
        // What the service says of a job that it does not know is unverified.
        return Err(Failure::new(404, "IMG.0061", format!("Job {job_id} not found")));
    };
    let forced = world.forced_state(Cloud::Huawei, operation);
    let stage = import.stage(now, import_time);
    let failure = import.failure(stage);
    let is_data = import.operation == "CreateDataImage" || import.params.given("type") == Some("DataImage");
    let mut entities = json!({
        "image_name": import.name,
        "process_percent": f64::from(stage.percent()) / 100.0,
        "current_task": if stage.is_open() { "Importing image" } else { "" },
    });
    if stage == Stage::Succeeded {
        entities["image_id"] = Value::from(import.image_id.as_str());
    }
    let status = match stage {
        Stage::Queued => "INIT",
        Stage::Running(_) => "RUNNING",
        Stage::Succeeded => "SUCCESS",
        Stage::Failed | Stage::Canceled => "FAIL",
    };
    Ok(Reply::ok(json!({
        "job_id": import.task_id,
        "job_type": if is_data { "imsImportDataImageJob" } else { "imsImportImageJob" },
        "status": forced.as_deref().unwrap_or(status),
        "begin_time": rfc3339_millis(import.accepted.utc),
        "end_time": import.ended(now, import_time).map_or_else(String::new, rfc3339_millis),
        "error_code": failure.map(|(code, _)| code),
        "fail_reason": failure.map(|(_, reason)| reason),
        "entities": entities,
    })))
}

/// `ListImages`.
pub(super) fn list(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let limit = params.integer("limit").unwrap_or(500);
    if !(0..=500).contains(&limit) {
        return Err(invalid("IMG.0001", "limit must be 0 to 500."));
    }
    let created = params.given("created_at").map(comparison).transpose()?;
    let import_time = world.config.import_time;
    // Absent means the default project, not all of them.
    let project = params.given("enterprise_project_id").unwrap_or("0");
    let min_disk = params.integer("min_disk");
    let mut found = world.shown(|import| {
        let state = Huawei.image_state(import, import.stage(now, import_time));
        let own_project = import.params.given("enterprise_project_id").unwrap_or("0");
        let tagged = |tag: &str| {
            let (key, value) = tag.split_once('.').unwrap_or((tag, ""));
            import.tags.iter().any(|(k, v)| k == key && v == value)
        };
        let time = rfc3339(import.accepted.utc);
        scope.holds(import)
            && import.has_image()
            && params.given("id").is_none_or(|id| id == import.image_id)
            && params.given("name").is_none_or(|name| name == import.name)
            && params.given("status").is_none_or(|wanted| wanted == state)
            && params.given("__imagetype").is_none_or(|kind| kind == "private")
            && params.given("__isregistered").is_none_or(|flag| flag == "true")
            && params.given("owner").is_none_or(|owner| owner == import.project)
            && params.given("tag").is_none_or(tagged)
            && (project == "all_granted_eps" || project == own_project)
            && min_disk.is_none_or(|wanted| import.params.integer("min_disk") == Some(wanted))
            && created.as_ref().is_none_or(|(test, wanted)| test(&time, wanted))
    });
    if params.given("sort_key") == Some("name") {
        found.sort_by(|a, b| a.name.cmp(&b.name));
    }
    // Newest first unless the request says otherwise.
    if params.given("sort_dir") != Some("asc") {
        found.reverse();
    }
    if let Some(marker) = params.given("marker") {
        let after = found.iter().position(|import| import.image_id == marker);
        let keep = after.map_or(found.len(), |position| position + 1);
        found.drain(..keep);
    }
    found.truncate(usize::try_from(limit).unwrap_or(0));
    let forced = world.forced_state(Cloud::Huawei, "ListImages");
    Ok(Reply::ok(
        json!({"images": images(&found, now, world, forced.as_deref())}),
    ))
}

fn images(found: &[Import], now: &Now, world: &World, forced: Option<&str>) -> Vec<Value> {
    let shown = |import: &Import| {
        let state = Huawei.image_state(import, world.stage(import, now));
        image(import, forced.unwrap_or(state))
    };
    found.iter().map(shown).collect()
}

/// Compares a time as it is written with the one that was asked for.
type Comparison = (fn(&str, &str) -> bool, String);

/// `gte:2018-10-28T10:00:00Z` and its like. Times of one form compare as texts.
fn comparison(text: &str) -> Result<Comparison, Failure> {
    let (operator, time) = text
        .split_once(':')
        .ok_or_else(|| invalid("IMG.0001", "created_at must be operator:time."))?;
    let test: fn(&str, &str) -> bool = match operator {
        "gt" => |a, b| a > b,
        "gte" => |a, b| a >= b,
        "lt" => |a, b| a < b,
        "lte" => |a, b| a <= b,
        "eq" => |a, b| a == b,
        "neq" => |a, b| a != b,
        _ => return Err(invalid("IMG.0001", "created_at has no such operator.")),
    };
    Ok((test, time.to_owned()))
}

/// `GlanceListImages`.
pub(super) fn glance_list(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let private = |field: &str| params.given(field).is_none_or(|value| value == "private");
    let found = world.shown(|import| {
        scope.holds(import)
            && import.has_image()
            && private("__imagetype")
            && private("visibility")
            && params.given("name").is_none_or(|name| name == import.name)
    });
    let forced = world.forced_state(Cloud::Huawei, "GlanceListImages");
    Ok(Reply::ok(json!({
        "images": images(&found, now, world, forced.as_deref()),
        "schema": "/v2/schemas/images",
        "first": "/v2/images",
    })))
}

/// `GlanceShowImage`.
pub(super) fn show(world: &mut World, now: &Now, scope: &Scope, image_id: &str) -> Outcome {
    let found = world.shown(|import| scope.holds(import) && import.has_image() && import.image_id == image_id);
    let forced = world.forced_state(Cloud::Huawei, "GlanceShowImage");
    let mut shown = images(&found, now, world, forced.as_deref());
    shown.pop().map(Reply::ok).ok_or_else(|| not_found(image_id))
}

pub(super) fn not_found(image_id: &str) -> Failure {
    Failure::new(404, "IMG.0027", format!("No image found with ID {image_id}"))
}

/// An image with the attributes that imports have.
pub(super) fn image(import: &Import, state: &str) -> Value {
    let params = &import.params;
    let is_data = import.operation == "CreateDataImage" || params.given("type") == Some("DataImage");
    let environment = match params.given("type") {
        _ if is_data => "DataImage",
        Some("IsoImage") => "IsoImage",
        Some("BMS" | "Ironic") => "Ironic",
        _ => "FusionCompute",
    };
    let arm = params.given("architecture") == Some("arm");
    let firmware = params.given("hw_firmware_type");
    let tags: Vec<Value> = import
        .tags
        .iter()
        .map(|(key, value)| Value::from(format!("{key}.{value}")))
        .collect();
    let mut image = json!({
        "id": import.image_id,
        "name": import.name,
        "status": state,
        "visibility": "private",
        "owner": import.project,
        "protected": false,
        "min_disk": params.integer("min_disk").unwrap_or(0),
        "min_ram": params.integer("min_ram").unwrap_or(0),
        "disk_format": "zvhd2",
        "container_format": "bare",
        "created_at": rfc3339(import.accepted.utc),
        "updated_at": rfc3339(import.accepted.utc),
        "tags": tags,
        "virtual_env_type": environment,
        "enterprise_project_id": params.given("enterprise_project_id").unwrap_or("0"),
        "hw_firmware_type": firmware.unwrap_or(if arm { "uefi" } else { "bios" }),
        "__description": params.text("description").unwrap_or_default(),
        "__imagetype": "private",
        "__image_source_type": "uds",
        "__image_size": import.size.to_string(),
        "__isregistered": "true",
        "__root_origin": "file",
        "__support_arm": if arm { "true" } else { "false" },
        "__lazyloading": if import.operation == "ImportImageQuick" { "true" } else { "false" },
        "self": format!("/v2/images/{}", import.image_id),
        "file": format!("/v2/images/{}/file", import.image_id),
        "schema": "/v2/schemas/image",
    });
    if let Some(source) = import.sources.first() {
        image["__data_origin"] = Value::from(format!("file,{source}"));
    }
    for (name, value) in import::os_attributes(params) {
        image[name] = value;
    }
    image
}

/// `GlanceDeleteImage`: 204 without a body.
pub(super) fn delete(world: &mut World, now: &Now, scope: &Scope, image_id: &str) -> Outcome {
    let import_time = world.config.import_time;
    let image = world.image_mut(scope, image_id).ok_or_else(|| not_found(image_id))?;
    let waits = image.operation == super::REGISTERED;
    if image.stage(now, import_time).is_open() && !waits {
        let message = "An image that is being created cannot be deleted.";
        return Err(invalid("IMG.0090", message));
    }
    image.deleted = true;
    Ok(Reply { http: 204, body: None })
}

/// `ShowImageQuota`.
pub(super) fn quota(world: &World, now: &Now, scope: &Scope) -> Reply {
    let used = world.images_used(scope, now);
    let quota = world.quota(Cloud::Huawei);
    Reply::ok(json!({
        "quotas": {"resources": [{"type": "image", "used": used, "quota": quota, "min": 0, "max": quota}]},
    }))
}

/// `ListOsVersions`: a few systems, for trying things. The vendor's own list is much longer.
pub(super) fn os_versions() -> Reply {
    let version =
        |name: &str, family: &str| json!({"os_version_key": name, "os_version": name, "os_bit": 64, "os_type": family});
    Reply::ok(json!([
        {"platform": "CentOS", "version_list": [
            version("CentOS 7.9 64bit", "Linux"),
            version("CentOS 8.2 64bit", "Linux"),
        ]},
        {"platform": "Debian", "version_list": [
            version("Debian 11.1.0 64bit", "Linux"),
            version("Debian 12.0.0 64bit", "Linux"),
        ]},
        {"platform": "Ubuntu", "version_list": [
            version("Ubuntu 20.04 server 64bit", "Linux"),
            version("Ubuntu 22.04 server 64bit", "Linux"),
        ]},
        {"platform": "Windows", "version_list": [
            version("Windows Server 2019 Standard 64bit", "Windows"),
            version("Windows Server 2022 Standard 64bit", "Windows"),
        ]},
        {"platform": "Other", "version_list": [
            version("Other Linux(64 bit)", "Linux"),
        ]},
    ]))
}
