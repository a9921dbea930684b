//! `SyncImages`: copies to other regions, and encrypted ones within the region.

use serde_json::{Value, json};

use super::{
    answer::{dry_run_passed, error, given},
    images::{check_ids, check_length, own_image},
};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::Params,
    world::{Import, Scope, Stage, World},
};

pub(super) fn sync_images(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let ids = given(params, "ImageIds")?;
    check_ids(&ids)?;
    let [id] = ids[..] else {
        let message = "One image is copied at a time.";
        return Err(error("InvalidParameterValue.LimitExceeded", message));
    };
    check_length(params, "ImageName", 60)?;
    let source = own_image(world, scope, id)?.clone();
    check_source(world, now, &source)?;
    let regions = given(params, "DestinationRegions")?;
    check_regions(&source, &regions, params.flag("Encrypt"))?;
    let key = key_of(params)?;
    let name = params.given("ImageName").unwrap_or(&source.name).to_owned();
    for (nth, region) in regions.iter().enumerate() {
        let to = Scope::new(scope.cloud, region, "");
        if world.quota_used_up(&to, now) {
            let message = format!("The image quota of {region} is used up.");
            return Err(error("ImageQuotaLimitExceeded", message));
        }
        if world.name_taken(&to, &name, now) || regions[..nth].contains(region) {
            let message = format!("The image name `{name}` exists already in {region}.");
            return Err(error("InvalidImageName.Duplicate", message));
        }
    }
    if params.flag("DryRun") {
        return dry_run_passed(world);
    }
    let mut copies = Vec::new();
    for region in regions {
        let to = Scope::new(scope.cloud, region, "");
        let mut copy = world.new_copy(&source, &to, "SyncImages", now);
        copy.image_id = format!("img-{}", world.hex(8));
        copy.name.clone_from(&name);
        copy.publication.key.clone_from(&key);
        copies.push(json!({"ImageId": copy.image_id, "Region": region}));
        world.accept(copy);
    }
    let told = if params.flag("ImageSetRequired") {
        copies
    } else {
        Vec::new()
    };
    Ok(Reply::ok(json!({"ImageSet": Value::from(told)})))
}

/// What is not ready cannot be copied, nor what an export keeps busy.
fn check_source(world: &World, now: &Now, source: &Import) -> Result<(), Failure> {
    let id = &source.image_id;
    if source.stage(now) != Stage::Succeeded {
        let message = format!("The image `{id}` is not NORMAL.");
        return Err(error("InvalidImageId.IncorrectState", message));
    }
    if world.is_exported(source, now) {
        let message = format!("The image `{id}` is busy. Try again later.");
        return Err(error("FailedOperation.InvalidImageState", message));
    }
    Ok(())
}

/// Where a copy may go: an encrypted one to its own region alone, every other to others.
fn check_regions(source: &Import, regions: &[&str], encrypt: bool) -> Result<(), Failure> {
    let own = source.scope.region.as_str();
    let is_encrypted = source.publication.key.is_some();
    for region in regions {
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !region.contains('-') || !region.bytes().all(letters) {
            let message = format!("The region `{region}` is not found.");
            return Err(error("InvalidRegion.NotFound", message));
        }
        if (*region == own) != encrypt {
            let message = match encrypt {
                true => format!("An encrypted copy stays in {own}."),
                false => format!("The image is in {region} already."),
            };
            return Err(error("InvalidParameterValue.InvalidRegion", message));
        }
        if region.ends_with("-fsi") && !encrypt {
            let message = format!("The region {region} takes no copies.");
            return Err(error("InvalidRegion.Unavailable", message));
        }
    }
    match (is_encrypted, encrypt) {
        (true, true) => Err(error(
            "UnsupportedOperation.SyncEncryptImageNotSupport",
            "The image is encrypted already.",
        )),
        (true, false) => Err(error(
            "UnsupportedOperation.EncryptedImagesNotSupported",
            "Encrypted images cannot be copied.",
        )),
        (false, _) => Ok(()),
    }
}

/// The key of an encrypted copy, empty for that of the disk service. Without `Encrypt` it says nothing.
fn key_of(params: &Params) -> Result<Option<String>, Failure> {
    if !params.flag("Encrypt") {
        return Ok(None);
    }
    let key = params.text("KmsKeyId").unwrap_or_default();
    if key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Ok(Some(key.to_owned()));
    }
    let message = format!("The key `{key}` is not valid.");
    Err(error("InvalidParameter.InvalidKmsKeyId", message))
}
