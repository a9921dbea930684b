//! Who may use an image beside its project: the calls over many images and receivers, which are jobs, and the rules of sharing.
//!
//! Unverified: whether a rule refuses the call or fails a part of the job (here: what concerns the request as a whole, or its only
//! image, refuses the call; of several images, each has its own verdict, and so one job may succeed for some). Also: that shares with
//! accounts and organizations need no word of theirs, which the one example of the definition shows, and the code that refuses to
//! delete an image with such a share. Which projects an account or an organization has is not known here: they are remembered only.

use super::{
    account::{Account, Change, Part},
    answer::{invalid, is_active, not_found},
    owners::{ACCEPTED, ORGANIZATION, PENDING, own, usable},
};
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Outcome},
    rules::Params,
    world::{Import, Scope, World},
};

/// The receivers that an image of one disk may have: 128 in the vendor's own edition.
const MOST: usize = 128;

/// `BatchAddMembers`.
pub(super) fn add(world: &mut World, account: &mut Account, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let receivers = receivers(world, scope, params)?;
    let images = images(params)?;
    let mut parts = Vec::new();
    for image_id in &images {
        let image = shareable(world, scope, image_id, now);
        let mut room = image
            .as_ref()
            .map_or(0, |image| MOST.saturating_sub(image.publication.members.len()));
        for (member, word) in &receivers {
            let refusal = match &image {
                Err(failure) => Some(failure.clone()),
                Ok(image) if image.is_shared_with(member) => None,
                Ok(_) if room == 0 => Some(too_many()),
                Ok(_) => {
                    room -= 1;
                    None
                }
            };
            parts.push(part(scope, image_id, member, Change::Add(word), refusal));
        }
    }
    refused_alone(&images, &parts)?;
    account.note_domains(&params.texts("domains"));
    Ok(account.accept(world, now, scope, "imsAddImageMembersJob", parts))
}

/// `BatchDeleteMembers`. Who is no member any more is none to be taken away.
pub(super) fn remove(world: &mut World, account: &mut Account, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let receivers = receivers(world, scope, params)?;
    let images = images(params)?;
    let mut parts = Vec::new();
    for image_id in &images {
        let refusal = own(world, scope, image_id).err();
        let each = receivers.iter();
        parts.extend(each.map(|(member, _)| part(scope, image_id, member, Change::Remove, refusal.clone())));
    }
    refused_alone(&images, &parts)?;
    Ok(account.accept(world, now, scope, "imsDelImageMembersJob", parts))
}

/// `BatchUpdateMembers`: the word of a receiver, for its own project.
pub(super) fn answer(world: &mut World, account: &mut Account, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    if params.given("project_id") != Some(scope.project.as_str()) {
        return Err(invalid(
            "IMG.0030",
            "The project ID and token in the request are invalid.",
        ));
    }
    let images = images(params)?;
    let said = params.given("status").unwrap_or_default();
    let mut parts = Vec::new();
    for image_id in &images {
        let found = usable(world, scope, image_id).and_then(|image| match scope.holds(&image) {
            true => Err(not_found(image_id)),
            false => Ok(image.scope),
        });
        let (owner, refusal) = match found {
            Ok(owner) => (owner, None),
            Err(failure) => (scope.clone(), Some(failure)),
        };
        let change = Change::Answer(said.to_owned());
        parts.push(part(&owner, image_id, &scope.project, change, refusal));
    }
    refused_alone(&images, &parts)?;
    Ok(account.accept(world, now, scope, "imsUpdateImageMembersJob", parts))
}

/// The project's own image that may be shared.
pub(super) fn shareable(world: &World, scope: &Scope, image_id: &str, now: &Now) -> Result<Import, Failure> {
    let image = own(world, scope, image_id)?;
    if !is_active(&image, now) {
        return Err(invalid("IMG.0046", "The image is unavailable."));
    }
    if image.publication.key.is_some() {
        return Err(invalid("IMG.0098", "The encrypted image cannot be shared."));
    }
    Ok(image)
}

/// Whether a project of this region may get an image.
pub(super) fn check_project(world: &World, scope: &Scope, project: &str) -> Result<(), Failure> {
    if project == scope.project {
        return Err(invalid("IMG.0076", "You cannot share an image with yourself."));
    }
    if !is_id(project) {
        return Err(invalid("IMG.0067", "The project ID is incorrect."));
    }
    // Projects of others are not known; one that is known belongs to a region.
    let known = world.config.huawei_projects.iter().flatten();
    let of_region = |name: &str| name.split('_').next() == Some(scope.region.as_str());
    if known.into_iter().any(|(name, id)| id == project && !of_region(name)) {
        return Err(invalid(
            "IMG.0108",
            "The tenant ID was not found in the current region.",
        ));
    }
    Ok(())
}

/// Whether an image may have one more receiver.
pub(super) fn check_room(image: &Import) -> Result<(), Failure> {
    match image.publication.members.len() < MOST {
        true => Ok(()),
        false => Err(too_many()),
    }
}

fn too_many() -> Failure {
    let message = "The number of shared images has reached the maximum allowed.";
    invalid("IMG.0088", message)
}

/// Whom a call is about, with their first words: projects, accounts and organizations in one list.
fn receivers(world: &World, scope: &Scope, params: &Params) -> Result<Vec<(String, &'static str)>, Failure> {
    let mut all: Vec<(String, &'static str)> = Vec::new();
    for project in params.texts("projects") {
        check_project(world, scope, project)?;
        all.push((project.to_owned(), PENDING));
    }
    for domain in params.texts("domains") {
        if !is_id(domain) {
            return Err(invalid("IMG.0025", "The user type in the request is incorrect."));
        }
        all.push((domain.to_owned(), ACCEPTED));
    }
    for organization in params.texts("organizations") {
        if !organization.starts_with(ORGANIZATION) {
            return Err(invalid("IMG.0025", "The user type in the request is incorrect."));
        }
        all.push((organization.to_owned(), ACCEPTED));
    }
    match all.is_empty() {
        true => Err(invalid("IMG.0041", "The authorized account is empty.")),
        false => Ok(all),
    }
}

fn images(params: &Params) -> Result<Vec<String>, Failure> {
    let images: Vec<String> = params.texts("images").into_iter().map(str::to_owned).collect();
    match images.is_empty() {
        true => Err(invalid("IMG.0066", "The image ID is incorrect.")),
        false => Ok(images),
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit())
}

fn part(owner: &Scope, image_id: &str, member: &str, change: Change, refusal: Option<Failure>) -> Part {
    Part {
        owner: owner.clone(),
        image_id: image_id.to_owned(),
        member: member.to_owned(),
        change,
        refusal,
    }
}

/// Of a single image, what is wrong refuses the call.
fn refused_alone(images: &[String], parts: &[Part]) -> Result<(), Failure> {
    let refusal = parts.iter().find_map(|part| part.refusal.clone());
    match refusal {
        Some(failure) if images.len() == 1 => Err(failure),
        _ => Ok(()),
    }
}
