//! `ExportImages`: images as files in a bucket of the region. There is no task to ask for: the image shows that it is busy, and at
//! the end the file is there.

use serde_json::json;

use super::{
    answer::{dry_run_passed, error, violated},
    images::{check_ids, own_image},
};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::{self, Params},
    world::{Import, Scope, Stage, World},
};

/// How many exports of a region run at once. The vendor has a code for that and tells no number.
const MOST_AT_ONCE: usize = 5;

/// The role by which the service writes to buckets unless another is named: the account has no other.
const ROLE: &str = "CVM_QcsRole";

pub(super) fn export_images(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    rules::closed(params, "", &[("ExportFormat", &["RAW", "QCOW2", "VHD", "VMDK"])]).map_err(violated)?;
    let ids = params.texts("ImageIds");
    if ids.is_empty() {
        let message = "Exactly one of ImageIds and SnapshotIds has to be given.";
        return Err(error("InvalidParameter.ImageIdsSnapshotIdsMustOne", message));
    }
    check_ids(&ids)?;
    let prefixes = params.texts("FileNamePrefixList");
    if !prefixes.is_empty() && prefixes.len() != ids.len() {
        let message = "There have to be as many prefixes as images.";
        return Err(error("InvalidParameterValue.InvalidFileNamePrefixList", message));
    }
    let mut images = Vec::new();
    for id in &ids {
        let image = own_image(world, scope, id)?.clone();
        check_image(world, now, &image)?;
        images.push(image);
    }
    check_bucket(world, scope, params)?;
    let of_region = world.exports.iter().filter(|export| export.scope == *scope);
    let running = of_region.filter(|export| export.stage(now).is_open()).count();
    if running + images.len() > MOST_AT_ONCE {
        let message = "Too many exports run. Try again when one has ended.";
        return Err(error("LimitExceeded.ExportImageTaskLimitExceeded", message));
    }
    if params.flag("DryRun") {
        return dry_run_passed(world);
    }
    let task = world.next_serial();
    let format = params.given("ExportFormat").unwrap_or("RAW");
    let bucket = params.text("BucketName").unwrap_or_default();
    let mut paths = Vec::new();
    for (nth, image) in images.iter().enumerate() {
        let key = file_name(image, prefixes.get(nth).copied().unwrap_or_default(), format);
        let mut export = world.new_export(image, "ExportImages", bucket, &key, now);
        export.task_id = task.to_string();
        format.clone_into(&mut export.format);
        world.accept_export(export);
        paths.push(key);
    }
    Ok(Reply::ok(json!({"TaskId": task, "CosPaths": paths})))
}

/// What can be exported: nothing that is busy, encrypted, or of a system that its vendor licenses.
fn check_image(world: &World, now: &Now, image: &Import) -> Result<(), Failure> {
    let id = &image.image_id;
    if image.stage(now) != Stage::Succeeded || world.is_exported(image, now) {
        let message = format!("The image `{id}` is used by another operation.");
        return Err(error("InvalidParameterValue.InvalidImageState", message));
    }
    let system = image.params.text("OsType").unwrap_or_default();
    let code = if image.publication.key.is_some() {
        "UnsupportedOperation.EncryptedImagesNotSupported"
    } else if system.starts_with("Windows") {
        "UnsupportedOperation.WindowsImageExportUnsupported"
    } else if system == "Redhat" {
        "UnsupportedOperation.RedHatImageExportUnsupported"
    } else {
        return Ok(());
    };
    Err(error(code, format!("The image `{id}` cannot be exported.")))
}

fn check_bucket(world: &mut World, scope: &Scope, params: &Params) -> Result<(), Failure> {
    let role = params.given("RoleName").unwrap_or(ROLE);
    if role != ROLE {
        let message = format!("The role `{role}` cannot be assumed.");
        return Err(error("AuthFailure.CamRoleNameAuthenticateFailed", message));
    }
    let bucket = params.text("BucketName").unwrap_or_default();
    world
        .bucket_for_export(scope.cloud, &scope.region, bucket)
        .map_err(|_| {
            let message = format!("The bucket `{bucket}` is not found in {}.", scope.region);
            error("InvalidParameterValue.BucketNotFound", message)
        })
}

/// The name of the system disk's file.
fn file_name(image: &Import, prefix: &str, format: &str) -> String {
    let id = &image.image_id;
    let snapshot = id.replacen("img-", "snap-", 1);
    let name = format!("{id}_system_{snapshot}.{}", format.to_ascii_lowercase());
    match prefix {
        "" => name,
        prefix => format!("{prefix}_{name}"),
    }
}
