//! A disk image file on this machine: what it is by its own header, and what stands in the way of importing it anywhere.
//! What one cloud takes is not decided here.

use std::{fs::File, path::Path};

use cloud_import::{Disk, DiskFormat, Error, ErrorKind, Result};
use cloud_import_disk::{DiskInfo, Format, inspect};

/// Reads the header.
pub(crate) fn read(path: &Path) -> Result<DiskInfo> {
    let fail = |message: String| {
        Error::new(ErrorKind::Local, format!("`{}` {message}", path.display())).with_remedy("Name a disk image file.")
    };
    let file = File::open(path).map_err(|error| fail(format!("cannot be opened: {error}")))?;
    let is_file = file.metadata().map(|facts| facts.is_file()).unwrap_or_default();
    if !is_file {
        return Err(fail("is no regular file".to_owned()));
    }
    inspect(file).map_err(|error| fail(format!("is no disk image that can be read: {error}")))
}

/// Why no cloud could import this file, each with what to do.
pub(crate) fn obstacles(info: &DiskInfo) -> Vec<String> {
    let mut found = Vec::new();
    if !info.format.is_disk() {
        found.push(format!(
            "it is {}, not a disk image: unpack or convert it first",
            info.format
        ));
    } else if format(info).is_none() {
        found.push(format!(
            "no cloud takes {}: convert it to qcow2 with qemu-img",
            info.format
        ));
    }
    if let Some(backing) = &info.backing_file {
        found.push(format!(
            "it holds only the difference to `{}`: merge the two with qemu-img convert",
            backing.escape_debug()
        ));
    }
    if !info.external_files.is_empty() {
        found.push("its content is in other files: make one file of them with qemu-img convert".to_owned());
    }
    if info.encryption.is_encrypted() {
        found.push("it is encrypted: decrypt it with qemu-img convert".to_owned());
    }
    if info.corrupt {
        found.push("it is marked as corrupt: repair it with qemu-img check -r all, or make it anew".to_owned());
    }
    if let Some(reason) = &info.truncation {
        found.push(format!("its end is missing ({reason}): fetch or make it anew"));
    }
    found
}

/// The normalized word for the format, where there is one.
pub(crate) fn format(info: &DiskInfo) -> Option<DiskFormat> {
    match info.format {
        Format::Qcow1 => Some(DiskFormat::Qcow),
        other => other.name().parse().ok(),
    }
}

/// A disk with what its file says of it. A format that the user declared counts, with a warning if the file is of another.
pub(crate) fn described(disk: Disk, info: &DiskInfo, declared: Option<DiskFormat>) -> (Disk, Option<String>) {
    let own = format(info);
    let warning = match (declared, own) {
        (Some(declared), Some(own)) if declared != own => Some(format!(
            "the file is {own} by its header, and {declared} is what the clouds are told"
        )),
        _ => None,
    };
    let mut disk = match declared.or(own) {
        Some(format) => disk.format(format),
        None => disk,
    };
    disk.virtual_size_bytes = info.virtual_size_bytes;
    disk.file_size_bytes = Some(info.file_size_bytes);
    (disk, warning)
}
