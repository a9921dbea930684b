//! Operating systems in Tencent Cloud's words: a name and a version, both out of what `DescribeImportImageOs` lists.
//!
//! What is known offline is old. Versions are those of that operation's example (tccli 3.1.189.1, clearly stale); names
//! without versions are those of the import guide (qcloud-documents 01fc12ae, read 2026), and that the API spells them the
//! same is unverified. A version is a major number; every Windows has the version `9`.

use cloud_import_core::{
    Os, Provider,
    provider::{Distribution, Listed, OsMatch, System},
};

use crate::generated::SYSTEMS;

/// An operating system in Tencent Cloud's words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TencentOs {
    /// `OsType`.
    pub os_type: String,
    /// `OsVersion`.
    pub os_version: String,
}

impl TencentOs {
    fn new(os_type: impl Into<String>, os_version: impl Into<String>) -> Self {
        Self {
            os_type: os_type.into(),
            os_version: os_version.into(),
        }
    }
}

/// The version of every Windows.
const WINDOWS_VERSION: &str = "9";

/// What an operating system is called at Tencent Cloud. A raw text is `TYPE/VERSION`.
pub fn map_os(os: &Os) -> OsMatch<TencentOs> {
    if let Some(raw) = os.raw.get(&Provider::TENCENT) {
        return match raw.split_once('/') {
            Some((name, version)) if !name.is_empty() && !version.is_empty() => {
                OsMatch::Exact(TencentOs::new(name, version))
            }
            _ => OsMatch::Unknown {
                available: vec![format!("`{raw}/VERSION` as this cloud's own text")],
            },
        };
    }
    let system = os.system();
    let rows: Vec<&Listed> = Listed::rows(SYSTEMS, &system).collect();
    let Some(first) = rows.first() else {
        return OsMatch::Unknown { available: available() };
    };
    match system.distribution {
        Some(Distribution::WindowsServer) => windows(&system, &rows),
        Some(Distribution::OtherLinux) => other_linux(&system, first),
        _ => match system.major() {
            Some(major) => unchecked_unless(first.versions.contains(&major), TencentOs::new(first.form, major)),
            None => OsMatch::Unknown {
                available: with_versions(first),
            },
        },
    }
}

fn windows(system: &System, rows: &[&Listed]) -> OsMatch<TencentOs> {
    let year = system.major().unwrap_or_default();
    match rows.iter().find(|row| row.versions.contains(&year)) {
        Some(row) => unchecked_unless(row.verified, TencentOs::new(row.text(year), WINDOWS_VERSION)),
        None => OsMatch::Unknown { available: available() },
    }
}

fn other_linux(system: &System, row: &Listed) -> OsMatch<TencentOs> {
    let only = row.versions.first().copied().unwrap_or_default();
    let value = TencentOs::new(row.form, only);
    if system.version.as_deref().is_none_or(|version| version == only) {
        return OsMatch::Exact(value);
    }
    OsMatch::Nearest {
        changed: format!("`{}` has only the version `{only}`, which is sent instead", row.form),
        value,
    }
}

fn unchecked_unless(known: bool, value: TencentOs) -> OsMatch<TencentOs> {
    if known {
        return OsMatch::Exact(value);
    }
    OsMatch::Nearest {
        changed: format!(
            "it is sent as `{}` with the version `{}`, which cannot be checked offline: ask DescribeImportImageOs",
            value.os_type, value.os_version
        ),
        value,
    }
}

/// A system with each of its versions.
fn with_versions(row: &Listed) -> Vec<String> {
    match row.versions {
        [] => vec![format!("{} with a version", row.form)],
        versions => versions
            .iter()
            .map(|version| format!("{} {version}", row.form))
            .collect(),
    }
}

fn available() -> Vec<String> {
    let names = SYSTEMS.iter().flat_map(|row| match row.distribution {
        Distribution::WindowsServer => row.versions.iter().map(|year| row.text(year)).collect(),
        _ => vec![row.form.to_owned()],
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str) -> (String, bool) {
        match map_os(&text.parse().unwrap()) {
            OsMatch::Exact(os) => (format!("{}/{}", os.os_type, os.os_version), true),
            OsMatch::Nearest { value, changed } => {
                assert!(changed.contains("ask DescribeImportImageOs"), "{changed}");
                (format!("{}/{}", value.os_type, value.os_version), false)
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_the_example_lists_is_exact_and_the_rest_is_said_to_be_unchecked() {
        for (text, expected, exact) in [
            ("CentOS 7.9", "CentOS/7", true),
            ("ubuntu 16.04", "Ubuntu/16", true),
            ("Ubuntu 22.04", "Ubuntu/22", false),
            ("CentOS Stream 9", "CentOS Stream/9", false),
            ("Rocky Linux 9.3", "Rocky/9", false),
            ("Red Hat Enterprise Linux 7.6", "Redhat/7", true),
            ("SLES 12 SP5", "SUSE/12", true),
            ("Windows Server 2012 R2", "Windows Server 2012/9", true),
            ("Windows Server 2022", "Windows Server 2022/9", false),
            ("Other Linux", "Other Linux/8", true),
        ] {
            assert_eq!(sent(text), (expected.to_owned(), exact), "{text}");
        }
    }

    #[test]
    fn other_linux_says_that_its_version_is_changed() {
        let OsMatch::Nearest { value, changed } = map_os(&"Other Linux 3".parse().unwrap()) else {
            panic!("there is only one version");
        };
        assert_eq!(value, TencentOs::new("Other Linux", "8"));
        assert!(changed.contains("only the version `8`"), "{changed}");
    }

    #[test]
    fn what_is_not_listed_is_unknown_and_never_another() {
        for (text, hint) in [
            ("Plan 9", "Other Linux"),
            ("Fedora CoreOS 40", "CoreOS"),
            ("Windows 11", "Windows Server 2022"),
            ("Windows Server 2003", "Windows Server 2008"),
            ("Debian", "Debian 9"),
            ("Fedora", "Fedora with a version"),
        ] {
            let OsMatch::Unknown { available } = map_os(&text.parse().unwrap()) else {
                panic!("{text} is not listed");
            };
            assert!(available.iter().any(|name| name == hint), "{text}: {available:?}");
        }
    }

    #[test]
    fn the_own_text_of_the_cloud_overrides() {
        let raw = |text: &str| map_os(&Os::new("Plan", "9").with_raw(Provider::TENCENT, text));
        assert_eq!(raw("Ubuntu/24").value(), Some(TencentOs::new("Ubuntu", "24")));
        for incomplete in ["Ubuntu", "Ubuntu/", "/24"] {
            assert_eq!(raw(incomplete).value(), None, "{incomplete}");
        }
    }
}
