//! Labels: bound to resources, taken away, listed.
//!
//! Source: the vendor's API documents, label-api (2026-08), and its Go SDK. That images can have labels is unverified, and what
//! their type is called: a setting decides whether they do. Unverified as well: the code for a resource that has no labels or is
//! not there, that a call is refused as a whole, and that a label that is not bound is no failure.

use serde_json::{Value, json};

use super::answer::invalid;
use crate::{
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::Params,
    world::{Import, World},
};

/// Types that have labels beside images, which are the last one.
const TYPES: [&str; 4] = ["uhost", "udisk", "eip", "uimage"];

pub(super) fn list_types(world: &World) -> Outcome {
    let types = match TYPES.split_last() {
        Some((_, others)) if !world.config.tags_of_images => others,
        _ => &TYPES,
    };
    Ok(Reply::ok(json!({"ResourceTypes": types, "TotalCount": types.len()})))
}

pub(super) fn bind(world: &mut World, params: &Params) -> Outcome {
    change(world, params, Import::set_tag)
}

/// A label is key and value: one of another value stays.
pub(super) fn unbind(world: &mut World, params: &Params) -> Outcome {
    change(world, params, |image, key, value| {
        image.tags.retain(|tag| tag.0 != key || tag.1 != value);
    })
}

fn change(world: &mut World, params: &Params, change: fn(&mut Import, &str, &str)) -> Outcome {
    let resources = resources(world, params)?;
    let labels = params.objects("Labels");
    if labels.is_empty() {
        return Err(invalid("Missing params [Labels]"));
    }
    for place in resources {
        let Some(image) = world.imports.get_mut(place) else {
            continue;
        };
        for label in &labels {
            let (key, value) = (
                label.text("Key").unwrap_or_default(),
                label.text("Value").unwrap_or_default(),
            );
            change(image, key, value);
        }
    }
    Ok(Reply::ok(json!({})))
}

pub(super) fn list(world: &World, params: &Params) -> Outcome {
    let (offset, limit) = (
        params.integer("Offset").unwrap_or(0),
        params.integer("Limit").unwrap_or(10),
    );
    if offset < 0 || !(0..=100).contains(&limit) {
        return Err(invalid("Params [Offset] must not be negative, and [Limit] is 0 to 100"));
    }
    let all: Vec<Value> = resources(world, params)?
        .into_iter()
        .filter_map(|place| world.imports.get(place))
        .flat_map(|image| {
            let label = |(key, value): &(String, String)| {
                json!({"ResourceId": image.image_id, "Key": key, "Value": value, "Category": "custom"})
            };
            image.tags.iter().map(label)
        })
        .collect();
    let total = all.len();
    let shown = all
        .into_iter()
        .skip(usize::try_from(offset).unwrap_or(0))
        .take(usize::try_from(limit).unwrap_or(0));
    Ok(Reply::ok(
        json!({"TotalCount": total, "Labels": shown.collect::<Vec<_>>()}),
    ))
}

/// Where the images of a request stand in memory: a label knows neither region nor project.
fn resources(world: &World, params: &Params) -> Result<Vec<usize>, Failure> {
    let place = |id: &str| {
        let is_it = |import: &Import| {
            import.scope.cloud == Cloud::Ucloud
                && import.image_id == id
                && import.has_image()
                && world.config.tags_of_images
        };
        let found = world.imports.iter().position(is_it);
        found.ok_or_else(|| invalid(format!("Params [ResourceIds] not available: {id}")))
    };
    params.texts("ResourceIds").into_iter().map(place).collect()
}
