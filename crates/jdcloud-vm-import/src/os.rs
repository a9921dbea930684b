//! Operating systems in JD Cloud's words: a platform out of five, and the version as free text.

use cloud_import_core::{
    Os, OsFamily, Provider,
    provider::{Listed, OsMatch},
};

use crate::generated::{OsType, Platform, SYSTEMS};

/// An operating system in JD Cloud's words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JdcloudOs {
    /// Family.
    pub os_type: OsType,
    /// Distribution.
    pub platform: Platform,
    /// Version, free text.
    pub version: Option<String>,
}

impl JdcloudOs {
    fn new(family: OsFamily, platform: &str, version: Option<String>) -> Self {
        Self {
            os_type: match family {
                OsFamily::Windows => OsType::Windows,
                _ => OsType::Linux,
            },
            platform: Platform::from(platform),
            version,
        }
    }
}

/// What an operating system is called at JD Cloud. A raw text is `PLATFORM` or `PLATFORM/VERSION`.
pub fn map_os(os: &Os) -> OsMatch<JdcloudOs> {
    if let Some(raw) = os.raw.get(&Provider::JDCLOUD) {
        let (platform, version) = raw
            .split_once('/')
            .map_or((raw.as_str(), None), |(platform, version)| (platform, Some(version)));
        let family = os.family_at(Provider::JDCLOUD);
        return OsMatch::Exact(JdcloudOs::new(family, platform, version.map(str::to_owned)));
    }
    let system = os.system();
    let Some(family) = system.family else {
        return OsMatch::Unknown {
            available: SYSTEMS.iter().map(|row| row.form.to_owned()).collect(),
        };
    };
    if let Some(row) = Listed::rows(SYSTEMS, &system).next() {
        return OsMatch::Exact(JdcloudOs::new(family, row.form, system.full_version()));
    }
    let platform = match family {
        OsFamily::Windows => Platform::OtherWindows,
        _ => Platform::OtherLinux,
    };
    OsMatch::Nearest {
        changed: format!(
            "JD Cloud has no platform of that name, so it is sent as `{platform}` with `{os}` as its version"
        ),
        value: JdcloudOs::new(family, platform.as_str(), Some(os.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_nearest_and_raw() {
        let exact = map_os(&"CentOS 7.9".parse().unwrap()).value().unwrap();
        assert_eq!(
            (exact.platform, exact.version.as_deref()),
            (Platform::CentOs, Some("7.9"))
        );
        let OsMatch::Nearest { value, changed } = map_os(&"Debian 12".parse().unwrap()) else {
            panic!("Debian is not one of the five");
        };
        assert_eq!(
            (value.platform, value.version.as_deref()),
            (Platform::OtherLinux, Some("Debian 12"))
        );
        assert!(changed.contains("Other Linux"), "{changed}");
        let raw = map_os(&Os::new("Debian", "12").with_raw(Provider::JDCLOUD, "Ubuntu/12"))
            .value()
            .unwrap();
        assert_eq!((raw.platform, raw.version.as_deref()), (Platform::Ubuntu, Some("12")));
        let raw = Os::new("CentOS", "7").with_raw(Provider::JDCLOUD, "Windows Server/2019");
        assert_eq!(map_os(&raw).value().unwrap().os_type, OsType::Windows);
        let windows = map_os(&"win2k12r2".parse().unwrap()).value().unwrap();
        assert_eq!(
            (windows.os_type, windows.platform, windows.version.as_deref()),
            (OsType::Windows, Platform::WindowsServer, Some("2012 R2"))
        );
    }
}
