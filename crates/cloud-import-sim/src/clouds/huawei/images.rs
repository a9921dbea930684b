//! Jobs and images as they are asked for, deletion, and what needs no memory: quota and operating systems.

use serde_json::{Map, Value, json};

use super::answer::{REGISTERED, image_state, invalid, not_found};
use crate::{
    clock::{Now, rfc3339, rfc3339_millis},
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::Params,
    world::{Import, Scope, Stage, World},
};

/// `ShowJob` and `ShowJobProgress`.
pub(super) fn job(world: &mut World, now: &Now, scope: &Scope, job_id: &str, operation: &str) -> Outcome {
    let found = world.shown(now, scope, |import| import.task_id == job_id);
    let Some(import) = found.first() else {
        // What the service says of a job that it does not know is unverified.
        return Err(Failure::new(404, "IMG.0061", format!("Job {job_id} not found")));
    };
    let forced = world.forced_state(Cloud::Huawei, operation);
    let stage = import.stage(now);
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
        "end_time": import.ended(now).map_or_else(String::new, rfc3339_millis),
        "error_code": failure.map(|(code, _)| code),
        "fail_reason": failure.map(|(_, reason)| reason),
        "entities": entities,
    })))
}

/// Images the way every list and answer shows them.
pub(super) fn images(found: &[Import], now: &Now, forced: Option<&str>) -> Vec<Value> {
    let shown = |import: &Import| {
        let state = image_state(import, import.stage(now));
        image(import, forced.unwrap_or(state))
    };
    found.iter().map(shown).collect()
}

/// `GlanceShowImage`.
pub(super) fn show(world: &mut World, now: &Now, scope: &Scope, image_id: &str) -> Outcome {
    let found = world.shown(now, scope, |import| import.has_image() && import.image_id == image_id);
    let forced = world.forced_state(Cloud::Huawei, "GlanceShowImage");
    let mut shown = images(&found, now, forced.as_deref());
    shown.pop().map(Reply::ok).ok_or_else(|| not_found(image_id))
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
        "owner": import.scope.project,
        "protected": params.flag("protected"),
        "min_disk": params.integer("min_disk").unwrap_or(0),
        "min_ram": params.integer("min_ram").unwrap_or(0),
        "disk_format": params.given("disk_format").unwrap_or("zvhd2"),
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
        "__image_size": import.disk.map_or(0, |disk| disk.size).to_string(),
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
    for (name, value) in os_attributes(params) {
        image[name] = value;
    }
    image
}

/// The attributes of a system as images show them: its family and its bits.
fn os_attributes(params: &Params) -> Map<String, Value> {
    let version = params.given("os_version").or(params.given("__os_version"));
    let mut attributes = Map::new();
    if let Some(version) = version {
        let windows = version.to_ascii_lowercase().contains("windows");
        let bits = if version.contains("32bit") { "32" } else { "64" };
        let platform = version.split(' ').next().unwrap_or(version);
        let family = if windows { "Windows" } else { "Linux" };
        attributes.insert("__os_version".to_owned(), Value::from(version));
        attributes.insert("__os_type".to_owned(), Value::from(family));
        attributes.insert("__os_bit".to_owned(), Value::from(bits));
        attributes.insert("__platform".to_owned(), Value::from(platform));
    } else if let Some(family) = params.given("os_type") {
        attributes.insert("__os_type".to_owned(), Value::from(family));
    }
    attributes
}

