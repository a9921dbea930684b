//! Images: listed and deleted.

use serde_json::{Value, json};

use super::answer::{absent, image_state, invalid};
use crate::{
    clock::Now,
    cloud::Cloud,
    clouds::vendor::{Outcome, Reply},
    rules::Params,
    world::{Import, Scope, World},
};

pub(super) fn describe_image(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
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
            let state = image_state(import, import.stage(now));
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

pub(super) fn terminate_custom_image(world: &mut World, scope: &Scope, params: &Params) -> Outcome {
    let id = params
        .given("ImageId")
        .ok_or_else(|| invalid("Missing params [ImageId]"))?;
    let image = world.image_mut(scope, id).ok_or_else(absent)?;
    image.deleted = true;
    Ok(Reply::ok(json!({"ImageId": id})))
}
