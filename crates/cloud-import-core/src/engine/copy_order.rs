//! The order of a copy, as a vendor's crate is given it.

use crate::{ImageSource, ImportRequest, model::token::marked};

/// A copy of an image, ready to be written in a vendor's words.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CopyOrder {
    /// The order.
    pub request: ImportRequest,
    /// The image.
    pub image: ImageSource,
    /// The description as it is to be sent, with the marker where one is what tells copies apart.
    pub description: Option<String>,
    /// The idempotency token, where the cloud takes one.
    pub token: Option<String>,
}

impl CopyOrder {
    /// An order that is known by this marker or this token, where it is.
    pub(crate) fn new(
        request: &ImportRequest,
        image: &ImageSource,
        marker: Option<&str>,
        token: Option<String>,
    ) -> Self {
        let own = request.description.as_deref();
        Self {
            request: request.clone(),
            image: image.clone(),
            description: match marker {
                Some(marker) => Some(marked(own, marker)),
                None => own.map(str::to_owned),
            },
            token,
        }
    }
}
