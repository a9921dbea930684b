//! Operating systems in Huawei Cloud's words: one text such as `CentOS 7.9 64bit`.
//!
//! Which texts a region takes, only its own list says ([`Client::list_os_versions`](crate::Client::list_os_versions)). The
//! table here is what the edition of T-Systems documents: a text in it is sent as listed, another one in the form of the
//! list and with a warning. The quick route takes the text as given and refuses one it does not know; the common route
//! finds the system out itself and falls back to the text. 32-bit systems are reached by the vendor's own text only.
//!
//! Source: opentelekomcloud-docs/image-management-service, values of related parameters, and external image file formats
//! and supported OSs (2026-04), which differ in the case of `server` of Ubuntu.

use cloud_import_core::{Os, OsFamily, Provider, provider::OsMatch};

use crate::generated::OsType;

/// An operating system in Huawei Cloud's words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HuaweiOs {
    /// Family.
    pub os_type: OsType,
    /// Name and version.
    pub os_version: String,
}

/// One distribution: how people call it, how the vendor writes it, and the versions in the list, oldest first.
struct Distribution {
    names: &'static [&'static str],
    before: &'static str,
    after: &'static str,
    /// Added to a version that has no edition.
    edition: &'static str,
    versions: &'static [&'static str],
}

const fn linux(
    names: &'static [&'static str],
    before: &'static str,
    versions: &'static [&'static str],
) -> Distribution {
    Distribution {
        names,
        before,
        after: " 64bit",
        edition: "",
        versions,
    }
}

const DISTRIBUTIONS: &[Distribution] = &[
    linux(
        &["CentOS"],
        "CentOS",
        &[
            "6.3", "6.4", "6.5", "6.6", "6.7", "6.8", "6.9", "6.10", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6",
            "7.7", "7.8", "7.9", "8.0",
        ],
    ),
    Distribution {
        names: &["Ubuntu", "Ubuntu Server"],
        before: "Ubuntu",
        after: " server 64bit",
        edition: "",
        versions: &[
            "14.04", "14.04.1", "14.04.3", "14.04.4", "14.04.5", "16.04", "16.04.2", "16.04.3", "16.04.4", "16.04.5",
            "16.04.6", "18.04", "18.04.1", "18.04.2", "19.04", "20.04",
        ],
    },
    linux(
        &["Debian", "Debian GNU/Linux"],
        "Debian GNU/Linux",
        &[
            "8.1.0", "8.2.0", "8.4.0", "8.5.0", "8.6.0", "8.7.0", "8.8.0", "8.10.0", "9.0.0", "9.3.0", "10.0.0",
        ],
    ),
    linux(
        &["Red Hat", "RHEL", "Red Hat Enterprise Linux"],
        "Red Hat Linux Enterprise",
        &[
            "6.4", "6.5", "6.6", "6.7", "6.8", "6.9", "6.10", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "8.0",
        ],
    ),
    linux(
        &["SUSE", "SLES", "SUSE Linux Enterprise Server", "SUSE Linux Enterprise"],
        "SUSE Linux Enterprise Server",
        &[
            "11 SP1", "11 SP3", "11 SP4", "12", "12 SP1", "12 SP2", "12 SP3", "12 SP4", "12 SP5", "15", "15 SP1",
        ],
    ),
    linux(
        &["Oracle Linux", "Oracle Linux Server", "Oracle"],
        "Oracle Linux Server release",
        &[
            "6.5", "6.7", "6.8", "6.9", "6.10", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6",
        ],
    ),
    linux(
        &["openSUSE", "openSUSE Leap"],
        "openSUSE",
        &["11.3", "13.2", "42.1", "42.2", "42.3", "15.0", "15.1"],
    ),
    linux(
        &["Fedora"],
        "Fedora",
        &["22", "23", "24", "25", "26", "27", "28", "29", "30"],
    ),
    linux(&["EulerOS"], "EulerOS", &["2.1", "2.2", "2.3", "2.5", "2.9"]),
    linux(&["openEuler"], "openEuler", &["20.03"]),
    linux(&["Huawei Cloud EulerOS", "HCE"], "Huawei Cloud EulerOS", &[]),
    linux(&["Rocky Linux", "Rocky"], "Rocky Linux", &[]),
    linux(&["AlmaLinux", "Alma"], "AlmaLinux", &[]),
    Distribution {
        names: &["CoreOS"],
        before: "CoreOS",
        after: "",
        edition: "",
        versions: &["1010.5.0", "1068.10.0", "1298.6.0"],
    },
    Distribution {
        names: &["Windows Server"],
        before: "Windows Server",
        after: " 64bit",
        edition: " Datacenter",
        versions: &[
            "2008 R2 WEB",
            "2008 R2 Standard",
            "2008 R2 Enterprise",
            "2008 R2 Datacenter",
            "2012 Standard",
            "2012 Datacenter",
            "2012 R2 Standard",
            "2012 R2 Datacenter",
            "2016 Standard",
            "2016 Datacenter",
        ],
    },
    linux(&["Windows"], "Windows", &["7 Enterprise", "7 Professional", "10"]),
];

impl Distribution {
    fn text(&self, version: &str) -> String {
        format!("{} {version}{}", self.before, self.after)
    }

