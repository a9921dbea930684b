//! `ModifyImageAttribute` and `DescribeImageFromFamily`.
//!
//! Source: the vendor's API reference (2021-07) and SDKs (2026-10). Unverified: the codes for a family's name, for an image that is
//! shared and to be withdrawn, for one that is not available and for taking `v2` of the metadata service back; that an empty family
//! takes an image out of its family; that a withdrawn image may be changed otherwise.

use serde_json::{Map, Value, json};

use super::{
    answer::{bad, done, forbidden, violated},
    fields::{check_description, check_name, dry_run_passed, image, is_name, not_available},
    query,
};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::{self, Closed, Params},
    world::{Import, Scope, Stage, World},
};

const DEPRECATED: &str = "Deprecated";

/// What a change takes.
const CHOICES: &[Closed] = &[
    ("BootMode", &["BIOS", "UEFI", "UEFI-Preferred"]),
    ("LicenseType", &["BYOL"]),
    ("Status", &[DEPRECATED, "Available"]),
];

/// Changes what is given; what is not given stays.
pub(super) fn modify(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    rules::closed(params, "", CHOICES).map_err(violated)?;
    let current = image(world, scope, params)?.name.clone();
    check_name(params, "ImageName")?;
    check_description(params, "Description")?;
    if params.given("ImageFamily").is_some_and(|family| !is_name(family)) {
        return Err(bad("InvalidParameter", "The specified ImageFamily is invalid."));
    }
    let name = params.given("ImageName");
    if name.is_some_and(|name| name != current && world.name_taken(scope, name, now)) {
        let message = "The specified Image name has already been used.";
        return Err(bad("InvalidImageName.Duplicated", message));
    }
    let image = image(world, scope, params)?;
    let status = params.given("Status");
    check_status(image, status, now)?;
    let features = features(image, params)?;
    if params.flag("DryRun") {
        return dry_run_passed();
    }
    if let Some(name) = name {
        image.name = name.to_owned();
    }
    for field in ["Description", "BootMode", "LicenseType"] {
        if let Some(text) = params.given(field) {
            image.params.0.insert(field.to_owned(), Value::from(text));
        }
    }
    if let Some(features) = features {
        image.params.0.insert("Features".to_owned(), Value::Object(features));
    }
    if let Some(family) = params.text("ImageFamily") {
        image.publication.family = Some(family.to_owned()).filter(|family| !family.is_empty());
    }
    if let Some(status) = status {
        image.publication.is_deprecated = status == DEPRECATED;
    }
    Ok(done())
}

/// Only what is available can be withdrawn, and a share comes before.
fn check_status(image: &Import, status: Option<&str>, now: &Now) -> Result<(), Failure> {
    if status.is_some() && image.stage(now) != Stage::Succeeded {
        return Err(not_available());
    }
    if status == Some(DEPRECATED) && !image.publication.members.is_empty() {
        let message = "The image is shared: unshare it first.";
        return Err(forbidden("OperationDenied", message));
    }
    Ok(())
}

/// What the image is marked with afterwards.
fn features(image: &Import, params: &Params) -> Result<Option<Map<String, Value>>, Failure> {
    let Some(given) = params.0.get("Features").and_then(Value::as_object) else {
        return Ok(None);
    };
    let mut features = image
        .params
        .0
        .get("Features")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let imds = |features: &Map<String, Value>, word: &str| features.get("ImdsSupport").is_some_and(|it| it == word);
    if imds(&features, "v2") && imds(given, "v1") {
        let message = "ImdsSupport cannot be changed from v2 to v1.";
        return Err(bad("InvalidParameter.FeaturesImdsSupport", message));
    }
    features.extend(given.clone());
    Ok(Some(features))
}

/// The newest image of a family that is available; without one the answer has none.
pub(super) fn from_family(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let family = params.given("ImageFamily");
    let found = world.shown(now, scope, |image| {
        let publication = &image.publication;
        image.has_image()
            && publication.family.as_deref() == family
            && !publication.is_deprecated
            && image.stage(now) == Stage::Succeeded
    });
    let newest = found.iter().max_by_key(|image| image.accepted.instant);
    Ok(Reply::ok(match newest {
        Some(newest) => json!({"Image": query::image(newest, newest.stage(now), None)}),
        None => json!({}),
    }))
}
