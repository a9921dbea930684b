//! The normalized order: one image, in words that hold for every cloud.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    Architecture, BootMode, DiskFormat, Error, ErrorKind, Field, LicenseType, Link, Os, Problem, Provider, Result,
    SourceForm,
};

/// An order for one private image.
///
/// Nothing in it is a vendor's word but [`vendor`](Self::vendor). What a cloud cannot express is reported by
/// [`ImageImporter::validate`](crate::ImageImporter::validate), never dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportRequest {
    /// Name of the image.
    pub name: String,
    /// What the image is.
    pub kind: ImageKind,
    /// The disks: of a system image the system disk first, then data disks; of a data image just that disk.
    pub disks: Vec<Disk>,
    /// The guest's operating system. Needed for system images.
    pub os: Option<Os>,
    /// Processor architecture.
    pub architecture: Architecture,
    /// Firmware; the cloud's default when absent.
    pub boot_mode: Option<BootMode>,
    /// Licence; the cloud's default when absent.
    pub license_type: Option<LicenseType>,
    /// Description.
    pub description: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Resource group (Alibaba) or enterprise project (Huawei) that the image goes to.
    pub project: Option<String>,
    /// Skips the cloud's check of the guest system.
    pub skip_guest_check: bool,
    /// The guest has an NVMe driver, so that instances may have NVMe disks.
    pub nvme: bool,
    /// Instances are to use version 2 of the metadata service, which asks for a token, by default.
    pub imds_v2: bool,
    /// Checks the order without doing it, where the cloud can.
    pub dry_run: bool,
    /// Raised when the user asks for another image of the same order, or after a settled failure.
    pub generation: u32,
    /// Sends the order although validation found problems.
    pub no_validate: bool,
    /// Options in one vendor's own words: an object per provider, written by that crate's `Options`.
    pub vendor: BTreeMap<Provider, Map<String, Value>>,
}

impl ImportRequest {
    /// A system image of that name from that disk.
    pub fn new(name: impl Into<String>, system_disk: Disk) -> Self {
        Self {
            name: name.into(),
            kind: ImageKind::System,
            disks: vec![system_disk],
            os: None,
            architecture: Architecture::X86_64,
            boot_mode: None,
            license_type: None,
            description: None,
            tags: BTreeMap::new(),
            project: None,
            skip_guest_check: false,
            nvme: false,
            imds_v2: false,
            dry_run: false,
            generation: 0,
            no_validate: false,
            vendor: BTreeMap::new(),
        }
    }

    /// An image that is one data disk.
    pub fn data_image(name: impl Into<String>, disk: Disk) -> Self {
        Self {
            kind: ImageKind::Data,
            ..Self::new(name, disk)
        }
    }

    /// Sets the guest's operating system.
    #[must_use]
    pub fn os(mut self, os: Os) -> Self {
        self.os = Some(os);
        self
    }

    /// Sets the architecture.
    #[must_use]
    pub fn architecture(mut self, architecture: Architecture) -> Self {
        self.architecture = architecture;
        self
    }

    /// Sets the firmware.
    #[must_use]
    pub fn boot_mode(mut self, boot_mode: BootMode) -> Self {
        self.boot_mode = Some(boot_mode);
        self
    }

    /// Sets the licence type.
    #[must_use]
    pub fn license_type(mut self, license_type: LicenseType) -> Self {
        self.license_type = Some(license_type);
        self
    }

    /// Adds a data disk.
    #[must_use]
    pub fn data_disk(mut self, disk: Disk) -> Self {
        self.disks.push(disk);
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// Sets the resource group or enterprise project.
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Sets options in one vendor's words, as they stand in a file; see the `Options` of its crate. Nothing is checked here.
    ///
    /// # Errors
    /// When the options are no JSON object.
    pub fn vendor(mut self, provider: Provider, options: &impl Serialize) -> Result<Self> {
        self.vendor.insert(provider, crate::model::object::fields(options)?);
        Ok(self)
    }

    /// Sets options in one vendor's words.
    ///
    /// # Errors
    /// When the options are no JSON object.
    pub fn options<T: VendorOptions>(mut self, options: &T) -> Result<Self> {
        self.vendor.insert(T::PROVIDER, crate::model::object::fields(options)?);
        Ok(self)
    }

    /// One vendor's options, parsed strictly: an unknown one is an error. Defaults when there are none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with the problem.
    pub fn vendor_options<T: VendorOptions>(&self) -> Result<T> {
        let Some(options) = self.vendor.get(&T::PROVIDER) else {
            return Ok(T::default());
        };
        serde_json::from_value(Value::Object(options.clone())).map_err(|error| {
            let text = error.to_string();
            let why = match text.strip_prefix("unknown field") {
                Some(rest) => format!("unknown option{rest}"),
                None => text,
            };
            let problem = Problem::error(T::PROVIDER, Field::Vendor, format!("cannot be read: {why}"));
            Error::invalid(
                T::PROVIDER,
                vec![problem.remedy("Correct that option, or leave it out.")],
            )
        })
    }

    /// The first disk: the system disk, or the data disk of a data image.
    pub fn first_disk(&self) -> Option<&Disk> {
        self.disks.first()
    }

    /// The disks behind the first.
    pub fn data_disks(&self) -> &[Disk] {
        self.disks.get(1..).unwrap_or_default()
    }
}

/// What one vendor's import can be told beside the normalized order: the `Options` of its crate.
pub trait VendorOptions: Serialize + DeserializeOwned + Default {
    /// The vendor.
    const PROVIDER: Provider;
}

/// What an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImageKind {
    /// A system that boots, with data disks if need be.
    System,
    /// One data disk.
    Data,
}

