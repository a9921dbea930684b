//! What a copy is made of, and with which key it is encrypted.

use serde::{Deserialize, Serialize};

/// An image that is to be copied: of the same cloud, in whatever region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImageSource {
    /// The region that it is in.
    pub region: String,
    /// Its id.
    pub id: String,
    /// The project that it is in, where that is not the one of the keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
}

impl ImageSource {
    /// The image with this id, in a region.
    pub fn new(region: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            id: id.into(),
            project: None,
        }
    }

    /// What shows that an image is a copy of this one: `image,REGION,ID`.
    pub fn identity(&self) -> String {
        format!("image,{},{}", self.region, self.id)
    }
}

/// With which key an image is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Encryption {
    /// The key of the cloud's disk service.
    ServiceKey,
    /// A key of one's own, by its id.
    Key(String),
}
