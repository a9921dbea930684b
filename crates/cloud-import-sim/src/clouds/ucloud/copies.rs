//! `CopyCustomImage`: to a project, in the region of the source or in others. There is no way to ask for the task.
//!
//! Source: the vendor's API documents (2026-08), its guide copy.md (2026-04) and SDKs. Unverified: the codes of a copy from or to
//! Beijing and of an account without the ticket; that Beijing is neither source nor target; what a copy is called where no name
//! is given, and that its description is then that of the source; that a call is refused as a whole.

use serde_json::{Value, json};

use super::{
    account::REGIONS,
    answer::{absent, check_lengths, error, invalid, quota},
};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::Params,
    world::{Import, Scope, Stage, World},
};

/// Where no copies are made.
const CLOSED: &str = "cn-bj2";

pub(super) fn copy_custom_image(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let text = |field: &str| params.text(field).unwrap_or_default();
    if !world.config.ucloud_copies {
        return Err(error("299", "Copying images is opened by ticket"));
    }
    let limits = [
        ("TargetImageName", 63),
        ("TargetImageTag", 63),
        ("TargetImageDescription", 255),
    ];
    check_lengths(params, &limits)?;
    let list = params.texts("TargetRegionList");
    let regions = match (list.as_slice(), params.given("TargetRegion")) {
        ([], Some(region)) => vec![region],
        ([], None) => vec![scope.region.as_str()],
        (list, _) => list.to_vec(),
    };
    let targets: Vec<Scope> = regions
        .iter()
        .map(|region| Scope::new(scope.cloud, region, text("TargetProjectId")))
        .collect();
    let source = world
        .image_mut(scope, text("SourceImageId"))
        .ok_or_else(absent)?
        .clone();
    if source.stage(now) != Stage::Succeeded {
        return Err(error("8961", "The source image is not available"));
    }
    for to in &targets {
        check_target(world, now, scope, to)?;
    }
    let mut infos: Vec<Value> = targets.iter().map(|to| copy(world, now, &source, to, params)).collect();
    if !list.is_empty() {
        return Ok(Reply::ok(json!({"Infos": infos})));
    }
    let mut only = infos.pop().unwrap_or_else(|| json!({}));
    if let Some(members) = only.as_object_mut() {
        members.remove("TargetRegion");
    }
    Ok(Reply::ok(only))
}

fn check_target(world: &World, now: &Now, scope: &Scope, to: &Scope) -> Result<(), Failure> {
    if !REGIONS.contains(&to.region.as_str()) {
        return Err(invalid("Params [TargetRegion] not available"));
    }
    if [&scope.region, &to.region].iter().any(|region| *region == CLOSED) {
        return Err(error("8958", "Images are not moved from or to this region"));
    }
    if scope == to {
        return Err(error("8962", "The target project is that of the source image"));
    }
    if world.quota_used_up(to, now) {
        return Err(quota());
    }
    Ok(())
}

/// Takes a copy over, and says what is answered of it.
fn copy(world: &mut World, now: &Now, source: &Import, to: &Scope, params: &Params) -> Value {
    let mut copy = world.new_copy(source, to, "CopyCustomImage", now);
    copy.image_id = format!("uimage-{}", world.hex(8));
    copy.task_id = format!("copy-{}", world.hex(8));
    if let Some(name) = params.given("TargetImageName") {
        name.clone_into(&mut copy.name);
    }
    copy.params.0.remove("Tag");
    for (given, own) in [
        ("TargetImageTag", "Tag"),
        ("TargetImageDescription", "ImageDescription"),
    ] {
        if let Some(value) = params.given(given) {
            copy.params.0.insert(own.to_owned(), Value::from(value));
        }
    }
    let info = json!({"TargetRegion": to.region, "TargetImageId": copy.image_id, "TaskId": copy.task_id});
    world.accept(copy);
    info
}
