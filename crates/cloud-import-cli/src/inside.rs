//! What an order does not say of the system, and its disk does.

use cloud_import::{Architecture, BootMode, Capabilities, publish::LocalImage};

use crate::{args::Order, fields::Fields, output, targets::Wanted};

/// Fills in what the disk tells and these fields do not.
pub(crate) fn fill(fields: &mut Fields, file: &LocalImage, cloud: &Capabilities) {
    let system = file.system();
    fields.os = fields.os.take().or(system.os);
    fields.arch = fields.arch.or(system.architecture);
    // BIOS is every cloud's own. One that has no UEFI judges the disk by its rules for guests.
    let takes_uefi = cloud.boot_modes.value.contains(&BootMode::Uefi);
    let uefi = system.boot_mode.filter(|mode| takes_uefi && *mode == BootMode::Uefi);
    fields.boot_mode = fields.boot_mode.or(uefi);
}

/// Says what is taken from the disk.
pub(crate) fn tell(options: &Order, wanted: &[Wanted], file: &LocalImage) {
    let of_the_file = || {
        let fields = wanted.iter().map(|wanted| &wanted.fields);
        fields.filter(|fields| fields.source.is_none() && fields.copy_of.is_none())
    };
    if options.data_image {
        return;
    }
    let system = file.system();
    let mut told = Vec::new();
    if let (Some(os), true) = (&system.os, of_the_file().any(|fields| fields.os.is_none())) {
        let from = system.from.as_ref().map(|file| format!(" ({file})"));
        told.push(format!("--os \"{os}\"{}", from.unwrap_or_default()));
    }
    if let Some(architecture) = system.architecture
        && of_the_file().any(|fields| fields.arch.is_none())
        // What every order has that says nothing is told beside the system alone.
        && (!told.is_empty() || architecture != Architecture::X86_64)
    {
        told.push(format!("--arch {architecture}"));
    }
    let is_uefi = system.boot_mode == Some(BootMode::Uefi);
    if is_uefi && of_the_file().any(|fields| fields.boot_mode.is_none()) {
        told.push(format!("--boot-mode {}", BootMode::Uefi));
    }
    if !told.is_empty() {
        output::note(&format!("taken from the disk: {}", told.join(", ")));
    }
}
