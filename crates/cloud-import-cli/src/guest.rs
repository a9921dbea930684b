//! The system on a disk, in lines for people.

use cloud_import::publish::guest::{
    Guest,
    facts::{Driver, Extent, Kernel},
};

/// What a line is called, and what it says.
pub(crate) type Line = (&'static str, String);

/// What is told of it: the system, how it boots, what it lacks.
pub(crate) fn lines(guest: &Guest) -> Vec<Line> {
    let mut out: Vec<Line> = vec![("system", system(guest))];
    let boots = [(guest.boot.bios, "BIOS"), (guest.boot.uefi, "UEFI")];
    let boots = boots.iter().filter(|(boots, _)| *boots == Some(true));
    let boots: Vec<&str> = boots.map(|(_, by)| *by).collect();
    if !boots.is_empty() {
        out.push(("boots by", boots.join(", ")));
    }
    out.extend(guest.boot.root.clone().map(|root| ("root file system", root)));
    let default = guest.kernels.iter().find(|kernel| kernel.default);
    out.extend(default.map(|kernel| ("kernel", self::kernel(kernel))));
    if let Some(cloud_init) = &guest.cloud_init {
        let version = cloud_init.version.as_deref().unwrap_or("of a version that is not told");
        let disabled = if cloud_init.disabled { ", disabled" } else { "" };
        out.push(("cloud-init", format!("{version}{disabled}")));
    }
    if !guest.agents.is_empty() {
        out.push(("agents", guest.agents.join(", ")));
    }
    if let (Extent::Partly | Extent::Not, Some(reason)) = (guest.read, &guest.reason) {
        out.push(("not read", reason.clone()));
    }
    let found = guest.findings.iter();
    out.extend(found.map(|one| ("found", format!("{}: {} ({})", one.id, one.what, one.place))));
    out.extend(guest.notes.iter().map(|note| ("note", note.clone())));
    out
}

fn system(guest: &Guest) -> String {
    let Some(os) = &guest.os else {
        return "none that is known".to_owned();
    };
    let name = os.name.as_ref().or(os.distribution.as_ref()).unwrap_or(&os.family);
    let version = os.version.as_ref().filter(|version| !name.contains(version.as_str()));
    let build = os.build.map(|build| format!("build {build}"));
    let parts = [Some(name), version, build.as_ref(), guest.architecture.as_ref()];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    parts.join(", ")
}

/// Its drivers of virtual machines: of the two for disks the one that is nearer.
fn kernel(kernel: &Kernel) -> String {
    let near = |driver: Driver| matches!(driver, Driver::BuiltIn | Driver::Initramfs);
    let disk = match near(kernel.virtio_scsi) && !near(kernel.virtio_blk) {
        true => ("virtio_scsi", kernel.virtio_scsi),
        false => ("virtio_blk", kernel.virtio_blk),
    };
    let drivers = [
        ("virtio_pci", kernel.virtio_pci),
        disk,
        ("virtio_net", kernel.virtio_net),
    ];
    let drivers = drivers.map(|(name, driver)| format!("{name} {}", place(driver)));
    format!("{}, {}", kernel.version, drivers.join(", "))
}

fn place(driver: Driver) -> &'static str {
    match driver {
        Driver::BuiltIn => "built in",
        Driver::Initramfs => "in the initramfs",
        Driver::Module => "as a module",
        Driver::Missing => "missing",
        _ => "not read",
    }
}
