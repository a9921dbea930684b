//! What is imported and how it gets there: the same for `import` and `check`.

use std::{ffi::OsString, path::PathBuf, str::FromStr};

use clap::{Args, ValueHint};
use cloud_import::{Architecture, BootMode, DiskFormat, LicenseType, Os, WarningId};
use serde_json::Value;

use super::{
    key::Keyed as _,
    scope::{Scoped, gib, name, of_target, scoped, vendor_option, warning},
    value::pair,
};

/// What is imported and where to: the same for `import` and `check`.
#[derive(Debug, Default, Args)]
pub(crate) struct Order {
    /// The disk image: a file, a link, or BUCKET:KEY in the cloud's object storage
    ///
    /// A file is uploaded to the bucket of each target (--bucket) and deleted there after the verdict. In gzip, xz, zstd or bzip2, in a tar or
    /// an OVA, it is unpacked first, into a temporary file.
    /// fetch+https://HOST/PATH#sha256=HEX copies a file from a web server into the buckets, with no copy of it on this machine; a bare
    /// link is for the cloud to read, which JD Cloud, Tencent Cloud and UCloud do.
    pub(crate) image: OsString,
    /// Target: PROVIDER/REGION, PROVIDER, @GROUP or `all`. Repeatable
    ///
    /// PROVIDER alone takes the region that stands beside its keys. NAME and @GROUP are those of the file of targets. `all` is each
    /// cloud, in the region beside its keys.
    #[arg(long = "to", value_name = "TARGET", variable = "CLOUD_IMPORT_TO")]
    pub(crate) to: Vec<String>,
    /// File of targets (TOML); without --to, all of them
    ///
    /// What an option says with TARGET= counts for one cloud, one PROVIDER/REGION or one name of this file; without, for all. The most
    /// particular word counts, and what the file says of a target comes before what is said here of its cloud or of all.
    #[arg(long, value_name = "FILE", variable = "CLOUD_IMPORT_TARGETS")]
    pub(crate) targets: Option<PathBuf>,
    /// Name of the image; it may hold {date}, {region} and others
    ///
    /// Templates stand in names, descriptions, tags, buckets and prefixes: {date} and {time} of this command (UTC), {region}, {provider},
    /// {target}, and {sha8} of the file; {{ is a brace. A name with {date} makes one image a day: a repeat on the same day finds it.
    #[arg(long, value_name = "[TARGET=]NAME", value_hint = ValueHint::Other)]
    pub(crate) name: Vec<String>,
    /// Copy the image to these regions, by comma. Repeatable
    ///
    /// The file is uploaded and imported once, and the cloud copies the image by itself; each region is a target with its own result.
    /// Where a cloud opens copies on request only, the file is uploaded in each of the regions instead. With several targets, say
    /// of which the image is: --copy-to aliyun=cn-beijing,cn-shanghai.
    #[arg(long, value_name = "[TARGET=]REGIONS", value_parser = name, variable = "CLOUD_IMPORT_COPY_TO")]
    pub(crate) copy_to: Vec<Scoped<String>>,
    /// Guest's system, such as "CentOS 7.9"; default: the disk's
    ///
    /// Where the disk in the file tells it, it need not be said. As people write it, or as PRETTY_NAME of /etc/os-release says. Each cloud is sent its own word for it; a word that is not
    /// quite the same is told before anything is sent.
    #[arg(long, value_name = "[TARGET=]SYSTEM", value_parser = scoped::<Os>, variable = "CLOUD_IMPORT_OS")]
    pub(crate) os: Vec<Scoped<Os>>,

