//! Makes another format of a disk image with `qemu-img`, in a temporary file that goes away with its owner.
//!
//! The input's format is the one that our own reader found: `qemu-img` never guesses it, and a file that would make it open
//! other files is refused before it runs. Whether a cloud wants the new format is not decided here.

mod process;

use std::{
    ffi::OsStr,
    fs::{self, OpenOptions},
    path::{Path, PathBuf, absolute},
};

use cloud_import::{
    DiskFormat, Error, ErrorKind, Result,
    env::{Env as _, SystemEnv},
    publish::disk::{self, DiskInfo, Format},
};
use tokio::process::Command;

use self::process::{ANOTHER_FOLDER, Meter, local, run};

/// The most that is kept of a measurement, in bytes: some numbers in JSON.
const MEASUREMENT_KEPT: usize = 16 * 1024;
/// Free space beyond what `qemu-img` measures: headers and tables of formats that it does not measure.
const MARGIN: u64 = 16 << 20;
/// With less free space than this, a disk counts as full.
const FULL: u64 = 1 << 20;

/// A converted image. The file is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Converted(Temporary);

impl Converted {
    /// Where the new file is.
    pub(crate) fn path(&self) -> &Path {
        &self.0.0
    }
}

/// Converts `file`, which `info` describes, to `to`, in a new file in `folder` or else in the system's folder for temporary
/// files. `progress` is told the part that is done, from 0 to 1.
///
/// Formats: qcow2; raw, with holes; vhd, dynamic and of exactly the same size; vmdk, stream-optimized. When the future is
/// dropped, `qemu-img` is killed and the new file removed.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for what is not converted, each with the reason, before anything runs. [`ErrorKind::Local`]
/// when `qemu-img` is not installed or fails, when space is short, or when `file` changed meanwhile.
pub(crate) async fn convert(
    file: &Path,
    info: &DiskInfo,
    to: DiskFormat,
    folder: Option<&Path>,
    progress: impl Fn(f32) + Send,
) -> Result<Converted> {
    convert_with("qemu-img".as_ref(), file, info, to, folder, progress).await
}

async fn convert_with(
    program: &OsStr,
    file: &Path,
    info: &DiskInfo,
    to: DiskFormat,
    folder: Option<&Path>,
    progress: impl Fn(f32) + Send,
) -> Result<Converted> {
    let output_options = output_options(to)?;
    let input_format = input_format(file, info)?;
    // An absolute path cannot be taken for a protocol (`nbd:`, `json:`) or an option.
    let input =
        absolute(file).map_err(|error| local(format!("cannot resolve the path `{}`: {error}", file.display())))?;
    let before = state(&input)?;
    let folder = match folder {
        Some(folder) => absolute(folder),
        None => absolute(std::env::temp_dir()),
    }
    .map_err(|error| local(format!("cannot resolve the folder for temporary files: {error}")))?;

    let need = measure(program, &input, input_format).await?.saturating_add(MARGIN);
    let free = fs4::available_space(&folder).map_err(|error| {
        local(format!("cannot get the free space in `{}`: {error}", folder.display())).with_remedy(ANOTHER_FOLDER)
    })?;
    if free < need {
        return Err(local(format!(
            "`{}` has {} MiB free, and the converted image may need {} MiB",
            folder.display(),
            free >> 20,
            need.div_ceil(1 << 20),
        ))
        .with_remedy(ANOTHER_FOLDER));
    }

    let output = Temporary::new(&folder, to)?;
    let mut command = Command::new(program);
    command.args(["convert", "-p", "-f", input_format]).args(output_options);
    command.arg(&input).arg(&output.0);
    let mut meter = Meter::default();
    run(command, move |bytes: &[u8]| {
        if let Some(part) = meter.read(bytes) {
            progress(part);
        }
    })
    .await
    .map_err(|error| {
        // Not for every format does `qemu-img` say that the disk is full, but then it still is.
        let full = fs4::available_space(&folder).is_ok_and(|free| free < FULL);
        if full { error.with_remedy(ANOTHER_FOLDER) } else { error }
    })?;

    if state(&input)? != before {
        return Err(local(format!("`{}` changed while it was converted", file.display()))
            .with_remedy("Stop what writes to it, such as a running virtual machine, then repeat the command."));
    }
    check(&output, info, to)?;
    Ok(Converted(output))
}

