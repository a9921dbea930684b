//! Arguments of `export`.

use std::{
    ffi::OsString,
    num::{NonZeroU64, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, ValueHint};
use cloud_import::DiskFormat;
use serde_json::Value;

use super::{
    ConfigFile, Reach, StateDir,
    key::Keyed as _,
    scope::{Scoped, vendor_option},
    value::{duration, rate},
};

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  cloud-import export m-bp1abc --from aliyun/cn-hangzhou --bucket my-bucket
  cloud-import export img-1 --from jdcloud --bucket b --set jdcloud.roleName=r
  cloud-import export m-bp1abc --from aliyun/cn-hangzhou --bucket my-bucket --download web.tar.gz
  cloud-import export --task export.json",
    after_help = "\
The cloud writes into the bucket by itself, by a role of the account. Without --prefix, the key begins
with what is made of the order. It is a job, as an import is: the same command again, after any
interruption, goes on with it and orders no second export. `wait`, `show` and `download JOB` know it.

An export whose answer was lost is settled by its token (JD Cloud), the list of tasks (Alibaba Cloud),
the image that is busy (Tencent Cloud) or the object that is there. What none of these settles is
exit code 8, and nothing is sent again unless --again says so.

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
    /// Then fetch it: the file that it becomes, or a folder
    ///
    /// As `download` does: in parts, gone on with after any interruption, held against what the store tells of it. An image with data
    /// disks is several objects, which need a folder.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::AnyPath, conflicts_with_all = ["task", "no_wait"])]
    pub(crate) download: Option<PathBuf>,
    /// With --download, replace a file that is there
    #[arg(long, requires = "download")]
    pub(crate) force: bool,
    /// Once the file is whole, remove the object from the bucket
    #[arg(long, requires = "download")]
    pub(crate) remove_object: bool,
    /// Fetch at most so many bytes a second: 500k, 10m, 1g
    #[arg(long, value_name = "RATE", value_parser = rate, variable = "CLOUD_IMPORT_LIMIT_RATE")]
    pub(crate) limit_rate: Option<NonZeroU64>,
    /// Most parts at a time when fetching; default: 8
    #[arg(long, value_name = "N", variable = "CLOUD_IMPORT_PARALLEL")]
    pub(crate) parallel: Option<NonZeroUsize>,
    /// Export it once more, whatever was exported before
    ///
    /// Without --prefix it becomes another object. An order of which it is not known whether it was started is sent again.
    #[arg(long, conflicts_with = "task")]
    pub(crate) again: bool,
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
