//! What Alibaba Cloud's list shows of an image beside its state. Source: DescribeImages, alibabacloud_ecs20140526 for Python 7.11.8
//! (2026-10).

use cloud_import_core::ImageMarks;

use crate::{changes::DEPRECATED, generated as wire};

/// The marks of an image.
pub(crate) fn of(image: &wire::Image) -> ImageMarks {
    let tags = image.tags.as_ref().map(|tags| {
        let pairs = tags.iter().map(|tag| (tag.tag_key.clone(), tag.tag_value.clone()));
        pairs
            .filter_map(|(key, value)| Some((key?, value.unwrap_or_default())))
            .collect()
    });
    let mut marks = ImageMarks::default();
    marks.family = Some(image.image_family.clone().unwrap_or_default());
    marks.tags = tags;
    // A text, of which no source says what else it may be.
    let shared = image.is_self_shared.as_ref();
    marks.shared = shared.and_then(|text| match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" | "" => Some(false),
        _ => None,
    });
    marks.public = image.is_public;
    marks.deprecated = image.status.as_ref().map(|status| status == DEPRECATED);
    marks
}