/// The target in `qemu-img`'s words. Without `force_size`, a VHD's size is rounded up to what old geometries can express.
fn output_options(to: DiskFormat) -> Result<&'static [&'static str]> {
    match to {
        DiskFormat::Qcow2 => Ok(&["-O", "qcow2"]),
        DiskFormat::Raw => Ok(&["-O", "raw"]),
        DiskFormat::Vhd => Ok(&["-O", "vpc", "-o", "subformat=dynamic,force_size=on"]),
        DiskFormat::Vmdk => Ok(&["-O", "vmdk", "-o", "subformat=streamOptimized"]),
        other => Err(Error::new(ErrorKind::Unsupported, format!("cannot convert to {other}"))
            .with_remedy("Convert to qcow2, raw, vhd or vmdk.")),
    }
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

/// The most bytes that the new file can take: what the input has in use, as qcow2 with all its tables. Every target stores
/// no more than that, holes left out. A raw file would be measured with its holes filled, hence qcow2 for all.
async fn measure(program: &OsStr, input: &Path, format: &str) -> Result<u64> {
    let mut command = Command::new(program);
    command
        .args(["measure", "--output=json", "-f", format, "-O", "qcow2"])
        .arg(input);
    let mut answer = Vec::new();
    run(command, |bytes| {
        let room = MEASUREMENT_KEPT.saturating_sub(answer.len());
        answer.extend_from_slice(&bytes[..bytes.len().min(room)]);
    })
    .await?;
    serde_json::from_slice::<serde_json::Value>(&answer)
        .ok()
        .and_then(|answer| answer.get("required")?.as_u64())
        .ok_or_else(|| {
            local("cannot read the output of qemu-img measure").with_remedy("Install a qemu-img of version 4 or later.")
        })
}

/// That the new file is what was asked for: an exit code says less than a header.
fn check(output: &Temporary, source: &DiskInfo, to: DiskFormat) -> Result<()> {
    let wrong = |what: String| {
        local(format!("qemu-img reported success, but {what}")).with_remedy("Install another version of qemu-img.")
    };
    let info = fs::File::open(&output.0)
        .map_err(|error| wrong(format!("its file cannot be opened: {error}")))
        .and_then(|file| disk::inspect(file).map_err(|error| wrong(format!("its file cannot be read: {error}"))))?;
    // A raw disk may begin like something that is no disk image (a bootable disc on a stick does).
    if to != DiskFormat::Raw && info.format.name() != to.as_str() {
        return Err(wrong(format!("its file is {}, not {to}", info.format)));
    }
    let size = if to == DiskFormat::Raw {
        Some(info.file_size_bytes)
    } else {
        info.virtual_size_bytes
    };
    if size < source.virtual_size_bytes {
        let shown = |size: Option<u64>| size.map_or_else(|| "unknown".to_owned(), |size| size.to_string());
        return Err(wrong(format!(
            "the new disk has {} bytes and the old one {}",
            shown(size),
            shown(source.virtual_size_bytes),
        )));
    }
    Ok(())
}

/// Length and time of the last change.
fn state(file: &Path) -> Result<(u64, Option<std::time::SystemTime>)> {
    let facts = fs::metadata(file).map_err(|error| local(format!("cannot read `{}`: {error}", file.display())))?;
    Ok((facts.len(), facts.modified().ok()))
}

/// A file of ours alone, which is removed with its owner.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Temporary {
    fn new(folder: &Path, format: DiskFormat) -> Result<Self> {
        let path = folder.join(format!("cloud-import-{}.{format}", SystemEnv.nonce()?));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // What is in a disk is nobody else's business; `qemu-img` keeps the mode of a file that is there.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).map_err(|error| {
            local(format!("cannot write `{}`: {error}", path.display())).with_remedy(ANOTHER_FOLDER)
        })?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // That it stays is no second failure; its name tells whose it is.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests;
