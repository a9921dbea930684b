//! The guest on a disk, looked at through whatever format the disk is in; and what an order says of it that the disk does not.

use std::{fs::File, path::Path};

use cloud_import_core::{
    Architecture, BootMode, Capabilities, Field, GuestFinding, ImageKind, ImportRequest, Os, Problem, Remedy,
    WarningId, provider::Distribution,
};
use cloud_import_disk::{Content, ContentReader, Limits};
use cloud_import_guest::{Guest, Options, facts};

/// What is read of a file for it: more than of the disk in it, because what is compressed is read in whole pieces.
const LIMITS: Limits = Limits::new(256 << 20, 400_000);

/// The guest on the disk in a file; `None` where the file cannot be read as a disk, which others tell.
pub(super) fn look(path: &Path) -> Option<Guest> {
    let content = Content::open(File::open(path).ok()?, LIMITS).ok()?;
    Some(cloud_import_guest::inspect(
        ContentReader::new(content),
        &Options::default(),
    ))
}

/// What a disk tells of the system on it, in the words of an order. Each is absent where the disk does not tell it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuestSystem {
    /// Distribution and version, as exactly as the disk tells them.
    pub os: Option<Os>,
    /// What its programs are for.
    pub architecture: Option<Architecture>,
    /// The firmware that it starts with, where it starts with one alone.
    pub boot_mode: Option<BootMode>,
    /// The file that told the system.
    pub from: Option<String>,
}

impl GuestSystem {
    pub(super) fn of(guest: &Guest) -> Self {
        let architecture = guest.architecture.as_ref();
        Self {
            os: guest.os.as_ref().and_then(os),
            architecture: architecture.and_then(|architecture| architecture.parse().ok()),
            boot_mode: match (guest.boot.bios, guest.boot.uefi) {
                (Some(true), Some(false)) => Some(BootMode::Bios),
                (Some(false), Some(true)) => Some(BootMode::Uefi),
                _ => None,
            },
            from: guest.os.as_ref().and_then(|os| os.from.clone()),
        }
    }

    /// Where an order says something else of a system than what is on its disk.
    pub(super) fn contradictions(&self, cloud: &Capabilities, order: &ImportRequest) -> Vec<Problem> {
        if order.kind != ImageKind::System {
            return Vec::new();
        }
        let mut problems = Vec::new();
        let mut warn = |id: WarningId, field: Field, ordered: String, found: String| {
            let rule = format!("is `{ordered}`, but the disk holds {found}");
            let remedy = Remedy::set_to(field.clone(), found).or("name the disk that is meant");
            problems.push(Problem::warning(id, cloud.provider, field, rule).remedy(remedy));
        };
        if let (Some(ordered), Some(found)) = (&order.os, &self.os)
            && !ordered.raw.contains_key(&cloud.provider)
            && is_another(ordered, found)
        {
            warn(WarningId::OS_OF_DISK, Field::Os, ordered.to_string(), found.to_string());
        }
        if let Some(found) = self.architecture.filter(|found| *found != order.architecture) {
            warn(
                WarningId::ARCHITECTURE_OF_DISK,
                Field::Architecture,
                order.architecture.to_string(),
                found.to_string(),
            );
        }
        problems
    }
}

/// A system in the words of an order.
fn os(found: &facts::Os) -> Option<Os> {
    let name = found.distribution.as_ref().or(found.id.as_ref())?;
    Some(Os::new(name, found.version.clone().unwrap_or_default()))
}

/// Whether what is ordered cannot be what was found. Words for any system of a family are for each of it.
fn is_another(ordered: &Os, found: &Os) -> bool {
    use Distribution::{CustomizedLinux, Other, OtherLinux, OtherWindows};
    if ordered.family() != found.family() {
        return true;
    }
    let (ordered, found) = (ordered.system(), found.system());
    let any = [
        Some(Other),
        Some(OtherLinux),
        Some(OtherWindows),
        Some(CustomizedLinux),
        None,
    ];
    if any.contains(&ordered.distribution) {
        return false;
    }
    let differ = |(one, other): (&str, &str)| one != other;
    ordered.distribution != found.distribution
        || match (&ordered.version, &found.version) {
            // As far as both tell it.
            (Some(one), Some(other)) => one.split('.').zip(other.split('.')).any(differ),
            _ => false,
        }
}