    fn listed(&self, version: &str) -> Option<&'static str> {
        self.versions
            .iter()
            .copied()
            .find(|listed| listed.eq_ignore_ascii_case(version))
    }

    /// The version as the list writes it: three numbers of Debian, service packs of SUSE.
    fn written(&self, version: &str) -> String {
        match self.before {
            "Debian GNU/Linux" => match version.matches('.').count() {
                0 => format!("{version}.0.0"),
                1 => format!("{version}.0"),
                _ => version.to_owned(),
            },
            "SUSE Linux Enterprise Server" => version.replace('.', " SP"),
            _ => version.to_owned(),
        }
    }

    /// The text for a version, and why it is another than asked for, if it is.
    fn find(&self, version: &str) -> (String, Option<&'static str>) {
        let version = self.written(version);
        if let Some(listed) = self.listed(&version) {
            return (self.text(listed), None);
        }
        if !self.edition.is_empty()
            && let Some(listed) = self.listed(&format!("{version}{}", self.edition))
        {
            return (self.text(listed), Some("no edition is named"));
        }
        let minor = format!("{version}.");
        if let Some(listed) = self.versions.iter().rev().find(|listed| listed.starts_with(&minor)) {
            return (self.text(listed), Some("no minor version is named"));
        }
        let has_edition = version.contains(|c: char| c.is_ascii_lowercase());
        let edition = if has_edition { "" } else { self.edition };
        (
            self.text(&format!("{version}{edition}")),
            Some("it is not in the list that was read (edition of T-Systems, 2026-04), though the cloud may have it"),
        )
    }
}

/// What an operating system is called at Huawei Cloud. A raw text is sent as it is.
pub fn map_os(os: &Os) -> OsMatch<HuaweiOs> {
    let os_type = match os.family() {
        OsFamily::Windows => OsType::Windows,
        _ => OsType::Linux,
    };
    if let Some(raw) = os.raw.get(&Provider::HUAWEI) {
        return OsMatch::Exact(HuaweiOs {
            os_type,
            os_version: raw.clone(),
        });
    }
    let Some(distribution) = DISTRIBUTIONS
        .iter()
        .find(|distribution| distribution.names.iter().any(|name| os.is(name)))
    else {
        return OsMatch::Unknown {
            available: DISTRIBUTIONS.iter().map(|it| it.text("VERSION")).collect(),
        };
    };
    let Some(version) = &os.version else {
        let available = match distribution.versions {
            [] => vec![distribution.text("VERSION")],
            versions => versions.iter().map(|version| distribution.text(version)).collect(),
        };
        return OsMatch::Unknown { available };
    };
    let (os_version, why) = distribution.find(version);
    let changed = why.map(|why| format!("{why}, so it is sent as `{os_version}`"));
    let value = HuaweiOs { os_type, os_version };
    match changed {
        None => OsMatch::Exact(value),
        Some(changed) => OsMatch::Nearest { value, changed },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> String {
        match map_os(&text.parse().unwrap()) {
            OsMatch::Exact(os) => os.os_version,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn nearest(text: &str) -> (String, String) {
        match map_os(&text.parse().unwrap()) {
            OsMatch::Nearest { value, changed } => (value.os_version, changed),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn listed_texts_are_exact() {
        for (asked, text) in [
            ("CentOS 7.9", "CentOS 7.9 64bit"),
            ("centos 6.10", "CentOS 6.10 64bit"),
            ("Ubuntu 20.04", "Ubuntu 20.04 server 64bit"),
            ("Debian 10", "Debian GNU/Linux 10.0.0 64bit"),
            ("SLES 12.3", "SUSE Linux Enterprise Server 12 SP3 64bit"),
            ("Windows Server 2016 standard", "Windows Server 2016 Standard 64bit"),
            ("Windows 10", "Windows 10 64bit"),
            ("CoreOS 1298.6.0", "CoreOS 1298.6.0"),
        ] {
            assert_eq!(exact(asked), text);
        }
    }

    #[test]
    fn what_is_not_listed_is_sent_in_the_form_of_the_list_and_said_so() {
        for (asked, text, why) in [
            ("CentOS 7", "CentOS 7.9 64bit", "minor version"),
            ("CentOS 8.5", "CentOS 8.5 64bit", "not in the list"),
            ("Ubuntu 24.04", "Ubuntu 24.04 server 64bit", "not in the list"),
            ("Debian 12", "Debian GNU/Linux 12.0.0 64bit", "not in the list"),
            ("Rocky Linux 9.3", "Rocky Linux 9.3 64bit", "not in the list"),
            (
                "Windows Server 2012 R2",
                "Windows Server 2012 R2 Datacenter 64bit",
                "edition",
            ),
            (
                "Windows Server 2022",
                "Windows Server 2022 Datacenter 64bit",
                "not in the list",
            ),
            (
                "Windows Server 2022 Standard",
                "Windows Server 2022 Standard 64bit",
                "not in the list",
            ),
        ] {
            let (value, changed) = nearest(asked);
            assert_eq!(value, text);
            assert!(changed.contains(why) && changed.contains(text), "{changed}");
        }
    }

    #[test]
    fn unknown_ones_list_what_there_is() {
        let OsMatch::Unknown { available } = map_os(&Os::new("TempleOS", "5")) else {
            panic!("there is no such distribution");
        };
        assert!(available.contains(&"CentOS VERSION 64bit".to_owned()), "{available:?}");
        let OsMatch::Unknown { available } = map_os(&Os::new("Fedora", "")) else {
            panic!("a version is needed");
        };
        assert!(available.contains(&"Fedora 30 64bit".to_owned()), "{available:?}");
    }

    #[test]
    fn raw_text_is_sent_as_it_is() {
        let os = Os::new("TempleOS", "5").with_raw(Provider::HUAWEI, "Other(64 bit)");
        assert_eq!(map_os(&os).value().unwrap().os_version, "Other(64 bit)");
        let windows = map_os(&"Windows Server 2016".parse().unwrap()).value().unwrap();
        assert_eq!(windows.os_type, OsType::Windows);
    }
}
