//! `copyImages`: up to ten images to one region, or within their own.
//!
//! Source: the vendor's Go SDK (rev. 1.6.1) and its page copyimages. Unverified: that a call is refused as a whole; that a
//! quota is looked at when it is called and not later; that an image may be copied to several regions at once; the code of a
//! wrong name and of too many images; the text that is written where a copy gets no description.

use serde_json::{Value, json};

use super::{
    answer::{REGIONS, busy, check_lengths, invalid, quota, ready},
    exports::exporting,
};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::Params,
    world::{Import, Scope, World},
};

/// How many images one call copies.
const MOST_IMAGES: usize = 10;

/// Copies to the same region are allowed since the SDK of 2026 at the latest.
pub(super) fn copy_images(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let region = params.text("destinationRegion").unwrap_or_default();
    if !REGIONS.contains(&region) {
        return Err(invalid(format!("Invalid region '{region}'")));
    }
    check_lengths(params, &[("name", 32), ("description", 256)])?;
    check_name(params.given("name"))?;
    let ids = params.texts("sourceImageIds");
    if ids.is_empty() || ids.len() > MOST_IMAGES {
        let message = format!("Parameter 'sourceImageIds' takes 1 to {MOST_IMAGES} images");
        return Err(invalid(message));
    }
    let mut sources = Vec::new();
    for id in &ids {
        sources.push(ready(world, now, scope, id)?.clone());
        if let Some(task) = exporting(world, now, scope, id) {
            return Err(busy(&task));
        }
    }
    let to = Scope::new(scope.cloud, region, "");
    let most = world.config.quota_of(scope.cloud) as usize;
    if world.images_used(&to, now) + sources.len() > most {
        return Err(quota("Image quota limit exceeded"));
    }
    let copies: Vec<Value> = sources
        .iter()
        .map(|source| copy(world, now, source, &to, params))
        .collect();
    Ok(Reply::ok(json!({"copyImages": copies})))
}

/// The names that the operation's own text allows, which an import's page does not.
fn check_name(name: Option<&str>) -> Result<(), Failure> {
    let is_allowed = |character: char| {
        character.is_ascii_alphanumeric() || "_-.".contains(character) || ('\u{4e00}'..='\u{9fff}').contains(&character)
    };
    match name {
        Some(name) if !name.chars().all(is_allowed) => {
            Err(invalid("Parameter 'name' has a character that is not allowed"))
        }
        _ => Ok(()),
    }
}

/// Takes a copy over, and says what is answered of it.
fn copy(world: &mut World, now: &Now, source: &Import, to: &Scope, params: &Params) -> Value {
    let mut copy = world.new_copy(source, to, "copyImages", now);
    let image_id = format!("img-{}", world.hex(10));
    image_id.clone_into(&mut copy.image_id);
    if let Some(name) = params.given("name") {
        name.clone_into(&mut copy.name);
    }
    let made_up = || format!("Copied from {} of {}", source.image_id, source.scope.region);
    let description = params.given("description").map_or_else(made_up, str::to_owned);
    copy.params.0.insert("description".to_owned(), Value::from(description));
    world.accept(copy);
    json!({"sourceImageId": source.image_id, "destinationImageId": image_id})
}
