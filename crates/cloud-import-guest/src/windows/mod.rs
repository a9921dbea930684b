//! What a Windows tells of itself: in its registry, and by files that are there. It must not judge, and takes what could not be read
//! for nothing but that.
//!
//! Where each fact stands is known of the hives of real machines, from Windows 7 to 10, and of Microsoft's documents.

mod registry;
mod services;
mod version;

use self::registry::{SOFTWARE, SYSTEM, find_dirty};
use crate::{
    bytes::{has, le16, le32},
    facts::{CloudInit, Guest, Service, Windows},
    fs::{FileSystem, Kind},
    source::NotRead,
};

/// Programs of the system whose header tells the architecture. The kernel may be compressed, which the second hardly ever is.
const PROGRAMS: &[&str] = &[
    "/Windows/System32/ntoskrnl.exe",
    "/Windows/explorer.exe",
    "/Windows/System32/winload.exe",
];
const CLOUDBASE: &str = "/Program Files/Cloudbase Solutions/Cloudbase-Init";

/// Whether a file system holds a Windows.
pub(crate) fn is_on(fs: &mut dyn FileSystem) -> Result<bool, NotRead> {
    Ok(fs.entry(SOFTWARE)?.is_some() && fs.entry(SYSTEM)?.is_some())
}

/// Adds what is found on its system volume.
pub(crate) fn read(guest: &mut Guest, fs: &mut dyn FileSystem) {
    let mut windows = Windows::default();
    let policy = match version::read(guest, &mut windows, fs) {
        Ok(policy) => policy,
        Err(error) => {
            guest.missed(SOFTWARE, &error.reason);
            None
        }
    };
    match services::read(fs, policy) {
        Ok(system) => {
            judge_drivers(guest, &system.services);
            find_tools(guest, &system.services);
            find_cloudbase(guest, fs, &system.services);
            if system.remote_desktop == Some(false) {
                guest.find("guest.rdp_off", SYSTEM, "remote desktop is not let in");
            }
            if system.is_dirty {
                find_dirty(guest, SYSTEM);
            }
            windows.remote_desktop = system.remote_desktop;
            windows.services = system.services;
            guest.architecture = architecture(fs).or(system.architecture);
        }
        Err(error) => {
            guest.missed(SYSTEM, &error.reason);
            guest.architecture = architecture(fs);
        }
    }
    guest.windows = Some(windows);
}

/// Without a driver that starts at boot there is no disk of a virtual machine, and without another no network.
fn judge_drivers(guest: &mut Guest, services: &[Service]) {
    if let Some(what) = lacks_disks(services) {
        guest.find("guest.virtio_missing", SYSTEM, &what);
    }
    let network = services.iter().find(|service| service.name == services::NETWORK);
    let what = match network.map(|driver| (driver.start, driver.file)) {
        None => "netkvm is not installed",
        Some((Some(4), _)) => "netkvm is disabled",
        Some((_, Some(false))) => "netkvm has no file",
        Some(_) => return,
    };
    guest.find("guest.virtio_missing", SYSTEM, what);
}

/// Why no driver finds a disk, if so.
fn lacks_disks(services: &[Service]) -> Option<String> {
    let disks = services
        .iter()
        .filter(|service| services::DISKS.contains(&&*service.name));
    let mut reasons = Vec::new();
    for driver in disks {
        reasons.push(match (driver.start, driver.file) {
            (Some(0), Some(true) | None) => return None,
            (Some(0), Some(false)) => format!("{} has no file", driver.name),
            (Some(start), _) => format!("{} does not start at boot (Start is {start} and not 0)", driver.name),
            (None, _) => format!("{} has no Start", driver.name),
        });
    }
    Some(match reasons.is_empty() {
        true => "neither viostor nor vioscsi is installed".to_owned(),
        false => reasons.join(", "),
    })
}

fn find_tools(guest: &mut Guest, services: &[Service]) {
    for (name, agent) in services::TOOLS {
        if services.iter().any(|service| service.name == *name) && !guest.agents.iter().any(|known| known == agent) {
            guest.agents.push((*agent).to_owned());
            let what = format!("the service {name} is installed");
            let id = if *agent == services::QEMU_GA {
                "guest.qemu_ga"
            } else {
                "guest.hypervisor_tools"
            };
            guest.find(id, SYSTEM, &what);
        }
    }
}

fn find_cloudbase(guest: &mut Guest, fs: &mut dyn FileSystem, services: &[Service]) {
    let service = services.iter().find(|service| service.name == services::CLOUDBASE);
    let folder = fs.entry(CLOUDBASE);
    if let Err(error) = &folder {
        guest.missed(CLOUDBASE, &error.reason);
    }
    let is_there = matches!(&folder, Ok(Some(entry)) if entry.kind == Kind::Folder);
    match (service, folder) {
        // A service without its folder cannot run.
        (Some(service), Ok(Some(_)) | Err(_)) => {
            guest.cloud_init = Some(CloudInit {
                disabled: service.start == Some(4),
                from: Some(CLOUDBASE.to_owned()),
                ..CloudInit::default()
            });
            match service.start {
                Some(4) => guest.find(
                    "guest.cloud_init_missing",
                    CLOUDBASE,
                    "cloudbase-init is there and disabled",
                ),
                _ => guest.find("guest.cloud_init_present", CLOUDBASE, "cloudbase-init is installed"),
            }
        }
        (_, Ok(_)) => {
            let what = match is_there {
                true => "cloudbase-init has a folder, and no service",
                false => "cloudbase-init is not installed",
            };
            guest.find("guest.cloud_init_missing", CLOUDBASE, what);
        }
        (None, Err(_)) => {}
    }
}

/// What its own programs are built for.
fn architecture(fs: &mut dyn FileSystem) -> Option<String> {
    PROGRAMS.iter().find_map(|path| {
        let head = fs.read(path, 0, 64).ok().filter(|head| has(head, 0, b"MZ"))?;
        let mark = fs.read(path, u64::from(le32(&head, 60)), 6).ok()?;
        let machine = has(&mark, 0, b"PE\0\0").then(|| le16(&mark, 4))?;
        Some(match machine {
            0x8664 => "x86_64".to_owned(),
            0xAA64 => "arm64".to_owned(),
            0x014C => "i386".to_owned(),
            other => format!("{other:#x}"),
        })
    })
}

#[cfg(test)]
mod tests;
