//! The guest's operating system, and what became of it in a vendor's words.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

mod listed;
mod pieces;
mod system;

pub use listed::Listed;
pub(crate) use system::meant;
pub use system::{Distribution, System};

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

    /// Which system this is, by the words of the whole text: `ubuntu22.04`, `Ubuntu 22.04.3 LTS` and `Ubuntu Server 22.04` are one.
    pub fn system(&self) -> System {
        System::read(&self.to_string())
    }

    /// The family: Windows where anything in the text speaks of it, else Linux.
    pub fn family(&self) -> OsFamily {
        self.system().family.unwrap_or(OsFamily::Linux)
    }

    /// The family of what is sent to a cloud: that of its own text where it tells one.
    pub fn family_at(&self, provider: Provider) -> OsFamily {
        let raw = self.raw.get(&provider).and_then(|raw| System::read(raw).family);
        raw.unwrap_or_else(|| self.family())
    }
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
mod tests;
