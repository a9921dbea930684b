//! Exports: `ExportImage` and its newer twin. The object is in its bucket when the job has succeeded, with the bytes that the image
//! was made of, whatever the format.
//!
//! Unverified: what of an object's name is refused (here: only what is no name at all), and the code for an image that is too large
//! for the quick export. What a public image was made of is not known of imports, and so not refused.

use serde_json::json;

use super::{
    answer::{invalid, is_active},
    owners,
};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome, Reply},
    objects::{Lookup, Missing},
    rules::Params,
    world::{Import, Scope, World},
};

const GIB: u64 = 1 << 30;

/// The longest name of an object, in bytes.
const LONGEST_KEY: usize = 1024;

/// `ExportImage` and its twin.
pub(super) fn start(
    world: &mut World,
    now: &Now,
    scope: &Scope,
    operation: &str,
    image_id: &str,
    params: &Params,
) -> Outcome {
    let image = owners::own(world, scope, image_id)?;
    check_image(world, &image, now, params.flag("is_quick_export"))?;
    let format = format(params)?;
    let (bucket, key) = place(params.given("bucket_url").unwrap_or_default())?;
    world
        .bucket_for_export(scope.cloud, &scope.region, bucket)
        .map_err(|missing| match missing {
            Missing::Elsewhere { region } => invalid("IMG.0058", format!("The bucket is in the region {region}.")),
            _ => invalid("IMG.0069", "The specified bucket cannot be accessed."),
        })?;
    let is_there = |lookup: &Lookup| !matches!(lookup, Lookup::Absent | Lookup::Elsewhere { .. });
    if is_there(&world.store.find(scope.cloud, &scope.region, bucket, key)) {
        return Err(invalid("IMG.0070", "The image file already exists."));
    }
    let mut export = world.new_export(&image, operation, bucket, key, now);
    export.task_id = world.hex(32);
    export.format = format;
    let answer = json!({"job_id": export.task_id});
    world.accept_export(export);
    Ok(Reply::ok(answer))
}

fn check_image(world: &World, image: &Import, now: &Now, is_quick: bool) -> Result<(), Failure> {
    if !is_active(image, now) {
        return Err(invalid("IMG.0046", "The image is unavailable."));
    }
    if image.params.given("type") == Some("IsoImage") {
        return Err(invalid(
            "IMG.0167",
            "This operation cannot be performed for ISO images.",
        ));
    }
    let exports = world.exports_of(&image.scope, &image.image_id);
    if exports.iter().any(|export| export.stage(now).is_open()) {
        return Err(invalid("IMG.0148", "The image is being exported."));
    }
    let size = image.disk.map_or(0, |disk| disk.size);
    if is_quick && (image.publication.key.is_some() || size > 1024 * GIB) {
        return Err(invalid("IMG.0071", "The image cannot be exported."));
    }
    if !is_quick && size > 128 * GIB {
        return Err(invalid("IMG.0160", "Only images less than 128 GB can be exported."));
    }
    Ok(())
}

/// The quick export writes the image as it is kept, and takes no format.
fn format(params: &Params) -> Result<String, Failure> {
    match (params.flag("is_quick_export"), params.given("file_format")) {
        (true, None) => Ok("zvhd2".to_owned()),
        (false, Some(format)) => Ok(format.to_owned()),
        _ => Err(invalid("IMG.0072", "The specified image format is not supported.")),
    }
}

fn place(url: &str) -> Result<(&str, &str), Failure> {
    let (bucket, key) = url
        .split_once(':')
        .filter(|(_, key)| !key.starts_with("//"))
        .ok_or_else(|| invalid("IMG.0017", "bucket_url must be bucket:object."))?;
    match (bucket.is_empty(), key.is_empty()) {
        (true, _) => Err(invalid("IMG.0068", "The specified bucket name is empty.")),
        (_, true) => Err(invalid("IMG.0073", "The name of the exported file is empty.")),
        _ if key.len() > LONGEST_KEY => Err(invalid("IMG.0074", "The file name length exceeds the limit.")),
        _ => Ok((bucket, key)),
    }
}
