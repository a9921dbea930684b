//! Changes to whom an image is shared with and how it is tagged. Remembers only: limits and rules are each cloud's own.

use time::OffsetDateTime;

use super::{import::Import, publication::Member};

impl Import {
    pub(crate) fn is_shared_with(&self, id: &str) -> bool {
        self.publication.members.iter().any(|member| member.id == id)
    }

    /// Shares the image; `false` when it was already.
    pub(crate) fn share(&mut self, id: &str, status: &str, since: OffsetDateTime) -> bool {
        if self.is_shared_with(id) {
            return false;
        }
        self.publication.members.push(Member {
            id: id.to_owned(),
            since,
            status: status.to_owned(),
        });
        true
    }

    /// Takes a share back; `false` when there was none.
    pub(crate) fn unshare(&mut self, id: &str) -> bool {
        let before = self.publication.members.len();
        self.publication.members.retain(|member| member.id != id);
        self.publication.members.len() < before
    }

    /// Sets a tag, whatever its value was.
    pub(crate) fn set_tag(&mut self, key: &str, value: &str) {
        match self.tags.iter_mut().find(|tag| tag.0 == key) {
            Some(tag) => value.clone_into(&mut tag.1),
            None => self.tags.push((key.to_owned(), value.to_owned())),
        }
    }

    /// Takes a tag away; `false` when there was none.
    pub(crate) fn remove_tag(&mut self, key: &str) -> bool {
        let before = self.tags.len();
        self.tags.retain(|tag| tag.0 != key);
        self.tags.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Verdict, import::tests::import};

    #[test]
    fn a_share_and_a_tag_are_there_once() {
        let mut image = import(Verdict::Succeed);
        let now = OffsetDateTime::UNIX_EPOCH;
        assert!(image.share("1", "", now) && !image.share("1", "", now));
        assert!(image.unshare("1") && !image.unshare("1") && !image.is_shared_with("1"));
        image.set_tag("k", "w");
        image.set_tag("l", "x");
        assert_eq!(image.tags, [("k".into(), "w".into()), ("l".into(), "x".into())]);
        assert!(image.remove_tag("k") && !image.remove_tag("k"));
    }
}
