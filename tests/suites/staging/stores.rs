//! The five stores: what differs between them stands here and nowhere else.

use cloud_import::Provider;
use cloud_import_sim::Cloud;

#[derive(Debug)]
pub(crate) struct StoreCase {
    pub(crate) provider: Provider,
    pub(crate) cloud: Cloud,
    pub(crate) region: &'static str,
    /// The smallest part that the store takes, in whole MiB.
    pub(crate) part_mib: usize,
    /// Number of the first part.
    pub(crate) first: u32,
    /// Whether parts and open uploads can be listed.
    pub(crate) lists: bool,
    /// Whether the ETag of a part is its MD5.
    pub(crate) etag_is_md5: bool,
}

pub(crate) const BUCKET: &str = "images-1250000000";

pub(crate) static JDCLOUD: StoreCase = StoreCase {
    provider: Provider::JDCLOUD,
    cloud: Cloud::Jdcloud,
    region: "cn-north-1",
    part_mib: 5,
    first: 1,
    lists: true,
    etag_is_md5: true,
};

pub(crate) static TENCENT: StoreCase = StoreCase {
    provider: Provider::TENCENT,
    cloud: Cloud::Tencent,
    region: "ap-guangzhou",
    part_mib: 1,
    ..JDCLOUD
};

pub(crate) static HUAWEI: StoreCase = StoreCase {
    provider: Provider::HUAWEI,
    cloud: Cloud::Huawei,
    region: "cn-north-4",
    part_mib: 1,
    ..JDCLOUD
};

pub(crate) static ALIYUN: StoreCase = StoreCase {
    provider: Provider::ALIYUN,
    cloud: Cloud::Aliyun,
    region: "cn-hangzhou",
    part_mib: 1,
    ..JDCLOUD
};

pub(crate) static UCLOUD: StoreCase = StoreCase {
    provider: Provider::UCLOUD,
    cloud: Cloud::Ucloud,
    region: "cn-bj2",
    part_mib: 4,
    first: 0,
    lists: false,
    etag_is_md5: false,
};

pub(crate) static ALL: [&StoreCase; 5] = [&JDCLOUD, &TENCENT, &HUAWEI, &ALIYUN, &UCLOUD];

impl StoreCase {
    pub(crate) fn part(&self) -> usize {
        self.part_mib << 20
    }
}
