//! Which images a project can name: its own, and those of its region that others share with it.

use super::answer::{invalid, not_found};
use crate::{
    clock::Now,
    clouds::vendor::Failure,
    world::{Import, Scope, World},
};

/// A receiver's words.
pub(super) const PENDING: &str = "pending";
pub(super) const ACCEPTED: &str = "accepted";

/// By what an organization's name begins.
pub(super) const ORGANIZATION: &str = "organizations:";

/// The project's own image.
pub(super) fn own(world: &World, scope: &Scope, image_id: &str) -> Result<Import, Failure> {
    let found = usable(world, scope, image_id)?;
    if scope.holds(&found) {
        return Ok(found);
    }
    let message = "This operation can be performed only by the image owner.";
    Err(invalid("IMG.0047", message))
}

/// The project's own image, or one that is shared with it, whether it was accepted or not.
pub(super) fn usable(world: &World, scope: &Scope, image_id: &str) -> Result<Import, Failure> {
    let is_it = |import: &&Import| import.image_id == image_id && import.has_image();
    let mut found = world.imports.iter().filter(is_it);
    let found = found.find(|import| scope.holds(import) || word(import, scope).is_some());
    found.cloned().ok_or_else(|| not_found(image_id))
}

/// What a project has said to an image of its region that is shared with it.
pub(super) fn word<'a>(import: &'a Import, receiver: &Scope) -> Option<&'a str> {
    let here = import.scope.cloud == receiver.cloud && import.scope.region == receiver.region;
    let members = import.publication.members.iter().filter(|_| here);
    let mut own = members.filter(|member| member.id == receiver.project);
    own.next().map(|member| member.status.as_str())
}

/// The images of others that are shared with a project and that a query shows now.
pub(super) fn offered(
    world: &mut World,
    now: &Now,
    receiver: &Scope,
    mut wanted: impl FnMut(&Import) -> bool,
) -> Vec<Import> {
    let mut owners: Vec<Scope> = Vec::new();
    for import in &world.imports {
        if word(import, receiver).is_some() && !owners.contains(&import.scope) {
            owners.push(import.scope.clone());
        }
    }
    let mut found = Vec::new();
    for owner in owners {
        let is_wanted = |import: &Import| import.has_image() && word(import, receiver).is_some() && wanted(import);
        found.extend(world.shown(now, &owner, is_wanted));
    }
    found
}
