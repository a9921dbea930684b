//! Whether an image is there, as its cloud says today. Plain data.

/// What a cloud says of one image, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Presence {
    /// It is there, in whatever state.
    There,
    /// It is being deleted.
    Deleting,
    /// The cloud knows no image of this id, or calls it deleted.
    Deleted,
    /// The importer cannot tell.
    Unclear,
}
