//! What an order and a call are made of, as something that problems and remedies can point at. Knows no front end: how a
//! field is written (as a method, a flag, a key in a file) is decided by whoever shows it.

use std::{borrow::Cow, convert::Infallible, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A field of an order, or of the call around it.
///
/// Its text form is a path such as `boot_mode`, `disks[0].size_gib`, `tags[team]` or `vendor.RoleName`; every text is read
/// back, what is not known as [`Field::Other`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The image's name.
    Name,
    /// Whether it is a system or a data disk.
    Kind,
    /// The disks together.
    Disks,
    /// The disks behind the first together.
    DataDisks,
    /// A part of one disk; 0 is the first.
    Disk {
        /// Which disk.
        index: usize,
        /// Which part of it.
        part: DiskPart,
    },
    /// The guest's operating system.
    Os,
    /// The vendor's own text for the operating system.
    OsRaw,
    /// The processor architecture.
    Architecture,
    /// The firmware.
    BootMode,
    /// Who provides the licence.
    LicenseType,
    /// The description.
    Description,
    /// The tags together.
    Tags,
    /// One tag, by its key.
    Tag(String),
    /// The project, resource group or enterprise project.
    Project,
    /// Skips the cloud's check of the guest.
    SkipGuestCheck,
    /// The guest has an NVMe driver.
    Nvme,
    /// Instances use version 2 of the metadata service.
    ImdsV2,
    /// The key that a copy is encrypted with.
    Encryption,
    /// The image that is exported.
    Image,
    /// The format that an image is exported in.
    Format,
    /// Whom an image is shared with.
    Share,
    /// Whether anybody may use an image.
    Public,
    /// The family of an image.
    Family,
    /// Whether an image is deprecated.
    Deprecated,
    /// Whether the image that was the newest of the family is deprecated.
    DeprecatePrevious,
    /// Checks the order without doing it.
    DryRun,
    /// Sends the order although validation found problems.
    NoValidate,
    /// The warnings that are accepted.
    AcceptWarning,
    /// The vendor's own options together.
    Vendor,
    /// One of the vendor's own options, by the vendor's name.
    VendorOption(Cow<'static, str>),
    /// The region.
    Region,
    /// Where the API is.
    Endpoint,
    /// Whether signed requests may go over plain HTTP.
    PlainHttp,
    /// The keys.
    Credentials,
    /// The profile of the vendor's own tools.
    Profile,
    /// Whether instance metadata may be asked for credentials.
    InstanceMetadata,
    /// The bucket that files are staged in.
    Bucket,
    /// What the keys of staged objects begin with.
    Prefix,
    /// The bitmap beside a raw file.
    Bitmap,
    /// The directory in which jobs are recorded.
    State,
    /// Whether older images of the name are replaced.
    Replace,
    /// Whether the verdict is waited for.
    Wait,
    /// The role by which the cloud reads the file.
    ImportRole,
    /// Another, by its path.
    Other(Cow<'static, str>),
}

/// A part of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DiskPart {
    /// Where the file is.
    Source,
    /// The file's format.
    Format,
    /// The size of the cloud disk in GiB.
    SizeGib,
    /// The size of the disk in the file, in bytes.
    VirtualSizeBytes,
    /// The size of the file, in bytes.
    FileSizeBytes,
    /// How the disk is partitioned.
    PartitionTable,
    /// What the file is and holds.
    Content,
    /// The system on it.
    Guest,
}

impl DiskPart {
    const ALL: [Self; 8] = [
        Self::Source,
        Self::Format,
        Self::SizeGib,
        Self::VirtualSizeBytes,
        Self::FileSizeBytes,
        Self::PartitionTable,
        Self::Content,
        Self::Guest,
    ];

    /// The name of the field of [`Disk`](crate::Disk); `content` for what the file is.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Format => "format",
            Self::SizeGib => "size_gib",
            Self::VirtualSizeBytes => "virtual_size_bytes",
            Self::FileSizeBytes => "file_size_bytes",
            Self::PartitionTable => "partition_table",
            Self::Content => "content",
            Self::Guest => "guest",
        }
    }
}

