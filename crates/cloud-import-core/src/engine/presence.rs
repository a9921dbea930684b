//! Whether an image is there, as its cloud says today. Decides nothing.

use super::cloud::Cloud;
use crate::{Error, ErrorKind, ImportedImage, Result};

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

/// Asks a cloud for one of its images.
pub(crate) async fn presence<C: Cloud>(cloud: &C, image: &ImportedImage) -> Result<Presence> {
    let project = cloud.resolve_project(image.project.as_deref()).await?;
    let Some(row) = cloud.image(&image.id, project.as_deref()).await? else {
        return Ok(Presence::Deleted);
    };
    if row.image_id.as_ref() != Some(&image.id) {
        let message = "the answer shows another image than the one that was asked for";
        return Err(Error::new(ErrorKind::InvalidResponse, message).with_provider(image.provider));
    }
    let mut deletions = C::DELETIONS.iter();
    let found = deletions.find(|(state, _)| row.raw.eq_ignore_ascii_case(state));
    Ok(found.map_or(Presence::There, |(_, presence)| *presence))
}
