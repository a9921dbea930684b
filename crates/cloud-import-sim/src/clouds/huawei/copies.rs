//! Copies: `CopyImageCrossRegion`, and `CopyImageInRegion` with its newer twin. A copy is an image of its place; its job is asked for
//! where it was ordered, which between regions is the region that it comes from.
//!
//! Unverified: what the call refuses and what only the job tells (here: the call refuses all that is known by then, name and quota of
//! the other region too), and the order of the checks. That an agency exists is not looked at: any name is one. Nothing ends a copy
//! that runs.

use serde_json::{Value, json};

use super::{
    answer::{invalid, is_active},
    iam, import, owners,
};
use crate::{
    clock::Now,
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::Params,
    world::{Import, Scope, World},
};

/// Between regions.
pub(super) const ACROSS: &str = "CopyImageCrossRegion";

/// The copies to other regions that a project may have at once.
const AT_ONCE: usize = 5;

const GIB: u64 = 1 << 30;

/// The regions from which images of up to 300 GB are copied, by the edition of 2022; from all others 128 GB.
const LARGER_FROM: [&str; 4] = ["cn-south-1", "cn-east-2", "cn-east-3", "cn-north-4"];

/// What a copy shows of the request that made the first image. Tags, and the least and most memory, do not go with it.
const CARRIED: [&str; 9] = [
    "type",
    "architecture",
    "hw_firmware_type",
    "os_version",
    "__os_version",
    "os_type",
    "min_disk",
    "disk_format",
    "license_type",
];

/// `CopyImageCrossRegion`.
pub(super) fn across(world: &mut World, now: &Now, scope: &Scope, image_id: &str, params: &Params) -> Outcome {
    let source = owners::own(world, scope, image_id)?;
    check_source(&source, now)?;
    if source.publication.key.is_some() {
        return Err(invalid(
            "IMG.0143",
            "An encrypted image cannot be replicated cross regions.",
        ));
    }
    let region = params.given("region").unwrap_or_default();
    if region == scope.region {
        return Err(invalid("IMG.0142", "Replication must be performed across regions."));
    }
    if !is_region(region) {
        return Err(invalid("IMG.0147", "The entered region information is incorrect."));
    }
    let project = params.given("project_name").unwrap_or_default();
    let to = match iam::named(&world.config, region, project) {
        Some(id) => Scope::new(Cloud::Huawei, region, &id),
        None => return Err(invalid("IMG.0145", "The project name is incorrect.")),
    };
    let most = if LARGER_FROM.contains(&scope.region.as_str()) {
        300
    } else {
        128
    };
    if source.disk.is_some_and(|disk| disk.size > most * GIB) {
        let message = "The size of the image to be replicated across regions exceeds the upper limit.";
        return Err(invalid("IMG.0146", message));
    }
    check(params)?;
    let open = world.open_copies_from(scope, now);
    if open.iter().filter(|copy| copy.operation == ACROSS).count() >= AT_ONCE {
        let message = "The number of image replicated cross regions exceeds the maximum number allowed at a time.";
        return Err(invalid("IMG.0149", message));
    }
    start(world, now, &source, &to, ACROSS, params)
}

/// `CopyImageInRegion` and its twin. The receiver of an image may copy it once it has accepted it.
pub(super) fn within(
    world: &mut World,
    now: &Now,
    scope: &Scope,
    operation: &str,
    image_id: &str,
    params: &Params,
) -> Outcome {
    let source = owners::usable(world, scope, image_id)?;
    check_source(&source, now)?;
    if !scope.holds(&source) && owners::word(&source, scope) != Some(owners::ACCEPTED) {
        let message = "The image cannot be replicated because it is not accepted by the recipient.";
        return Err(invalid("IMG.0196", message));
    }
    if let Some(key) = params.given("cmk_id") {
        if source.publication.key.as_deref() == Some(key) {
            let message = "The specified KMS key ID must be different from the image key ID.";
            return Err(invalid("IMG.0096", message));
        }
        if matches!(source.params.given("type"), Some("BMS" | "Ironic")) {
            return Err(invalid("IMG.0118", "The BMS image does not support KMS encryption."));
        }
    }
    check(params)?;
    start(world, now, &source, scope, operation, params)
}

fn check_source(source: &Import, now: &Now) -> Result<(), Failure> {
    if !is_active(source, now) {
        return Err(invalid("IMG.0046", "The image is unavailable."));
    }
    if source.params.given("type") == Some("IsoImage") {
        return Err(invalid(
            "IMG.0167",
            "This operation cannot be performed for ISO images.",
        ));
    }
    Ok(())
}

fn check(params: &Params) -> Result<(), Failure> {
    import::check_name(params.text("name").unwrap_or_default(), 128)?;
    import::check_description(params)?;
    import::check_enterprise_project(params)
}

/// Whether it is formed as a region's id is, such as `cn-north-4`. The simulator has no list of them.
fn is_region(text: &str) -> bool {
    let pieces: Vec<&str> = text.split('-').collect();
    let plain = |piece: &&str| !piece.is_empty() && piece.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    pieces.len() >= 3 && pieces.iter().all(plain)
}

fn start(world: &mut World, now: &Now, source: &Import, to: &Scope, operation: &str, params: &Params) -> Outcome {
    let name = params.text("name").unwrap_or_default();
    if world.name_taken(to, name, now) {
        return Err(invalid("IMG.0009", "The image name already exists."));
    }
    if world.quota_used_up(to, now) {
        return Err(invalid("IMG.0015", "The image quota has been used up."));
    }
    let mut copy = world.new_copy(source, to, operation, now);
    copy.image_id = world.uuid();
    copy.task_id = world.hex(32);
    name.clone_into(&mut copy.name);
    copy.params.0.retain(|field, _| CARRIED.contains(&field.as_str()));
    if source.operation == "CreateDataImage" {
        copy.params.0.insert("type".to_owned(), Value::from("DataImage"));
    }
    for field in ["description", "enterprise_project_id"] {
        if let Some(value) = params.text(field) {
            copy.params.0.insert(field.to_owned(), Value::from(value));
        }
    }
    copy.publication.key = params.given("cmk_id").map(str::to_owned);
    let answer = json!({"job_id": copy.task_id});
    world.accept(copy);
    Ok(Reply::ok(answer))
}
