//! The account's own images, as a cloud shows them. Plain data; no request is made here.

use std::{collections::BTreeMap, time::SystemTime};

use serde::{Deserialize, Serialize};

use super::code::StateClass;

/// An image of the account, as the cloud shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnImage {
    /// Its id; empty where one that is being made has none yet.
    pub id: String,
    /// Its name; empty where it is not shown.
    pub name: String,
    /// Its state, in the vendor's word.
    pub state: String,
    /// What that means, where it is known.
    pub class: Option<StateClass>,
    /// When it came to be, where that is shown.
    pub created: Option<SystemTime>,
    /// What else is shown of it.
    pub marks: ImageMarks,
    /// The size of its system disk in GiB, where it is shown.
    pub disk_gib: Option<u32>,
}

/// What a list shows of an image beside its state. What the cloud's list does not show is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ImageMarks {
    /// Its family; empty where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Its tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// Whether it is shared with other accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<bool>,
    /// Whether anybody may use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// Whether it is not to be used for what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<bool>,
}

/// The account's own images, in the order of the cloud's list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnImages {
    /// The images.
    pub images: Vec<OwnImage>,
    /// Whether nothing says that there are more: the list was read to its end, and did not change meanwhile.
    pub is_complete: bool,
}
