//! Arguments of `init`.

use clap::{Args, ValueHint};
use cloud_import::Os;

use super::{
    scope::{Scoped, name},
    value::read,
};

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  cloud-import init
  cloud-import init --yes --to aliyun/cn-hangzhou --bucket my-bucket --name web-{date}
  cloud-import init --yes --force --to aliyun --to tencent --bucket tencent=images-1250000000",
    after_help = "\
It writes targets.toml, where images go, and cloud-import.toml, by which every command in this
directory finds it. On a terminal it asks for what is not given; the clouds for which keys are
found come first. Keys are written nowhere. `cloud-import doctor` then looks at what was named."
)]
pub(crate) struct Init {
    /// Target: PROVIDER/REGION, PROVIDER or `all`. Repeatable
    ///
    /// PROVIDER alone takes the region that stands beside its keys, else its usual one.
    #[arg(long = "to", value_name = "TARGET")]
    pub(crate) to: Vec<String>,
    /// Bucket to upload local files to. Repeatable
    ///
    /// NAME is for every target, TARGET=NAME for one or for those in one cloud.
    #[arg(long, value_name = "[TARGET=]NAME", value_parser = name)]
    pub(crate) bucket: Vec<Scoped<String>>,
    /// Name of images; it may hold {date}, {region} and others
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub(crate) name: Option<String>,
    /// Guest's system, such as "CentOS 7.9"; else the disk's
    #[arg(long, value_name = "SYSTEM", value_parser = read::<Os>)]
    pub(crate) os: Option<Os>,
    /// Write without asking, by these options alone
    #[arg(long, requires = "to")]
    pub(crate) yes: bool,
    /// Overwrite files that are there
    #[arg(long)]
    pub(crate) force: bool,
}
