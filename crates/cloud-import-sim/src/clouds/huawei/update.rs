//! `UpdateImage`: a list of changes, all of which are made or none. Of the attributes, those are played that people set.
//!
//! Unverified: the code for an image that is not active, and that `add` may set an attribute that is there.

use serde_json::Value;

use super::{
    answer::{image_state, invalid, is_active, not_found},
    images, import, owners,
};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::Params,
    world::{Import, Scope, World},
};

/// Attributes that every image has: they are replaced, and cannot be taken away.
const ALWAYS_THERE: [&str; 3] = ["name", "protected", "hw_firmware_type"];

/// Attributes that an image may have, by the names of the fields that an import gives them with.
const OPTIONAL: [(&str, &str); 3] = [
    ("__description", "description"),
    ("min_ram", "min_ram"),
    ("max_ram", "max_ram"),
];

/// Changes a project's own image, and answers it whole.
pub(super) fn update(world: &mut World, now: &Now, scope: &Scope, image_id: &str, params: &Params) -> Outcome {
    let mut changed = owners::own(world, scope, image_id)?;
    if !is_active(&changed, now) {
        return Err(invalid("IMG.0001", "Only an image that is active can be changed."));
    }
    for change in params.objects("changes") {
        let of = |name: &str| change.text(name).unwrap_or_default();
        apply(world, now, &mut changed, of("op"), of("path"), of("value"))?;
    }
    let image = world.image_mut(scope, image_id).ok_or_else(|| not_found(image_id))?;
    *image = changed.clone();
    let state = image_state(&changed, changed.stage(now));
    Ok(Reply::ok(images::image(&changed, state)))
}

fn apply(world: &World, now: &Now, image: &mut Import, op: &str, path: &str, value: &str) -> Result<(), Failure> {
    let attribute = path.strip_prefix('/').unwrap_or_default();
    if op == "replace" && ALWAYS_THERE.contains(&attribute) {
        return replace(world, now, image, attribute, value);
    }
    let optional = OPTIONAL.iter().find(|(name, _)| *name == attribute);
    let Some((_, field)) = optional else {
        return Err(invalid("IMG.0001", format!("{op} of {path} is not simulated.")));
    };
    let is_there = image.params.0.contains_key(*field);
    if !is_there && op != "add" {
        return Err(invalid(
            "IMG.0035",
            "An attribute conflict occurred during the modification.",
        ));
    }
    if op == "remove" {
        image.params.0.remove(*field);
        return Ok(());
    }
    let value = match *field {
        "description" => {
            import::check_description(&with("description", value))?;
            Value::from(value)
        }
        _ => match value.parse::<u32>() {
            Ok(number) => Value::from(number),
            Err(_) => return Err(invalid("IMG.0055", "The memory or disk size is invalid.")),
        },
    };
    image.params.0.insert((*field).to_owned(), value);
    Ok(())
}

fn replace(world: &World, now: &Now, image: &mut Import, attribute: &str, value: &str) -> Result<(), Failure> {
    match (attribute, value) {
        ("name", _) => {
            import::check_name(value, 128)?;
            if value != image.name && world.name_taken(&image.scope, value, now) {
                return Err(invalid("IMG.0009", "The image name already exists."));
            }
            value.clone_into(&mut image.name);
        }
        ("protected", "true" | "false") => {
            image
                .params
                .0
                .insert(attribute.to_owned(), Value::from(value == "true"));
        }
        ("hw_firmware_type", "bios" | "uefi") => {
            image.params.0.insert(attribute.to_owned(), Value::from(value));
        }
        ("hw_firmware_type", _) => return Err(invalid("IMG.0141", "hw_firmware_type must be bios or uefi.")),
        _ => return Err(invalid("IMG.0001", format!("{attribute} must be true or false."))),
    }
    Ok(())
}

fn with(field: &str, value: &str) -> Params {
    Params([(field.to_owned(), Value::from(value))].into_iter().collect())
}
