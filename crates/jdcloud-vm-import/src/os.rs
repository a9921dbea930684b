//! Operating systems in JD Cloud's words: a distribution out of five, and the version as free text.
//!
//! Source: importImage, seed document (2018) and jdcloud-sdk-go 1.6.1 (2024-11).

use cloud_import_core::{Os, OsFamily, Provider, provider::OsMatch};

use crate::generated::{OsType, Platform};

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

/// What an operating system is called at JD Cloud. A raw text is `PLATFORM` or `PLATFORM/VERSION`.
pub fn map_os(os: &Os) -> OsMatch<JdcloudOs> {
    let os_type = match os.family() {
        OsFamily::Windows => OsType::Windows,
        _ => OsType::Linux,
    };
    if let Some(raw) = os.raw.get(&Provider::JDCLOUD) {
        let (platform, version) = raw
            .split_once('/')
            .map_or((raw.as_str(), None), |(platform, version)| (platform, Some(version)));
        return OsMatch::Exact(JdcloudOs {
            os_type,
            platform: Platform::from(platform),
            version: version.map(str::to_owned),
        });
    }
    let named = [
        ("CentOS", Platform::CentOs),
        ("Ubuntu", Platform::Ubuntu),
        ("Windows Server", Platform::WindowsServer),
        ("Windows", Platform::WindowsServer),
        ("Other Linux", Platform::OtherLinux),
        ("Other Windows", Platform::OtherWindows),
    ];
    if let Some((_, platform)) = named.into_iter().find(|(name, _)| os.is(name)) {
        return OsMatch::Exact(JdcloudOs {
            os_type,
            platform,
            version: os.version.clone(),
        });
    }
    let platform = if os_type == OsType::Windows {
        Platform::OtherWindows
    } else {
        Platform::OtherLinux
    };
    OsMatch::Nearest {
        changed: format!(
            "JD Cloud has no platform of that name, so it is sent as `{platform}` with `{os}` as its version"
        ),
        value: JdcloudOs {
            os_type,
            platform,
            version: Some(os.to_string()),
        },
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
        assert_eq!(
            map_os(&"Windows Server 2019".parse().unwrap()).value().unwrap().os_type,
            OsType::Windows
        );
    }
}
