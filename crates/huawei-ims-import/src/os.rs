//! Operating systems in Huawei Cloud's words: one text such as `CentOS 7.9 64bit`.
//!
//! Which texts a region takes, only its own list says ([`Client::list_os_versions`](crate::Client::list_os_versions)). The
//! table is what documents tell of it: a text in it is sent as listed, another one in the form of the list and with a warning.
//! The quick route takes the text as given and refuses one it does not know; the common route finds the system out itself and
//! falls back to the text. 32-bit systems are reached by the vendor's own text only.

use cloud_import_core::{
    Os, OsFamily, Provider,
    provider::{Distribution, Listed, OsMatch, System},
};

use crate::generated::{OsType, SYSTEMS};

/// An operating system in Huawei Cloud's words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HuaweiOs {
    /// Family.
    pub os_type: OsType,
    /// Name and version.
    pub os_version: String,
}

impl HuaweiOs {
    fn new(family: OsFamily, os_version: String) -> Self {
        let os_type = match family {
            OsFamily::Windows => OsType::Windows,
            _ => OsType::Linux,
        };
        Self { os_type, os_version }
    }
}

/// What an operating system is called at Huawei Cloud. A raw text is sent as it is.
pub fn map_os(os: &Os) -> OsMatch<HuaweiOs> {
    let family = os.family_at(Provider::HUAWEI);
    if let Some(raw) = os.raw.get(&Provider::HUAWEI) {
        return OsMatch::Exact(HuaweiOs::new(family, raw.clone()));
    }
    let system = os.system();
    let Some(row) = Listed::rows(SYSTEMS, &system).next() else {
        return OsMatch::Unknown {
            available: SYSTEMS.iter().map(|row| row.text("VERSION")).collect(),
        };
    };
    if !row.form.contains("{version}") {
        return OsMatch::Exact(HuaweiOs::new(family, row.form.to_owned()));
    }
    let Some(version) = written(&system) else {
        let available = match row.versions {
            [] => vec![row.text("VERSION")],
            versions => versions.iter().map(|version| row.text(version)).collect(),
        };
        return OsMatch::Unknown { available };
    };
    let (version, why) = listed(row, &version);
    let value = HuaweiOs::new(family, row.text(&version));
    match why {
        None => OsMatch::Exact(value),
        Some(why) => OsMatch::Nearest {
            changed: format!("{why}, so it is sent as `{}`", value.os_version),
            value,
        },
    }
}

/// The version as the list writes it: three numbers of Debian and CoreOS, two of others, service packs of SUSE, editions of
/// Windows. The service pack of EulerOS 2.0 is its second number.
fn written(system: &System) -> Option<String> {
    let pack = system.service_pack.as_deref();
    match system.distribution {
        Some(Distribution::Debian) => {
            let version = system.numbers(3)?;
            let missing = 2_usize.saturating_sub(version.matches('.').count());
            Some(version + &".0".repeat(missing))
        }
        Some(Distribution::CoreOs) => system.numbers(3),
        Some(Distribution::Suse) => {
            let numbers = system.numbers(2)?;
            let (major, minor) = numbers.split_once('.').unwrap_or((&numbers, ""));
            match pack.unwrap_or(minor) {
                "" | "0" => Some(major.to_owned()),
                pack => Some(format!("{major} SP{pack}")),
            }
        }
        Some(Distribution::EulerOs) => match pack {
            Some(pack) => Some(format!("{}.{pack}", system.major()?)),
            None => system.numbers(2),
        },
        Some(Distribution::Ubuntu) => system.numbers(3),
        Some(Distribution::Windows | Distribution::WindowsServer) => system.full_version(),
        _ => system.numbers(2),
    }
}

/// The version as it is sent, and why it is another than asked for, if it is.
fn listed(row: &Listed, version: &str) -> (String, Option<&'static str>) {
    let is_listed = |version: &str| row.versions.contains(&version);
    if is_listed(version) {
        return (version.to_owned(), None);
    }
    let windows_server = row.distribution == Distribution::WindowsServer;
    let has_edition = version.contains(|c: char| c.is_ascii_lowercase()) || version.ends_with("WEB");
    let with_edition = if windows_server && !has_edition {
        format!("{version} Datacenter")
    } else {
        version.to_owned()
    };
    if is_listed(&with_edition) {
        return (with_edition, Some("no edition is named"));
    }
    let minor = format!("{version}.");
    if let Some(listed) = row.versions.iter().rev().find(|listed| listed.starts_with(&minor)) {
        return ((*listed).to_owned(), Some("no minor version is named"));
    }
    let two = match version.match_indices('.').nth(1) {
        Some((at, _)) if row.distribution == Distribution::Ubuntu => version.get(..at).unwrap_or(version),
        _ => with_edition.as_str(),
    };
    if is_listed(two) {
        return (two.to_owned(), Some("the list has no version nearer to it"));
    }
    let unlisted = "it is not in the list that was read (edition of T-Systems, 2026-04), though the cloud may have it";
    (two.to_owned(), Some(unlisted))
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