/// `UpdateImage`: a list of changes, of which the name and the description are played. The code for an image that is not
/// finished is read in no source.
pub(super) fn update(world: &mut World, now: &Now, scope: &Scope, image_id: &str, params: &Params) -> Outcome {
    let current = world.image_mut(scope, image_id).map(|image| image.clone());
    let current = current.ok_or_else(|| not_found(image_id))?;
    if current.stage(now) != Stage::Succeeded {
        return Err(invalid("IMG.0001", "Only an image that is active can be changed."));
    }
    for change in params.objects("changes") {
        let (op, path) = (
            change.text("op").unwrap_or_default(),
            change.text("path").unwrap_or_default(),
        );
        let value = change.text("value").unwrap_or_default();
        match (op, path) {
            ("replace", "/name") if value.is_empty() => return Err(invalid("IMG.0003", "The name is empty.")),
            ("replace", "/name") if value != current.name && world.name_taken(scope, value, now) => {
                return Err(invalid("IMG.0009", "The image name exists already."));
            }
            ("replace", "/__description") if !current.params.0.contains_key("description") => {
                return Err(invalid("IMG.0035", "The attribute does not exist."));
            }
            ("replace", "/name") | ("replace" | "add", "/__description") => {}
            _ => return Err(invalid("IMG.0001", format!("{op} of {path} is not simulated."))),
        }
        if let Some(image) = world.image_mut(scope, image_id) {
            match path {
                "/name" => image.name = value.to_owned(),
                _ => drop(image.params.0.insert("description".to_owned(), Value::from(value))),
            }
        }
    }
    let changed = world.image_mut(scope, image_id).map(|changed| changed.clone());
    let changed = changed.ok_or_else(|| not_found(image_id))?;
    Ok(Reply::ok(image(&changed, image_state(&changed, changed.stage(now)))))
}

/// `GlanceDeleteImage`: 204 without a body.
pub(super) fn delete(world: &mut World, now: &Now, scope: &Scope, image_id: &str) -> Outcome {
    let image = world.image_mut(scope, image_id).ok_or_else(|| not_found(image_id))?;
    let waits = image.operation == REGISTERED;
    if image.stage(now).is_open() && !waits {
        let message = "An image that is being created cannot be deleted.";
        return Err(invalid("IMG.0090", message));
    }
    image.deleted = true;
    Ok(Reply { http: 204, body: None })
}

/// `ShowImageQuota`.
pub(super) fn quota(world: &World, now: &Now, scope: &Scope) -> Reply {
    let used = world.images_used(scope, now);
    let quota = world.config.quota_of(Cloud::Huawei);
    Reply::ok(json!({
        "quotas": {"resources": [{"type": "image", "used": used, "quota": quota, "min": 0, "max": quota}]},
    }))
}

const X86: &[&str] = &["x86", "uefi", "bms"];
const ARM: &[&str] = &["arm", "uefi"];

/// The platforms, by which the names of their systems begin.
const PLATFORMS: [&str; 5] = ["CentOS", "Debian", "Ubuntu", "Windows", "Other"];

/// Systems for trying things, and the tags that they are found by. The vendor's own list is much longer, and which tag finds
/// which of its systems is not documented.
const SYSTEMS: [(&str, &[&str]); 12] = [
    ("CentOS 7.9 64bit", X86),
    ("CentOS 8.2 64bit", X86),
    ("CentOS 8.2 64bit with ARM", ARM),
    ("Debian 11.1.0 64bit", X86),
    ("Debian 12.0.0 64bit", X86),
    ("Ubuntu 20.04 server 64bit", X86),
    ("Ubuntu 22.04 server 64bit", X86),
    ("Ubuntu 22.04 server 64bit with ARM", ARM),
    ("Windows Server 2019 Standard 64bit", X86),
    ("Windows Server 2022 Standard 64bit", X86),
    ("Other Linux(32 bit)", &["x86"]),
    ("Other Linux(64 bit)", &["x86", "arm"]),
];

/// `ListOsVersions`: a bare list.
pub(super) fn os_versions(params: &Params) -> Reply {
    let tag = params.given("tag");
    let versions = |platform: &str| -> Vec<Value> {
        let wanted = SYSTEMS
            .iter()
            .filter(|(name, tags)| name.starts_with(platform) && tag.is_none_or(|tag| tags.contains(&tag)));
        let version = |(name, _): &(&str, &[&str])| {
            json!({
                "platform": platform,
                "os_version_key": name,
                "os_version": name,
                "os_bit": if name.contains("32 bit") { 32 } else { 64 },
                "os_type": if platform == "Windows" { "Windows" } else { "Linux" },
            })
        };
        wanted.map(version).collect()
    };
    let platforms = PLATFORMS
        .into_iter()
        .map(|platform| (platform, versions(platform)))
        .filter(|(_, versions)| !versions.is_empty())
        .map(|(platform, versions)| json!({"platform": platform, "version_list": versions}));
    Reply::ok(platforms.collect())
}
