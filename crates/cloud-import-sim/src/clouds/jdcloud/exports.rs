//! `exportImage`: a task that writes a qcow2 file into a bucket.
//!
//! Source: the vendor's Go SDK (rev. 1.6.1). Unverified: how the object is called; that its bucket must be of the region of the
//! image, and that one that is not there fails the task; that one export of an image runs at a time; the codes. Roles are not
//! looked at, and data disks are left out: images have one disk here.

use serde_json::json;

use super::answer::{busy, check_lengths, conflict, invalid, ready};
use crate::{
    clock::Now,
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply},
    objects::{Missing, host},
    rules::Params,
    world::{Replay, Scope, Verdict, World},
};

/// The task that exports an image now.
pub(super) fn exporting(world: &World, now: &Now, scope: &Scope, id: &str) -> Option<String> {
    let exports = world.exports_of(scope, id);
    let open = exports.into_iter().find(|export| export.stage(now).is_open());
    open.map(|export| export.task_id.clone())
}

/// A known token gives the first result, whatever else the request says, as of an import.
pub(super) fn export_image(world: &mut World, now: &Now, scope: Scope, id: &str, params: Params) -> Outcome {
    check_lengths(&params, &[("ossPrefix", 32), ("clientToken", 64)])?;
    let prefix = params.given("ossPrefix").unwrap_or_default();
    if !prefix.chars().all(|character| character.is_ascii_alphanumeric()) {
        return Err(invalid("Parameter 'ossPrefix' takes letters and digits only"));
    }
    let (region, bucket) = place(params.text("ossUrl").unwrap_or_default())?;
    let token = params.given("clientToken").map(str::to_owned);
    if let Some(token) = &token {
        match world.replay(&scope, token, &params) {
            Replay::First => {}
            Replay::Same(result) => return Ok(Reply::ok(result)),
            Replay::Different(result) => {
                world.counters.count_replay(scope.cloud);
                return Ok(Reply::ok(result));
            }
        }
    }
    let image = ready(world, now, &scope, id)?.clone();
    if let Some(task) = exporting(world, now, &scope, id) {
        return Err(busy(&task));
    }
    if region != scope.region {
        return Err(conflict(&region, &scope.region));
    }
    let key = match prefix {
        "" => format!("{id}_system.qcow2"),
        prefix => format!("{prefix}_{id}_system.qcow2"),
    };
    let mut export = world.new_export(&image, "exportImage", &bucket, &key, now);
    export.task_id = (7000 + world.next_serial()).to_string();
    "qcow2".clone_into(&mut export.format);
    match world.bucket_for_export(scope.cloud, &region, &bucket) {
        Err(Missing::Elsewhere { region: other }) => return Err(conflict(&other, &region)),
        Err(_) => export.verdict = Verdict::fail("UPLOAD_FAILED", "Upload image file failed"),
        Ok(()) => {}
    }
    let result = json!({"taskId": export.task_id});
    world.accept_export(export);
    if let Some(token) = token {
        world.remember(scope, &token, params, result.clone());
    }
    Ok(Reply::ok(result))
}

/// Region and bucket of the domain of a bucket.
fn place(url: &str) -> Result<(String, String), Failure> {
    let refused = || invalid("Parameter 'ossUrl' is no domain of a bucket that begins with https://");
    let domain = url.strip_prefix("https://").ok_or_else(refused)?;
    let domain = domain.strip_suffix('/').unwrap_or(domain);
    let found = host::parse(Cloud::Jdcloud, domain).ok_or_else(refused)?;
    Ok((found.region, found.bucket.ok_or_else(refused)?))
}
