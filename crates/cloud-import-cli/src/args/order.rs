//! What is imported and how it gets there: the same for `import` and `check`.

use std::{ffi::OsString, path::PathBuf};

use clap::Args;
use cloud_import::{Architecture, BootMode, DiskFormat, LicenseType, Os, Provider};
use serde_json::Value;

use super::{
    PREFIX,
    key::Keyed as _,
    value::{bucket, for_provider, pair, vendor_option},
};

/// What is imported and where to: the same for `import` and `check`.
#[derive(Debug, Args)]
pub(crate) struct Order {
    /// The disk image: a file, a link, or BUCKET:KEY in the cloud's object storage
    ///
    /// A file is uploaded to the bucket of each target (--bucket) and deleted there after the verdict. JD Cloud, Tencent Cloud and
    /// UCloud read links; Huawei Cloud and Alibaba Cloud read BUCKET:KEY.
    pub(crate) image: OsString,
    /// Target: PROVIDER/REGION, PROVIDER, @GROUP or `all`. Repeatable
    ///
    /// PROVIDER alone takes the region that stands beside its keys. NAME and @GROUP are those of the file of targets. `all` is each
    /// cloud's usual region.
    #[arg(long = "to", value_name = "TARGET", variable = "CLOUD_IMPORT_TO")]
    pub(crate) to: Vec<String>,
    /// File of targets (TOML); without --to, all of them
    #[arg(long, value_name = "FILE", variable = "CLOUD_IMPORT_TARGETS")]
    pub(crate) targets: Option<PathBuf>,
    /// Name of the image
    #[arg(long)]
    pub(crate) name: String,
    /// Operating system of the guest, such as "CentOS 7.9"
    ///
    /// As people write it, or as PRETTY_NAME of /etc/os-release says. Each cloud is sent its own word for it; a word that is not
    /// quite the same is told before anything is sent.
    #[arg(long, value_name = "SYSTEM", variable = "CLOUD_IMPORT_OS")]
    pub(crate) os: Option<Os>,

    /// Link or BUCKET:KEY of the image for one cloud. Repeatable
    #[arg(long, value_name = "PROVIDER=PLACE", value_parser = for_provider::<String>, help_heading = "The image")]
    pub(crate) source: Vec<(Provider, String)>,
    /// Format of the image; default: by its header or suffix
    #[arg(long, help_heading = "The image")]
    pub(crate) format: Option<DiskFormat>,
    /// Size of the system disk, in GiB
    #[arg(long, value_name = "GIB", help_heading = "The image")]
    pub(crate) size_gib: Option<u32>,
    /// Data disk: link or BUCKET:KEY, and its size. Repeatable
    #[arg(long, value_name = "PLACE@GIB", help_heading = "The image")]
    pub(crate) data_disk: Vec<String>,
    /// The image is a data disk, not a system disk
    #[arg(long, help_heading = "The image")]
    pub(crate) data_image: bool,
    /// Processor architecture
    #[arg(
        long,
        default_value = "x86_64",
        variable = "CLOUD_IMPORT_ARCH",
        help_heading = "The image"
    )]
    pub(crate) arch: Architecture,
    /// Firmware: bios or uefi; default: the cloud's
    #[arg(
        long,
        value_name = "MODE",
        variable = "CLOUD_IMPORT_BOOT_MODE",
        help_heading = "The image"
    )]
    pub(crate) boot_mode: Option<BootMode>,
    /// Operating system in a cloud's own words. Repeatable
    #[arg(long, value_name = "PROVIDER=TEXT", value_parser = for_provider::<String>, help_heading = "The image")]
    pub(crate) os_raw: Vec<(Provider, String)>,

    /// Description of the image
    #[arg(
        long,
        value_name = "TEXT",
        variable = "CLOUD_IMPORT_DESCRIPTION",
        help_heading = "The order"
    )]
    pub(crate) description: Option<String>,
    /// Tag of the image. Repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, variable = "CLOUD_IMPORT_TAGS",
          help_heading = "The order")]
    pub(crate) tag: Vec<(String, String)>,
    /// Licence of the operating system: platform or byol
    #[arg(
        long,
        value_name = "TYPE",
        variable = "CLOUD_IMPORT_LICENSE_TYPE",
        help_heading = "The order"
    )]
    pub(crate) license_type: Option<LicenseType>,
    /// Project or resource group of the image. Repeatable
    #[arg(long, value_name = "PROVIDER=ID", value_parser = for_provider::<String>, variable = "CLOUD_IMPORT_PROJECT",
          help_heading = "The order")]
    pub(crate) project: Vec<(Provider, String)>,
    /// Option in a cloud's own words. Repeatable
    ///
    /// A value that is JSON is sent as such, else as text: --set aliyun.RoleName=MyRole. A wrong name is answered with those that
    /// the cloud has.
    #[arg(long, value_name = "PROVIDER.KEY=VALUE", value_parser = vendor_option, help_heading = "The order")]
    pub(crate) set: Vec<(Provider, String, Value)>,
    /// Skip the cloud's check of the guest
    #[arg(long, help_heading = "The order")]
    pub(crate) skip_guest_check: bool,
    /// The guest has an NVMe driver (Alibaba Cloud)
    #[arg(long, help_heading = "The order")]
    pub(crate) nvme: bool,
    /// Instances use metadata service version 2 (Alibaba Cloud)
    #[arg(long, help_heading = "The order")]
    pub(crate) imds_v2: bool,
}

/// How a local file gets to where the clouds read it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Staging a local file")]
pub(crate) struct Staging {
    /// Bucket to upload a local file to. Repeatable
    ///
    /// It is yours, and in the import's region; `check` says whether it is there, private and of the right class. NAME is for every
    /// cloud, PROVIDER=NAME for one.
    #[arg(long, value_name = "[PROVIDER=]NAME", value_parser = bucket, variable = "CLOUD_IMPORT_BUCKET")]
    pub(crate) bucket: Vec<(Option<Provider>, String)>,
    /// Prefix of the keys of uploaded objects
    #[arg(
        long,
        value_name = "TEXT",
        default_value = PREFIX,
        variable = "CLOUD_IMPORT_PREFIX"
    )]
    pub(crate) prefix: String,
    /// Keep the uploaded objects
    #[arg(long, switch(), variable = "CLOUD_IMPORT_KEEP_OBJECT")]
    pub(crate) keep_object: bool,
    /// Bitmap (.mf) of a raw file for Huawei; default: the one next to it
    #[arg(long, value_name = "FILE")]
    pub(crate) bitmap: Option<PathBuf>,
    /// Convert first with qemu-img: qcow2, raw, vhd or vmdk
    #[arg(long, value_name = "FORMAT")]
    pub(crate) convert: Option<DiskFormat>,
    /// Convert also where the system cannot confine qemu-img to the image
    #[arg(long, requires = "convert")]
    pub(crate) trust_image: bool,
}
