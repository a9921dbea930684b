//! Tags of an image that is there. Unverified: the codes of a tag that is not there and of a key that is given twice. The editions
//! differ on which characters a key may have: any is taken.

use serde_json::json;

use super::{answer::invalid, import, owners};
use crate::{
    clouds::vendor::{Failure, Outcome, Reply, length},
    rules::Params,
    world::{Import, Scope, World},
};

/// A tag: key and value.
type Tag = (String, String);

/// `AddImageTag`: a key that is there gets the new value.
pub(super) fn add(world: &mut World, scope: &Scope, image_id: &str, params: &Params) -> Outcome {
    let tag = params.0.get("tag").and_then(|tag| tag.as_object()).cloned();
    set(world, scope, image_id, vec![tag_of(&Params(tag.unwrap_or_default()))])
}

/// `BatchAddOrDeleteTags`: repeating it changes nothing and is no error.
pub(super) fn batch(world: &mut World, scope: &Scope, image_id: &str, params: &Params) -> Outcome {
    let tags: Vec<Tag> = params.objects("tags").iter().map(tag_of).collect();
    let twice = |(at, tag): (usize, &Tag)| tags.iter().skip(at + 1).any(|other| other.0 == tag.0);
    if tags.is_empty() || tags.iter().enumerate().any(twice) {
        return Err(invalid("IMG.0115", "The image tag is invalid."));
    }
    if params.given("action") != Some("delete") {
        return set(world, scope, image_id, tags);
    }
    let too_long = |(key, value): &Tag| key.trim().is_empty() || length(key) > 127 || length(value) > 255;
    if tags.iter().any(too_long) {
        return Err(invalid("IMG.0115", "The image tag is invalid."));
    }
    let mut image = owners::own(world, scope, image_id)?;
    for (key, _) in &tags {
        image.remove_tag(key);
    }
    done(world, image)
}

/// `DeleteImageTag`: 404 where there is no such tag.
pub(super) fn delete(world: &mut World, scope: &Scope, image_id: &str, key: &str) -> Outcome {
    let mut image = owners::own(world, scope, image_id)?;
    if !image.remove_tag(key) {
        return Err(Failure::new(404, "IMG.0115", format!("No tag found with key {key}")));
    }
    done(world, image)
}

/// `ListImageTags`.
pub(super) fn list(world: &World, scope: &Scope, image_id: &str) -> Outcome {
    let image = owners::own(world, scope, image_id)?;
    Ok(Reply::ok(json!({"tags": image.tag_objects("key", "value")})))
}

fn tag_of(params: &Params) -> Tag {
    let part = |name: &str| params.text(name).unwrap_or_default().to_owned();
    (part("key"), part("value"))
}

fn set(world: &mut World, scope: &Scope, image_id: &str, tags: Vec<Tag>) -> Outcome {
    if tags
        .iter()
        .any(|tag| tag.0.trim().is_empty() || import::is_too_long(tag))
    {
        return Err(invalid("IMG.0115", "The image tag is invalid."));
    }
    let mut image = owners::own(world, scope, image_id)?;
    for (key, value) in &tags {
        image.set_tag(key, value);
    }
    if image.tags.len() > import::MOST_TAGS {
        return Err(invalid("IMG.0116", "The number of image tags exceeds the quota."));
    }
    done(world, image)
}

/// 204 without a body.
fn done(world: &mut World, changed: Import) -> Outcome {
    if let Some(image) = world.image_mut(&changed.scope, &changed.image_id) {
        image.tags = changed.tags;
    }
    Ok(Reply { http: 204, body: None })
}
