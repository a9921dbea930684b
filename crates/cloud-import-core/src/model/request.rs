//! The normalized order: one image, in words that hold for every cloud.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize, Serializer, ser::Error as _};
use serde_json::{Map, Value};

use super::vendor::{self, VendorOptions};
use crate::{
    Architecture, BootMode, DiskFormat, Encryption, Error, ErrorKind, GuestFinding, ImageSource, LicenseType, Link, Os,
    Provider, Result, SourceForm, WarningId,
};

/// An order for one private image.
///
/// Nothing in it is a vendor's word but [`vendor`](Self::vendor). What a cloud cannot express is reported by
/// [`ImageImporter::validate`](crate::ImageImporter::validate), never dropped.
///
/// As JSON it can be stored and sent. Links then lose their queries, which may be signed; [`Self::exposed`] keeps them.
///
/// ```
/// use cloud_import_core::{BootMode, Disk, DiskFormat, ImportRequest, Os};
///
/// let disk = Disk::object("images", "web.qcow2").format(DiskFormat::Qcow2).size_gib(40);
/// let request = ImportRequest::new("web-2026-11", disk)
///     .os(Os::new("CentOS", "7.9"))
///     .boot_mode(BootMode::Uefi)
///     .tag("team", "web");
/// let json = serde_json::to_string(&request)?;
/// assert_eq!(serde_json::from_str::<ImportRequest>(&json)?, request);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportRequest {
    /// Name of the image.
    pub name: String,
    /// What the image is.
    #[serde(default, skip_serializing_if = "ImageKind::is_system")]
    pub kind: ImageKind,
    /// The disks: of a system image the system disk first, then data disks; of a data image just that disk.
    pub disks: Vec<Disk>,
    /// The guest's operating system. Needed for system images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<Os>,
    /// Processor architecture.
    #[serde(default = "x86_64")]
    pub architecture: Architecture,
    /// Firmware; the cloud's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_mode: Option<BootMode>,
    /// Licence; the cloud's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_type: Option<LicenseType>,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Resource group (Alibaba) or enterprise project (Huawei) that the image goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Skips the cloud's check of the guest system.
    #[serde(default, skip_serializing_if = "is_off")]
    pub skip_guest_check: bool,
    /// The guest has an NVMe driver, so that instances may have NVMe disks.
    #[serde(default, skip_serializing_if = "is_off")]
    pub nvme: bool,
    /// Instances are to use version 2 of the metadata service, which asks for a token, by default.
    #[serde(default, skip_serializing_if = "is_off")]
    pub imds_v2: bool,
    /// Encrypts the image. Copies alone can be encrypted so; what encrypts an import is an option of the vendor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// Checks the order without doing it, where the cloud can.
    #[serde(default, skip_serializing_if = "is_off")]
    pub dry_run: bool,
    /// Raised when the user asks for another image of the same order, or after a settled failure.
    #[serde(default)]
    pub generation: u32,
    /// Sends the order although validation found problems.
    #[serde(default, skip_serializing_if = "is_off")]
    pub no_validate: bool,
    /// Warnings that are known and accepted: what stays the same order with others.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub accept_warning: BTreeSet<WarningId>,
    /// Options in one vendor's own words: an object per provider, written by that crate's `Options`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vendor: BTreeMap<Provider, Map<String, Value>>,
}

fn x86_64() -> Architecture {
    Architecture::X86_64
}

