//! Images as they are asked for, deletion, and what needs no memory: quota and operating systems.

use serde_json::{Map, Value, json};

use super::{
    account::Account,
    answer::{REGISTERED, image_state, invalid, is_data_disk, not_found},
    owners,
};
use crate::{
    clock::{Now, rfc3339},
    cloud::Cloud,
    clouds::vendor::{Outcome, Reply},
    rules::Params,
    world::{Import, Scope, World},
};

/// Images the way every list and answer shows them.
pub(super) fn images(found: &[Import], now: &Now, forced: Option<&str>, viewer: &Scope) -> Vec<Value> {
    let shown = |import: &Import| {
        let state = image_state(import, import.stage(now));
        image_for(import, forced.unwrap_or(state), viewer)
    };
    found.iter().map(shown).collect()
}

/// `GlanceShowImage`.
pub(super) fn show(world: &mut World, now: &Now, scope: &Scope, image_id: &str) -> Outcome {
    let mut found = world.shown(now, scope, |import| import.has_image() && import.image_id == image_id);
    found.extend(owners::offered(world, now, scope, |import| import.image_id == image_id));
    let forced = world.forced_state(Cloud::Huawei, "GlanceShowImage");
    let mut shown = images(&found, now, forced.as_deref(), scope);
    shown.pop().map(Reply::ok).ok_or_else(|| not_found(image_id))
}

/// An image as a project sees it: its own, or one that is shared with it.
pub(super) fn image_for(import: &Import, state: &str, viewer: &Scope) -> Value {
    let mut image = image(import, state);
    if !viewer.holds(import) {
        image["visibility"] = Value::from("shared");
        image["__imagetype"] = Value::from("shared");
        // What the owner keeps it by is not the receiver's.
        image["enterprise_project_id"] = Value::from("0");
        image["tags"] = json!([]);
    }
    image
}

/// An image with the attributes that imports and copies have.
pub(super) fn image(import: &Import, state: &str) -> Value {
    let params = &import.params;
    let environment = match params.given("type") {
        _ if is_data_disk(import) => "DataImage",
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
    if let Some(origin) = &import.copied_from {
        let from = format!("image,{},{}", origin.scope.region, origin.image_id);
        image["__data_origin"] = Value::from(from);
        image["__root_origin"] = Value::from("image");
    }
    if let Some(key) = &import.publication.key {
        image["__system__cmkid"] = Value::from(key.as_str());
    }
    if let Some(most) = params.integer("max_ram") {
        image["max_ram"] = Value::from(most.to_string());
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

/// `GlanceDeleteImage`: 204 without a body. An image that is shared with projects goes without a word to them.
pub(super) fn delete(world: &mut World, account: &Account, now: &Now, scope: &Scope, image_id: &str) -> Outcome {
    if !scope.holds(&owners::usable(world, scope, image_id)?) {
        return Err(invalid("IMG.0092", "The image can only be deleted by the owner."));
    }
    let image = world.image_mut(scope, image_id).ok_or_else(|| not_found(image_id))?;
    if image.params.flag("protected") {
        return Err(invalid("IMG.0028", "The image in the request is protected."));
    }
    if image
        .publication
        .members
        .iter()
        .any(|member| account.is_no_project(&member.id))
    {
        let message = "An image that is shared with an account or an organization cannot be deleted.";
        return Err(invalid("IMG.0105", message));
    }
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
