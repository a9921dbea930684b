//! Clouds as people write them.

use std::str::FromStr;

use crate::{Error, ErrorKind, Provider, text::suggest::did_you_mean};

/// What people call the clouds beside their ids, by the vendors' own tools and providers for Terraform.
const ALIASES: &[(&str, Provider)] = &[
    ("jd", Provider::JDCLOUD),
    ("tencentcloud", Provider::TENCENT),
    ("qcloud", Provider::TENCENT),
    ("huaweicloud", Provider::HUAWEI),
    ("hwc", Provider::HUAWEI),
    ("ali", Provider::ALIYUN),
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
        let known = names.clone().map(|(name, _)| name);
        names
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, provider)| provider)
            .ok_or_else(|| {
                let meant = did_you_mean(text, known);
                Error::new(ErrorKind::InvalidRequest, format!("unknown provider `{text}`"))
                    .with_remedy(format!("{meant}Use one of jdcloud, tencent, huawei, aliyun, ucloud."))
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
            (Provider::HUAWEI, ["huawei", "huaweicloud", "hwc"]),
            (Provider::ALIYUN, ["ali", "alicloud", "AlibabaCloud"]),
            (Provider::UCLOUD, ["ucloud", "UCloud", "UCLOUD"]),
        ] {
            for name in names {
                assert_eq!(name.parse::<Provider>().unwrap(), provider, "{name}");
            }
        }
        for (bad, meant) in [
            ("", ""),
            ("cloud", "ucloud"),
            ("aws", ""),
            ("alyun", "aliyun"),
            ("Hauwei", "huawei"),
        ] {
            let remedy = bad.parse::<Provider>().unwrap_err().remedy().unwrap().to_string();
            assert_eq!(remedy.contains("Did you mean"), !meant.is_empty(), "{bad}: {remedy}");
            assert!(remedy.contains(meant), "{bad}: {remedy}");
        }
    }
}
