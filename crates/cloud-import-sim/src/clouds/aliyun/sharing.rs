//! `ModifyImageSharePermission` and `DescribeImageSharePermission`: who may use an image beside its owner.
//!
//! Source: the vendor's API reference (2021-07) and SDKs (2026-10). Unverified: that any number is an account; that a share which
//! is there, or is not, changes nothing when it is set or taken back; that what is taken back makes room for what is added; the codes
//! for images that are not available, withdrawn or public; that the group `all` is a community image. The agreement on community images is taken as signed.

use serde_json::{Value, json};

use super::{
    answer::{done, forbidden},
    fields::{available, dry_run_passed, image_id, image_not_found, not_available},
    query,
    ram::ACCOUNT,
};
use crate::{
    clock::{Now, rfc3339},
    clouds::vendor::{Failure, Outcome, Reply, page},
    rules::Params,
    world::{Import, Scope, World},
};

/// How many accounts of one list a call heeds: the surplus is lost without an error.
const HEEDED: usize = 10;

/// How many accounts an image is shared with at the most.
const MAX_ACCOUNTS: usize = 50;

pub(super) fn modify(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let heeded = |field: &str| -> Vec<String> {
        let accounts = params.texts(field).into_iter().take(HEEDED);
        accounts.map(str::to_owned).collect()
    };
    let (added, removed) = (heeded("AddAccount"), heeded("RemoveAccount"));
    let publish = params.0.get("IsPublic").and_then(Value::as_bool);
    let image = available(world, now, scope, params)?;
    for account in added.iter().chain(&removed) {
        check_account(account)?;
    }
    check_image(image, !added.is_empty(), publish == Some(true))?;
    let mut changed = image.clone();
    for account in &removed {
        changed.unshare(account);
    }
    for account in &added {
        changed.share(account, "", now.utc);
    }
    if changed.publication.members.len() > MAX_ACCOUNTS {
        return Err(forbidden(
            "QuotaExceed.ShareImageUser",
            "The shared Image user Quota exceeds.",
        ));
    }
    if params.flag("DryRun") {
        return dry_run_passed();
    }
    image.publication.members = changed.publication.members;
    if let Some(publish) = publish {
        image.publication.is_public = publish;
    }
    Ok(done())
}

fn check_account(account: &str) -> Result<(), Failure> {
    if account == ACCOUNT {
        // Spelt as the vendor spells it.
        let message = "The specified Account does not yourself.";
        return Err(Failure::new(404, "InvalidAccount.Forbbiden", message));
    }
    if account.is_empty() || !account.chars().all(|c| c.is_ascii_digit()) {
        let message = "The specified parameter \"AddAccount.n\" or \"RemoveAccount.n\" does not exist.";
        return Err(Failure::new(404, "InvalidAccount.NotFound", message));
    }
    Ok(())
}

/// An image that the service's key encrypts is not shared, one with a key of the account's own is. Neither is published.
fn check_image(image: &Import, shares: bool, publishes: bool) -> Result<(), Failure> {
    let publication = &image.publication;
    let by_service = publication.key.as_deref() == Some("");
    if shares && by_service || publishes && publication.key.is_some() {
        // Spelt as the vendor spells it.
        let message = "The image contains encrypted snapshots, which do not support share.";
        return Err(forbidden("OperationDeined.EncryptedSnapshot", message));
    }
    if (shares || publishes) && publication.is_deprecated {
        return Err(not_available());
    }
    if shares && publication.is_public {
        return Err(forbidden("OperationDenied", "Community images cannot be shared."));
    }
    Ok(())
}

pub(super) fn describe(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let (number, size) = query::paging(params)?;
    let id = image_id(params)?;
    let shown = world.shown(now, scope, |image| image.image_id == id && image.has_image());
    let publication = &shown.first().ok_or_else(image_not_found)?.publication;
    let accounts: Vec<Value> = publication
        .members
        .iter()
        .map(|member| json!({"AliyunId": member.id, "SharedTime": rfc3339(member.since)}))
        .collect();
    let groups: &[Value] = if publication.is_public {
        &[json!({"Group": "all"})]
    } else {
        &[]
    };
    Ok(Reply::ok(json!({
        "ImageId": id,
        "RegionId": scope.region,
        "PageNumber": number,
        "PageSize": size,
        "TotalCount": accounts.len(),
        "Accounts": {"Account": page(accounts, number, size)},
        "ShareGroups": {"ShareGroup": groups},
    })))
}
