//! `inspect`: the header's facts, the system on the disk, and which clouds would take the file.

use cloud_import::{
    Provider, Result,
    publish::{
        LocalImage,
        disk::{Compression, DiskInfo, PartitionTable},
        guest::Guest,
    },
};
use serde::Serialize;

use crate::{
    args::{Inspect, OutputFormat},
    exit::Exit,
    guest,
    output::{self, SCHEMA, Tone},
    render, sparse,
    takes::{self, Cloud},
    unpack::{self, Unpacked},
};

/// The facts as JSON. The keys are part of the interface.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Facts<'a> {
    schema: u32,
    format: &'static str,
    subtype: Option<&'a str>,
    virtual_size_bytes: Option<u64>,
    file_size_bytes: u64,
    /// What of the file takes room on this disk, where the rest is holes.
    #[serde(skip_serializing_if = "Option::is_none")]
    allocated_bytes: Option<u64>,
    backing_file: Option<&'a str>,
    external_files: &'a [String],
    encrypted: bool,
    /// The method, used or not.
    compression: Option<&'static str>,
    extended_l2: bool,
    unknown_features: u64,
    dirty: bool,
    corrupt: bool,
    internal_snapshots: u32,
    truncated: bool,
    partition_table: &'static str,
    sector_size_bytes: Option<u32>,
    partitions_end_bytes: Option<u64>,
    efi_system_partition: Option<bool>,
    bios_boot_partition: Option<bool>,
    boot_code: Option<bool>,
    contents: &'static str,
    volume: Option<&'static str>,
    notes: &'a [String],
    /// The system on the disk; `null` where the disk could not be read.
    #[cfg_attr(test, schemars(with = "Option<crate::schema::Guest>"))]
    guest: Option<&'a Guest>,
    clouds: &'a [Cloud],
}

pub(crate) fn run(options: &Inspect) -> Result<Exit> {
    let unpacked = match unpack::is_packed(&options.file) {
        true => Some(unpack::unpack_here(&options.file)?),
        false => None,
    };
    let path = unpacked.as_ref().map_or(options.file.as_path(), Unpacked::path);
    let mut file = LocalImage::open(path, None)?.named(options.file.display().to_string());
    file.look_inside();
    let allocated = sparse::allocated(&file);
    let wanted = |provider: &Provider| options.clouds.is_empty() || options.clouds.contains(provider);
    let clouds = Provider::all()
        .filter(wanted)
        .map(|provider| takes::cloud(provider, &file))
        .collect::<Result<Vec<_>>>()?;
    match options.output {
        OutputFormat::Text => {
            let name = options.file.display().to_string();
            text(&name, file.info(), allocated)
                .iter()
                .chain(&of_guest(file.guest()))
                .for_each(|line| output::result(line));
            clouds.iter().for_each(verdict);
        }
        OutputFormat::Json => output::json(&facts(&file, allocated, &clouds))?,
    }
    // Without --for it is a question, and each answer is as good.
    Ok(
        match options.clouds.is_empty() || clouds.iter().all(|cloud| cloud.takes_it) {
            true => Exit::Done,
            false => Exit::Usage,
        },
    )
}

fn verdict(cloud: &Cloud) {
    let name = format!("{}: ", cloud.provider.name());
    let verdict = match cloud.takes_it {
        true => (Tone::Good, "takes it"),
        false => (Tone::Bad, "does not take it"),
    };
    output::result_words(&[(Tone::Plain, &name), verdict]);
    cloud
        .reasons
        .iter()
        .for_each(|reason| output::result(&format!("  {reason}")));
}

fn facts<'a>(file: &'a LocalImage, allocated_bytes: Option<u64>, clouds: &'a [Cloud]) -> Facts<'a> {
    let info = file.info();
    Facts {
        schema: SCHEMA,
        format: info.format.name(),
        subtype: info.subtype.as_deref(),
        virtual_size_bytes: info.virtual_size_bytes,
        file_size_bytes: info.file_size_bytes,
        allocated_bytes,
        backing_file: info.backing_file.as_deref(),
        external_files: &info.external_files,
        encrypted: info.encryption.is_encrypted(),
        compression: info.compression.method(),
        extended_l2: info.extended_l2,
        unknown_features: info.unknown_features,
        dirty: info.dirty,
        corrupt: info.corrupt,
        internal_snapshots: info.internal_snapshots,
        truncated: info.is_truncated(),
        partition_table: info.partition_table.name(),
        sector_size_bytes: info.sector_size_bytes,
        partitions_end_bytes: info.partitions_end_bytes,
        efi_system_partition: info.efi_system_partition,
        bios_boot_partition: info.bios_boot_partition,
        boot_code: info.boot_code,
        contents: info.contents.name(),
        volume: info.contents.volume(),
        notes: &info.notes,
        guest: file.guest(),
        clouds,
    }
}

fn of_guest(guest: Option<&Guest>) -> Vec<String> {
    let lines = guest.into_iter().flat_map(guest::lines);
    lines.map(|(title, value)| format!("  {title:20} {value}")).collect()
}

fn text(name: &str, info: &DiskInfo, allocated: Option<u64>) -> Vec<String> {
    let mut out = vec![name.to_owned()];
    let mut line = |title: &str, value: String| out.push(format!("  {title:20} {value}"));
    let subtype = info
        .subtype
        .as_ref()
        .map(|subtype| format!(" ({subtype})"))
        .unwrap_or_default();
    line("format", format!("{}{subtype}", info.format));
    if let Some(size) = info.virtual_size_bytes {
        let disk = match size % (1 << 30) {
            0 => String::new(),
            _ => format!(", a disk of {} GiB in the cloud", size.div_ceil(1 << 30)),
        };
        line("virtual size", format!("{}{disk}", render::size(size)));
    }
    line("file size", render::size(info.file_size_bytes));
    if let Some(allocated) = allocated {
        let advice = "all of the file is uploaded; as qcow2 it is about this much (import --convert qcow2)";
        line("not empty", format!("{}: {advice}", render::size(allocated)));
    }
    if let Some(backing) = &info.backing_file {
        line("backing file", backing.clone());
    }
    for external in &info.external_files {
        line("content in", external.clone());
    }
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    line("encrypted", yes(info.encryption.is_encrypted()));
    match info.compression {
        Compression::None => {}
        Compression::NoneSeen(method) => line("compression", format!("{method}, none seen")),
        Compression::Used(method) => line("compression", method.to_owned()),
    }
    if info.extended_l2 {
        line("extended L2 entries", yes(true));
    }
    let sectors = info.sector_size_bytes.filter(|size| *size != 512);
    line(
        "partition table",
        match (&info.partition_table, sectors) {
            (PartitionTable::Unknown(reason), _) => format!("unknown: {reason}"),
            (table, Some(sector)) => format!("{}, for sectors of {sector} bytes", table.name()),
            (table, None) => table.name().to_owned(),
        },
    );
    if let Some(volume) = info.contents.volume() {
        line("whole disk", volume.to_owned());
    }
    if let Some(efi) = info.efi_system_partition {
        line("EFI partition", yes(efi));
    }
    if let (Some(partition), Some(code)) = (info.bios_boot_partition, info.boot_code) {
        line("BIOS boot code", yes(partition || code));
    }
    if info.internal_snapshots > 0 {
        line(
            "snapshots inside",
            format!("{}: they are not imported", info.internal_snapshots),
        );
    }
    if info.dirty {
        line("not closed cleanly", "yes".to_owned());
    }
    for note in &info.notes {
        line("note", note.clone());
    }
    out
}