fn is_off(switch: &bool) -> bool {
    !switch
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
            encryption: None,
            dry_run: false,
            generation: 0,
            no_validate: false,
            accept_warning: BTreeSet::new(),
            vendor: BTreeMap::new(),
        }
    }

    /// A copy, of that name, of an image that is there. It is made in the region of the importer that it is ordered from; the image
    /// may be in another region of the same cloud, and must be usable.
    ///
    /// System, architecture, firmware and licence are those of the image.
    ///
    /// ```
    /// use cloud_import_core::{ImageSource, ImportRequest};
    ///
    /// let copy = ImportRequest::copy_of(ImageSource::new("cn-hangzhou", "m-bp1abc"), "web-2026-11");
    /// assert!(copy.is_copy());
    /// ```
    pub fn copy_of(image: impl Into<ImageSource>, name: impl Into<String>) -> Self {
        Self::new(name, Disk::at(DiskSource::Image(image.into())))
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

    /// Skips the cloud's check of the guest system.
    #[must_use]
    pub fn skip_guest_check(mut self, skip: bool) -> Self {
        self.skip_guest_check = skip;
        self
    }

    /// Says that the guest has an NVMe driver.
    #[must_use]
    pub fn nvme(mut self, nvme: bool) -> Self {
        self.nvme = nvme;
        self
    }

    /// Says that instances are to use version 2 of the metadata service.
    #[must_use]
    pub fn imds_v2(mut self, imds_v2: bool) -> Self {
        self.imds_v2 = imds_v2;
        self
    }

    /// Encrypts the copy.
    #[must_use]
    pub fn encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = Some(encryption);
        self
    }

    /// Checks the order without doing it, where the cloud can.
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Makes it another order of the same: a higher number is another image.
    #[must_use]
    pub fn generation(mut self, generation: u32) -> Self {
        self.generation = generation;
        self
    }

    /// Sends the order although validation finds problems.
    #[must_use]
    pub fn no_validate(mut self, no_validate: bool) -> Self {
        self.no_validate = no_validate;
        self
    }

    /// Accepts a warning that is known: it is found all the same, and marked as acknowledged.
    #[must_use]
    pub fn accept_warning(mut self, id: WarningId) -> Self {
        self.accept_warning.insert(id);
        self
    }

    /// The order with its links whole, to be written as JSON where secrets may be: who reads it can open the links.
    pub fn exposed(&self) -> Exposed<'_> {
        Exposed(self)
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
        vendor::options(&self.vendor)
    }

    /// The first disk: the system disk, or the data disk of a data image.
    pub fn first_disk(&self) -> Option<&Disk> {
        self.disks.first()
    }

    /// The image that it is a copy of, if it is one.
    pub fn image(&self) -> Option<&ImageSource> {
        match &self.first_disk()?.source {
            DiskSource::Image(image) => Some(image),
            _ => None,
        }
    }

    /// Whether it makes a copy of an image, and not an image of a file.
    pub fn is_copy(&self) -> bool {
        self.image().is_some()
    }

    /// Whether one of its files, or the image that it copies, is not there yet.
    pub fn is_pending(&self) -> bool {
        self.disks.iter().any(|disk| disk.pending)
    }

    /// The disks behind the first.
    pub fn data_disks(&self) -> &[Disk] {
        self.disks.get(1..).unwrap_or_default()
    }
}

/// An order that is written with its links whole; see [`ImportRequest::exposed`].
#[derive(Clone, Copy)]
pub struct Exposed<'a>(&'a ImportRequest);

impl fmt::Debug for Exposed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Exposed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = serde_json::to_value(self.0).map_err(S::Error::custom)?;
        for (index, disk) in self.0.disks.iter().enumerate() {
            let place = written.pointer_mut(&format!("/disks/{index}/source/url"));
            if let (DiskSource::Url(link), Some(place)) = (&disk.source, place) {
                *place = Value::from(link.expose());
            }
        }
        written.serialize(serializer)
    }
}

/// What an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImageKind {
    /// A system that boots, with data disks if need be.
    #[default]
    System,
    /// One data disk.
    Data,
}

impl ImageKind {
    fn is_system(&self) -> bool {
        *self == Self::System
    }
}

