//! What each store allows of parts and objects, and what it calls its headers. Checks nothing itself.

use crate::{cloud::Cloud, objects::digest::BLOCK};

/// The limits of one store, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The number of the first part.
    pub(crate) first_part: u32,
    pub(crate) last_part: u32,
    /// Smallest part, the last one excepted.
    pub(crate) smallest_part: u64,
    pub(crate) largest_part: u64,
    /// Largest object that is put in one request.
    pub(crate) largest_put: u64,
    pub(crate) largest_object: u64,
}

const GIB: u64 = 1 << 30;

/// 48.8 TB.
const LARGEST: u64 = 48_800_000_000_000;

/// Source: the vendors' documents (2026-08), except JD Cloud's smallest part, which they do not name: it is that of S3.
pub(crate) fn limits(cloud: Cloud) -> Limits {
    let common = Limits {
        first_part: 1,
        last_part: 10_000,
        smallest_part: 100 << 10,
        largest_part: 5 * GIB,
        largest_put: 5 * GIB,
        largest_object: LARGEST,
    };
    match cloud {
        Cloud::Jdcloud => Limits {
            smallest_part: 5 << 20,
            ..common
        },
        Cloud::Tencent => Limits {
            smallest_part: 1 << 20,
            ..common
        },
        Cloud::Huawei | Cloud::Aliyun => common,
        // A part is a block of a fixed size. The number of parts is bounded by the object's size alone.
        Cloud::Ucloud => Limits {
            first_part: 0,
            last_part: 5 << 18,
            smallest_part: BLOCK,
            largest_part: BLOCK,
            largest_put: 512 << 20,
            largest_object: 5 << 40,
        },
    }
}

/// What the names of a store's own headers begin with. `aws` says that the request was signed in the AWS way, which OBS answers
/// in kind.
pub(crate) fn header_prefix(cloud: Cloud, aws: bool) -> &'static str {
    match cloud {
        Cloud::Jdcloud => "x-amz-",
        Cloud::Tencent => "x-cos-",
        Cloud::Huawei if aws => "x-amz-",
        Cloud::Huawei => "x-obs-",
        Cloud::Aliyun => "x-oss-",
        Cloud::Ucloud => "x-ufile-",
    }
}

/// Whether a store keeps what a request sets as `<prefix>meta-…`. Nothing that is known of US3 says so.
pub(crate) fn keeps_metadata(cloud: Cloud) -> bool {
    cloud != Cloud::Ucloud
}

/// Whether a store tells the CRC-64 of a body that it took.
pub(crate) fn tells_crc64(cloud: Cloud) -> bool {
    matches!(cloud, Cloud::Aliyun | Cloud::Tencent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_object_fits_into_the_parts() {
        for &cloud in Cloud::ALL {
            let limits = limits(cloud);
            let parts = u64::from(limits.last_part - limits.first_part + 1);
            assert!(parts * limits.largest_part >= limits.largest_object, "{cloud}");
        }
    }
}
