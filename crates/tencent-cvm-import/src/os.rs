//! Operating systems in Tencent Cloud's words: a name and a version, both out of what `DescribeImportImageOs` lists.
//!
//! What is known offline is old. Versions are those of that operation's example (tccli 3.1.189.1, clearly stale); names
//! without versions are those of the import guide (qcloud-documents 01fc12ae, read 2026), and that the API spells them the
//! same is unverified. A version is a major number; every Windows has the version `9`.

use cloud_import_core::{Os, OsFamily, Provider, provider::OsMatch};

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

struct Linux {
    name: &'static str,
    /// Other names that people use.
    also: &'static [&'static str],
    /// Known versions; none where only the guide lists the name.
    versions: &'static [&'static str],
}

const fn linux(name: &'static str, also: &'static [&'static str], versions: &'static [&'static str]) -> Linux {
    Linux { name, also, versions }
}

const LINUX: &[Linux] = &[
    linux("CentOS", &[], &["5", "6", "7"]),
    linux("Ubuntu", &["Ubuntu Server"], &["10", "12", "14", "16"]),
    linux("Debian", &[], &["6", "7", "8", "9"]),
    linux("OpenSUSE", &["openSUSE Leap"], &["11", "12"]),
    linux(
        "SUSE",
        &["SLES", "SUSE Linux Enterprise", "SUSE Linux Enterprise Server"],
        &["10", "11", "12", "13"],
    ),
    linux("CoreOS", &[], &["7"]),
    linux("FreeBSD", &[], &["10"]),
    linux("Redhat", &["RHEL", "Red Hat Enterprise Linux"], &["5", "6", "7"]),
    linux("CentOS Stream", &[], &[]),
    linux("Fedora", &[], &[]),
    linux("AlmaLinux", &["Alma"], &[]),
    linux("Rocky", &["Rocky Linux"], &[]),
    linux("TencentOS", &["TencentOS Server"], &[]),
    linux("Kylin", &[], &[]),
    linux("UnionTech", &["UOS", "UnionTech OS"], &[]),
];

const OTHER_LINUX: &str = "Other Linux";
const OTHER_LINUX_VERSION: &str = "8";

/// Years, and whether the example lists them too and not only the guide.
const WINDOWS: &[(&str, bool)] = &[
    ("2008", true),
    ("2012", true),
    ("2016", true),
    ("2019", false),
    ("2022", false),
];
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
    if os.family() == OsFamily::Windows {
        return windows(os);
    }
    if os.is(OTHER_LINUX) {
        let value = TencentOs::new(OTHER_LINUX, OTHER_LINUX_VERSION);
        return match &os.version {
            Some(version) if version != OTHER_LINUX_VERSION => OsMatch::Nearest {
                changed: format!("`{OTHER_LINUX}` has only the version `{OTHER_LINUX_VERSION}`, which is sent instead"),
                value,
            },
            _ => OsMatch::Exact(value),
        };
    }
    let named = |system: &&Linux| os.is(system.name) || system.also.iter().any(|name| os.is(name));
    let Some(system) = LINUX.iter().find(named) else {
        return OsMatch::Unknown { available: available() };
    };
    match os.major() {
        Some(major) => unchecked_unless(system.versions.contains(&major), TencentOs::new(system.name, major)),
        None => OsMatch::Unknown {
            available: if system.versions.is_empty() {
                vec![format!("{} with a version", system.name)]
            } else {
                let of = |version: &&str| format!("{} {version}", system.name);
                system.versions.iter().map(of).collect()
            },
        },
    }
}

fn windows(os: &Os) -> OsMatch<TencentOs> {
    let year = os
        .major()
        .filter(|_| os.is("Windows Server") || os.is("Windows"))
        .and_then(|major| WINDOWS.iter().find(|(year, _)| *year == major));
    match year {
        Some((year, in_example)) => {
            let value = TencentOs::new(format!("Windows Server {year}"), WINDOWS_VERSION);
            unchecked_unless(*in_example, value)
        }
        None => OsMatch::Unknown { available: available() },
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

fn available() -> Vec<String> {
    let windows = WINDOWS.iter().map(|(year, _)| format!("Windows Server {year}"));
    let linux = LINUX.iter().map(|system| system.name.to_owned());
    linux.chain([OTHER_LINUX.to_owned()]).chain(windows).collect()
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
