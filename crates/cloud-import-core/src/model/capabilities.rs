//! What a cloud can do and what it limits, as data that generated tables fill in.
//!
//! Each fact carries its source, so that a message can name it. Checking a request against them is in
//! [`validate`](mod@crate::provider::validate).

use serde::{Serialize, Serializer};

pub use super::{
    after::{AfterImport, CopyEncryption},
    bucket_names::BucketNames,
    guest::{GuestRule, GuestSeverity},
};
use crate::{Architecture, BootMode, Disk, DiskFormat, LicenseType, Provider, SourceForm};

/// A value, where it was read and how sure it is.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Fact<T> {
    /// The value.
    pub value: T,
    /// Document or SDK, with its date.
    pub source: &'static str,
    /// `false` where no source settles it.
    pub verified: bool,
    /// What else is to be known; empty if nothing.
    pub note: &'static str,
}

impl<T: Copy> Fact<T> {
    /// A value that its source settles.
    pub const fn new(value: T, source: &'static str) -> Self {
        Self {
            value,
            source,
            verified: true,
            note: "",
        }
    }

    /// The same value, which no source settles.
    #[must_use]
    pub const fn unverified(mut self) -> Self {
        self.verified = false;
        self
    }

    /// Adds what else is to be known.
    #[must_use]
    pub const fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }
}

impl<T: Copy> Fact<&'static [T]> {
    /// Values that their source settles.
    pub const fn list(values: &'static [T], source: &'static str) -> Self {
        Self::new(values, source)
    }
}

/// What one cloud's import can do. Made with [`new`](Self::new) and a setter for each thing that is known.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// The cloud.
    pub provider: Provider,
    /// Region that is taken when none is named.
    pub default_region: &'static str,
    /// Formats of a disk image file.
    pub formats: Fact<&'static [DiskFormat]>,
    /// How it is told where the file is.
    pub sources: Fact<&'static [SourceForm]>,
    /// What its object storage allows as the name of a bucket; `None` where that is not known.
    pub bucket_names: Option<BucketNames>,
    /// Processor architectures.
    pub architectures: Fact<&'static [Architecture]>,
    /// Firmwares.
    pub boot_modes: Fact<&'static [BootMode]>,
    /// Licence types that can be chosen.
    pub license_types: Fact<&'static [LicenseType]>,
    /// Data disks beside the system disk.
    pub max_data_disks: Fact<u32>,
    /// Whether an image can be one data disk.
    pub data_image: Fact<bool>,
    /// Whether data disks beside the system disk become images of their own.
    pub data_disk_images: Fact<bool>,
    /// The file that the cloud wants beside a disk image of some formats, where it wants one.
    pub side_file: Fact<Option<SideFile>>,
    /// Whether tags can be set with the import.
    pub tags: Fact<bool>,
    /// Whether a description can be set with the import.
    pub description: Fact<bool>,
    /// What the vendor calls a project or group of resources; empty where there is none.
    pub project: Fact<&'static str>,
    /// Whether a token makes a repeated start safe.
    pub client_token: Fact<bool>,
    /// Whether the vendor refuses a second image of one name.
    pub unique_names: Fact<UniqueNames>,
    /// Within how many minutes after its order left an import is listed, in whatever state; `None` where no source tells.
    pub listed_within_minutes: Fact<Option<u32>>,
    /// Whether a start can be tried without doing it.
    pub dry_run: Fact<bool>,
    /// Whether a running import can be cancelled.
    pub cancel: Fact<bool>,
    /// Whether a percentage is shown.
    pub progress: Fact<bool>,
    /// Whether the API tells why an import failed.
    pub failure_reason: Fact<bool>,
    /// Whether the check of the guest system can be skipped.
    pub skip_guest_check: Fact<bool>,
    /// Whether the image can say that its guest has an NVMe driver.
    pub nvme: Fact<bool>,
    /// Whether the image can ask for version 2 of the metadata service.
    pub imds_v2: Fact<bool>,
    /// What can be done with an image that is there.
    pub after: AfterImport,
    /// What findings in the guest are worth.
    pub guest: &'static [GuestRule],
    /// Documented likely causes of a failure whose reason the API does not tell.
    pub likely_causes: &'static [&'static str],
    /// Limits of single fields.
    pub limits: &'static [Limit],
}

impl<T> Fact<T> {
    /// A value that no source is named for.
    pub const fn unsourced(value: T) -> Self {
        Self {
            value,
            source: "",
            verified: false,
            note: "",
        }
    }

    /// These words, with the note of the fact where it has one.
    pub(crate) fn with_note(&self, words: &str) -> String {
        match self.note {
            "" => words.to_owned(),
            note => format!("{words}: {note}"),
        }
    }
}

