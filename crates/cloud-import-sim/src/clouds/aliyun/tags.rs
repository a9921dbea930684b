//! `TagResources`, `UntagResources` and `ListTagResources`, of images alone: no other resource is here.
//!
//! Source: the vendor's API reference (2021-07) and SDKs (2026-10). Unverified: that a key which is there gets the new value; that a
//! call changes all of its resources or none; what is said where neither keys nor all tags are to be taken away; how many tags an
//! answer lists. Conditions that tags meet loosely (`TagFilter`) are by invitation only, and refused.

use serde_json::{Value, json};

use super::{
    answer::{bad, done, missing, violated},
    fields::{MAX_TAGS, holds_link, is_tag_key},
};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome, Reply, length},
    rules::{Params, Violation, Wrong},
    world::{Import, Scope, World},
};

const MAX_RESOURCES: usize = 50;

/// How many tags an answer lists.
const PER_ANSWER: usize = 50;

const IMAGE: &str = "image";

/// What else takes tags, in no account of the simulator.
const OTHER_TYPES: &[&str] = &[
    "instance",
    "disk",
    "snapshot",
    "securitygroup",
    "volume",
    "eni",
    "ddh",
    "ddhcluster",
    "keypair",
    "launchtemplate",
    "reservedinstance",
    "snapshotpolicy",
    "elasticityassurance",
    "capacityreservation",
    "command",
    "invocation",
    "activation",
    "managedinstance",
];

/// What a call does to each of its images.
enum Change<'p> {
    Set(Vec<(&'p str, &'p str)>),
    Remove(Vec<&'p str>),
    RemoveAll,
}

/// These calls have codes of their own for what is missing, with an HTTP status of their own, too.
pub(super) fn refused(violation: Violation) -> Failure {
    let code = match (&violation.wrong, violation.field.as_str()) {
        (Wrong::Missing, field @ ("RegionId" | "ResourceType")) => field,
        (Wrong::Missing, "Tag") => "Tags",
        _ => return violated(violation),
    };
    no(code)
}

fn no(what: &str) -> Failure {
    let message = format!("The parameter - {what} should not be null");
    Failure::new(404, &format!("MissingParameter.{what}"), message)
}

pub(super) fn tag(world: &mut World, scope: &Scope, params: &Params) -> Outcome {
    let objects = params.objects("Tag");
    let mut tags: Vec<(&str, &str)> = Vec::new();
    for tag in &objects {
        let (Some(key), Some(value)) = (tag.text("Key"), tag.text("Value")) else {
            let message = "The specified Tag.n.Key and Tag.n.Value are not match.";
            return Err(bad("InvalidTag.Mismatch", message));
        };
        check_key(key)?;
        if length(value) > 128 || holds_link(value) {
            return Err(bad(
                "InvalidTagValue.Malformed",
                "The specified Tag.n.Value is not valid.",
            ));
        }
        if tags.iter().any(|(known, _)| *known == key) {
            return Err(bad("Duplicate.TagKey", "The Tag.N.Key contain duplicate key."));
        }
        tags.push((key, value));
    }
    check_count(tags.len())?;
    change(world, scope, params, &Change::Set(tags))
}

pub(super) fn untag(world: &mut World, scope: &Scope, params: &Params) -> Outcome {
    let keys = params.texts("TagKey");
    check_count(keys.len())?;
    let to_do = match keys.is_empty() {
        true if params.flag("All") => Change::RemoveAll,
        true => return Err(no("Tags")),
        false => Change::Remove(keys),
    };
    change(world, scope, params, &to_do)
}

fn change(world: &mut World, scope: &Scope, params: &Params, to_do: &Change<'_>) -> Outcome {
    let ids = resources(params)?;
    let mut changed = Vec::new();
    for id in ids {
        let mut image = world.image_mut(scope, id).ok_or_else(no_resource)?.clone();
        match to_do {
            Change::Set(tags) => tags.iter().for_each(|(key, value)| image.set_tag(key, value)),
            Change::Remove(keys) => keys.iter().for_each(|key| {
                image.remove_tag(key);
            }),
            Change::RemoveAll => image.tags.clear(),
        }
        if image.tags.len() > MAX_TAGS {
            let message = "The quota of tags on resource is beyond permitted range.";
            return Err(bad("OperationDenied.QuotaExceed", message));
        }
        changed.push((id, image.tags));
    }
    for (id, tags) in changed {
        if let Some(image) = world.image_mut(scope, id) {
            image.tags = tags;
        }
    }
    Ok(done())
}