    /// Link or BUCKET:KEY of the image for one target. Repeatable
    #[arg(long, value_name = "TARGET=PLACE", value_parser = of_target, help_heading = "The image")]
    pub(crate) source: Vec<Scoped<String>>,
    /// Format of the image; default: by its header or suffix
    #[arg(long, value_name = "[TARGET=]FORMAT", value_parser = scoped::<DiskFormat>, help_heading = "The image")]
    pub(crate) format: Vec<Scoped<DiskFormat>>,
    /// Size of the system disk, in GiB
    #[arg(long, value_name = "[TARGET=]GIB", value_parser = gib, help_heading = "The image")]
    pub(crate) size_gib: Vec<Scoped<u32>>,
    /// Data disk: link or BUCKET:KEY, and its size. Repeatable
    #[arg(long, value_name = "[TARGET=]PLACE@GIB", help_heading = "The image")]
    pub(crate) data_disk: Vec<String>,
    /// The image is a data disk, not a system disk
    #[arg(long, help_heading = "The image")]
    pub(crate) data_image: bool,
    /// Processor; default: the disk's, else x86_64
    #[arg(long, value_name = "[TARGET=]ARCH", value_parser = scoped::<Architecture>, variable = "CLOUD_IMPORT_ARCH",
          help_heading = "The image")]
    pub(crate) arch: Vec<Scoped<Architecture>>,
    /// Firmware: bios or uefi; default: the disk's, or the cloud's
    #[arg(long, value_name = "[TARGET=]MODE", value_parser = scoped::<BootMode>, variable = "CLOUD_IMPORT_BOOT_MODE",
          help_heading = "The image")]
    pub(crate) boot_mode: Vec<Scoped<BootMode>>,
    /// Operating system in a cloud's own words. Repeatable
    #[arg(long, value_name = "TARGET=TEXT", value_parser = of_target, help_heading = "The image")]
    pub(crate) os_raw: Vec<Scoped<String>>,

    /// Description of the image
    #[arg(long, value_name = "[TARGET=]TEXT", value_hint = ValueHint::Other, variable = "CLOUD_IMPORT_DESCRIPTION",
          help_heading = "The order")]
    pub(crate) description: Vec<String>,
    /// Tag of the image. Repeatable
    #[arg(long, value_name = "[TARGET=]KEY=VALUE", value_parser = pair, variable = "CLOUD_IMPORT_TAGS",
          help_heading = "The order")]
    pub(crate) tag: Vec<String>,
    /// Licence of the operating system: platform or byol
    #[arg(long, value_name = "[TARGET=]TYPE", value_parser = scoped::<LicenseType>,
          variable = "CLOUD_IMPORT_LICENSE_TYPE", help_heading = "The order")]
    pub(crate) license_type: Vec<Scoped<LicenseType>>,
    /// Project or resource group of the image. Repeatable
    #[arg(long, value_name = "TARGET=ID", value_parser = of_target, variable = "CLOUD_IMPORT_PROJECT",
          help_heading = "The order")]
    pub(crate) project: Vec<Scoped<String>>,
    /// Option in a cloud's own words. Repeatable
    ///
    /// A value that is JSON is sent as such, else as text: --set aliyun.RoleName=MyRole. A wrong name is answered with those that
    /// the cloud has.
    #[arg(long, value_name = "TARGET.KEY=VALUE", value_parser = vendor_option, help_heading = "The order")]
    pub(crate) set: Vec<Scoped<(String, Value)>>,
    /// Accept a warning that is known, by its name. Repeatable
    ///
    /// Each warning has its name in round brackets, such as (os.nearest). One that is accepted is counted and not told again, and what is kept of an
    /// import keeps it. An error cannot be accepted. `cloud-import explain warnings` lists all names.
    #[arg(long, value_name = "[TARGET=]ID", value_parser = warning, variable = "CLOUD_IMPORT_ACCEPT_WARNING",
          help_heading = "The order")]
    pub(crate) accept_warning: Vec<Scoped<WarningId>>,
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

/// What a file is converted to on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConvertTo {
    /// What is best for it.
    Auto,
    To(DiskFormat),
}

impl ConvertTo {
    /// What it may be, as the help has it.
    pub(crate) fn words() -> impl Iterator<Item = String> {
        use DiskFormat::{Qcow2, Raw, Vhd, Vmdk, Zvhd2};
        let formats = [Qcow2, Raw, Zvhd2, Vhd, Vmdk].map(|format| format.to_string());
        formats.into_iter().chain([AUTO.to_owned()])
    }
}

const AUTO: &str = "auto";

impl FromStr for ConvertTo {
    type Err = <DiskFormat as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            AUTO => Ok(ConvertTo::Auto),
            format => format.parse().map(ConvertTo::To),
        }
    }
}

/// How a local file gets to where the clouds read it.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Staging a local file")]
pub(crate) struct Staging {
    /// Bucket to upload a local file to. Repeatable
    ///
    /// It is yours, and in the import's region; `check` says whether it is there, private and of the right class. NAME is for every
    /// target, TARGET=NAME for one or for those in one cloud.
    #[arg(long, value_name = "[TARGET=]NAME", value_parser = name, variable = "CLOUD_IMPORT_BUCKET")]
    pub(crate) bucket: Vec<Scoped<String>>,
    /// Prefix of the keys of uploaded objects; default: cloud-import/
    #[arg(long, value_name = "[TARGET=]TEXT", value_hint = ValueHint::Other, variable = "CLOUD_IMPORT_PREFIX")]
    pub(crate) prefix: Vec<String>,
    /// Keep the uploaded objects
    #[arg(long, switch(), default_value(None::<&'static str>), variable = "CLOUD_IMPORT_KEEP_OBJECT")]
    pub(crate) keep_object: Option<bool>,
    /// Bitmap (.mf) of a raw file for Huawei; default: the one next to it
    #[arg(long, value_name = "FILE")]
    pub(crate) bitmap: Option<PathBuf>,
    /// Convert to qcow2, raw, zvhd2 or auto; with qemu-img to vhd or vmdk
    ///
    /// `auto` sends the file as qcow2 where more clouds take that than take the file as it is, or where the file holds the zeros of its
    /// disk, too, and the qcow2 is smaller; else as it is. It asks for one form for all targets, whichever they are, and never runs
    /// qemu-img.
    ///
    /// To qcow2, raw and zvhd2 the file is converted on its way, and none is written, if it is raw, qcow2, vhd, vhdx, vmdk, vdi, qed,
    /// parallels or zvhd2 and holds its whole disk. Zeros are not sent then, but to raw. All else is written first, by qemu-img, into a
    /// temporary file. That Huawei Cloud takes a zvhd2 that no program of its own wrote is unverified.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) convert: Option<ConvertTo>,
    /// Run qemu-img also where the system cannot confine it to the image
    #[arg(long, requires = "convert")]
    pub(crate) trust_image: bool,
}
