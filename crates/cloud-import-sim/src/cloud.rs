//! The five clouds by name. Holds no behaviour: that is in [`crate::clouds`].

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One of the clouds that the simulator plays.
///
/// The text form (`Display`, `FromStr`, serde) is the lower-case name: `jdcloud`, `tencent`, `huawei`, `aliyun`, `ucloud`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Cloud {
    /// JD Cloud, service `vm`.
    Jdcloud,
    /// Tencent Cloud, service CVM.
    Tencent,
    /// Huawei Cloud, service IMS, with the one IAM call that finds a project id.
    Huawei,
    /// Alibaba Cloud, service ECS.
    Aliyun,
    /// UCloud, service UHost.
    Ucloud,
}

impl Cloud {
    /// All clouds, in the order of [`Config::ports`](crate::Config::ports).
    pub const ALL: &'static [Cloud] = &[
        Cloud::Jdcloud,
        Cloud::Tencent,
        Cloud::Huawei,
        Cloud::Aliyun,
        Cloud::Ucloud,
    ];

    /// The lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Cloud::Jdcloud => "jdcloud",
            Cloud::Tencent => "tencent",
            Cloud::Huawei => "huawei",
            Cloud::Aliyun => "aliyun",
            Cloud::Ucloud => "ucloud",
        }
    }

    /// Position in [`Cloud::ALL`].
    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names none of the clouds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown cloud {0:?}: use jdcloud, tencent, huawei, aliyun or ucloud")]
pub struct UnknownCloud(String);

impl FromStr for Cloud {
    type Err = UnknownCloud;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Cloud::ALL.iter().find(|cloud| cloud.name() == text);
        named.copied().ok_or_else(|| UnknownCloud(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for &cloud in Cloud::ALL {
            assert_eq!(cloud.to_string().parse(), Ok(cloud));
            assert_eq!(serde_json::to_value(cloud).unwrap(), cloud.name());
            assert_eq!(Cloud::ALL[cloud.index()], cloud);
        }
        assert!("Tencent".parse::<Cloud>().is_err());
    }
}
