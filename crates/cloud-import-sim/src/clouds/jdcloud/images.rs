//! Images: listed, changed and deleted.

use serde_json::{Value, json};

use super::{
    answer::{OWN_PIN, busy, check_lengths, image_state, not_found, out_of_range, own, precondition},
    exports::exporting,
};
use crate::{
    clock::{Now, china},
    cloud::Cloud,
    clouds::vendor::{Outcome, Reply, page},
    rules::Params,
    world::{Import, Scope, Stage, World},
};

pub(super) fn describe_images(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let ids = params.texts("ids");
    let source = params.given("imageSource");
    if source.is_none() && ids.is_empty() {
        return Err(precondition("Parameter ImageSource missing"));
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
            && source
                .is_none_or(|source| source == "private" || (source == "community" && import.publication.is_public))
            && (ids.is_empty() || ids.contains(&import.image_id.as_str()))
            && params.given("imageName").is_none_or(|part| import.name.contains(part))
            && params.given("status").is_none_or(|wanted| wanted == state)
            && params
                .given("launchPermission")
                .is_none_or(|wanted| wanted == launch_permission(import))
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

pub(super) fn describe_image(world: &mut World, now: &Now, scope: &Scope, id: &str) -> Outcome {
    let found = world.shown(now, scope, |import| import.has_image() && import.image_id == id);
    let import = found.first().ok_or_else(|| not_found(id))?;
    let stage = import.stage(now);
    let forced = world.forced_state(Cloud::Jdcloud, "describeImage");
    Ok(Reply::ok(json!({"image": image(import, stage, forced.as_deref())})))
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
        "ownerPin": OWN_PIN,
        "loginName": OWN_PIN,
        "status": forced.unwrap_or(image_state(stage)),
        "createTime": china(import.accepted.utc),
        "desc": text("description"),
        "launchPermission": launch_permission(import),
        "rootDeviceType": "cloudDisk",
        "progress": stage.percent().to_string(),
        "offline": false,
        "imported": true,
        "bootMode": import.params.given("bootMode").unwrap_or("bios"),
    })
}

fn launch_permission(import: &Import) -> &'static str {
    match &import.publication {
        publication if publication.is_public => "all",
        publication if publication.members.is_empty() => "ownerOnly",
        _ => "specifiedUsers",
    }
}

pub(super) fn delete_image(world: &mut World, now: &Now, scope: &Scope, id: &str) -> Outcome {
    let is_copied = world
        .open_copies_from(scope, now)
        .iter()
        .any(|copy| is_copy_of(copy, id));
    if is_copied || own(world, scope, id)?.stage(now).is_open() {
        return Err(precondition(format!("Image '{id}' is busy")));
    }
    if let Some(task) = exporting(world, now, scope, id) {
        return Err(busy(&task));
    }
    let image = own(world, scope, id)?;
    if image.publication.is_public {
        return Err(precondition(format!("Cannot delete community image '{id}'")));
    }
    if !image.publication.members.is_empty() {
        return Err(precondition(format!("Cannot delete shared image '{id}'")));
    }
    image.deleted = true;
    Ok(Reply::ok(json!({})))
}

fn is_copy_of(copy: &Import, id: &str) -> bool {
    copy.copied_from.as_ref().is_some_and(|origin| origin.image_id == id)
}

/// Changes what is given; the limits are those of an import.
pub(super) fn modify_image(world: &mut World, scope: &Scope, id: &str, params: &Params) -> Outcome {
    check_lengths(params, &[("name", 32), ("description", 256)])?;
    let image = own(world, scope, id)?;
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