/// A disk image file in the cloud's reach.
///
/// ```
/// use cloud_import_core::{Disk, DiskFormat};
///
/// let disk = Disk::object("my-bucket", "web.qcow2").format(DiskFormat::Qcow2).size_gib(40);
/// assert_eq!(disk.wanted_gib(), Some(40));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Disk {
    /// Where the file is.
    pub source: DiskSource,
    /// Its format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<DiskFormat>,
    /// Size of the cloud disk in GiB; at least the virtual size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_gib: Option<u32>,
    /// Size of the disk that the file holds, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_size_bytes: Option<u64>,
    /// Size of the file in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_size_bytes: Option<u64>,
    /// How the disk in the file is partitioned, where that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_table: Option<PartitionTable>,
    /// What was found in the guest on it, where somebody looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guest: Vec<GuestFinding>,
    /// SHA-256 of the file in hex: makes the idempotency token follow the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_sha256: Option<String>,
    /// It is not there yet, and nothing can be asked about it: the file is put there before the order is sent.
    #[serde(default, skip_serializing_if = "is_off")]
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

    /// The disks of an image that is there, which is copied.
    pub fn image(image: ImageSource) -> Self {
        Self::at(DiskSource::Image(image))
    }

    fn at(source: DiskSource) -> Self {
        Self {
            source,
            format: None,
            size_gib: None,
            virtual_size_bytes: None,
            file_size_bytes: None,
            partition_table: None,
            guest: Vec::new(),
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

    /// Sets the size of the file in bytes.
    #[must_use]
    pub fn file_size_bytes(mut self, bytes: u64) -> Self {
        self.file_size_bytes = Some(bytes);
        self
    }

    /// Sets how the disk is partitioned.
    #[must_use]
    pub fn partition_table(mut self, table: PartitionTable) -> Self {
        self.partition_table = Some(table);
        self
    }

    /// Sets what was found in the guest on it.
    #[must_use]
    pub fn guest(mut self, findings: impl IntoIterator<Item = GuestFinding>) -> Self {
        self.guest = findings.into_iter().collect();
        self
    }

    /// Sets the SHA-256 of the file, in hex.
    #[must_use]
    pub fn content_sha256(mut self, sha256: impl Into<String>) -> Self {
        self.content_sha256 = Some(sha256.into());
        self
    }

    /// The link to the file.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when it is named by bucket and key, for a cloud that imports from links.
    pub fn link(&self, provider: Provider) -> Result<&Link> {
        match &self.source {
            DiskSource::Url(link) => Ok(link),
            DiskSource::Object { .. } | DiskSource::Image(_) => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("{} imports from a link", provider.name()),
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
            DiskSource::Url(_) | DiskSource::Image(_) => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("{} imports from bucket and key", provider.name()),
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PartitionTable {
    /// A master boot record.
    Mbr,
    /// A GUID partition table.
    Gpt,
}

/// Where a file is.
///
/// ```
/// use cloud_import_core::{Disk, SourceForm};
///
/// let signed = Disk::url("https://images.example/web.qcow2?Signature=secret").source;
/// assert_eq!(signed.form(), SourceForm::Url);
/// assert_eq!(signed.identity(), "https://images.example/web.qcow2");
/// assert_eq!(Disk::object("images", "web.qcow2").source.identity(), "images:web.qcow2");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// An image that is there, which is copied.
    Image(ImageSource),
}

impl DiskSource {
    /// Which form it is.
    pub fn form(&self) -> SourceForm {
        match self {
            Self::Url(_) => SourceForm::Url,
            Self::Object { .. } => SourceForm::Object,
            Self::Image(_) => SourceForm::Image,
        }
    }

    /// The source as it may be shown, stored and hashed: `bucket:key`, the link without its query, or `image,REGION,ID`; `Display`
    /// is the same.
    pub fn identity(&self) -> String {
        match self {
            Self::Url(link) => link.without_query().to_owned(),
            Self::Object { bucket, key } => format!("{bucket}:{key}"),
            Self::Image(image) => image.identity(),
        }
    }
}

impl fmt::Display for DiskSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.identity())
    }
}
