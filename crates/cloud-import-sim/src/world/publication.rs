//! Who may use an image beside its owner, and how it is offered. Plain data.

use time::OffsetDateTime;

/// Somebody an image is shared with: an account, or what else the cloud counts by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) since: OffsetDateTime,
    /// The receiver's word, in the vendor's, where receivers are asked; else empty.
    pub(crate) status: String,
}

/// Who may use an image, and how it is offered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Publication {
    pub(crate) members: Vec<Member>,
    /// Anybody may use it.
    pub(crate) is_public: bool,
    pub(crate) family: Option<String>,
    pub(crate) is_deprecated: bool,
    /// It is encrypted, with this key; an empty one is the service's own.
    pub(crate) key: Option<String>,
}
