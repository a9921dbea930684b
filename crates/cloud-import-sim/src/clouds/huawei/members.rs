//! The members of an image as they are read, and the two calls of OpenStack that change one at once. The owner sees all of them, a
//! receiver itself. Unverified: what a repeat of an addition answers (here 409, as OpenStack does), and the marker of a page behind
//! the last one (here empty).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    account::Account,
    answer::{invalid, not_found},
    owners::{self, ORGANIZATION},
    sharing,
};
use crate::{
    clock::{Now, rfc3339},
    clouds::vendor::{Failure, Outcome, Reply},
    rules::Params,
    world::{Import, Member, Scope, World},
};

/// `ListImageMembers` and `GlanceListImageMembers`.
pub(super) fn list(world: &World, account: &Account, scope: &Scope, image_id: &str, params: &Params) -> Outcome {
    let image = owners::usable(world, scope, image_id)?;
    let limit = params.integer("limit").unwrap_or(500);
    let limit = usize::try_from(limit).ok().filter(|limit| (1..=500).contains(limit));
    let limit = limit.ok_or_else(|| invalid("IMG.0001", "limit must be 1 to 500."))?;
    let skip = match params.given("marker") {
        Some(marker) => begins_at(marker).ok_or_else(|| invalid("IMG.0001", "The marker is invalid."))?,
        None => 0,
    };
    let all = visible(&image, scope);
    let shown: Vec<Value> = all
        .iter()
        .skip(skip)
        .take(limit)
        .map(|member| self::member(account, &image, member))
        .collect();
    let end = skip + shown.len();
    let next = if end < all.len() {
        STANDARD.encode(end.to_string())
    } else {
        String::new()
    };
    Ok(Reply::ok(json!({
        "page_info": {"current_count": shown.len(), "next_marker": next},
        "members": shown,
        "schema": "/v2/schemas/members",
    })))
}

/// `ShowImageMember`.
pub(super) fn show(world: &World, account: &Account, scope: &Scope, image_id: &str, member_id: &str) -> Outcome {
    let image = owners::usable(world, scope, image_id)?;
    let found = visible(&image, scope)
        .into_iter()
        .find(|member| shown_id(&member.id) == member_id);
    let found = found.ok_or_else(|| unknown(member_id))?;
    Ok(Reply::ok(member(account, &image, found)))
}

/// `GlanceAddImageMember`.
pub(super) fn add(
    world: &mut World,
    account: &Account,
    now: &Now,
    scope: &Scope,
    image_id: &str,
    params: &Params,
) -> Outcome {
    let id = params.given("member").unwrap_or_default();
    sharing::check_project(world, scope, id)?;
    let image = sharing::shareable(world, scope, image_id, now)?;
    if image.is_shared_with(id) {
        return Err(Failure::new(
            409,
            "IMG.0112",
            "Failed to add the tenant: it is one already.",
        ));
    }
    sharing::check_room(&image)?;
    if let Some(image) = world.image_mut(scope, image_id) {
        image.share(id, owners::PENDING, now.utc);
    }
    show(world, account, scope, image_id, id)
}

/// `GlanceUpdateImageMember`: the word of a receiver, for its own project.
pub(super) fn update(
    world: &mut World,
    account: &Account,
    scope: &Scope,
    image_id: &str,
    member_id: &str,
    params: &Params,
) -> Outcome {
    let image = owners::usable(world, scope, image_id)?;
    if scope.holds(&image) || member_id != scope.project {
        return Err(Failure::new(
            403,
            "IMG.0047",
            "Only the receiver can change its status.",
        ));
    }
    let said = params.given("status").unwrap_or_default();
    if let Some(image) = world.image_mut(&image.scope, image_id) {
        for member in image
            .publication
            .members
            .iter_mut()
            .filter(|member| member.id == member_id)
        {
            said.clone_into(&mut member.status);
        }
    }
    show(world, account, scope, image_id, member_id)
}

fn visible<'a>(image: &'a Import, scope: &Scope) -> Vec<&'a Member> {
    let all = image.publication.members.iter();
    all.filter(|member| scope.holds(image) || member.id == scope.project)
        .collect()
}

fn member(account: &Account, image: &Import, member: &Member) -> Value {
    let is_organization = member.id.starts_with(ORGANIZATION);
    let kind = match &member.id {
        _ if is_organization => "organization",
        id if account.is_domain(id) => "domain",
        _ => "project",
    };
    let mut shown = json!({
        "image_id": image.image_id,
        "member_id": shown_id(&member.id),
        "member_type": kind,
        "status": member.status,
        "created_at": rfc3339(member.since),
        "updated_at": rfc3339(member.since),
        "schema": "/v2/schemas/member",
    });
    if is_organization {
        shown["urn"] = Value::from(member.id.as_str());
    }
    shown
}

/// Of an organization, the last part of its URN.
fn shown_id(id: &str) -> &str {
    match id.starts_with(ORGANIZATION) {
        true => id.rsplit('/').next().unwrap_or(id),
        false => id,
    }
}

/// A marker is an offset in Base64, as the definition's example is.
fn begins_at(marker: &str) -> Option<usize> {
    String::from_utf8(STANDARD.decode(marker).ok()?).ok()?.parse().ok()
}

fn unknown(member_id: &str) -> Failure {
    let mut failure = not_found(member_id);
    failure.message = format!("No member found with ID {member_id}");
    failure
}