/// What was found, in the words of an order.
pub(super) fn findings(guest: &Guest) -> Vec<GuestFinding> {
    let found = guest.findings.iter();
    found
        .map(|one| GuestFinding::new(&one.id, &one.place, &one.what))
        .collect()
}

#[cfg(test)]
mod tests {
    use cloud_import_core::{Disk, Provider};

    use super::*;

    fn told(ordered: &Os, found: &Os) -> Vec<String> {
        let disk = GuestSystem {
            os: Some(found.clone()),
            architecture: Some(Architecture::X86_64),
            ..GuestSystem::default()
        };
        let order = ImportRequest::new("web", Disk::url("https://b.example/k")).os(ordered.clone());
        let cloud = Capabilities::new(Provider::TENCENT, "r");
        let problems = disk.contradictions(&cloud, &order);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_order_for_another_system_is_told() {
        let centos = Os::new("CentOS Linux", "7.9.2009");
        for ordered in ["CentOS 7.9", "centos 7", "CentOS", "Other Linux", "Linux", "NewOS 4"] {
            assert_eq!(
                told(&ordered.parse().unwrap(), &centos),
                Vec::<String>::new(),
                "{ordered}"
            );
        }
        for ordered in [
            "CentOS 7.8",
            "CentOS 8",
            "Debian 12",
            "Windows Server 2019",
            "CentOS Stream 9",
        ] {
            assert_eq!(told(&ordered.parse().unwrap(), &centos).len(), 1, "{ordered}");
        }
        assert_eq!(
            told(&Os::new("Debian", "12"), &centos)[0],
            "Tencent Cloud: `os` is `Debian 12`, but the disk holds CentOS Linux 7.9.2009. Set `os` to `CentOS Linux 7.9.2009`, or name \
             the disk that is meant. (os.of_disk)"
        );
        let raw = Os::new("Debian", "12").with_raw(Provider::TENCENT, "CentOS/7");
        assert_eq!(told(&raw, &centos), Vec::<String>::new());
        let year = Os::new("Windows Server", "2019");
        assert_eq!(told(&Os::new("Windows Server", "2016"), &year).len(), 1);
        assert_eq!(told(&Os::new("Windows Server", "2019"), &year).len(), 0);
    }

    #[test]
    fn a_disk_for_another_processor_is_told_and_a_data_disk_is_not_judged() {
        let disk = GuestSystem {
            architecture: Some(Architecture::Arm64),
            ..GuestSystem::default()
        };
        let cloud = Capabilities::new(Provider::TENCENT, "r");
        let order = ImportRequest::new("web", Disk::url("https://b.example/k"));
        let found = disk.contradictions(&cloud, &order);
        assert!(found.len() == 1 && found[0].field == Field::Architecture, "{found:?}");
        let data = ImportRequest::data_image("web", Disk::url("https://b.example/k"));
        assert_eq!(disk.contradictions(&cloud, &data), []);
    }

    #[test]
    fn what_a_guest_tells_is_in_the_words_of_an_order() {
        let mut guest = Guest::default();
        assert_eq!(GuestSystem::of(&guest), GuestSystem::default());
        let mut os = facts::Os::default();
        (os.id, os.version) = (Some("arch".to_owned()), None);
        guest.os = Some(os);
        guest.architecture = Some("arm64".to_owned());
        (guest.boot.bios, guest.boot.uefi) = (Some(false), Some(true));
        let told = GuestSystem::of(&guest);
        assert_eq!(told.os, Some(Os::new("arch", "")));
        assert_eq!(
            (told.architecture, told.boot_mode),
            (Some(Architecture::Arm64), Some(BootMode::Uefi))
        );
        guest.boot.bios = Some(true);
        guest.architecture = Some("0x77".to_owned());
        let told = GuestSystem::of(&guest);
        assert_eq!((told.architecture, told.boot_mode), (None, None));
    }
}
