//! `CopyImage` and `CancelCopyImage`. There is no task: a copy is an image of its destination.
//!
//! Source: the vendor's API reference (2021-07) and SDKs (2026-10). Unverified: that five at once are counted where copies go
//! to; the name of a copy without one; what a copy takes along of its source beside its content (here what its guest is, and neither
//! tags nor shares); that a copy within a region has to change the encryption; that an absent `Encrypted` keeps an image encrypted, in
//! another region with the service's key; the codes for sources that are withdrawn or public; that tokens of copies and of imports are
//! apart; which regions are closed to copies. Every key is taken as one that is there.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    answer::{bad, done, forbidden},
    fields::{
        check_description, check_name, check_token, dry_run_passed, image, is_region, not_available, tags,
        token_mismatch,
    },
};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::Params,
    world::{Import, Replay, Scope, Stage, World},
};

/// How many copies a region makes at one time; what is beyond waits for its turn.
const AT_ONCE: usize = 5;

/// How long a copy takes whose turn has not come.
const WAITING: Duration = Duration::MAX;

/// Regions that the vendor has given up.
const CLOSED: [&str; 2] = ["ap-southeast-2", "ap-south-1"];

/// What of the source's request does not go on in a copy.
const LEFT_BEHIND: [&str; 8] = [
    "ClientToken",
    "DetectionStrategy",
    "Description",
    "DryRun",
    "ImageName",
    "ResourceGroupId",
    "RoleName",
    "Tag",
];

pub(super) fn copy_image(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    check_name(params, "DestinationImageName")?;
    check_description(params, "DestinationDescription")?;
    check_token(params)?;
    let tags = tags(params)?;
    let token = params.given("ClientToken").map(|token| format!("CopyImage {token}"));
    if let Some(token) = &token {
        match world.replay(scope, token, params) {
            Replay::First => {}
            Replay::Same(result) => return Ok(Reply::ok(result)),
            Replay::Different(_) => return Err(token_mismatch()),
        }
    }
    let to = destination(scope, params)?;
    let source = image(world, scope, params)?.clone();
    check_source(&source, now)?;
    let key = key(&source, &to, params)?;
    let name = params.given("DestinationImageName").map(str::to_owned);
    if name.as_deref().is_some_and(|name| world.name_taken(&to, name, now)) {
        return Err(bad("InvalidImageName.Duplicated", "The destination image is exist."));
    }
    if world.quota_used_up(&to, now) {
        return Err(forbidden("QuotaExceed.Image", "The Image Quota exceeds."));
    }
    if params.flag("DryRun") {
        return dry_run_passed();
    }
    let image_id = format!("m-bp1{}", world.hex(17));
    let mut copy = world.new_copy(&source, &to, "CopyImage", now);
    copy.name = name.unwrap_or_else(|| image_id.clone());
    copy.image_id.clone_from(&image_id);
    copy.tags = tags;
    copy.publication.key = key;
    copy.params = carried_on(&source, params);
    if world.open_copies(&to, now).len() >= AT_ONCE {
        copy.takes = WAITING;
    }
    world.accept(copy);
    let result = json!({"ImageId": image_id});
    if let Some(token) = token {
        world.remember(scope.clone(), &token, params.clone(), result.clone());
    }
    Ok(Reply::ok(result))
}

/// Gives those copies their turn that wait for one, as each request comes: what was waited counts as part of a copy's time.
pub(super) fn advance(world: &mut World, now: &Now) {
    let time = world.config.import_time;
    let waiting: Vec<(Scope, String)> = world
        .imports
        .iter()
        .filter(|import| import.takes == WAITING && import.has_image())
        .map(|import| (import.scope.clone(), import.image_id.clone()))
        .collect();
    for (scope, image_id) in waiting {
        let open = world.open_copies(&scope, now);
        let running = open.iter().filter(|copy| copy.takes != WAITING).count();
        if running < AT_ONCE
            && let Some(copy) = world.image_mut(&scope, &image_id)
        {
            copy.takes = now.instant.saturating_duration_since(copy.accepted.instant) + time;
        }
    }
}

fn destination(scope: &Scope, params: &Params) -> Result<Scope, Failure> {
    let region = params.given("DestinationRegionId").unwrap_or(&scope.region);
    if !is_region(region) {
        return Err(bad("DestinationRegion.NotFound", "The destination region not found."));
    }
    if CLOSED.contains(&region) || CLOSED.contains(&scope.region.as_str()) {
        return Err(forbidden("RegionNotSupportCopy", "The region not support copy."));
    }
    Ok(Scope {
        region: region.to_owned(),
        ..scope.clone()
    })
}

