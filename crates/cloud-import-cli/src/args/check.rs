//! Arguments of `check`.

use clap::Args;

use super::{ConfigFile, Order, Reach, Staging};

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  cloud-import check --simulate --to all --name hello --os \"CentOS 7.9\" disk.qcow2
  cloud-import check --to aliyun/cn-hangzhou --name web --os \"CentOS 7.9\" my-bucket:web.qcow2",
    after_help = "\
It only reads, and asks for the vendor's dry run where there is one. It uploads nothing, and changes
nothing except with --create-role.

Exit codes:
  0  ready to import   4  a cloud would refuse it
  2  usage or validation                6  mixed results
  3  credentials"
)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) order: Order,
    /// Create the role that Alibaba Cloud reads it by, if missing
    #[arg(long, help_heading = "The order")]
    pub(crate) create_role: bool,
    /// Show also what is as it must be, target by target
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) staging: Staging,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}
