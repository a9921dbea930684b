//! Makes another format of a disk image with `qemu-img`, in a temporary file that goes away with its owner.
//!
//! The image may be anybody's: `qemu-img` never guesses its format, gets it only if it is known to hold its whole disk, is told that
//! nothing stands behind it, and runs where it can open nothing else. Whether a cloud wants the new format is not decided here.

#[cfg(target_os = "linux")]
mod confined;
mod failure;
mod process;
mod source;
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "elsewhere nothing bounds a run")
)]
mod tool;

use std::{
    fs::File,
    path::{Path, absolute},
};

use cloud_import::{
    DiskFormat, Error, ErrorKind, Remedy, Result, Stop,
    publish::disk::{self, DiskInfo},
    remedy::Change,
};

#[cfg(target_os = "linux")]
pub(crate) use self::confined::child;
pub(crate) use self::failure::{ANOTHER_FOLDER, local};
use self::{
    process::{Meter, run},
    source::Source,
    tool::{Handed, Limits, Tool},
};
use crate::temporary::Temporary;

/// The most that is kept of a measurement, in bytes: some numbers in JSON.
const MEASUREMENT_KEPT: usize = 16 * 1024;
/// Free space beyond what `qemu-img` measures: headers and tables of formats that it does not measure.
const MARGIN: u64 = 16 << 20;
/// With less free space than this, a disk counts as full.
const FULL: u64 = 1 << 20;
/// How long a measurement may compute, in seconds: it reads tables only.
const MEASURING: u64 = 60;
/// How long a conversion may compute, in seconds, beside a second for each MiB of the disk: compressing takes a tenth of that.
const CONVERTING: u64 = 600;

/// A converted image. The file is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Converted(Temporary);

impl Converted {
    /// Where the new file is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Whether `qemu-img` writes this format.
///
/// # Errors
/// [`ErrorKind::Unsupported`] with those that it writes.
pub(crate) fn can_write(format: DiskFormat) -> Result<()> {
    output_options(format).map(drop)
}

/// What is to be converted, and to what.
#[derive(Debug, Clone)]
pub(crate) struct Conversion<'a> {
    /// The file.
    pub(crate) file: &'a Path,
    /// What its header said when it was looked at.
    pub(crate) info: &'a DiskInfo,
    /// qcow2; raw, with holes; vhd, dynamic and of exactly the same size; vmdk, stream-optimized.
    pub(crate) to: DiskFormat,
    /// Whether it is also opened where the system cannot confine `qemu-img`.
    pub(crate) is_trusted: bool,
}

impl Conversion<'_> {
    /// Converts into a new file in the system's folder for temporary files. `progress` is told the part that is done, from 0 to 1.
    /// After a stop, or when the future is dropped, `qemu-img` is killed and the new file removed.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for what is not converted, each with the reason, before anything runs, and where `qemu-img`
    /// cannot be confined. [`ErrorKind::Local`] when it is not installed or fails, when space is short, or when the file changed
    /// meanwhile. [`ErrorKind::Stopped`].
    pub(crate) async fn run(&self, stop: &Stop, progress: impl Fn(f32) + Send) -> Result<Converted> {
        let work = async {
            let source = Source::open(self.file, self.info)?;
            let tool = Tool::find("qemu-img".as_ref(), self.is_trusted)?;
            self.run_with(&tool, source, &std::env::temp_dir(), progress).await
        };
        tokio::select! {
            done = work => done,
            () = stop.requested() => Err(stopped()),
        }
    }

    async fn run_with(
        &self,
        tool: &Tool,
        source: Source,
        folder: &Path,
        progress: impl Fn(f32) + Send,
    ) -> Result<Converted> {
        let output_options = output_options(self.to)?;
        let folder = absolute(folder)
            .map_err(|error| local(format!("cannot resolve the folder for temporary files: {error}")))?;
        let input = Handed::of(&source.file, self.file)?;
        let image = source.named(&input);

        // First, as it removes what may take the space that is looked for.
        let output = Temporary::new(&folder, self.to)?;
        let need = measure(tool, &input, &image).await?.saturating_add(MARGIN);
        enough_space(&folder, need)?;

        let into = Handed::of(output.file(), output.path())?;
        let mut command = tool.command(&input, Some(&into), limits(self.info, need))?;
        command
            .args(["convert", "-p"])
            .args(output_options)
            .args([image, into.name()]);
        let mut meter = Meter::default();
        let done = run(command, move |bytes: &[u8]| {
            if let Some(part) = meter.read(bytes) {
                progress(part);
            }
        });
        done.await.map_err(|error| {
            // Not for every format does `qemu-img` say that the disk is full, but then it still is.
            let full = fs4::available_space(&folder).is_ok_and(|free| free < FULL);
            if full { error.with_remedy(ANOTHER_FOLDER) } else { error }
        })?;

        source.unchanged(self.file)?;
        check(output.path(), self.info, self.to)?;
        Ok(Converted(output))
    }
}

fn limits(disk: &DiskInfo, need: u64) -> Limits {
    let size = disk.virtual_size_bytes.unwrap_or_default().max(disk.file_size_bytes);
    let largest = size.max(need);
    Limits {
        // Formats have tables beside the content, and a raw file is as long as its disk.
        file_bytes: largest.saturating_add(largest / 32).saturating_add(MARGIN),
        cpu_seconds: CONVERTING + size / (1 << 20),
    }
}

fn enough_space(folder: &Path, need: u64) -> Result<()> {
    let free = fs4::available_space(folder).map_err(|error| {
        local(format!("cannot get the free space in `{}`: {error}", folder.display())).with_remedy(ANOTHER_FOLDER)
    })?;
    if free >= need {
        return Ok(());
    }
    Err(local(format!(
        "`{}` has {} MiB free, and the converted image may need {} MiB",
        folder.display(),
        free >> 20,
        need.div_ceil(1 << 20),
    ))
    .with_remedy(ANOTHER_FOLDER))
}

fn stopped() -> Error {
    Error::new(ErrorKind::Stopped, "the conversion was stopped, and nothing was sent")
        .with_remedy(Remedy::Repeat(Change::Nothing))
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

/// The most bytes that the new file can take: what the input has in use, as qcow2 with all its tables. Every target stores
/// no more than that, holes left out. A raw file would be measured with its holes filled, hence qcow2 for all.
async fn measure(tool: &Tool, input: &Handed, image: &str) -> Result<u64> {
    let limits = Limits {
        file_bytes: 0,
        cpu_seconds: MEASURING,
    };
    let mut command = tool.command(input, None, limits)?;
    command.args(["measure", "--output=json", "-O", "qcow2", image]);
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
fn check(output: &Path, source: &DiskInfo, to: DiskFormat) -> Result<()> {
    let wrong = |what: String| {
        local(format!("qemu-img reported success, but {what}")).with_remedy("Install another version of qemu-img.")
    };
    let info = File::open(output)
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

#[cfg(test)]
mod tests;
