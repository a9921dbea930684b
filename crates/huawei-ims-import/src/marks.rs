//! What Huawei Cloud's list shows of an image beside its state. Source: ListImages, huaweicloudsdkims 3.1.219.

use cloud_import_core::ImageMarks;

use crate::generated as wire;

/// The marks of an image. Its tags are texts `key.value`, or a bare key.
pub(crate) fn of(image: &wire::ImageInfo) -> ImageMarks {
    let tags = image.tags.as_ref().map(|tags| {
        let pairs = tags.iter().map(|tag| tag.split_once('.').unwrap_or((tag, "")));
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    });
    let mut marks = ImageMarks::default();
    marks.tags = tags;
    marks.public = image.visibility.as_ref().map(|visibility| visibility == "public");
    marks
}
