//! Clouds as people write them.

use std::str::FromStr;

use crate::{Error, ErrorKind, Provider};

/// What people call the clouds beside their ids, by the vendors' own tools and providers for Terraform.
const ALIASES: &[(&str, Provider)] = &[
    ("jd", Provider::JDCLOUD),
    ("tencentcloud", Provider::TENCENT),
    ("qcloud", Provider::TENCENT),
    ("huaweicloud", Provider::HUAWEI),
    ("alibaba", Provider::ALIYUN),
    ("alibabacloud", Provider::ALIYUN),
    ("alicloud", Provider::ALIYUN),
];

impl FromStr for Provider {
    type Err = Error;

    /// The id of one of the five clouds or another name that is in use for it, such as `alicloud`; upper case counts as lower case.
    fn from_str(text: &str) -> Result<Self, Error> {
        let ids = Self::all().map(|provider| (provider.id(), provider));
        let mut names = ids.chain(ALIASES.iter().copied());
        names
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, provider)| provider)
            .ok_or_else(|| {
                Error::new(ErrorKind::InvalidRequest, format!("unknown provider `{text}`"))
                    .with_remedy("Use one of jdcloud, tencent, huawei, aliyun, ucloud.")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cloud_is_known_by_the_names_that_are_in_use() {
        for (provider, names) in [
            (Provider::JDCLOUD, ["jdcloud", "jd", "JD"]),
            (Provider::TENCENT, ["tencent", "tencentcloud", "qcloud"]),
            (Provider::HUAWEI, ["huawei", "huaweicloud", "Huawei"]),
            (Provider::ALIYUN, ["alibaba", "alicloud", "AlibabaCloud"]),
            (Provider::UCLOUD, ["ucloud", "UCloud", "UCLOUD"]),
        ] {
            for name in names {
                assert_eq!(name.parse::<Provider>().unwrap(), provider, "{name}");
            }
        }
        for bad in ["", "ali", "cloud", "aws"] {
            assert!(bad.parse::<Provider>().is_err(), "{bad}");
        }
    }
}
