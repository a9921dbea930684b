//! Storage classes in the vendors' words.

use super::bucket::{Bucket, Object};
use crate::cloud::Cloud;

/// The class of objects when nobody says otherwise.
pub(crate) fn standard(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Aliyun => "Standard",
        _ => "STANDARD",
    }
}

/// The class of a bucket.
pub(crate) fn of_bucket(cloud: Cloud, bucket: &Bucket) -> &str {
    bucket.settings.storage_class.as_deref().unwrap_or(standard(cloud))
}

/// The class of an object.
pub(crate) fn of_object<'b>(cloud: Cloud, bucket: &'b Bucket, object: &'b Object) -> &'b str {
    let own = object.about.storage_class.as_deref();
    own.unwrap_or_else(|| of_bucket(cloud, bucket))
}

/// Whether objects of this class have to be restored before they can be read.
pub(crate) fn is_archived(class: &str) -> bool {
    let class = class.to_ascii_uppercase();
    class.contains("ARCHIVE") || class == "COLD" || class == "GLACIER"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_told_from_what_is_at_hand() {
        for class in ["Archive", "ColdArchive", "DEEP_ARCHIVE", "COLD", "GLACIER"] {
            assert!(is_archived(class), "{class}");
        }
        for class in ["Standard", "STANDARD", "IA", "STANDARD_IA", "WARM"] {
            assert!(!is_archived(class), "{class}");
        }
    }
}
