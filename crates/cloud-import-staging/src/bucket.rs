//! Which bucket, where it is reached, and by what host name. Knows no protocol.

use cloud_import_core::{Endpoint, Error, ErrorKind, Field, Problem, Provider, Result};

use crate::generated;

/// The longest name that makes a host or path: more than any store allows.
const LONGEST: usize = 75;

/// How a bucket stands in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Addressing {
    /// `https://BUCKET.HOST/KEY`: what all five stores want.
    #[default]
    VirtualHost,
    /// `https://HOST/BUCKET/KEY`: for stores reached by an address, older S3 gateways, and buckets of OBS with dots, which its
    /// certificate does not cover as hosts.
    PathStyle,
}

/// A bucket of one cloud's object storage.
///
/// ```
/// use cloud_import_core::Provider;
/// use cloud_import_staging::Bucket;
///
/// let bucket = Bucket::new(Provider::TENCENT, "ap-guangzhou", "images-1250000000")?;
/// assert!(Bucket::new(Provider::TENCENT, "ap-guangzhou", "Images!").is_err());
/// # Ok::<(), cloud_import_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Bucket {
    /// The cloud.
    pub provider: Provider,
    /// The region, in the words of the cloud's import API (UCloud: `cn-bj2`).
    pub region: String,
    /// Its name. At Tencent it ends in the account's number: `images-1250000000`.
    pub name: String,
    /// Where the store is, without the bucket; the public host of the region when absent.
    pub endpoint: Option<Endpoint>,
    /// How it stands in a URL.
    pub addressing: Addressing,
    /// Where the cloud's API is, for a store whose buckets that describes (US3); the vendor's own host when absent.
    pub api: Option<Endpoint>,
}

impl Bucket {
    /// A bucket at its usual place. What its store allows of names is told by [`Self::problems`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when name or region can stand in no URL.
    pub fn new(provider: Provider, region: impl Into<String>, name: impl Into<String>) -> Result<Self> {
        let mut bucket = Self {
            provider,
            region: region.into(),
            name: name.into(),
            endpoint: None,
            addressing: Addressing::default(),
            api: None,
        };
        let stands = |text: &str, also: &str| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || also.contains(c);
            !text.is_empty() && text.len() <= LONGEST && text.chars().all(fits)
        };
        let invalid = |what: &str, text: &str| {
            let message = format!("`{}` is not a valid {what} name", text.escape_debug());
            Error::new(ErrorKind::InvalidRequest, message)
                .with_provider(provider)
                .with_remedy("It is written in lower-case letters, digits and hyphens.")
        };
        if !stands(&bucket.name, ".") {
            let problems = bucket.problems();
            return Err(match problems.is_empty() {
                true => invalid("bucket", &bucket.name),
                false => Error::invalid(provider, problems),
            });
        }
        if !stands(&bucket.region, "") {
            return Err(invalid("region", &bucket.region));
        }
        if bucket.name.contains('.') && generated::of(provider).is_some_and(|spec| spec.bucket_names.dots) {
            bucket.addressing = Addressing::PathStyle;
        }
        Ok(bucket)
    }

    /// Every rule of its store that its name breaks, with source and remedy. No I/O.
    ///
    /// ```
    /// use cloud_import_core::Provider;
    /// use cloud_import_staging::Bucket;
    ///
    /// let bucket = Bucket::new(Provider::TENCENT, "ap-guangzhou", "images")?;
    /// assert!(bucket.problems()[0].to_string().contains("APPID"));
    /// # Ok::<(), cloud_import_core::Error>(())
    /// ```
    pub fn problems(&self) -> Vec<Problem> {
        let spec = generated::of(self.provider);
        spec.map_or_else(Vec::new, |spec| {
            spec.bucket_names.problems(self.provider, &Field::Bucket, &self.name)
        })
    }

    /// Reaches the store elsewhere.
    #[must_use]
    pub fn at(mut self, endpoint: Endpoint, addressing: Addressing) -> Self {
        self.endpoint = Some(endpoint);
        self.addressing = addressing;
        self
    }

    /// Asks the cloud's API there what only that tells of a bucket: a white-label cloud has a host of its own, and keys of
    /// one are not meant for the other.
    #[must_use]
    pub fn api(mut self, endpoint: Endpoint) -> Self {
        self.api = Some(endpoint);
        self
    }

    /// The name, where it stands in the host: what the signatures with a resource put in front of the path.
    pub(crate) fn name_in_host(&self) -> Option<String> {
        (self.addressing == Addressing::VirtualHost).then(|| self.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a name at each store, in the order of `Provider::all`; nothing where it is fine.
    fn said(name: &str) -> Vec<(&'static str, String)> {
        let said = |provider: Provider| {
            let problems = match Bucket::new(provider, "r-1", name) {
                Ok(bucket) => bucket.problems(),
                Err(error) => error.problems().to_vec(),
            };
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            (provider.id(), lines.join("; "))
        };
        Provider::all().map(said).collect()
    }

    #[test]
    fn each_store_says_its_own_rules() {
        let long = "x".repeat(64);
        for (name, everywhere, at_tencent, at_huawei) in [
            ("images", "", "APPID", ""),
            ("images-2026", "", "APPID", ""),
            ("images-1250000000", "", "", ""),
            ("1-newproject-1250000000", "", "", ""),
            ("ab", "3 to 63", "APPID", "3 to 63"),
            (&long, "64 characters", "APPID", "64 characters"),
            ("my.bucket", "has a dot: ", "has a dot: ", ""),
            ("department.service.development", "certificate", "certificate", ""),
            ("my..bucket", "has a dot: ", "has a dot: ", "beside a dot"),
            ("my-.bucket", "has a dot: ", "has a dot: ", "beside a dot"),
            ("-images", "begins or ends", "begins or ends", "begins or ends"),
            ("images.", "begins or ends", "begins or ends", "begins or ends"),
            ("192.168.5.4", "is an address", "is an address", "is an address"),
            (
                "Images",
                "has the character 'I'",
                "has the character 'I'",
                "has the character 'I'",
            ),
            (
                "my_images",
                "has the character '_'",
                "has the character '_'",
                "has the character '_'",
            ),
            ("", "has 0 characters", "APPID", "has 0 characters"),
        ] {
            for (provider, said) in said(name) {
                let expected = match provider {
                    "tencent" => at_tencent,
                    "huawei" => at_huawei,
                    _ => everywhere,
                };
                assert_eq!(said.is_empty(), expected.is_empty(), "{provider} {name}: {said}");
                assert!(said.contains(expected), "{provider} {name}: {said}");
                // A rule has its field, its source and what to do.
                assert!(said.is_empty() || said.contains("`bucket`") && said.contains(" [") && said.contains(". Name"));
            }
        }
    }
}
