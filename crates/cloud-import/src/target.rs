//! Where an image goes, as people write it: `aliyun/cn-hangzhou`.

use std::{fmt, str::FromStr};

use cloud_import_core::{Error, ErrorKind, Provider, Result};

/// A cloud and a region of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// The cloud.
    pub provider: Provider,
    /// The region.
    pub region: String,
}

impl Target {
    /// Each cloud that is built in, in its default region.
    pub fn all() -> Vec<Self> {
        Provider::ALL
            .into_iter()
            .filter_map(|provider| Self::default_of(provider).ok())
            .collect()
    }

    /// A cloud in its default region.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when the cloud's feature is off.
    pub fn default_of(provider: Provider) -> Result<Self> {
        Ok(Self {
            provider,
            region: crate::capabilities(provider)?.default_region.to_owned(),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.region)
    }
}

impl FromStr for Target {
    type Err = Error;

    /// Takes `PROVIDER/REGION`, or `PROVIDER` for its default region.
    fn from_str(text: &str) -> Result<Self> {
        let Some((provider, region)) = text.split_once('/') else {
            return Self::default_of(text.parse()?);
        };
        let provider: Provider = provider.parse()?;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if region.is_empty() || !region.chars().all(fits) {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("target `{text}`: `{region}` is no region id"),
            )
            .with_provider(provider)
            .with_remedy("Write PROVIDER/REGION, such as aliyun/cn-hangzhou."));
        }
        Ok(Self {
            provider,
            region: region.to_owned(),
        })
    }
}

#[cfg(all(test, feature = "jdcloud", feature = "aliyun"))]
mod tests {
    use super::*;

    #[test]
    fn reads_and_refuses() {
        assert_eq!(
            "aliyun/cn-hangzhou".parse::<Target>().unwrap().to_string(),
            "aliyun/cn-hangzhou"
        );
        assert_eq!("jdcloud".parse::<Target>().unwrap().to_string(), "jdcloud/cn-north-1");
        for bad in ["", "aws/us-east-1", "aliyun/", "aliyun/cn hangzhou", "aliyun/../x"] {
            let error = bad.parse::<Target>().unwrap_err();
            assert!(
                error.kind() == ErrorKind::InvalidRequest && error.remedy().is_some(),
                "{bad}: {error}"
            );
        }
    }
}
