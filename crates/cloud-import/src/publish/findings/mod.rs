//! What the facts of a file mean for an order: the one place where each of them is judged. A fact that is new does not compile
//! until it is judged here. Knows no front end, and reads nothing.

use cloud_import_core::{
    Architecture, BootMode, Capabilities, DiskFormat, DiskPart, Field, ImageKind, ImportRequest, Problem, Remedy,
    WarningId, remedy::Phrase,
};
use cloud_import_disk::{Compression, Contents, DiskInfo, Encryption, Format, PartitionTable};

/// The field that holds the format of the disk.
const FORMAT: Field = Field::disk(0, DiskPart::Format);
/// The file itself.
const FILE: Field = Field::disk(0, DiskPart::Content);
/// Suffixes that are those of one format alone.
const SUFFIXES: &[(&str, DiskFormat)] = &[
    ("qcow2", DiskFormat::Qcow2),
    ("vmdk", DiskFormat::Vmdk),
    ("vhd", DiskFormat::Vhd),
    ("vhdx", DiskFormat::Vhdx),
    ("vdi", DiskFormat::Vdi),
    ("zvhd2", DiskFormat::Zvhd2),
];

/// A file as it is judged.
#[derive(Debug)]
pub(crate) struct Judged<'a> {
    /// Its name, as people know it.
    pub(crate) name: &'a str,
    pub(crate) info: &'a DiskInfo,
    /// The format that it is said to have.
    pub(crate) declared: Option<DiskFormat>,
    /// The format that it has, where a cloud knows it as one of a disk.
    pub(crate) own: Option<DiskFormat>,
    /// Whether it is converted first. What that changes is then for who converts it.
    pub(crate) is_planned: bool,
    /// The format that it is, or was, converted to by this program.
    pub(crate) made_as: Option<DiskFormat>,
}

/// Everything that stands in the way of importing the file, or that people should know before it is.
pub(crate) fn findings(file: &Judged<'_>, cloud: &Capabilities, order: &ImportRequest) -> Vec<Problem> {
    let DiskInfo {
        format: _,
        subtype: _,
        virtual_size_bytes,
        file_size_bytes,
        backing_file,
        // Without a backing file it says nothing.
        backing_format: _,
        external_files,
        encryption,
        compression,
        dirty,
        corrupt,
        internal_snapshots,
        truncation,
        partition_table,
        efi_system_partition,
        bios_boot_partition,
        boot_code,
        sector_size_bytes,
        partitions_end_bytes,
        table_end_bytes,
        contents,
        unknown_features,
        extended_l2,
        extent,
        notes,
    } = file.info;
    let mut found = Findings {
        file,
        cloud,
        order,
        problems: Vec::new(),
    };
    found.made_as(file.made_as);
    if !file.is_planned {
        found.format(*contents);
        found.name(*contents);
        found.other_files(backing_file.as_deref(), external_files, *extent);
        found.encryption(*encryption);
        found.features(*compression, *unknown_features, *extended_l2);
    }
    found.state(*dirty, *corrupt, truncation.as_deref(), *internal_snapshots);
    found.sizes(*virtual_size_bytes, *file_size_bytes);
    found.contents(*contents);
    found.partitions(
        partition_table,
        *contents,
        *sector_size_bytes,
        [*partitions_end_bytes, *table_end_bytes],
    );
    found.boot(*efi_system_partition, *bios_boot_partition, *boot_code);
    found.notes(notes);
    found.problems
}

/// What is wrong with a file and with its order: of what is no disk, neither format nor size nor system is missing.
pub(crate) fn with_order(mut of_file: Vec<Problem>, of_order: Vec<Problem>) -> Vec<Problem> {
    let is_no_disk = |problem: &Problem| problem.is_error() && problem.field == Field::disk(0, DiskPart::Content);
    let is_disk = !of_file.iter().any(is_no_disk);
    let parts = [DiskPart::Format, DiskPart::SizeGib, DiskPart::Guest].map(|part| Field::disk(0, part));
    let of_order = of_order.into_iter();
    of_file.extend(of_order.filter(|problem| is_disk || !parts.contains(&problem.field)));
    of_file
}

