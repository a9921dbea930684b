//! Operating systems in UCloud's words: a family of the console and the console's name of a version, with the bits in
//! Chinese, such as `CentOS` and `CentOS 7.9 64位`.
//!
//! Unverified: the list of names is not published, and it changes with the console. The names here are made by the pattern
//! of those that are known: `CentOS 6.5 32位`, `CentOS 7.9 64位`, `Ubuntu 16.04 64位`, `Ubuntu 18.04 64位`,
//! `Windows 2012 64位`, `Windows 2016 64位`. Source: ImportCustomImage, early edition of the API reference (undated) and UCloud API documentation
//! (2026-08); packer-plugin-ucloud d7433082; cloudmux 311f52c4.

use cloud_import_core::{
    Architecture, Os, Provider,
    provider::{Distribution, Listed, OsMatch},
};

use crate::generated::SYSTEMS;

/// What everything else is called.
const OTHER: &str = "Other";

/// An operating system in UCloud's words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UcloudOs {
    /// Family as the console names it, or `Other`.
    pub os_type: String,
    /// Version as the console names it, or `Other`.
    pub os_name: String,
}

/// What an operating system is called at UCloud; the architecture goes into the name. A raw text is `TYPE/NAME`, such as
/// `CentOS/CentOS 7.9 64位`, or `Other`, and is sent as it is.
pub fn map_os(os: &Os, architecture: Architecture) -> OsMatch<UcloudOs> {
    if let Some(raw) = os.raw.get(&Provider::UCLOUD) {
        return match raw.split_once('/') {
            Some((os_type, os_name)) if !os_type.is_empty() && !os_name.is_empty() => {
                OsMatch::Exact(named(os_type, os_name))
            }
            None if raw == OTHER => OsMatch::Exact(named(OTHER, OTHER)),
            _ => OsMatch::Unknown {
                available: vec![
                    "TYPE/NAME such as `CentOS/CentOS 7.9 64位`".to_owned(),
                    OTHER.to_owned(),
                ],
            },
        };
    }
    let system = os.system();
    let Some(row) = Listed::rows(SYSTEMS, &system).next() else {
        return other(os, architecture);
    };
    let os_type = row.form;
    let Some(given) = system.full_version() else {
        return OsMatch::Unknown {
            available: vec![
                format!("{os_type} with its version"),
                format!("`{OTHER}` as the raw text"),
            ],
        };
    };
    // Server versions are years; of others the console has two numbers.
    let version = match system.distribution {
        Some(Distribution::WindowsServer) => system.major().map(str::to_owned),
        _ => system.numbers(2),
    };
    let version = version.unwrap_or_default();
    let bits = if architecture == Architecture::I386 { 32 } else { 64 };
    let value = named(os_type, &format!("{os_type} {version} {bits}位"));
    if version == given {
        return OsMatch::Exact(value);
    }
    OsMatch::Nearest {
        changed: format!(
            "the names of UCloud's console go no further than `{version}`, so it is sent as `{}`",
            value.os_name
        ),
        value,
    }
}

fn named(os_type: &str, os_name: &str) -> UcloudOs {
    UcloudOs {
        os_type: os_type.to_owned(),
        os_name: os_name.to_owned(),
    }
}

fn other(os: &Os, architecture: Architecture) -> OsMatch<UcloudOs> {
    let bits = if architecture == Architecture::I386 {
        ", and nothing tells UCloud that it has 32 bits"
    } else {
        ""
    };
    OsMatch::Nearest {
        value: named(OTHER, OTHER),
        changed: format!(
            "UCloud is not known to have `{os}`, so it is sent as `{OTHER}`: UCloud then initializes nothing in the guest (no password, \
             network, SSH keys or time){bits}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, architecture: Architecture) -> OsMatch<UcloudOs> {
        map_os(&text.parse().unwrap(), architecture)
    }

    #[test]
    fn known_systems_are_named_as_the_console_names_them() {
        for (text, architecture, os_type, os_name) in [
            ("CentOS 7.9", Architecture::X86_64, "CentOS", "CentOS 7.9 64位"),
            ("centos 6.5", Architecture::I386, "CentOS", "CentOS 6.5 32位"),
            ("Ubuntu 18.04", Architecture::X86_64, "Ubuntu", "Ubuntu 18.04 64位"),
            (
                "Windows Server 2016",
                Architecture::X86_64,
                "Windows",
                "Windows 2016 64位",
            ),
            (
                "Red Hat Enterprise Linux 7.2",
                Architecture::X86_64,
                "RedHat",
                "RedHat 7.2 64位",
            ),
        ] {
            assert_eq!(
                found(text, architecture),
                OsMatch::Exact(named(os_type, os_name)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_left_out_is_said() {
        for (text, os_name) in [
            ("Ubuntu 22.04.3 LTS", "Ubuntu 22.04 64位"),
            ("CentOS 7.9.2009", "CentOS 7.9 64位"),
            ("Windows Server 2012 R2", "Windows 2012 64位"),
        ] {
            let OsMatch::Nearest { value, changed } = found(text, Architecture::X86_64) else {
                panic!("{text} is not a name of the console");
            };
            assert_eq!(value.os_name, os_name);
            assert!(changed.contains(os_name), "{changed}");
        }
    }

    #[test]
    fn other_is_never_silent_and_says_what_it_costs() {
        for text in [
            "Rocky Linux 9.3",
            "CentOS Stream 9",
            "Windows 11",
            "Alpine Linux v3.19",
            "Other",
        ] {
            let OsMatch::Nearest { value, changed } = found(text, Architecture::I386) else {
                panic!("{text} is not a system of the console");
            };
            assert_eq!(value, named("Other", "Other"));
            assert!(changed.contains("password") && changed.contains("32 bits"), "{changed}");
        }
    }

    #[test]
    fn a_family_without_version_is_no_name() {
        let OsMatch::Unknown { available } = found("CentOS", Architecture::X86_64) else {
            panic!("the console's names have a version");
        };
        assert!(available[0].contains("version"), "{available:?}");
    }

    #[test]
    fn raw_text_is_sent_as_it_is() {
        let raw = |text: &str| {
            map_os(
                &Os::new("Debian", "12").with_raw(Provider::UCLOUD, text),
                Architecture::I386,
            )
        };
        assert_eq!(
            raw("Debian/Debian 12 64位"),
            OsMatch::Exact(named("Debian", "Debian 12 64位"))
        );
        assert_eq!(raw("Other"), OsMatch::Exact(named("Other", "Other")));
        for half in ["Debian 12 64位", "/x", "Debian/"] {
            assert!(matches!(raw(half), OsMatch::Unknown { .. }), "{half}");
        }
    }
}
