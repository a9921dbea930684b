//! Who may use an image: shared with accounts, or with everybody as a community image.
//!
//! Source: the vendor's Go SDK (rev. 1.6.1) and its page shareimage. Unverified: that sharing again, or ending what is not
//! there, changes nothing and is no error; that a call is refused as a whole; that an account stands in the list by which it
//! was named and in no other; what is said to who shares with oneself. Every account but an empty one is known here.

use serde_json::{Value, json};

use super::answer::{OWN_PIN, invalid, own, precondition, quota, ready};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::Params,
    world::{Import, Scope, World},
};

/// How many accounts an image may be shared with.
pub(super) const MOST_MEMBERS: usize = 20;

/// The two lists in which accounts are named. Receivers are not asked, so a member's word is the name of its list.
const LISTS: [&str; 2] = ["pins", "loginNames"];

/// The accounts of a request, each with the list that it stands in.
fn accounts(params: &Params) -> Result<Vec<(&str, &'static str)>, Failure> {
    let mut accounts = Vec::new();
    for list in LISTS {
        accounts.extend(params.texts(list).into_iter().map(|account| (account, list)));
    }
    if accounts.is_empty() {
        return Err(invalid("Parameter 'pins' or 'loginNames' missing"));
    }
    Ok(accounts)
}

pub(super) fn share_image(world: &mut World, now: &Now, scope: &Scope, id: &str, params: &Params) -> Outcome {
    let accounts = accounts(params)?;
    let image = ready(world, now, scope, id)?;
    if image.publication.is_public {
        return Err(precondition("Community image can't be shared"));
    }
    if let Some((account, _)) = accounts
        .iter()
        .find(|(account, _)| account.is_empty() || *account == OWN_PIN)
    {
        return Err(precondition(format!("Invalid pin '{account}'")));
    }
    let mut shared = image.clone();
    for (account, list) in accounts {
        shared.share(account, list, now.utc);
    }
    if shared.publication.members.len() > MOST_MEMBERS {
        return Err(quota("Image share quota limit exceeded"));
    }
    image.publication = shared.publication;
    Ok(Reply::ok(json!({})))
}

pub(super) fn un_share_image(world: &mut World, scope: &Scope, id: &str, params: &Params) -> Outcome {
    let accounts = accounts(params)?;
    let image = own(world, scope, id)?;
    for (account, _) in accounts {
        image.unshare(account);
    }
    Ok(Reply::ok(json!({})))
}

pub(super) fn describe_image_members(world: &mut World, scope: &Scope, id: &str) -> Outcome {
    let image = own(world, scope, id)?;
    let [pins, login_names] = LISTS.map(|list| named(image, list));
    Ok(Reply::ok(json!({"pins": pins, "loginNames": login_names})))
}

fn named(image: &Import, list: &str) -> Vec<Value> {
    let members = image.publication.members.iter();
    members
        .filter(|member| member.status == list)
        .map(|member| Value::from(member.id.as_str()))
        .collect()
}

/// Private images have no limits.
pub(super) fn describe_image_constraints(world: &mut World, scope: &Scope, id: &str) -> Outcome {
    own(world, scope, id)?;
    Ok(Reply::ok(json!({"imageConstraints": {"imageId": id}})))
}

/// All shares end with it.
pub(super) fn release_image(world: &mut World, now: &Now, scope: &Scope, id: &str) -> Outcome {
    let publication = &mut ready(world, now, scope, id)?.publication;
    publication.members.clear();
    publication.is_public = true;
    Ok(Reply::ok(json!({})))
}

pub(super) fn un_release_image(world: &mut World, scope: &Scope, id: &str) -> Outcome {
    own(world, scope, id)?.publication.is_public = false;
    Ok(Reply::ok(json!({})))
}