struct Findings<'a> {
    file: &'a Judged<'a>,
    cloud: &'a Capabilities,
    order: &'a ImportRequest,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    fn error(&mut self, what: impl AsRef<str>, remedy: impl Into<Remedy>) {
        let problem = Problem::error(self.cloud.provider, FILE, self.told(what.as_ref()));
        self.problems.push(problem.remedy(remedy));
    }

    fn warning(&mut self, id: WarningId, what: impl AsRef<str>, remedy: impl Into<Remedy>) {
        let problem = Problem::warning(id, self.cloud.provider, FILE, self.told(what.as_ref()));
        self.problems.push(problem.remedy(remedy));
    }

    fn told(&self, what: &str) -> String {
        format!("`{}` {what}", self.file.name)
    }

    /// Whether a system is to start from the disk.
    fn is_system(&self) -> bool {
        self.order.kind == ImageKind::System
    }

    fn format(&mut self, contents: Contents) {
        let Judged {
            info, declared, own, ..
        } = *self.file;
        let is_raw = Remedy::set_to(FORMAT, DiskFormat::Raw.to_string());
        // A bootable disc may be a disk as well, and what is a disk may begin with anything.
        let may_be_raw = info.format == Format::Iso || has_evidence(contents);
        match (info.format, declared) {
            (Format::Iso, Some(DiskFormat::Iso)) => {}
            (Format::Iso | Format::Foreign, Some(DiskFormat::Raw)) if may_be_raw => {
                let what = format!(
                    "is {} by its beginning, and is taken for a raw disk as it was said",
                    shown(info)
                );
                self.warning(
                    WarningId::FILE_TAKEN_FOR_RAW,
                    what,
                    "Make sure that it is to be the disk of a machine.",
                );
            }
            (Format::Iso, _) => {
                let mut remedy = Remedy::text("install it into a disk image and import that");
                if self.cloud.formats.value.contains(&DiskFormat::Iso) {
                    remedy = remedy.or(Remedy::set_to(FORMAT, DiskFormat::Iso.to_string()));
                }
                if contents == Contents::Partitions {
                    remedy = remedy.or(is_raw);
                }
                self.error("is an ISO image, a disc and not a disk", remedy);
            }
            (Format::Foreign, _) => {
                let mut remedy = Remedy::text("name the disk image itself, unpacked");
                if may_be_raw {
                    remedy = remedy.or(is_raw);
                }
                self.error(format!("is {}, not a disk image", shown(info)), remedy);
            }
            _ if !info.format.is_disk() => self.error(
                format!("is {}, not a disk image", info.format),
                "Unpack it first, and import the disk image in it.",
            ),
            _ if own.is_none() => self.error(
                format!("is {}, which no cloud takes", info.format),
                "Convert it to qcow2 with qemu-img convert.",
            ),
            (_, Some(declared)) if own != Some(declared) => self.error(
                format!("is {} by its content, and not {declared}", info.format),
                Remedy::Unset(FORMAT),
            ),
            _ => {}
        }
    }

    /// What no vendor's own program wrote.
    fn made_as(&mut self, format: Option<DiskFormat>) {
        let is_taken = self.cloud.formats.value.contains(&DiskFormat::Zvhd2);
        if format != Some(DiskFormat::Zvhd2) || !is_taken {
            return;
        }
        let rule = "is zvhd2 as this program makes it, with blocks that are not compressed: that the cloud takes it is unverified";
        let remedy = Remedy::text("import a small image so first").or("convert to qcow2 instead");
        let problem = Problem::warning(WarningId::FILE_MADE_ZVHD2, self.cloud.provider, FORMAT, rule);
        self.problems.push(problem.remedy(remedy));
    }

    /// A name that promises another format.
    fn name(&mut self, contents: Contents) {
        let Judged {
            name,
            info,
            declared,
            own,
            ..
        } = *self.file;
        let lower = name.to_ascii_lowercase();
        let promised = lower
            .rsplit_once('.')
            .and_then(|(_, suffix)| SUFFIXES.iter().find(|(known, _)| *known == suffix));
        let (Some((suffix, promised)), Some(own)) = (promised, own) else {
            return;
        };
        // VMware calls the plain copy of a disk that. Whoever says the format does not go by the name.
        if *promised == own || declared.is_some() || lower.ends_with("-flat.vmdk") || !info.format.is_disk() {
            return;
        }
        let what = format!("is named .{suffix}, but is {own} by its content");
        // Where nothing in it looks like a disk, that is said of a system disk already.
        if own != DiskFormat::Raw || has_evidence(contents) {
            self.warning(
                WarningId::FILE_NAME,
                what,
                "Make sure that it is the file that you mean.",
            );
        } else if !self.is_system() {
            let remedy = Remedy::text("name the right file").or(Remedy::set_to(FORMAT, own.to_string()));
            self.error(what, remedy);
        }
    }

    fn other_files(&mut self, backing: Option<&str>, external: &[String], extent: bool) {
        if let Some(backing) = backing {
            self.error(
                format!("holds only the difference to `{}`", backing.escape_debug()),
                "Merge the two into a new file with qemu-img convert.",
            );
        }
        if !external.is_empty() {
            self.error(
                "does not hold the content, which is in other files",
                "Make one file of them with qemu-img convert.",
            );
        }
        if extent {
            self.error(
                "is one extent of a disk that another file describes",
                "Make one file of the whole disk with qemu-img convert, from the file that describes it.",
            );
        }
    }

    fn encryption(&mut self, encryption: Encryption) {
        if encryption.is_encrypted() {
            self.error(
                "is encrypted, and no cloud has the key",
                "Decrypt it into a new file with qemu-img convert.",
            );
        }
    }

    fn state(&mut self, dirty: bool, corrupt: bool, truncation: Option<&str>, snapshots: u32) {
        if corrupt {
            self.error(
                "is marked as corrupt",
                "Repair it with qemu-img check -r all, or create it again.",
            );
        }
        if let Some(reason) = truncation {
            self.error(format!("has lost its end ({reason})"), "Download or create it again.");
        }
        if dirty && self.file.info.format == Format::Vhdx {
            self.warning(
                WarningId::FILE_LOG,
                "has a log with changes that are not in their place yet: the cloud may refuse it, or leave them out",
                "Shut the machine down first, or write them with qemu-img check -r all.",
            );
        } else if dirty {
            self.warning(
                WarningId::FILE_DIRTY,
                "was not closed cleanly: its guest may have to repair its file systems",
                "Shut the machine down first.",
            );
        }
        if snapshots > 0 {
            let what = format!("holds internal snapshots ({snapshots}), which are not imported");
            self.warning(WarningId::FILE_SNAPSHOTS, what, "The image is the disk as it is now.");
        }
    }

    fn features(&mut self, compression: Compression, unknown: u64, extended_l2: bool) {
        if unknown != 0 {
            self.error(
                format!("asks its readers for features that are not known ({unknown:#x})"),
                "Create it again with an older or the usual tool.",
            );
        }
        let again = "Create it again with qemu-img convert and its default options where the import fails.";
        if extended_l2 {
            self.warning(
                WarningId::FILE_EXTENDED_L2,
                "has extended L2 entries, which QEMU reads from 5.2 on: whether the cloud does is not documented",
                again,
            );
        }
        match compression {
            Compression::None => {}
            Compression::NoneSeen("zstd") | Compression::Used("zstd") if self.file.info.format == Format::Qcow2 => {
                self.warning(
                    WarningId::FILE_COMPRESSION,
                    "is compressed with zstd, which QEMU reads from 5.1 on: whether the cloud does is not documented",
                    again,
                );
            }
            Compression::Used("unknown") => {
                self.warning(
                    WarningId::FILE_COMPRESSION,
                    "is compressed by a method that is not known",
                    again,
                );
            }
            Compression::NoneSeen(_) | Compression::Used(_) => {}
        }
    }

    fn sizes(&mut self, disk: Option<u64>, file: u64) {
        let size = match self.file.own {
            Some(DiskFormat::Raw) => Some(file),
            _ => disk,
        };
        match size {
            Some(0) => self.error("holds a disk of 0 bytes", "Name the right file, or create it again."),
            Some(size) if size % 512 != 0 => self.warning(
                WarningId::FILE_SECTOR_REST,
                format!("holds a disk of {size} bytes, which is no multiple of 512: it ends within a sector"),
                "Make sure that it is whole: download or create it again.",
            ),
            _ => {}
        }
    }

    /// What is on the disk must look like one.
    fn contents(&mut self, contents: Contents) {
        // Of what is no disk image that was said already.
        if !self.file.info.format.is_disk() {
            return;
        }
        let is_raw = self.file.own == Some(DiskFormat::Raw);
        let what = match contents {
            Contents::Partitions | Contents::BootSector | Contents::Unknown => return,
            Contents::Volume(_) if !self.is_system() => return,
            Contents::Volume(name) => {
                let what =
                    format!("is one volume ({name}) without a partition table: a cloud may find no system in it");
                return self.warning(
                    WarningId::FILE_VOLUME,
                    what,
                    "Import the whole disk, or this as a data image.",
                );
            }
            Contents::Zeros => "holds nothing but zeros where it was looked at",
            Contents::Unrecognized => {
                "holds nothing that looks like a disk: no partition table, no known file system, no boot sector"
            }
        };
        if is_raw && self.is_system() && self.file.declared != Some(DiskFormat::Raw) {
            let remedy = Remedy::text("name the disk image itself");
            self.error(what, remedy.or(Remedy::set_to(FORMAT, DiskFormat::Raw.to_string())));
        } else if is_raw || self.is_system() {
            self.warning(
                WarningId::FILE_CONTENT,
                what,
                "Make sure that it is the file that you mean.",
            );
        }
    }

    fn partitions(&mut self, table: &PartitionTable, contents: Contents, sector: Option<u32>, ends: [Option<u64>; 2]) {
        if let (PartitionTable::Unknown(reason), Contents::Partitions) = (table, contents) {
            self.warning(
                WarningId::FILE_TABLE_DAMAGED,
                format!("has a damaged partition table: {reason}"),
                "Repair it, such as with gdisk, or create the image again.",
            );
        }
        if let Some(sector) = sector.filter(|sector| *sector != 512) {
            let what = format!(
                "has a partition table for sectors of {sector} bytes, and the clouds' disks have sectors of 512: it will not be found"
            );
            self.warning(
                WarningId::FILE_SECTOR_SIZE,
                what,
                "Create the disk again with sectors of 512 bytes.",
            );
        }
        let info = self.file.info;
        let (Some(size), None) = (info.virtual_size_bytes, &info.truncation) else {
            return;
        };
        let [partitions, table] = ends;
        if let Some(end) = partitions.filter(|end| *end > size) {
            // The boot record of a disc that was made bootable need not match it.
            let remedy = "Create it again from the whole disk; shrink the partitions before the disk.";
            let what = format!("has partitions that end at byte {end}, behind the end of its disk of {size} bytes");
            match info.format {
                Format::Iso => self.warning(WarningId::FILE_PARTITIONS_END, what, remedy),
                _ => self.error(what, remedy),
            }
        } else if let Some(end) = table.filter(|end| *end > size) {
            self.warning(
                WarningId::FILE_TABLE_END,
                format!(
                    "has a partition table for a disk of {end} bytes, but its disk has {size}: its second copy is lost"
                ),
                "Write the table again, such as with sgdisk -e.",
            );
        }
    }

    /// The firmware that is asked for against what can start the disk.
    fn boot(&mut self, efi_system: Option<bool>, bios_boot: Option<bool>, boot_code: Option<bool>) {
        if !self.is_system() {
            return;
        }
        let name = self.file.name;
        let uefi_only = efi_system == Some(true) && bios_boot == Some(false) && boot_code == Some(false);
        let is_arm = self.order.architecture == Architecture::Arm64;
        let mode = self.order.boot_mode;
        let starts = format!(
            "`{name}` starts with UEFI only: it has an EFI system partition, no BIOS boot partition and no boot code"
        );
        let (rule, remedy) = match mode {
            Some(BootMode::Bios) if uefi_only => (Phrase::new(format!("is `bios`, but {starts}")), self.uefi()),
            None if uefi_only && !is_arm => (Phrase::new(format!("is not given, and {starts}")), self.uefi()),
            Some(BootMode::Uefi) if efi_system == Some(false) => (
                Phrase::new(format!(
                    "is `uefi`, but `{name}` has no EFI system partition to start from"
                )),
                Remedy::Unset(Field::BootMode).or(Remedy::set_to(Field::BootMode, BootMode::Bios.to_string())),
            ),
            None if is_arm && efi_system == Some(false) => (
                Phrase::new(format!(
                    "is UEFI for arm64, but `{name}` has no EFI system partition to start from"
                )),
                "Create the image again with an EFI system partition.".into(),
            ),
            _ => return,
        };
        let problem = Problem::warning(WarningId::FIRMWARE_DISK, self.cloud.provider, Field::BootMode, rule);
        self.problems.push(problem.remedy(remedy));
    }

    fn uefi(&self) -> Remedy {
        match self.cloud.boot_modes.value.contains(&BootMode::Uefi) {
            true => Remedy::set_to(Field::BootMode, BootMode::Uefi.to_string()),
            false => {
                "This cloud starts images with BIOS only: install a boot loader for BIOS on the disk first.".into()
            }
        }
    }

    fn notes(&mut self, notes: &[String]) {
        for note in notes {
            let what = self.told(&format!("needs a look: {}", note.trim_end_matches('.')));
            let problem = Problem::warning(WarningId::FILE_NOTE, self.cloud.provider, FILE, what);
            self.problems.push(problem);
        }
    }
}

/// Whether the disk was seen to hold something.
fn has_evidence(contents: Contents) -> bool {
    matches!(
        contents,
        Contents::Partitions | Contents::Volume(_) | Contents::BootSector
    )
}

/// What a file is that is no disk.
fn shown(info: &DiskInfo) -> String {
    match &info.subtype {
        Some(subtype) if info.format == Format::Foreign => subtype.clone(),
        _ => format!("an {} image", info.format.name().to_uppercase()),
    }
}

#[cfg(test)]
mod tests;