pub(super) fn list(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    if params.0.contains_key("TagFilter") {
        return Err(bad(
            "UnsupportedParameter",
            "The parameter \"TagFilter\" is not supported.",
        ));
    }
    let ids = match params.0.contains_key("ResourceId") {
        true => resources(params)?,
        false => kind(params).map(|()| Vec::new())?,
    };
    let wanted = params.objects("Tag");
    check_count(wanted.len())?;
    if ids.is_empty() && wanted.is_empty() {
        return Err(missing("ResourceId.1"));
    }
    if wanted.iter().any(|tag| tag.given("Key").is_none()) {
        return Err(bad("InvalidParameter.TagValue", "A tag value needs a tag key."));
    }
    let from = begin(params)?;
    let has = |image: &Import, tag: &Params| {
        image
            .tags
            .iter()
            .any(|(key, value)| tag.given("Key") == Some(key) && tag.text("Value").is_none_or(|wanted| wanted == value))
    };
    let found = world.shown(now, scope, |image| {
        image.has_image()
            && (ids.is_empty() || ids.contains(&image.image_id.as_str()))
            && wanted.iter().all(|tag| has(image, tag))
    });
    let all: Vec<Value> = found.iter().flat_map(rows).collect();
    let end = all.len().min(from.saturating_add(PER_ANSWER));
    let next = if end < all.len() {
        format!("{end:032x}")
    } else {
        String::new()
    };
    let rows: Vec<Value> = all.into_iter().skip(from).take(PER_ANSWER).collect();
    Ok(Reply::ok(json!({
        "TagResources": {"TagResource": rows},
        "NextToken": next,
    })))
}

fn rows(image: &Import) -> Vec<Value> {
    let row = |(key, value): &(String, String)| {
        json!({
            "ResourceId": image.image_id,
            "ResourceType": IMAGE,
            "TagKey": key,
            "TagValue": value,
        })
    };
    image.tags.iter().map(row).collect()
}

/// Where a list goes on: as many tags came before, in the form of the vendor's tokens.
fn begin(params: &Params) -> Result<usize, Failure> {
    let Some(token) = params.given("NextToken") else {
        return Ok(0);
    };
    usize::from_str_radix(token, 16).map_err(|_| bad("InvalidParameter", "The specified NextToken is invalid."))
}

/// The kind of resource, and the ids.
fn resources(params: &Params) -> Result<Vec<&str>, Failure> {
    kind(params)?;
    let ids = params.texts("ResourceId");
    if ids.is_empty() {
        return Err(missing("ResourceId.1"));
    }
    if ids.len() > MAX_RESOURCES {
        let message = "The ResourceIds parameter's number is exceed , Valid : 50";
        return Err(bad("NumberExceed.ResourceIds", message));
    }
    Ok(ids)
}

fn kind(params: &Params) -> Result<(), Failure> {
    match params.given("ResourceType") {
        Some(IMAGE) => Ok(()),
        Some(other) if OTHER_TYPES.contains(&other) => Err(no_resource()),
        _ => Err(Failure::new(
            404,
            "InvalidResourceType.NotFound",
            "The ResourceType provided does not exist in our records.",
        )),
    }
}

fn no_resource() -> Failure {
    let message = "The specified ResourceIds are not found in our records.";
    Failure::new(404, "InvalidResourceId.NotFound", message)
}

fn check_key(key: &str) -> Result<(), Failure> {
    if is_tag_key(key) {
        Ok(())
    } else {
        Err(bad("InvalidTagKey.Malformed", "The specified Tag.n.Key is not valid."))
    }
}

fn check_count(tags: usize) -> Result<(), Failure> {
    if tags > MAX_TAGS {
        let message = "The Tags parameter's number is exceed , Valid : 20";
        return Err(bad("NumberExceed.Tags", message));
    }
    Ok(())
}
