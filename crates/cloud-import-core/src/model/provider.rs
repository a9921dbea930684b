//! The five clouds by name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A cloud.
///
/// Text form and `serde` form are the same lower-case word, which is also the facade's feature and module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Provider {
    /// JD Cloud (京东云), Virtual Machines.
    Jdcloud,
    /// Tencent Cloud (腾讯云), Cloud Virtual Machine.
    Tencent,
    /// Huawei Cloud (华为云), Image Management Service.
    Huawei,
    /// Alibaba Cloud (阿里云), Elastic Compute Service.
    Aliyun,
    /// UCloud (优刻得), UHost.
    Ucloud,
}

impl Provider {
    /// All of them, in the order that tables and `--to all` use.
    pub const ALL: [Self; 5] = [Self::Jdcloud, Self::Tencent, Self::Huawei, Self::Aliyun, Self::Ucloud];

    /// The word for it: `jdcloud`, `tencent`, `huawei`, `aliyun` or `ucloud`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Jdcloud => "jdcloud",
            Self::Tencent => "tencent",
            Self::Huawei => "huawei",
            Self::Aliyun => "aliyun",
            Self::Ucloud => "ucloud",
        }
    }

    /// The name that people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jdcloud => "JD Cloud",
            Self::Tencent => "Tencent Cloud",
            Self::Huawei => "Huawei Cloud",
            Self::Aliyun => "Alibaba Cloud",
            Self::Ucloud => "UCloud",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
