//! Operating systems in Alibaba Cloud's words: a platform out of 27.
//!
//! Source: alibabacloud_ecs20140526 for Python 7.11.8 (2026-10); what the platform means for the guest: the guides to
//! importing images (2021-07).

use cloud_import_core::{
    Os, OsFamily, Provider,
    provider::{Listed, OsMatch},
};

use crate::{
    Options,
    generated::{OsType, Platform, SYSTEMS},
};

/// An operating system in Alibaba Cloud's words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AliyunOs {
    /// Family.
    pub os_type: OsType,
    /// Distribution; of Windows Server with its year.
    pub platform: Platform,
}

impl AliyunOs {
    /// A platform in the vendor's own text. An unlisted one without "Windows" in its name says nothing of the family: then
    /// the operating system does.
    fn of_platform(text: &str, os: &Os) -> Self {
        let found = Self::new(Platform::from(text));
        match found.platform {
            Platform::Other(_) if found.os_type == OsType::Linux => Self {
                os_type: os_type(os.family()),
                ..found
            },
            _ => found,
        }
    }

    fn new(platform: Platform) -> Self {
        Self {
            os_type: os_type(Os::new(platform.as_str(), "").family()),
            platform,
        }
    }
}

fn os_type(family: OsFamily) -> OsType {
    match family {
        OsFamily::Windows => OsType::Windows,
        _ => OsType::Linux,
    }
}

/// What an operating system is called at Alibaba Cloud. A raw text is the platform.
///
/// The version of a Linux is not part of it: the import has no field for it, and the service reads it from the guest.
pub fn map_os(os: &Os) -> OsMatch<AliyunOs> {
    if let Some(raw) = os.raw.get(&Provider::ALIYUN) {
        return OsMatch::Exact(AliyunOs::of_platform(raw, os));
    }
    let system = os.system();
    let Some(family) = system.family else {
        return OsMatch::Unknown {
            available: SYSTEMS.iter().flat_map(platforms).collect(),
        };
    };
    let year = system.major().unwrap_or_default();
    let mut rows = Listed::rows(SYSTEMS, &system);
    if let Some(row) = rows.find(|row| row.versions.is_empty() || row.versions.contains(&year)) {
        return OsMatch::Exact(AliyunOs::new(Platform::from(row.text(year).as_str())));
    }
    let (platform, meaning) = if family == OsFamily::Windows {
        (
            Platform::OtherWindows,
            "and the vendor's guide of 2021 takes editions of Windows Server only",
        )
    } else {
        (
            Platform::OthersLinux,
            "and the service then leaves the guest as it is: an instance gets an address only if the guest asks by DHCP, and no password is set in it",
        )
    };
    OsMatch::Nearest {
        changed: format!("Alibaba Cloud has no platform of that name, so it is sent as `{platform}`, {meaning}"),
        value: AliyunOs::new(platform),
    }
}

/// The platforms of a row: of Windows Server one for each year.
fn platforms(row: &Listed) -> Vec<String> {
    match row.versions {
        [] => vec![row.form.to_owned()],
        years => years.iter().map(|year| row.text(year)).collect(),
    }
}

/// The operating system of an order: the platform that the options name, else what its own name says.
pub(crate) fn of_order(os: &Os, options: &Options) -> OsMatch<AliyunOs> {
    match &options.platform {
        Some(platform) => OsMatch::Exact(AliyunOs::of_platform(platform, os)),
        None => map_os(os),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Platform {
        match map_os(&text.parse().unwrap()) {
            OsMatch::Exact(os) => os.platform,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn every_platform_is_found_by_its_own_name_and_spelled_so() {
        let names: Vec<String> = SYSTEMS.iter().flat_map(platforms).collect();
        assert_eq!(names.len(), 27);
        for name in names {
            let platform = exact(&name);
            assert!(!matches!(platform, Platform::Other(_)), "{name}");
            assert_eq!(platform.as_str(), name);
        }
    }

    #[test]
    fn names_as_people_write_them() {
        for (text, platform) in [
            ("CentOS 7.9", Platform::CentOs),
            ("CentOS Stream 9", Platform::CentOsStream),
            ("rocky 9.4", Platform::RockyLinux),
            ("Red Hat Enterprise Linux 8.6", Platform::RedHat),
            ("Alibaba Cloud Linux 3", Platform::Aliyun),
            ("Windows Server 2019 Datacenter", Platform::WindowsServer2019),
            ("Windows 2012 R2", Platform::WindowsServer2012),
            ("Other Windows", Platform::OtherWindows),
        ] {
            assert_eq!(exact(text), platform, "{text}");
        }
        let stream = map_os(&Os::new("CentOS", "8-stream")).value().unwrap();
        assert_eq!(stream.platform, Platform::CentOsStream);
    }

    #[test]
    fn the_nearest_says_what_it_means() {
        for (text, platform, os_type, says) in [
            ("openEuler 22.03", Platform::OthersLinux, OsType::Linux, "DHCP"),
            (
                "Windows 10",
                Platform::OtherWindows,
                OsType::Windows,
                "Windows Server only",
            ),
            (
                "Windows Server 2025",
                Platform::OtherWindows,
                OsType::Windows,
                "`Other Windows`",
            ),
        ] {
            let OsMatch::Nearest { value, changed } = map_os(&text.parse().unwrap()) else {
                panic!("{text} is no platform");
            };
            assert_eq!(value, AliyunOs { os_type, platform }, "{text}");
            assert!(changed.contains(says), "{changed}");
        }
    }

    #[test]
    fn a_raw_text_is_taken_as_it_is() {
        let os = Os::new("Debian", "12");
        let raw = |text: &str| map_os(&os.clone().with_raw(Provider::ALIYUN, text)).value().unwrap();
        assert_eq!(raw("Customized Linux").platform, Platform::CustomizedLinux);
        assert_eq!(raw("Windows Server 2022").os_type, OsType::Windows);
        assert_eq!(raw("Windows Server 2031").os_type, OsType::Windows);
        assert_eq!(raw("Debian 2031").os_type, OsType::Linux);
        let windows = Os::new("Windows Server", "2031").with_raw(Provider::ALIYUN, "WS2031");
        let unlisted = map_os(&windows).value().unwrap();
        assert_eq!(
            (unlisted.os_type, unlisted.platform.as_str()),
            (OsType::Windows, "WS2031")
        );
    }
}