/// A disk image file in the cloud's reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// Where the file is.
    pub source: DiskSource,
    /// Its format.
    pub format: Option<DiskFormat>,
    /// Size of the cloud disk in GiB; at least the virtual size.
    pub size_gib: Option<u32>,
    /// Size of the disk that the file holds, in bytes.
    pub virtual_size_bytes: Option<u64>,
    /// Size of the file in bytes.
    pub file_size_bytes: Option<u64>,
    /// How the disk in the file is partitioned, where that was read.
    pub partition_table: Option<PartitionTable>,
    /// SHA-256 of the file in hex: makes the idempotency token follow the content.
    pub content_sha256: Option<String>,
    /// It is not there yet, and nothing can be asked about it: the file is put there before the order is sent.
    pub pending: bool,
}

impl Disk {
    /// A file behind a link (JD Cloud, Tencent Cloud, UCloud).
    pub fn url(link: impl Into<Link>) -> Self {
        Self::at(DiskSource::Url(link.into()))
    }

    /// A file in a bucket (Huawei Cloud, Alibaba Cloud).
    pub fn object(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self::at(DiskSource::Object {
            bucket: bucket.into(),
            key: key.into(),
        })
    }

    fn at(source: DiskSource) -> Self {
        Self {
            source,
            format: None,
            size_gib: None,
            virtual_size_bytes: None,
            file_size_bytes: None,
            partition_table: None,
            content_sha256: None,
            pending: false,
        }
    }

    /// Sets the format.
    #[must_use]
    pub fn format(mut self, format: DiskFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Sets the size of the cloud disk in GiB.
    #[must_use]
    pub fn size_gib(mut self, size_gib: u32) -> Self {
        self.size_gib = Some(size_gib);
        self
    }

    /// Sets the size of the disk that the file holds, in bytes.
    #[must_use]
    pub fn virtual_size_bytes(mut self, bytes: u64) -> Self {
        self.virtual_size_bytes = Some(bytes);
        self
    }

    /// The link to the file.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when it is named by bucket and key, for a cloud that imports from links.
    pub fn link(&self, provider: Provider) -> Result<&Link> {
        match &self.source {
            DiskSource::Url(link) => Ok(link),
            DiskSource::Object { .. } => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("{} imports from a link, not from bucket and key", provider.name()),
            )
            .with_provider(provider)
            .with_remedy("Give a link to the object, signed for at least a day if the bucket is private.")),
        }
    }

    /// Bucket and key of the file.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when it is named by a link, for a cloud that imports from bucket and key.
    pub fn bucket_and_key(&self, provider: Provider) -> Result<(&str, &str)> {
        match &self.source {
            DiskSource::Object { bucket, key } => Ok((bucket, key)),
            DiskSource::Url(_) => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("{} imports from bucket and key, not from a link", provider.name()),
            )
            .with_provider(provider)
            .with_remedy("Name the object as BUCKET:KEY in this cloud's object storage.")),
        }
    }

    /// The size to ask for in GiB: as given, else the virtual size rounded up; `None` where neither is known.
    pub fn wanted_gib(&self) -> Option<u32> {
        self.size_gib.or_else(|| {
            let gib = self.virtual_size_bytes?.div_ceil(1 << 30);
            Some(u32::try_from(gib).unwrap_or(u32::MAX))
        })
    }
}

/// How a disk is partitioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartitionTable {
    /// A master boot record.
    Mbr,
    /// A GUID partition table.
    Gpt,
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiskSource {
    /// Behind a link.
    Url(Link),
    /// In a bucket of the cloud's own object storage.
    Object {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
}

impl DiskSource {
    /// Which form it is.
    pub fn form(&self) -> SourceForm {
        match self {
            Self::Url(_) => SourceForm::Url,
            Self::Object { .. } => SourceForm::Object,
        }
    }

    /// The source as it may be shown, stored and hashed: `bucket:key`, or the link without its query.
    pub fn identity(&self) -> String {
        match self {
            Self::Url(link) => link.without_query().to_owned(),
            Self::Object { bucket, key } => format!("{bucket}:{key}"),
        }
    }
}
