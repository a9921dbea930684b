//! What is said about a disk image file. Only facts: whether a cloud takes the file is decided elsewhere.

/// What a file is, by its content. The file's name is never looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A plain copy of a disk; also everything that carries no known mark: [`DiskInfo::contents`] says what is in it.
    Raw,
    /// QEMU copy-on-write, header version 2 or 3.
    Qcow2,
    /// QEMU copy-on-write, header version 1.
    Qcow1,
    /// Microsoft Virtual PC disk (`.vhd`): fixed, dynamic or differencing.
    Vhd,
    /// Microsoft Hyper-V disk (`.vhdx`).
    Vhdx,
    /// VMware disk: sparse, stream-optimized, or a text descriptor that names other files.
    Vmdk,
    /// Huawei's first streamed form of VHD (cookie `stream`).
    Zvhd,
    /// Huawei's second streamed form of VHD (cookie `z2strm`).
    Zvhd2,
    /// VirtualBox disk.
    Vdi,
    /// QEMU enhanced disk.
    Qed,
    /// Parallels disk.
    Parallels,
    /// A whole file encrypted with LUKS.
    Luks,
    /// ISO 9660 optical disc.
    Iso,
    /// A tar archive whose first member is an OVF description.
    Ova,
    /// Any other tar archive.
    Tar,
    /// A gzip stream.
    Gzip,
    /// An xz stream.
    Xz,
    /// A Zstandard stream.
    Zstd,
    /// A bzip2 stream.
    Bzip2,
    /// Something else that is no disk image: another archive, a program, a page, a document. The subtype names it.
    Foreign,
}

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encryption {
    /// Not encrypted by the format. A file system inside may still be.
    None,
    /// The old AES of qcow1 and qcow2.
    Aes,
    /// LUKS, inside qcow2 or as the whole file.
    Luks,
    /// The format says that it is encrypted, by a method that is not told apart.
    Other,
}

impl Encryption {
    /// Whether there is any.
    #[must_use]
    pub const fn is_encrypted(self) -> bool {
        !matches!(self, Self::None)
    }
}

/// How the content is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// The format, or this kind of it, does not compress.
    None,
    /// The format compresses cluster by cluster with this method; none of the clusters looked at was compressed,
    /// others may be. To know would take a scan of all tables, which this reader does not do.
    NoneSeen(&'static str),
    /// Compressed with this method.
    Used(&'static str),
}

impl Compression {
    /// The method, where the format compresses.
    #[must_use]
    pub const fn method(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::NoneSeen(method) | Self::Used(method) => Some(method),
        }
    }
}

/// The partition table that the guest would find.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartitionTable {
    /// A master boot record with at least one partition.
    Mbr,
    /// A GUID partition table whose header checksum holds.
    Gpt,
    /// The first sectors were read and hold no partition table.
    None,
    /// Not known, for this reason.
    Unknown(String),
}

impl PartitionTable {
    /// The name in lower case: `mbr`, `gpt`, `none` or `unknown`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Mbr => "mbr",
            Self::Gpt => "gpt",
            Self::None => "none",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// What a look at the disk itself shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contents {
    /// A partition table, be it damaged.
    Partitions,
    /// A file system, swap or a volume of a volume manager on the whole disk: its name in lower case.
    Volume(&'static str),
    /// A boot sector without a partition table or a known file system.
    BootSector,
    /// Nothing but zeros where it was looked: at the beginning, and in samples all over the disk.
    Zeros,
    /// Something that is none of this.
    Unrecognized,
    /// The disk could not be read.
    Unknown,
}

impl Contents {
    /// The name in lower case: `partitions`, `volume`, `boot sector`, `zeros`, `unrecognized` or `unknown`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partitions => "partitions",
            Self::Volume(_) => "volume",
            Self::BootSector => "boot sector",
            Self::Zeros => "zeros",
            Self::Unrecognized => "unrecognized",
            Self::Unknown => "unknown",
        }
    }

    /// The volume's name, where the whole disk is one.
    #[must_use]
    pub const fn volume(self) -> Option<&'static str> {
        match self {
            Self::Volume(name) => Some(name),
            _ => None,
        }
    }
}

