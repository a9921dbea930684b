//! Forms of regions, names, descriptions, tokens and tags, which imports, copies and changes have in common, and how an image is
//! found.

use super::answer::{bad, forbidden, missing};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome, length},
    rules::Params,
    world::{Import, Scope, Stage, World},
};

/// The most tags that a resource has.
pub(super) const MAX_TAGS: usize = 20;

/// Regions come and go: whatever looks like one is taken.
pub(super) fn is_region(text: &str) -> bool {
    let place = text.split_once('-').filter(|(area, _)| area.len() == 2);
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    place.is_some_and(|(_, rest)| !rest.is_empty()) && text.chars().all(valid)
}

/// The id of the image that a request names.
pub(super) fn image_id(params: &Params) -> Result<&str, Failure> {
    params.given("ImageId").ok_or_else(|| missing("ImageId"))
}

/// The image that a request names, listed or not.
pub(super) fn image<'w>(world: &'w mut World, scope: &Scope, params: &Params) -> Result<&'w mut Import, Failure> {
    world.image_mut(scope, image_id(params)?).ok_or_else(image_not_found)
}

/// The image that a request names, once it is done: neither being made nor failed.
pub(super) fn available<'w>(
    world: &'w mut World,
    now: &Now,
    scope: &Scope,
    params: &Params,
) -> Result<&'w mut Import, Failure> {
    let image = image(world, scope, params)?;
    match image.stage(now) {
        Stage::Succeeded => Ok(image),
        _ => Err(not_available()),
    }
}

pub(super) fn image_not_found() -> Failure {
    let message = "The specified ImageId does not exist.";
    Failure::new(404, "InvalidImageId.NotFound", message)
}

/// The image is not in a state for this.
pub(super) fn not_available() -> Failure {
    bad("IncorrectImageStatus", "The image is not available.")
}

/// A dry run that found nothing wrong, of every call but an import.
pub(super) fn dry_run_passed() -> Outcome {
    let message = "Request validation has been passed with DryRun flag set.";
    Err(bad("DryRunOperation", message))
}

/// The rules of an image's name and of a family's, which are the same.
pub(super) fn is_name(name: &str) -> bool {
    let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || chinese(c));
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-') || chinese(c);
    let reserved = name.starts_with("aliyun") || name.starts_with("acs:") || is_link(name);
    (2..=128).contains(&length(name)) && begins && name.chars().all(allowed) && !reserved
}

/// The name in this field, if there is one.
pub(super) fn check_name(params: &Params, field: &str) -> Result<(), Failure> {
    match params.given(field) {
        Some(name) if !is_name(name) => Err(bad(
            "InvalidImageName.Malformed",
            "The specified image name is invalid.",
        )),
        _ => Ok(()),
    }
}

/// The description in this field, if there is one.
pub(super) fn check_description(params: &Params, field: &str) -> Result<(), Failure> {
    match params.given(field) {
        Some(text) if !(2..=256).contains(&length(text)) || is_link(text) => Err(bad(
            "InvalidDescription.Malformed",
            "The specified description is invalid.",
        )),
        _ => Ok(()),
    }
}

pub(super) fn check_token(params: &Params) -> Result<(), Failure> {
    let token = params.text("ClientToken").unwrap_or_default();
    if token.len() > 64 || !token.is_ascii() {
        let message = "The client token must be ASCII and no longer than 64 characters.";
        return Err(bad("InvalidClientToken.Malformed", message));
    }
    Ok(())
}

/// A token came with other parameters before.
pub(super) fn token_mismatch() -> Failure {
    let message = "The request uses a client token of an earlier request that had other parameters.";
    bad("IdempotentParameterMismatch", message)
}

pub(super) fn is_link(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

pub(super) fn holds_link(text: &str) -> bool {
    text.contains("http://") || text.contains("https://")
}

pub(super) fn is_tag_key(key: &str) -> bool {
    let reserved = key.starts_with("aliyun") || key.starts_with("acs:");
    (1..=128).contains(&length(key)) && !reserved && !holds_link(key)
}

/// The tags that an import or a copy gives its image.
pub(super) fn tags(params: &Params) -> Result<Vec<(String, String)>, Failure> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for tag in params.objects("Tag") {
        let key = tag.text("Key").unwrap_or_default().to_owned();
        let value = tag.text("Value").unwrap_or_default().to_owned();
        if !is_tag_key(&key) {
            return Err(bad("InvalidParameter", "The specified Tag.Key is invalid."));
        }
        if length(&value) > 128 || value.starts_with("acs:") {
            return Err(bad("InvalidParameter", "The specified Tag.Value is invalid."));
        }
        if tags.iter().any(|(known, _)| *known == key) {
            return Err(forbidden("TagKey.Duplication", "The specified Tag.Key is duplicated."));
        }
        tags.push((key, value));
    }
    if tags.len() > MAX_TAGS {
        return Err(bad("InvalidParameter", "At most 20 tags are taken."));
    }
    Ok(tags)
}
