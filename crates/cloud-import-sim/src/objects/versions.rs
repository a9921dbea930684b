//! Versions of objects: what a bucket that keeps them hides when an object is replaced or deleted, and shows again when a version
//! goes. Makes no ids.

use super::bucket::{Bucket, Hidden, Missing, Object};

/// What a deletion did.
#[derive(Debug)]
pub(crate) enum Deleted {
    /// There was nothing.
    Nothing,
    /// An object, or a version of one, is gone for good.
    Object(Box<Object>),
    /// A mark is gone, and what it hid is shown.
    Mark,
    /// A mark of this id was put over what is there.
    Marked(String),
}

impl Bucket {
    /// Puts an object where another may have been; that is hidden where versions are kept, else returned.
    pub(crate) fn put(&mut self, key: &str, object: Object) -> Option<Object> {
        let old = self.objects.insert(key.to_owned(), object)?;
        match &old.version {
            Some(id) if self.settings.versioned => {
                let id = id.clone();
                self.hide(key, id, Some(old));
                None
            }
            _ => Some(old),
        }
    }

    /// Deletes what is shown; where versions are kept, a mark of this id hides it.
    pub(crate) fn delete(&mut self, key: &str, mark: String) -> Deleted {
        let shown = self.objects.remove(key);
        if !self.settings.versioned {
            return shown.map_or(Deleted::Nothing, |object| Deleted::Object(Box::new(object)));
        }
        if let Some(object) = shown {
            let id = object.version.clone().unwrap_or_else(|| "null".to_owned());
            self.hide(key, id, Some(object));
        }
        self.hide(key, mark.clone(), None);
        Deleted::Marked(mark)
    }

    /// Deletes a version for good. The newest that is left is shown, unless it is a mark.
    pub(crate) fn delete_version(&mut self, key: &str, id: &str) -> Deleted {
        let is_shown = |object: &Object| object.version.as_deref().unwrap_or("null") == id;
        let gone = if self.objects.get(key).is_some_and(is_shown) {
            self.objects.remove(key).map(Box::new).map(Deleted::Object)
        } else {
            let hidden = self.hidden.get_mut(key);
            hidden.and_then(|hidden| {
                let at = hidden.iter().position(|hidden| hidden.id == id)?;
                Some(match hidden.remove(at).object {
                    Some(object) => Deleted::Object(Box::new(object)),
                    None => Deleted::Mark,
                })
            })
        };
        self.show_newest(key);
        gone.unwrap_or(Deleted::Nothing)
    }

    /// The object of a key, or this version of it.
    pub(crate) fn version(&self, key: &str, id: Option<&str>) -> Result<&Object, Missing> {
        let Some(id) = id else { return self.object(key) };
        let shown = self
            .objects
            .get(key)
            .filter(|object| object.version.as_deref().unwrap_or("null") == id);
        let hidden = || {
            let hidden = self.hidden.get(key)?.iter().find(|hidden| hidden.id == id)?;
            hidden.object.as_ref()
        };
        shown.or_else(hidden).ok_or(Missing::Key)
    }

    fn hide(&mut self, key: &str, id: String, object: Option<Object>) {
        self.hidden
            .entry(key.to_owned())
            .or_default()
            .push(Hidden { id, object });
    }

    fn show_newest(&mut self, key: &str) {
        if self.objects.contains_key(key) {
            return;
        }
        let Some(hidden) = self.hidden.get_mut(key) else { return };
        if hidden.last().is_some_and(|newest| newest.object.is_some())
            && let Some(object) = hidden.pop().and_then(|newest| newest.object)
        {
            self.objects.insert(key.to_owned(), object);
        }
        if self.hidden.get(key).is_some_and(Vec::is_empty) {
            self.hidden.remove(key);
        }
    }
}