/// The fields that are one word, with that word.
const WORDS: &[(Field, &str)] = &[
    (Field::Name, "name"),
    (Field::Kind, "kind"),
    (Field::Disks, "disks"),
    (Field::DataDisks, "data_disks"),
    (Field::Os, "os"),
    (Field::OsRaw, "os.raw"),
    (Field::Architecture, "architecture"),
    (Field::BootMode, "boot_mode"),
    (Field::LicenseType, "license_type"),
    (Field::Description, "description"),
    (Field::Tags, "tags"),
    (Field::Project, "project"),
    (Field::SkipGuestCheck, "skip_guest_check"),
    (Field::Nvme, "nvme"),
    (Field::ImdsV2, "imds_v2"),
    (Field::Encryption, "encryption"),
    (Field::Image, "image"),
    (Field::Format, "format"),
    (Field::Share, "share"),
    (Field::Public, "public"),
    (Field::Family, "family"),
    (Field::Deprecated, "deprecated"),
    (Field::DeprecatePrevious, "deprecate_previous"),
    (Field::DryRun, "dry_run"),
    (Field::NoValidate, "no_validate"),
    (Field::AcceptWarning, "accept_warning"),
    (Field::Vendor, "vendor"),
    (Field::Region, "region"),
    (Field::Endpoint, "endpoint"),
    (Field::PlainHttp, "plain_http"),
    (Field::Credentials, "credentials"),
    (Field::Profile, "profile"),
    (Field::InstanceMetadata, "instance_metadata"),
    (Field::Bucket, "bucket"),
    (Field::Prefix, "prefix"),
    (Field::Bitmap, "bitmap"),
    (Field::State, "state"),
    (Field::Replace, "replace"),
    (Field::Wait, "wait"),
    (Field::ImportRole, "import_role"),
];

impl Field {
    /// A part of a disk; 0 is the first.
    pub const fn disk(index: usize, part: DiskPart) -> Self {
        Self::Disk { index, part }
    }

    /// One of the vendor's own options.
    pub const fn vendor(option: &'static str) -> Self {
        Self::VendorOption(Cow::Borrowed(option))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk { index, part } => write!(f, "disks[{index}].{}", part.as_str()),
            Self::Tag(key) => write!(f, "tags[{key}]"),
            Self::VendorOption(option) => write!(f, "vendor.{option}"),
            Self::Other(path) => f.write_str(path),
            word => {
                let row = WORDS.iter().find(|(field, _)| field == word);
                f.write_str(row.map_or("", |(_, word)| word))
            }
        }
    }
}

impl FromStr for Field {
    type Err = Infallible;

    fn from_str(path: &str) -> Result<Self, Infallible> {
        let disk = || {
            let (index, part) = path.strip_prefix("disks[")?.split_once("].")?;
            let part = DiskPart::ALL.into_iter().find(|known| known.as_str() == part)?;
            Some(Self::disk(index.parse().ok()?, part))
        };
        let tag = || {
            let key = path.strip_prefix("tags[")?.strip_suffix(']')?;
            Some(Self::Tag(key.to_owned()))
        };
        let option = || Some(Self::VendorOption(path.strip_prefix("vendor.")?.to_owned().into()));
        let word = || {
            WORDS
                .iter()
                .find(|(_, word)| *word == path)
                .map(|(field, _)| field.clone())
        };
        let known = word().or_else(disk).or_else(tag).or_else(option);
        Ok(known.unwrap_or_else(|| Self::Other(path.to_owned().into())))
    }
}

/// By its path.
impl PartialEq<str> for Field {
    fn eq(&self, path: &str) -> bool {
        self.to_string().as_str() == path
    }
}

/// By its path.
impl PartialEq<&str> for Field {
    fn eq(&self, path: &&str) -> bool {
        *self == **path
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = String::deserialize(deserializer)?;
        match path.parse() {
            Ok(field) => Ok(field),
            Err(never) => match never {},
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read_as_it_is_written() {
        let words = WORDS.iter().map(|(field, _)| field.clone());
        let disks = DiskPart::ALL.map(|part| Field::disk(3, part));
        let others = [
            Field::Tag("a].b".to_owned()),
            Field::vendor("RoleName"),
            Field::Other("disks[x].size_gib".into()),
            Field::Other("later".into()),
        ];
        for field in words.chain(disks).chain(others) {
            let path = field.to_string();
            assert!(!path.is_empty());
            assert_eq!(path.parse(), Ok(field), "{path}");
        }
    }
}
