//! `ExportImage`: a task, at whose end the object is in the bucket.
//!
//! Source: the vendor's API reference (2021-07), SDKs (2026-10) and provider for Terraform (2026-08). Unverified: the keys of objects
//! in other formats than raw and without a prefix; the codes for community images; that a withdrawn image is refused; that a bucket in
//! another region is `NotMatched`; that an export can be cancelled by its task, as the message of `ImageIsExporting` says. An object
//! holds the bytes that the image was made of, neither converted nor packed. How many exports an account has at once and in a week is
//! not told, and not counted.

use serde_json::json;

use super::{
    answer::{bad, forbidden, missing},
    fields::{available, dry_run_passed, not_available},
    ram::{EXPORT_ROLE, Ram},
};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome, Reply},
    objects::Missing,
    rules::Params,
    world::{Import, Scope, World},
};

/// Tokyo, Jakarta, Frankfurt, Dubai, Virginia, London, Singapore, Kuala Lumpur and Silicon Valley, where a format can be chosen.
const WITH_FORMAT: [&str; 9] = [
    "ap-northeast-1",
    "ap-southeast-5",
    "eu-central-1",
    "me-east-1",
    "us-east-1",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-3",
    "us-west-1",
];

const RAW: &str = "raw";

/// Data disks that an image may have, and the GiB of each.
const MAX_DATA_DISKS: usize = 4;
const MAX_GIB: i64 = 500;

pub(super) fn export_image(world: &mut World, ram: &Ram, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let prefix = params.given("OSSPrefix").unwrap_or_default();
    if prefix.len() > 30 || !prefix.chars().all(|c| c.is_ascii_alphanumeric()) {
        let message = "The specified OSSPrefix format is wrongly formed.";
        return Err(bad("InvalidOSSPrefix.Malformed", message));
    }
    let image = available(world, now, scope, params)?.clone();
    check_image(&image)?;
    if is_exporting(world, now, scope, &image.image_id) {
        return Err(exporting());
    }
    // Documents: no other name works.
    let role = params.given("RoleName").unwrap_or(EXPORT_ROLE);
    if role != EXPORT_ROLE || !ram.ecs_sees(role, now, world.config.aliyun_role_delay) {
        // Spelt as the vendor spells it.
        let message = "ECS service account Have no right to access your OSS.please attach a role of access your oss \
             to ECS service account.";
        return Err(forbidden("NoSetRoletoECSServiceAcount", message));
    }
    let bucket = params.given("OSSBucket").ok_or_else(|| missing("OSSBucket"))?;
    world
        .bucket_for_export(scope.cloud, &scope.region, bucket)
        .map_err(no_bucket)?;
    if params.flag("DryRun") {
        return dry_run_passed();
    }
    let format = params.given("ImageFormat").unwrap_or(RAW);
    let format = if WITH_FORMAT.contains(&scope.region.as_str()) {
        format
    } else {
        RAW
    };
    let key = key(prefix, &image.image_id, format);
    let task_id = format!("t-bp1{}", world.hex(17));
    let mut export = world.new_export(&image, "ExportImage", bucket, &key, now);
    export.task_id.clone_from(&task_id);
    format.clone_into(&mut export.format);
    world.accept_export(export);
    Ok(Reply::ok(json!({"TaskId": task_id, "RegionId": scope.region})))
}

fn check_image(image: &Import) -> Result<(), Failure> {
    if image.publication.is_deprecated {
        return Err(not_available());
    }
    if image.publication.is_public {
        return Err(forbidden("ImageNotSupported", "Community images cannot be exported."));
    }
    if image.publication.key.is_some() {
        let message = "The specified Image contains encrypted snapshots, do not support export.";
        return Err(bad("ImageNotSupported", message));
    }
    let disks = image.params.objects("DiskDeviceMapping");
    let data = disks.get(1..).unwrap_or_default();
    let is_large = |disk: &Params| disk.integer("DiskImageSize").is_some_and(|gib| gib > MAX_GIB);
    if data.len() > MAX_DATA_DISKS || data.iter().any(is_large) {
        let message = "The image has more than four data disks, or one above 500 GiB.";
        return Err(bad("InvalidImage.DiskAmountOrSize", message));
    }
    Ok(())
}

fn no_bucket(missing: Missing) -> Failure {
    match missing {
        Missing::Elsewhere { .. } => bad(
            "InvalidOSSBucket.NotMatched",
            "The specified OSS bucket is incorrect, it is not in the region of the image.",
        ),
        _ => bad(
            "InvalidOSSBucket.NotFound",
            "The specified OSS bucket does not exist in this region.",
        ),
    }
}

fn key(prefix: &str, image_id: &str, format: &str) -> String {
    let underscore = if prefix.is_empty() { "" } else { "_" };
    let packed = if format == RAW { ".tar.gz" } else { "" };
    format!("{prefix}{underscore}{image_id}_system.{format}{packed}")
}

/// Whether an export of the image is under way.
pub(super) fn is_exporting(world: &World, now: &Now, scope: &Scope, image_id: &str) -> bool {
    let mut exports = world.exports_of(scope, image_id).into_iter();
    exports.any(|export| export.stage(now).is_open())
}

pub(super) fn exporting() -> Failure {
    forbidden("ImageIsExporting", "The specified Image is exporting.")
}
