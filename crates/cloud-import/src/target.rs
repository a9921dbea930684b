//! Where an image goes, as people write it: `aliyun/cn-hangzhou`.

use std::{fmt, str::FromStr};

use cloud_import_core::{
    Error, ErrorKind, Provider, Result,
    credentials::{self, ChainOptions},
    env::Env,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A cloud and a region of it.
///
/// ```
/// use cloud_import::Target;
///
/// let target: Target = "aliyun/cn-hangzhou".parse()?;
/// assert_eq!((target.provider.id(), &*target.region), ("aliyun", "cn-hangzhou"));
/// # Ok::<(), cloud_import::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Target {
    /// The cloud.
    pub provider: Provider,
    /// The region.
    pub region: String,
}

impl Target {
    /// A region of a cloud.
    pub fn new(provider: Provider, region: impl Into<String>) -> Self {
        let region = region.into();
        Self { provider, region }
    }

    /// Each cloud that is built in, in its default region.
    pub fn all() -> Vec<Self> {
        Provider::all()
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

    /// A cloud in the region that its own tools would use: the one that a variable names, else the one that stands beside
    /// the credentials that `search` finds. A profile that is asked for comes before variables, as its keys do.
    ///
    /// Looks at variables and files; sends nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when the cloud's feature is off. [`ErrorKind::InvalidRequest`] with what was tried when
    /// there is none, or when what is there is not a region id. [`ErrorKind::Credentials`] when there are no credentials
    /// either, or their source is broken.
    pub fn configured(provider: Provider, search: &ChainOptions, env: &dyn Env) -> Result<Self> {
        let spec = crate::connect::chain_spec(provider)?;
        let names = spec.environment.region;
        let named = match search.profile {
            Some(_) => None,
            None => names.iter().find_map(|name| env.variable(name)),
        };
        let region = match named {
            Some(region) => region,
            None => {
                let beside = credentials::defaults(spec, search, env).map(|found| found.region);
                beside
                    .and_then(|region| {
                        let nowhere = "none stands beside the credentials that would be used";
                        region.ok_or_else(|| Error::new(ErrorKind::InvalidRequest, nowhere))
                    })
                    .map_err(|error| no_region(provider, names, &error))?
            }
        };
        format!("{provider}/{region}").parse()
    }
}

fn no_region(provider: Provider, names: &[&str], error: &Error) -> Error {
    let (variables, remedy) = match names {
        [] => (String::new(), String::new()),
        names => (
            format!("none of {} is set; ", names.join(", ")),
            format!(", or set {}", names[0]),
        ),
    };
    let example = Target::default_of(provider).map_or_else(|_| String::new(), |target| format!(", such as {target}"));
    Error::new(
        error.kind(),
        format!("target `{provider}` has no region: {variables}{}", error.message()),
    )
    .with_provider(provider)
    .with_remedy(format!("Write {provider}/REGION{example}{remedy}."))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.region)
    }
}

/// As text.
impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From text, as [`FromStr`] takes it.
impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
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
                format!("target `{text}`: `{region}` is not a region id"),
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
        let target: Target = serde_json::from_str("\"aliyun/cn-hangzhou\"").unwrap();
        assert_eq!(serde_json::to_string(&target).unwrap(), "\"aliyun/cn-hangzhou\"");
        assert!(serde_json::from_str::<Target>("\"aliyun/\"").is_err());
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
