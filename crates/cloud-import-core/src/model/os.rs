//! The guest's operating system, and what became of it in a vendor's words.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, OsFamily, Provider};

/// An operating system: distribution and version, as people write them.
///
/// ```
/// use cloud_import_core::{Os, Provider};
///
/// let os: Os = "CentOS 7.9".parse()?;
/// assert_eq!(os, Os::new("CentOS", "7.9"));
/// let os = os.with_raw(Provider::TENCENT, "CentOS/7");
/// # Ok::<(), cloud_import_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Os {
    /// `CentOS`, `Ubuntu`, `Windows Server`, …
    pub distribution: String,
    /// `7.9`, `22.04`, `2019`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// A vendor's own text, taken as it is instead of a mapping. Where a vendor has two fields, `TYPE/VERSION`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub raw: BTreeMap<Provider, String>,
}

impl Os {
    /// A distribution in a version.
    pub fn new(distribution: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            distribution: distribution.into(),
            version: Some(version.into()).filter(|version: &String| !version.is_empty()),
            raw: BTreeMap::new(),
        }
    }

    /// Sets a vendor's own text.
    #[must_use]
    pub fn with_raw(mut self, provider: Provider, text: impl Into<String>) -> Self {
        self.raw.insert(provider, text.into());
        self
    }

    /// The family, by the distribution's name.
    pub fn family(&self) -> OsFamily {
        if self.distribution.to_ascii_lowercase().contains("windows") {
            OsFamily::Windows
        } else {
            OsFamily::Linux
        }
    }

    /// Whether the distribution has this name, letter case and blanks aside.
    pub fn is(&self, distribution: &str) -> bool {
        squeezed(&self.distribution) == squeezed(distribution)
    }

    /// The first number of the version: `7` of `7.9`.
    pub fn major(&self) -> Option<&str> {
        let version = self.version.as_deref()?;
        version
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .filter(|major| !major.is_empty())
    }
}

fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

impl fmt::Display for Os {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.distribution)?;
        match &self.version {
            Some(version) => write!(f, " {version}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Os {
    type Err = Error;

    /// `CentOS 7.9`: the version is the rest from the first word on that begins with a digit.
    fn from_str(text: &str) -> Result<Self, Error> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let at = words
            .iter()
            .position(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            .unwrap_or(words.len());
        let (distribution, version) = words.split_at(at);
        if distribution.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("`{text}` does not name an operating system"),
            )
            .with_remedy("Write distribution and version, such as \"CentOS 7.9\" or \"Windows Server 2019\"."));
        }
        Ok(Self::new(distribution.join(" "), version.join(" ")))
    }
}

/// What became of an operating system in a vendor's words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OsMatch<T> {
    /// The vendor has it.
    Exact(T),
    /// The vendor has something near; `changed` says what is different.
    Nearest {
        /// What is sent.
        value: T,
        /// What is different from what was asked for, as a sentence without a final stop.
        changed: String,
    },
    /// The vendor has nothing like it.
    Unknown {
        /// What there is.
        available: Vec<String>,
    },
}

impl<T> OsMatch<T> {
    /// What is sent, if anything fits.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Exact(value) | Self::Nearest { value, .. } => Some(value),
            Self::Unknown { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let os: Os = "CentOS 7.9".parse().unwrap();
        assert_eq!(
            (os.distribution.as_str(), os.version.as_deref(), os.major()),
            ("CentOS", Some("7.9"), Some("7"))
        );
        let os: Os = "Windows Server 2019 Datacenter".parse().unwrap();
        assert_eq!(
            (os.distribution.as_str(), os.version.as_deref()),
            ("Windows Server", Some("2019 Datacenter"))
        );
        assert_eq!(os.family(), OsFamily::Windows);
        assert!("Rocky Linux".parse::<Os>().unwrap().is("rockylinux"));
        assert!("7.9".parse::<Os>().is_err());
        assert!("".parse::<Os>().is_err());
    }
}
