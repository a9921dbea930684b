//! `ImportCustomImage`: what is looked at when it is called, and what its image becomes.

use serde_json::json;

use super::answer::{check_lengths, error, invalid, quota, violated};
use crate::{
    clock::Now,
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply},
    objects::{Disk, Lookup},
    rules::{self, Closed, Params},
    wire::link,
    world::{Import, Scope, Verdict, World, read_link},
};

/// An import that fails. Nothing of the reason is shown.
fn failed(reason: &str) -> Verdict {
    Verdict::fail("8301", reason)
}

/// How an import ends whose source cannot be read.
fn unreadable() -> Verdict {
    failed("the file cannot be read")
}

/// What an import takes; the one in lower case is no slip.
const FORMATS: &[Closed] = &[("Format", &["RAW", "VHD", "VMDK", "qcow2"])];

pub(super) fn import_custom_image(world: &mut World, now: &Now, scope: Scope, params: Params) -> Outcome {
    let text = |field: &str| params.text(field).unwrap_or_default();
    rules::closed(&params, "", FORMATS).map_err(violated)?;
    if !params.flag("Auth") {
        return Err(error("8300", "The user refused the authorization"));
    }
    check_lengths(&params, &[("ImageName", 63), ("Tag", 63), ("ImageDescription", 255)])?;
    if (text("OsType") == "Other") != (text("OsName") == "Other") {
        return Err(invalid("Params [OsName] must be Other when OsType is"));
    }
    if world.quota_used_up(&scope, now) {
        return Err(quota());
    }
    let url = text("UFileUrl");
    let found = source(world, now, url)?;
    let verdict = judge(&found, &scope.region, text("Format"));
    let disk: Option<Disk> = match &found {
        Some((_, Lookup::Here(disk))) => Some(*disk),
        _ => None,
    };
    let image_id = format!("uimage-{}", world.hex(8));
    let answer = json!({"ImageId": image_id});
    world.accept(Import {
        image_id,
        name: text("ImageName").to_owned(),
        sources: vec![link::without_query(url)],
        disk,
        params,
        verdict,
        ..world.new_import(&scope, "ImportCustomImage", now, unreadable())
    });
    Ok(Reply::ok(answer))
}

/// The region of the link's bucket and what lies there; `None` for a link that leads to no bucket of this cloud.
fn source(world: &World, now: &Now, url: &str) -> Result<Option<(String, Lookup)>, Failure> {
    let link = link::parse(url).ok_or_else(|| invalid("Params [UFileUrl] is no link"))?;
    let assumed = || world.config.any_object.then(|| (String::new(), Lookup::Assumed));
    Ok(read_link(world, Cloud::Ucloud, &link, now).or_else(assumed))
}

/// What becomes of the import.
fn judge(found: &Option<(String, Lookup)>, region: &str, declared: &str) -> Verdict {
    match found {
        Some((_, Lookup::Assumed)) => Verdict::Succeed,
        Some((place, _)) if place != region => failed("the file is in another region"),
        Some((_, Lookup::Here(disk))) if disk.format.name().eq_ignore_ascii_case(declared) => Verdict::Succeed,
        Some((_, Lookup::Here(_))) => failed("the file is not of the declared format"),
        _ => unreadable(),
    }
}