/// The facts read from one file. A new one is a new version of this crate: who judges a file must judge it, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskInfo {
    /// What the file is.
    pub format: Format,
    /// The kind within the format, in the format's own words (`v3`, `dynamic`, `streamOptimized`).
    pub subtype: Option<String>,
    /// Size of the disk that the guest sees, in bytes, as the header claims it (it may claim anything); for a raw file
    /// rounded up to whole sectors of 512 bytes. Absent for archives and compressed streams, and where the header does
    /// not say.
    pub virtual_size_bytes: Option<u64>,
    /// Length of the file in bytes.
    pub file_size_bytes: u64,
    /// The file that this one is a difference to, as written in the header. Bytes that are not text are replaced by
    /// U+FFFD; control characters stay, so escape it before it is shown.
    pub backing_file: Option<String>,
    /// The format of the backing file, where the header names it.
    pub backing_format: Option<String>,
    /// Other files that hold the content (qcow2 external data file, VMDK extents), as written in the header.
    pub external_files: Vec<String>,
    /// How the content is encrypted.
    pub encryption: Encryption,
    /// How the content is compressed.
    pub compression: Compression,
    /// The file was not closed cleanly, or has a log that must be replayed.
    pub dirty: bool,
    /// The file carries a mark that it is corrupt, or a checksum in its header does not match.
    pub corrupt: bool,
    /// Snapshots inside the file.
    pub internal_snapshots: u32,
    /// Why the file must be shorter than it was; `None` where no sign of that was found, which is no proof.
    pub truncation: Option<String>,
    /// The partition table.
    pub partition_table: PartitionTable,
    /// Whether there is an EFI system partition; `None` where that is not known.
    pub efi_system_partition: Option<bool>,
    /// Whether there is a BIOS boot partition; `None` where that is not known.
    pub bios_boot_partition: Option<bool>,
    /// Whether the first sector is a boot record with code in it; `None` where it could not be read.
    pub boot_code: Option<bool>,
    /// Bytes of a sector, as the GUID partition table was written; `None` where there is none.
    pub sector_size_bytes: Option<u32>,
    /// First byte behind the last partition, as the table claims it; it may lie behind the disk.
    pub partitions_end_bytes: Option<u64>,
    /// Size of the disk that the GUID partition table was written for.
    pub table_end_bytes: Option<u64>,
    /// What a look at the disk shows.
    pub contents: Contents,
    /// Bits of features that a reader must know and this one does not, in the header's own order; 0 for none.
    pub unknown_features: u64,
    /// Clusters have parts of their own (extended L2 entries of qcow2).
    pub extended_l2: bool,
    /// The file is one extent of a disk that another file describes.
    pub extent: bool,
    /// What else a user should know, each a whole sentence.
    pub notes: Vec<String>,
}

impl DiskInfo {
    pub(crate) fn new(format: Format, file_size_bytes: u64) -> Self {
        Self {
            format,
            subtype: None,
            virtual_size_bytes: None,
            file_size_bytes,
            backing_file: None,
            backing_format: None,
            external_files: Vec::new(),
            encryption: Encryption::None,
            compression: Compression::None,
            dirty: false,
            corrupt: false,
            internal_snapshots: 0,
            truncation: None,
            partition_table: PartitionTable::None,
            efi_system_partition: None,
            bios_boot_partition: None,
            boot_code: None,
            sector_size_bytes: None,
            partitions_end_bytes: None,
            table_end_bytes: None,
            contents: Contents::Unknown,
            unknown_features: 0,
            extended_l2: false,
            extent: false,
            notes: Vec::new(),
        }
    }

    /// Whether a sign was found that the end of the file is missing.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.truncation.is_some()
    }

    /// Marks the file as truncated when `end` of `what` lies beyond its end; the first sign found is kept.
    pub(crate) fn must_reach(&mut self, what: &str, end: Option<u64>) {
        if self.truncation.is_some() {
            return;
        }
        let size = self.file_size_bytes;
        match end {
            Some(end) if end <= size => {}
            Some(end) => self.truncation = Some(format!("{what} ends at byte {end}, the file at byte {size}")),
            None => self.truncation = Some(format!("{what} ends beyond any possible file, the file at byte {size}")),
        }
    }
}
