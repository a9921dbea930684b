//! What JD Cloud's list shows of an image beside its state. Source: describeImages, jdcloud-sdk-go (2026-06).

use cloud_import_core::ImageMarks;

use crate::generated::{Image, LaunchPermission};

/// The marks of an image.
pub(crate) fn of(image: &Image) -> ImageMarks {
    let mut marks = ImageMarks::default();
    (marks.shared, marks.public) = match image.launch_permission {
        Some(LaunchPermission::All) => (None, Some(true)),
        Some(LaunchPermission::SpecifiedUsers) => (Some(true), Some(false)),
        Some(LaunchPermission::OwnerOnly) => (Some(false), Some(false)),
        _ => (None, None),
    };
    marks
}