impl Capabilities {
    /// A cloud of which nothing is known to be possible: what it can do is set field by field.
    pub const fn new(provider: Provider, default_region: &'static str) -> Self {
        const NO: Fact<bool> = Fact::unsourced(false);
        Self {
            provider,
            default_region,
            formats: Fact::unsourced(&[]),
            sources: Fact::unsourced(&[]),
            bucket_names: None,
            architectures: Fact::unsourced(&[]),
            boot_modes: Fact::unsourced(&[]),
            license_types: Fact::unsourced(&[]),
            max_data_disks: Fact::unsourced(0),
            data_image: NO,
            data_disk_images: NO,
            side_file: Fact::unsourced(None),
            tags: NO,
            description: NO,
            project: Fact::unsourced(""),
            client_token: NO,
            unique_names: Fact::unsourced(UniqueNames::Unverified),
            listed_within_minutes: Fact::unsourced(None),
            dry_run: NO,
            cancel: NO,
            progress: NO,
            failure_reason: NO,
            skip_guest_check: NO,
            nvme: NO,
            imds_v2: NO,
            after: AfterImport::NOTHING,
            guest: &[],
            likely_causes: &[],
            limits: &[],
        }
    }

    /// The size of the system disk to ask for in GiB: as given, else the virtual size rounded up to what the cloud takes,
    /// else the smallest that it takes. `None` where the cloud has no agreed range and no size is known.
    pub fn system_disk_gib(&self, disk: &Disk) -> Option<u32> {
        let range = self.limits.iter().find_map(|limit| match limit.rule {
            Rule::Range { min, multiple_of, .. } if limit.agreed && limit.field == Limited::SystemDiskGib => {
                Some((min, multiple_of))
            }
            _ => None,
        });
        match (disk.size_gib, disk.wanted_gib(), range) {
            (Some(size), _, _) => Some(size),
            (None, wanted, Some((min, step))) => {
                let wanted = wanted.unwrap_or(min).max(min);
                Some(wanted.checked_next_multiple_of(step.max(1)).unwrap_or(wanted))
            }
            (None, wanted, None) => wanted,
        }
    }
}

/// A setter for each field of a table of facts, usable in a `const`.
macro_rules! setters {
    ($table:ty { $($field:ident: $type:ty,)* }) => {
        /// What is known, set field by field.
        impl $table {
            $(
                #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
                #[must_use]
                pub const fn $field(mut self, value: $type) -> Self {
                    self.$field = value;
                    self
                }
            )*
        }
    };
}

setters! { Capabilities {
    formats: Fact<&'static [DiskFormat]>,
    sources: Fact<&'static [SourceForm]>,
    bucket_names: Option<BucketNames>,
    architectures: Fact<&'static [Architecture]>,
    boot_modes: Fact<&'static [BootMode]>,
    license_types: Fact<&'static [LicenseType]>,
    max_data_disks: Fact<u32>,
    data_image: Fact<bool>,
    data_disk_images: Fact<bool>,
    side_file: Fact<Option<SideFile>>,
    tags: Fact<bool>,
    description: Fact<bool>,
    project: Fact<&'static str>,
    client_token: Fact<bool>,
    unique_names: Fact<UniqueNames>,
    listed_within_minutes: Fact<Option<u32>>,
    dry_run: Fact<bool>,
    cancel: Fact<bool>,
    progress: Fact<bool>,
    failure_reason: Fact<bool>,
    skip_guest_check: Fact<bool>,
    nvme: Fact<bool>,
    imds_v2: Fact<bool>,
    after: AfterImport,
    guest: &'static [GuestRule],
    likely_causes: &'static [&'static str],
    limits: &'static [Limit],
} }

pub(crate) use setters;

/// A file beside a disk image, in the same bucket: its key is that of the image with another suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SideFile {
    /// The suffix, without a dot.
    pub suffix: &'static str,
    /// The formats of disk images that have one.
    pub formats: &'static [DiskFormat],
    /// The vendor's option that says that it is there.
    pub option: &'static str,
}

impl SideFile {
    /// A file with this suffix beside disk images of these formats.
    pub const fn new(suffix: &'static str, formats: &'static [DiskFormat], option: &'static str) -> Self {
        Self {
            suffix,
            formats,
            option,
        }
    }
}

/// Whether a vendor refuses a second image of one name: the one fact that validation, start and replacement go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UniqueNames {
    /// It does not.
    No,
    /// It does. Whether a name counts whose image is still being built is another question: a refusal of a name settles no
    /// lost start.
    Refused,
    /// No source says.
    Unverified,
}

/// A limit of one field.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Limit {
    /// The field.
    pub field: Limited,
    /// The rule.
    pub rule: Rule,
    /// Whether all sources agree: then breaking it is an error, else a warning.
    pub agreed: bool,
    /// Document or SDK, with its date.
    pub source: &'static str,
    /// What else is to be known; empty if nothing.
    pub note: &'static str,
}

