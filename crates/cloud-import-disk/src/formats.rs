//! Every format with its layout. A new one is a file of its own, a variant of [`Format`] and a row here.

use std::fmt;

use crate::{
    DiskInfo, Format, InspectError, layout::Layout, luks, parallels, qcow1, qcow2, qed, raw, source::Source, stream,
    tar, vdi, vhd, vhdx, vmdk, zvhd,
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

/// The facts of a file, by the first layout whose mark it carries.
pub(crate) fn inspect(source: &mut Source<'_>) -> Result<DiskInfo, InspectError> {
    for layout in FORMATS {
        if (layout.is_it)(source)? {
            return (layout.read)(source);
        }
    }
    (raw::RAW.read)(source)
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
        assert_eq!(names(false), ["gzip", "xz", "zstd", "bzip2", "ova", "tar", "iso"]);
    }
}
