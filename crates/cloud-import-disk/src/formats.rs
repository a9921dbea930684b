//! Every format with its layout. A new one is a file of its own, a variant of [`Format`] and a row here.

use std::fmt;

use crate::{
    Contents, DiskInfo, Format, InspectError, PartitionTable, foreign, guest::Guest, layout::Layout, luks, parallels,
    partition, qcow1, qcow2, qed, raw, source::Source, stream, tar, vdi, vhd, vhdx, vmdk, zvhd,
};

macro_rules! formats {
    ($($format:ident: $layout:path,)*) => {
        const FORMATS: &[&Layout] = &[$(&$layout),*];

        impl Format {
            const fn layout(self) -> &'static Layout {
                match self {
                    $(Self::$format => &$layout,)*
                }
            }
        }
    };
}

// In the order in which a file is tried, the surest mark first.
formats! {
    Qcow1: qcow1::LAYOUT,
    Qcow2: qcow2::LAYOUT,
    Vmdk: vmdk::LAYOUT,
    Vhdx: vhdx::LAYOUT,
    Qed: qed::LAYOUT,
    Vdi: vdi::LAYOUT,
    Zvhd: zvhd::FIRST,
    Zvhd2: zvhd::SECOND,
    Parallels: parallels::LAYOUT,
    // A fixed one has its mark at the end only, and what stands below may as well be its content.
    Vhd: vhd::LAYOUT,
    Luks: luks::LAYOUT,
    Gzip: stream::GZIP,
    Xz: stream::XZ,
    Zstd: stream::ZSTD,
    Bzip2: stream::BZIP2,
    Ova: tar::OVA,
    Tar: tar::TAR,
    Iso: raw::ISO,
    Foreign: foreign::LAYOUT,
    Raw: raw::RAW,
}

impl Format {
    /// The name in lower case, fit for output that programs read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.layout().name
    }

    /// Whether the file is a disk image, and not a disc, an archive or a compressed stream around one.
    #[must_use]
    pub const fn is_disk(self) -> bool {
        self.layout().is_disk
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The facts of a file, by the first layout whose mark it carries, and its disk or why that cannot be read.
pub(crate) fn open(source: &mut Source<'_>) -> Result<(DiskInfo, Result<Guest, String>), InspectError> {
    let mut layout = &raw::RAW;
    for known in FORMATS {
        if (known.is_it)(source)? {
            layout = known;
            break;
        }
    }
    let image = (layout.read)(source)?;
    let (mut info, mut guest) = (image.info, image.content.map(Guest::new));
    match &mut guest {
        Ok(guest) => partition::fill(&mut info, source, guest)?,
        Err(reason) => info.partition_table = PartitionTable::Unknown(reason.clone()),
    }
    if info.format == Format::Raw {
        raw_or_not(&mut info, source);
    }
    Ok((info, guest))
}

/// A raw file has no header, so that what it holds must speak for it.
fn raw_or_not(info: &mut DiskInfo, source: &Source<'_>) {
    let end = info.partitions_end_bytes.max(info.table_end_bytes);
    if let (Some(end), Some(size)) = (end, info.virtual_size_bytes)
        && end > size
    {
        info.must_reach("the disk that the partition table describes", Some(end));
    }
    if info.contents == Contents::Unrecognized
        && let Some(name) = foreign::perhaps(source.head())
    {
        info.format = Format::Foreign;
        info.virtual_size_bytes = None;
        info.subtype = Some(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_programs_read() {
        let names = |are_disks: bool| -> Vec<&str> {
            let alike = FORMATS.iter().filter(|layout| layout.is_disk == are_disks);
            alike.map(|layout| layout.name).collect()
        };
        assert_eq!(
            names(true),
            [
                "qcow1",
                "qcow2",
                "vmdk",
                "vhdx",
                "qed",
                "vdi",
                "zvhd",
                "zvhd2",
                "parallels",
                "vhd",
                "luks",
                "raw"
            ]
        );
        assert_eq!(
            names(false),
            ["gzip", "xz", "zstd", "bzip2", "ova", "tar", "iso", "foreign"]
        );
    }
}
