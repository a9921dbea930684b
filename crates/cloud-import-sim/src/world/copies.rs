//! Copies of images: what is taken over, and how many are being made. A copy is an image of its place like any other, and lives
//! as an import does.

use super::{
    import::{Import, Origin, Scope, Verdict},
    memory::World,
};
use crate::clock::Now;

impl World {
    /// A copy of an image for a scope, from this moment on: content and the fields of the request that made the image, without
    /// ids, tags, shares and what else belongs to the first image alone. It succeeds, and is taken over by
    /// [`accept`](Self::accept).
    pub(crate) fn new_copy(&self, source: &Import, to: &Scope, operation: &str, now: &Now) -> Import {
        Import {
            name: source.name.clone(),
            copied_from: Some(Origin {
                scope: source.scope.clone(),
                image_id: source.image_id.clone(),
            }),
            disk: source.disk,
            content: source.content.clone(),
            params: source.params.clone(),
            ..self.new_import(to, operation, now, Verdict::Succeed)
        }
    }

    /// The copies into a scope that are being made, oldest first.
    pub(crate) fn open_copies(&self, scope: &Scope, now: &Now) -> Vec<&Import> {
        let is_open = |import: &&Import| import.copied_from.is_some() && import.stage(now).is_open();
        self.imports
            .iter()
            .filter(|import| scope.holds(import) && import.has_image())
            .filter(is_open)
            .collect()
    }

    /// The copies that are being made of the images of a scope, wherever they go.
    pub(crate) fn open_copies_from(&self, scope: &Scope, now: &Now) -> Vec<&Import> {
        let is_from = |import: &&Import| import.copied_from.as_ref().is_some_and(|origin| origin.scope == *scope);
        self.imports
            .iter()
            .filter(is_from)
            .filter(|import| import.has_image() && import.stage(now).is_open())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cloud::Cloud,
        world::{Config, import::tests::import},
    };

    #[test]
    fn a_copy_is_an_image_of_its_own_place() {
        let mut world = World::new(Config::new("ak", "sk"));
        let mut first = import(Verdict::Succeed);
        first.publication.is_public = true;
        world.accept(first.clone());
        let (now, to) = (Now::read(), Scope::new(Cloud::Jdcloud, "other", ""));
        let copy = world.new_copy(&first, &to, "copyImages", &now);
        assert_eq!((copy.name.as_str(), copy.image_id.as_str()), ("n", ""));
        assert!(copy.tags.is_empty() && !copy.publication.is_public);
        world.accept(copy);
        assert_eq!(world.open_copies(&to, &now).len(), 1);
        assert_eq!(world.open_copies_from(&first.scope, &now).len(), 1);
        assert!(world.open_copies(&first.scope, &now).is_empty());
        assert_eq!(world.counters.copies_of(Cloud::Jdcloud, "n"), 1);
        assert_eq!(world.counters.imports_of(Cloud::Jdcloud, "n"), 1);
    }
}
