//! What is published: a file on this machine or on the web, or what is in the clouds' reach already.

use super::{image::LocalImage, web::WebImage};

/// What is published.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Image {
    /// A file on this machine, which is staged for each destination.
    File(LocalImage),
    /// A file on a web server, which is sent from there into each destination's bucket.
    Web(WebImage),
    /// Nothing is staged: each order names a source that its cloud can read. The text is for people.
    There(String),
}

impl Image {
    /// The file of this machine, if it is one.
    pub fn file(&self) -> Option<&LocalImage> {
        match self {
            Self::File(file) => Some(file),
            Self::Web(_) | Self::There(_) => None,
        }
    }

    /// What is staged, if anything is.
    pub(crate) fn staged(&self) -> Option<&LocalImage> {
        match self {
            Self::File(file) | Self::Web(WebImage(file)) => Some(file),
            Self::There(_) => None,
        }
    }
}

impl From<LocalImage> for Image {
    fn from(file: LocalImage) -> Self {
        Self::File(file)
    }
}

impl From<WebImage> for Image {
    fn from(file: WebImage) -> Self {
        Self::Web(file)
    }
}
