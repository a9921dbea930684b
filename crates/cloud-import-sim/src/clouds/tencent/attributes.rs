//! `ModifyImageAttribute` and `DescribeImageFromFamily`: names, descriptions, families, and what is out of date.

use serde_json::{Value, json};

use super::{
    answer::error,
    images::{check_ids, check_length, image, own_image, own_image_mut},
};
use crate::{
    clock::Now,
    clouds::vendor::{Outcome, Reply, length},
    rules::Params,
    world::{Scope, Stage, World},
};

/// The longest family. The vendor only has a code for wrong ones: the number is that of names.
const LONGEST_FAMILY: usize = 60;

/// Changes what is given; an empty description or family is none. The code for a taken name is that of an import.
pub(super) fn modify_image(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let id = params.text("ImageId").unwrap_or_default();
    check_ids(&[id])?;
    check_length(params, "ImageName", 60)?;
    check_length(params, "ImageDescription", 256)?;
    if length(params.text("ImageFamily").unwrap_or_default()) > LONGEST_FAMILY {
        let message = "The image family is too long.";
        return Err(error("InvalidParameterValue.InvalidImageFamily", message));
    }
    let name = params.given("ImageName");
    let current = own_image(world, scope, id)?.name.clone();
    if let Some(name) = name.filter(|name| *name != current)
        && world.name_taken(scope, name, now)
    {
        let message = format!("The image name `{name}` exists already.");
        return Err(error("InvalidImageName.Duplicate", message));
    }
    let image = own_image_mut(world, scope, id)?;
    if let Some(name) = name {
        name.clone_into(&mut image.name);
    }
    if let Some(text) = params.text("ImageDescription") {
        image.params.0.insert("ImageDescription".to_owned(), Value::from(text));
    }
    if let Some(family) = params.text("ImageFamily") {
        image.publication.family = Some(family.to_owned()).filter(|family| !family.is_empty());
    }
    if let Some(deprecated) = params.0.get("ImageDeprecated").and_then(Value::as_bool) {
        image.publication.is_deprecated = deprecated;
    }
    Ok(Reply::ok(json!({})))
}

/// The newest of a family that is ready and not deprecated; `null` where there is none.
pub(super) fn from_family(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let family = params.given("ImageFamily");
    let found = world.shown(now, scope, |import| {
        let of_family = family.is_some() && import.publication.family.as_deref() == family;
        let usable = import.has_image() && import.stage(now) == Stage::Succeeded;
        of_family && usable && !import.publication.is_deprecated
    });
    // They stand in the order in which they were accepted.
    let image = found.last().map(|import| image(import, import.stage(now), None));
    Ok(Reply::ok(json!({"Image": image})))
}
