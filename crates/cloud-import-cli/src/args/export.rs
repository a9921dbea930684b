//! Arguments of `export`.

use std::{ffi::OsString, time::Duration};

use clap::{Args, ValueHint};
use cloud_import::DiskFormat;
use serde_json::Value;

use super::{
    ConfigFile, Reach, StateDir,
    key::Keyed as _,
    scope::{Scoped, vendor_option},
    value::duration,
};

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  cloud-import export m-bp1abc --from aliyun/cn-hangzhou --bucket my-bucket
  cloud-import export img-1 --from jdcloud --bucket b --set jdcloud.roleName=r
  cloud-import export --task export.json",
    after_help = "\
The cloud writes into the bucket by itself, by a role of the account. The same command again writes
the same object; without --prefix, its key begins with what is made of the order.

Tencent Cloud tells no end of an export: when it shows the image as free again, the bucket is looked at."
)]
pub(crate) struct Export {
    /// The image: its id, the name of one image, or JOB/TARGET
    ///
    /// An id counts before a name. A name that several images have is refused, with their ids. JOB/TARGET is what a job made at a
    /// target, as `cloud-import show` calls them; then --from may be left out.
    #[arg(required_unless_present = "task", conflicts_with = "task")]
    pub(crate) image: Option<String>,
    /// Where it is: PROVIDER/REGION, or PROVIDER
    ///
    /// PROVIDER alone takes the region that stands beside its keys.
    #[arg(long, value_name = "TARGET", conflicts_with = "task")]
    pub(crate) from: Option<String>,
    /// Bucket that it is written to, in the same region
    #[arg(
        long,
        value_name = "BUCKET",
        required_unless_present = "task",
        conflicts_with = "task"
    )]
    pub(crate) bucket: Option<String>,
    /// What the key of each object begins with
    #[arg(long, value_name = "PREFIX", value_hint = ValueHint::Other, conflicts_with = "task")]
    pub(crate) prefix: Option<String>,
    /// Format of the file; default: the cloud's
    #[arg(long, value_name = "FORMAT", conflicts_with = "task")]
    pub(crate) format: Option<DiskFormat>,
    /// Project that it is in, where the cloud has projects
    ///
    /// Else that of the keys.
    #[arg(long, value_name = "ID", conflicts_with = "task")]
    pub(crate) project: Option<String>,
    /// Option in the cloud's own words. Repeatable
    ///
    /// A value that is JSON is sent as such, else as text: --set jdcloud.roleName=exporter. A wrong name is answered with those that
    /// the cloud has.
    #[arg(long, value_name = "PROVIDER.KEY=VALUE", value_parser = vendor_option, conflicts_with = "task")]
    pub(crate) set: Vec<Scoped<(String, Value)>>,
    /// Do not look at the bucket before the export is ordered
    ///
    /// The order itself is validated all the same.
    #[arg(long, conflicts_with = "task")]
    pub(crate) no_preflight: bool,
    /// Wait for this one: what --no-wait printed, a file of it, or -
    #[arg(long, value_name = "TASK")]
    pub(crate) task: Option<OsString>,
    /// Print the task and exit without waiting
    #[arg(long, conflicts_with = "task", help_heading = "Waiting and output")]
    pub(crate) no_wait: bool,
    /// Stop waiting after 90s, 30m, 4h; the export goes on
    #[arg(long, value_name = "TIME", value_parser = duration, variable = "CLOUD_IMPORT_TIMEOUT", help_heading = "Waiting and output")]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}
