//! Drivers, services and settings of the machine's own hive, in the control set that it runs.

use super::registry::{SYSTEM, open, text};
use crate::{
    facts::Service,
    fs::{FileSystem, Kind},
    hive::Hive,
    source::NotRead,
};

/// Drivers of the disks of virtual machines: virtio as disks, and as SCSI.
pub(super) const DISKS: &[&str] = &["viostor", "vioscsi"];
pub(super) const NETWORK: &str = "netkvm";
pub(super) const CLOUDBASE: &str = "cloudbase-init";
pub(super) const QEMU_GA: &str = "qemu-ga";
/// Services of hypervisors' tools, and what these are called.
pub(super) const TOOLS: &[(&str, &str)] = &[
    ("QEMU-GA", QEMU_GA),
    ("VMTools", "vmware-tools"),
    ("VBoxService", "VirtualBox additions"),
    ("xenagent", "xen-tools"),
    ("XenSvc", "xen-tools"),
];

/// What the hive tells.
#[derive(Debug, Default)]
pub(super) struct System {
    pub(super) services: Vec<Service>,
    pub(super) remote_desktop: Option<bool>,
    pub(super) architecture: Option<String>,
    pub(super) is_dirty: bool,
}

/// Reads it. What a policy says of remote desktop comes before what is set here.
pub(super) fn read(fs: &mut dyn FileSystem, denied: Option<bool>) -> Result<System, NotRead> {
    let mut hive = open(fs, SYSTEM)?;
    let mut system = System {
        is_dirty: hive.is_dirty(),
        ..System::default()
    };
    let set = match hive.number("Select", "Current")? {
        Some(number) => format!("ControlSet{number:03}"),
        None => return Err(NotRead::new("registry: no control set is selected")),
    };
    let mut files = Vec::new();
    let tools = TOOLS.iter().map(|(name, _)| *name);
    for name in DISKS.iter().copied().chain([NETWORK, CLOUDBASE]).chain(tools) {
        let key = format!(r"{set}\Services\{name}");
        if hive.key(&key)?.is_none() {
            continue;
        }
        let start = hive.number(&key, "Start")?.and_then(|start| u32::try_from(start).ok());
        let image = hive.text(&key, "ImagePath")?;
        let is_driver = DISKS.contains(&name) || name == NETWORK;
        files.push(is_driver.then(|| file(image.as_deref(), name)));
        system.services.push(Service {
            name: name.to_owned(),
            start,
            ..Service::default()
        });
    }
    system.remote_desktop = remote_desktop(&mut hive, &set, denied)?;
    let environment = format!(r"{set}\Control\Session Manager\Environment");
    system.architecture = match text(&mut hive, &environment, "PROCESSOR_ARCHITECTURE")?.as_deref() {
        Some("AMD64") => Some("x86_64".to_owned()),
        Some("ARM64") => Some("arm64".to_owned()),
        Some("x86") => Some("i386".to_owned()),
        _ => None,
    };
    drop(hive);
    for (service, path) in system.services.iter_mut().zip(files) {
        let entry = path.map(|path| fs.entry(&path));
        service.file = match entry {
            Some(Ok(entry)) => Some(entry.is_some_and(|entry| entry.kind == Kind::File && entry.size > 0)),
            Some(Err(_)) | None => None,
        };
    }
    Ok(system)
}

/// Whether remote desktop is let in, and there to let in.
fn remote_desktop(hive: &mut Hive<'_>, set: &str, denied: Option<bool>) -> Result<Option<bool>, NotRead> {
    if hive.number(&format!(r"{set}\Services\TermService"), "Start")? == Some(4) {
        return Ok(Some(false));
    }
    let own = hive.number(&format!(r"{set}\Control\Terminal Server"), "fDenyTSConnections")?;
    Ok(denied.or(own.map(|own| own != 0)).map(|denied| !denied))
}

/// The file of a driver, from the forms in which the registry writes it.
fn file(image: Option<&str>, name: &str) -> String {
    let Some(image) = image.filter(|image| !image.trim().is_empty()) else {
        return format!("/Windows/System32/drivers/{name}.sys");
    };
    let path = image.trim().trim_matches('"').replace('\\', "/");
    let path = path.strip_prefix("/??/").unwrap_or(&path);
    let without = |prefix: &str| {
        let head = path
            .get(..prefix.len())
            .filter(|head| head.eq_ignore_ascii_case(prefix));
        head.and_then(|_| path.get(prefix.len()..))
    };
    let system = ["/SystemRoot/", "SystemRoot/", "%SystemRoot%/", "%windir%/"]
        .iter()
        .find_map(|prefix| without(prefix));
    match (system, path.split_once(":/")) {
        (Some(rest), _) => format!("/Windows/{rest}"),
        (None, Some((_, rest))) => format!("/{rest}"),
        (None, None) => format!("/Windows/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::file;

    #[test]
    fn the_file_of_a_driver() {
        let usual = "/Windows/System32/drivers/viostor.sys";
        for image in [
            r"System32\drivers\viostor.sys",
            r"\SystemRoot\System32\drivers\viostor.sys",
            r"%SystemRoot%\System32\drivers\viostor.sys",
            r"\??\C:\Windows\System32\drivers\viostor.sys",
            r"C:\Windows\System32\drivers\viostor.sys",
        ] {
            assert_eq!(file(Some(image), "viostor"), usual, "{image}");
        }
        assert_eq!(file(None, "viostor"), usual);
        assert_eq!(file(Some(" "), "viostor"), usual);
        assert_eq!(file(Some("ü"), "viostor"), "/Windows/ü");
    }
}