impl Limit {
    /// A limit on which all sources agree.
    pub const fn new(field: Limited, rule: Rule, source: &'static str) -> Self {
        Self {
            field,
            rule,
            agreed: true,
            source,
            note: "",
        }
    }

    /// The same limit, on which the sources do not agree.
    #[must_use]
    pub const fn disputed(mut self) -> Self {
        self.agreed = false;
        self
    }

    /// Adds what else is to be known.
    #[must_use]
    pub const fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }
}

/// What a limit speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Limited {
    /// The image's name.
    Name,
    /// The image's description.
    Description,
    /// A tag's key.
    TagKey,
    /// A tag's value.
    TagValue,
    /// The number of tags.
    Tags,
    /// Size of the system disk in GiB.
    SystemDiskGib,
    /// Size of a data disk in GiB.
    DataDiskGib,
    /// The idempotency token.
    ClientToken,
    /// The key of an object.
    SourceKey,
    /// What the keys of an export begin with.
    ExportPrefix,
    /// An account that an image is shared with.
    Account,
    /// The id of the key that a copy is encrypted with.
    EncryptionKey,
    /// The family of an image.
    Family,
}

impl Limited {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Description => "description",
            Self::TagKey => "tag key",
            Self::TagValue => "tag value",
            Self::Tags => "tags",
            Self::SystemDiskGib => "system disk size",
            Self::DataDiskGib => "data disk size",
            Self::ClientToken => "client token",
            Self::SourceKey => "object key",
            Self::ExportPrefix => "prefix",
            Self::Account => "account",
            Self::EncryptionKey => "key",
            Self::Family => "family",
        }
    }
}

/// A rule for text or numbers.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// Number of characters.
    Chars {
        /// At least.
        min: u32,
        /// At most.
        max: u32,
    },
    /// A whole number.
    Range {
        /// At least.
        min: u32,
        /// At most.
        max: u32,
        /// In steps of.
        multiple_of: u32,
    },
    /// A number of items.
    Count {
        /// At most.
        max: u32,
    },
    /// Which characters.
    Alphabet(Alphabet),
}

/// What a text may look like.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Alphabet {
    /// The only characters that it may have; `None` for any.
    #[serde(flatten, serialize_with = "CharSet::of_any")]
    pub allowed: Option<CharSet>,
    /// What the first character must be.
    pub first: First,
    /// Beginnings that are refused.
    pub not_prefix: &'static [&'static str],
    /// Parts that are refused.
    pub not_containing: &'static [&'static str],
}

/// A set of characters.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[non_exhaustive]
pub struct CharSet {
    /// `A-Z a-z`.
    pub letters: bool,
    /// `0-9`.
    pub digits: bool,
    /// Chinese characters.
    pub han: bool,
    /// These too.
    pub also: &'static str,
}

impl Alphabet {
    /// Any text.
    pub const ANY: Self = Self {
        allowed: None,
        first: First::Any,
        not_prefix: &[],
        not_containing: &[],
    };

    /// These characters alone.
    #[must_use]
    pub const fn allow(mut self, characters: CharSet) -> Self {
        self.allowed = Some(characters);
        self
    }

    /// What the first character must be.
    #[must_use]
    pub const fn first(mut self, first: First) -> Self {
        self.first = first;
        self
    }

    /// Beginnings that are refused, in small letters; case does not count.
    #[must_use]
    pub const fn not_prefix(mut self, beginnings: &'static [&'static str]) -> Self {
        self.not_prefix = beginnings;
        self
    }

    /// Parts that are refused, in small letters; case does not count.
    #[must_use]
    pub const fn not_containing(mut self, parts: &'static [&'static str]) -> Self {
        self.not_containing = parts;
        self
    }
}

impl CharSet {
    /// These characters.
    pub const fn of(also: &'static str) -> Self {
        Self {
            letters: false,
            digits: false,
            han: false,
            also,
        }
    }

    /// `A-Z a-z` too.
    #[must_use]
    pub const fn letters(mut self) -> Self {
        self.letters = true;
        self
    }

    /// `0-9` too.
    #[must_use]
    pub const fn digits(mut self) -> Self {
        self.digits = true;
        self
    }

    /// Chinese characters too.
    #[must_use]
    pub const fn han(mut self) -> Self {
        self.han = true;
        self
    }

    /// Where any character will do, none is listed.
    #[expect(clippy::ref_option, reason = "the form that serde asks for")]
    fn of_any<S: Serializer>(allowed: &Option<Self>, serializer: S) -> Result<S::Ok, S::Error> {
        allowed.unwrap_or_default().serialize(serializer)
    }
}

/// What a first character must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum First {
    /// Any that is allowed at all.
    Any,
    /// A letter.
    Letter,
    /// A letter or a Chinese character.
    LetterOrHan,
    /// Anything but white space, and the last one too.
    NotSpace,
}
