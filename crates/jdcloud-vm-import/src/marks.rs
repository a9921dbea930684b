//! What JD Cloud's list shows of an image beside its state. Source: describeImages, jdcloud-sdk-go (2026-06).

use std::time::SystemTime;

use cloud_import_core::{ImageMarks, provider::datetime};

use crate::generated::{Image, LaunchPermission};

/// When an image came to be, by its `createTime`: `YYYY-MM-DD HH:mm:ss`, of which no source tells the time zone. It counts as
/// Beijing's (unverified).
pub(crate) fn dated(text: &str) -> Option<SystemTime> {
    datetime::parse_rfc3339(text).or_else(|| datetime::parse_rfc3339(&format!("{}+08:00", text.replacen(' ', "T", 1))))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_without_a_zone_is_of_beijing() {
        let at = datetime::parse_rfc3339("2026-01-02T03:04:05Z");
        assert_eq!(dated("2026-01-02 11:04:05"), at);
        assert_eq!(dated("2026-01-02T03:04:05Z"), at);
        for none in ["", "2026-01-02", "yesterday"] {
            assert_eq!(dated(none), None, "{none}");
        }
    }
}
