//! The file that is converted: what it is, that nothing is behind it, and that it stays as it is. Decides what `qemu-img` is told of
//! it; starts nothing.

use std::{fs::File, path::Path, time::SystemTime};

use cloud_import::{
    Error, ErrorKind, Result,
    publish::disk::{self, DiskInfo, Format},
};
use serde_json::json;

use super::{failure::local, tool::Handed};

/// The file to be read, opened once: from here on its path does not count.
pub(super) struct Source {
    pub(super) file: File,
    /// Its format in `qemu-img`'s words.
    format: &'static str,
    opened: State,
}

/// Length and time of the last change.
type State = (u64, Option<SystemTime>);

impl Source {
    /// Opens a file that is what was looked at and holds its whole disk.
    pub(super) fn open(path: &Path, info: &DiskInfo) -> Result<Self> {
        let format = input_format(path, info)?;
        let unread = |error: &dyn std::fmt::Display| local(format!("cannot read `{}`: {error}", path.display()));
        let file = File::open(path).map_err(|error| unread(&error))?;
        let opened = state(&file).map_err(|error| unread(&error))?;
        if disk::inspect(&file).map_err(|error| unread(&error))? != *info {
            return Err(changed(path));
        }
        disk::contained(&file, info.format).map_err(|why| {
            let message = format!("cannot convert `{}`: {why}", path.display());
            Error::new(ErrorKind::Unsupported, message)
                .with_remedy("If you trust it, first make one plain file of it with qemu-img convert.")
        })?;
        Ok(Self { file, format, opened })
    }

    /// The image in `qemu-img`'s words, in the file that it was handed: of this format whatever it looks like, and with nothing
    /// behind it.
    pub(super) fn named(&self, file: &Handed) -> String {
        let file = json!({"driver": "file", "filename": file.name()});
        let image = json!({"driver": self.format, "backing": null, "file": file});
        format!("json:{image}")
    }

    /// # Errors
    /// It was written to since it was opened.
    pub(super) fn unchanged(&self, path: &Path) -> Result<()> {
        match state(&self.file) {
            Ok(now) if now == self.opened => Ok(()),
            _ => Err(changed(path)),
        }
    }
}

fn state(file: &File) -> std::io::Result<State> {
    let facts = file.metadata()?;
    Ok((facts.len(), facts.modified().ok()))
}

fn changed(file: &Path) -> Error {
    local(format!("`{}` changed while it was converted", file.display()))
        .with_remedy("Stop what writes to it, such as a running virtual machine, then repeat the command.")
}

/// The file's own format in `qemu-img`'s words, or why the file is not converted.
fn input_format(file: &Path, info: &DiskInfo) -> Result<&'static str> {
    let refuse = |reason: String, remedy: &'static str| {
        Err(Error::new(
            ErrorKind::Unsupported,
            format!("cannot convert `{}`: {reason}", file.display()),
        )
        .with_remedy(remedy))
    };
    let name = match info.format {
        Format::Raw => "raw",
        Format::Qcow2 => "qcow2",
        Format::Qcow1 => "qcow",
        Format::Vhd => "vpc",
        Format::Vhdx => "vhdx",
        Format::Vmdk => "vmdk",
        Format::Vdi => "vdi",
        Format::Qed => "qed",
        Format::Parallels => "parallels",
        Format::Luks => {
            return refuse(
                "the whole file is encrypted with LUKS".to_owned(),
                "First decrypt it with qemu-img convert and its key.",
            );
        }
        other if !other.is_disk() => {
            return refuse(
                format!("it is {other}, not a disk image"),
                "First unpack it, or install it into a disk image.",
            );
        }
        other => {
            return refuse(
                format!("qemu-img cannot read {other}"),
                "Import it as it is, where the cloud accepts that format, or create it again.",
            );
        }
    };
    if let Some(backing) = &info.backing_file {
        return refuse(
            format!("it only has the differences from `{}`", backing.escape_debug()),
            "First merge the two with qemu-img convert, if you trust that file name.",
        );
    }
    if !info.external_files.is_empty() {
        let names: Vec<String> = info
            .external_files
            .iter()
            .take(3)
            .map(|name| format!("`{}`", name.escape_debug()))
            .collect();
        return refuse(
            format!("its content is in other files: {}", names.join(", ")),
            "First make one file of them with qemu-img convert, if you trust those file names.",
        );
    }
    if info.encryption.is_encrypted() {
        return refuse(
            "it is encrypted".to_owned(),
            "First decrypt it with qemu-img convert and its key.",
        );
    }
    if info.corrupt {
        return refuse(
            "it is marked as corrupt".to_owned(),
            "Repair it with qemu-img check -r all, or create it again.",
        );
    }
    if let Some(reason) = &info.truncation {
        return refuse(format!("its end is missing ({reason})"), "Download or create it again.");
    }
    Ok(name)
}
