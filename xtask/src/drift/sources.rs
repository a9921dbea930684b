//! Where the vendors' facts come from: packages, their registries, and which reader knows them. What they say is in the locks.

use super::{facts::Lock, failure::Failure};

/// A package.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) cloud: &'static str,
    pub(crate) registry: Registry,
    pub(crate) package: &'static str,
    /// The name of its reader in `xtask/drift/vendor.py`.
    pub(crate) reader: &'static str,
}

impl Source {
    /// Whether the package is of the API that the vendor has at `host`; `None` is the client's own. Alibaba's two APIs have operations of
    /// the same names, such as `TagResources`, that differ.
    pub(crate) fn is_of(&self, host: Option<&str>) -> bool {
        match self.package {
            "alibabacloud-ecs20140526" => host.is_none(),
            "alibabacloud-ram20150501" => host.is_some(),
            _ => true,
        }
    }
}

/// Whose client fetches it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Registry {
    Pypi,
    Crates,
    /// No registry has it: it is read in a folder under git, by hand.
    Git,
}

impl Registry {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pypi => "pypi",
            Self::Crates => "crates.io",
            Self::Git => "git",
        }
    }
}

const fn source(cloud: &'static str, registry: Registry, package: &'static str, reader: &'static str) -> Source {
    Source {
        cloud,
        registry,
        package,
        reader,
    }
}

/// All of them. Packages of one cloud may know different operations, or the same ones.
pub(crate) const SOURCES: [Source; 9] = [
    source("jdcloud", Registry::Pypi, "jdcloud_sdk", "jdcloud"),
    source("jdcloud", Registry::Git, "jdcloud-sdk-go", "jdcloud-go"),
    source("tencent", Registry::Pypi, "tccli", "tencent"),
    source("huawei", Registry::Pypi, "huaweicloudsdkims", "huawei"),
    source("huawei", Registry::Pypi, "huaweicloudsdkiam", "huawei"),
    source(
        "huawei",
        Registry::Crates,
        "huawei-cloud-api-definitions-IMS",
        "huawei-definitions",
    ),
    source("aliyun", Registry::Pypi, "alibabacloud-ecs20140526", "aliyun"),
    source("aliyun", Registry::Pypi, "alibabacloud-ram20150501", "aliyun"),
    source("ucloud", Registry::Pypi, "ucloud-sdk-python3", "ucloud"),
];

/// Those of one cloud.
pub(crate) fn of(cloud: &str) -> impl Iterator<Item = &'static Source> {
    SOURCES.iter().filter(move |source| source.cloud == cloud)
}

/// The lock is of these sources and no others.
pub(crate) fn check(cloud: &str, lock: &Lock) -> Result<(), Failure> {
    let mut listed: Vec<&str> = of(cloud).map(|source| source.package).collect();
    let mut locked: Vec<&str> = lock.sources.iter().map(|source| source.name.as_str()).collect();
    let facts: Vec<&str> = lock.facts.keys().map(String::as_str).collect();
    listed.sort_unstable();
    locked.sort_unstable();
    if listed == locked && facts == locked {
        return Ok(());
    }
    Err(Failure::Stale(format!(
        "{cloud}: the lock is of {}, and the sources are {}; `cargo xtask drift --newest --cloud {cloud}` and then `--accept` lock them",
        locked.join(", "),
        listed.join(", ")
    )))
}