fn check_source(source: &Import, now: &Now) -> Result<(), Failure> {
    match source.stage(now) {
        Stage::Succeeded => {}
        Stage::Queued | Stage::Running(_) => return Err(copying()),
        Stage::Failed | Stage::Canceled => return Err(not_available()),
    }
    if source.publication.is_deprecated {
        return Err(not_available());
    }
    if source.publication.is_public {
        return Err(forbidden("OperationDenied", "Community images cannot be copied."));
    }
    Ok(())
}

/// The image is being made; said of imports as of copies.
pub(super) fn copying() -> Failure {
    forbidden("OperationDenied.ImageCopying", "The Image are coping.")
}

/// The key of the copy; an empty one is the service's.
fn key(source: &Import, to: &Scope, params: &Params) -> Result<Option<String>, Failure> {
    let given = params.given("KMSKeyId");
    if given.is_some() && !params.flag("Encrypted") {
        let message = "The specified parameter Encrypted must be true when kmsKeyId is not empty.";
        return Err(bad("InvalidParameter.EncryptedIllegal", message));
    }
    let is_here = source.scope == *to;
    let had = source.publication.key.clone();
    let key = match params.0.get("Encrypted").and_then(Value::as_bool) {
        Some(true) => Some(given.unwrap_or_default().to_owned()),
        Some(false) => None,
        None if is_here => had.clone(),
        None => had.as_ref().map(|_| String::new()),
    };
    if is_here && key == had {
        let message = "The destination region is not equal the target region.";
        return Err(forbidden("IncorrectDestinationRegion", message));
    }
    Ok(key)
}

fn carried_on(source: &Import, params: &Params) -> Params {
    let mut carried = source.params.clone();
    carried.0.retain(|name, _| !LEFT_BEHIND.contains(&name.as_str()));
    for (from, to) in [
        ("DestinationDescription", "Description"),
        ("ResourceGroupId", "ResourceGroupId"),
    ] {
        if let Some(text) = params.given(from) {
            carried.0.insert(to.to_owned(), Value::from(text));
        }
    }
    carried
}

pub(super) fn cancel_copy_image(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let copy = image(world, scope, params)?;
    if copy.copied_from.is_none() {
        let message = "The specified image is not the target image of a copy action.";
        return Err(bad("ImageCreatedNotFromCopy", message));
    }
    if !copy.stage(now).is_open() {
        return Err(bad("IncorrectImageStatus", "The image has completed copy."));
    }
    copy.canceled = Some(now.utc);
    Ok(done())
}

/// Whether an image is being copied, or is a copy that is being made.
pub(super) fn is_copying(world: &World, now: &Now, scope: &Scope, image_id: &str) -> bool {
    let is_source = |copy: &&Import| {
        copy.copied_from
            .as_ref()
            .is_some_and(|origin| origin.image_id == image_id)
    };
    world.open_copies_from(scope, now).iter().any(is_source)
        || world
            .open_copies(scope, now)
            .iter()
            .any(|copy| copy.image_id == image_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cloud::Cloud,
        world::{Config, Verdict},
    };

    #[test]
    fn a_copy_that_waited_takes_its_time_from_its_turn_on() {
        let mut world = World::new(Config::new("ak", "sk").import_time(Duration::from_secs(10)));
        let (scope, now) = (Scope::new(Cloud::Aliyun, "cn-a", ""), Now::read());
        let at = |seconds| Now {
            instant: now.instant + Duration::from_secs(seconds),
            ..now
        };
        let mut source = world.new_import(&scope, "ImportImage", &now, Verdict::Stall);
        source.image_id = "m-1".to_owned();
        source.takes = Duration::ZERO;
        world.accept(source);
        let fields = json!({"ImageId": "m-1", "DestinationRegionId": "cn-b"});
        let params = Params(fields.as_object().cloned().unwrap_or_default());
        for _ in 0..=AT_ONCE {
            assert!(copy_image(&mut world, &now, &scope, &params).is_ok());
        }
        let last = |world: &World, seconds| world.imports[AT_ONCE + 1].stage(&at(seconds));
        advance(&mut world, &at(9));
        assert_eq!(last(&world, 1000), Stage::Queued);
        advance(&mut world, &at(12));
        assert!(last(&world, 21).is_open());
        assert_eq!(last(&world, 22), Stage::Succeeded);
    }
}
