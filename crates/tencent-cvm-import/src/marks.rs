//! What Tencent Cloud's list shows of an image beside its state. Source: DescribeImages, tccli 3.1.189.1 (2026).

use cloud_import_core::ImageMarks;

use crate::generated as wire;

/// The marks of an image.
pub(crate) fn of(image: &wire::Image) -> ImageMarks {
    let tags = image.tags.as_ref().map(|tags| {
        let pairs = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone()));
        pairs
            .filter_map(|(key, value)| Some((key?, value.unwrap_or_default())))
            .collect()
    });
    let mut marks = ImageMarks::default();
    marks.family = Some(image.image_family.clone().unwrap_or_default());
    marks.tags = tags;
    marks.deprecated = image.image_deprecated;
    marks
}
