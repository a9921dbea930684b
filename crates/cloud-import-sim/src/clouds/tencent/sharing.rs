//! `ModifyImageSharePermission` and `DescribeImageSharePermission`.

use serde_json::{Value, json};

use super::{
    answer::{error, given, violated},
    images::{OWN_ACCOUNT, check_ids, own_image, own_image_mut},
};
use crate::{
    clock::{Now, rfc3339},
    clouds::vendor::{Failure, Outcome, Reply},
    rules::{self, Params},
    world::{Import, Scope, Stage, World},
};

/// How many accounts an image can be shared with.
const MOST: usize = 500;

pub(super) fn modify(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    rules::closed(params, "", &[("Permission", &["SHARE", "CANCEL"])]).map_err(violated)?;
    let id = params.text("ImageId").unwrap_or_default();
    check_ids(&[id])?;
    let accounts = given(params, "AccountIds")?;
    check_accounts(&accounts)?;
    let image = own_image(world, scope, id)?;
    if image.stage(now) != Stage::Succeeded || world.is_exported(image, now) {
        let message = format!("The image `{id}` is used by another operation.");
        return Err(error("InvalidParameterValue.InvalidImageState", message));
    }
    let shares = params.text("Permission") == Some("SHARE");
    if shares {
        check_share(image, &accounts)?;
    }
    let image = own_image_mut(world, scope, id)?;
    for account in accounts {
        if shares {
            image.share(account, "", now.utc);
        } else {
            image.unshare(account);
        }
    }
    Ok(Reply::ok(json!({})))
}

fn check_accounts(accounts: &[&str]) -> Result<(), Failure> {
    for account in accounts {
        if account.is_empty() || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = format!("The account `{account}` is not found.");
            return Err(error("InvalidAccountId.NotFound", message));
        }
        if *account == OWN_ACCOUNT {
            return Err(error("FailedOperation.AccountIsYourSelf", "The account is your own."));
        }
    }
    Ok(())
}

/// What cannot be shared at all, and with whom not once more. One refused account refuses all of them.
fn check_share(image: &Import, accounts: &[&str]) -> Result<(), Failure> {
    if image.publication.key.is_some() {
        let message = "Encrypted images cannot be shared.";
        return Err(error("UnsupportedOperation.EncryptedImagesNotSupported", message));
    }
    if image.params.text("LicenseType") == Some("BYOL") {
        let message = "Images with a licence of one's own cannot be shared.";
        return Err(error("FailedOperation.BYOLImageShareFailed", message));
    }
    if image.params.text("OsType") == Some("Redhat") {
        return Err(error(
            "FailedOperation.RImageShareFailed",
            "The image cannot be shared.",
        ));
    }
    if let Some(account) = accounts.iter().find(|account| image.is_shared_with(account)) {
        let message = format!("The account {account} is there already.");
        return Err(error("FailedOperation.AccountAlreadyExists", message));
    }
    if image.publication.members.len() + accounts.len() > MOST {
        let message = format!("An image is shared with {MOST} accounts at the most.");
        return Err(error("OverQuota", message));
    }
    Ok(())
}

pub(super) fn describe(world: &World, scope: &Scope, params: &Params) -> Outcome {
    let id = params.text("ImageId").unwrap_or_default();
    check_ids(&[id])?;
    let members = &own_image(world, scope, id)?.publication.members;
    let shares: Vec<Value> = members
        .iter()
        .map(|member| json!({"CreatedTime": rfc3339(member.since), "AccountId": member.id}))
        .collect();
    Ok(Reply::ok(json!({"SharePermissionSet": shares})))
}
