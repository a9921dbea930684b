//! Arguments of `copy`.

use clap::{Args, ValueHint};
use serde_json::Value;

use super::{
    ConfigFile, Reach, StateDir, Waiting,
    scope::{Scoped, vendor_option},
    value::pair,
};

/// Arguments of `copy`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  cloud-import copy m-bp1abc --from aliyun/cn-hangzhou --to cn-beijing,cn-shenzhen
  cloud-import copy web-2026-11 --from aliyun --to cn-beijing --no-wait
  cloud-import copy web-4f0c6a2d91be/aliyun/cn-hangzhou --to cn-beijing --encrypt",
    after_help = "\
The copies are a job, as an import is: `wait`, `status`, `cancel`, `resume` and `list` take it. The
same command again (image, name, region and options) goes on with what is on record and makes no
second copy: each order is on record before it leaves. Where it is on record no more, or on
another machine, the cloud decides: by the order's token, by a mark or the origin that the copy
shows, or by refusing a second image of one name; `cloud-import capabilities` says which. What
none of these settles is exit code 8, and nothing is sent again by itself."
)]
pub(crate) struct Copy {
    /// The image: its id, the name of one image, or JOB/TARGET
    ///
    /// An id counts before a name. A name that several images have is refused, with their ids. JOB/TARGET is what a job made at a
    /// target, as `cloud-import show` calls them; then --from may be left out.
    pub(crate) image: String,
    /// Where it is: PROVIDER/REGION, or PROVIDER
    ///
    /// PROVIDER alone takes the region that stands beside its keys.
    #[arg(long, value_name = "TARGET")]
    pub(crate) from: Option<String>,
    /// Regions of that cloud to copy it to
    ///
    /// A region, or PROVIDER/REGION. Its own region is one of them where the cloud copies inside a region.
    #[arg(long = "to", value_name = "REGION", required = true, value_delimiter = ',')]
    pub(crate) to: Vec<String>,
    /// Project that it is in, where the cloud has projects
    ///
    /// Else that of the keys.
    #[arg(long, value_name = "ID")]
    pub(crate) project: Option<String>,

    /// Name of the copies; default: the image's
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = "The order")]
    pub(crate) name: Option<String>,
    /// Description of the copies
    #[arg(long, value_name = "TEXT", value_hint = ValueHint::Other, help_heading = "The order")]
    pub(crate) description: Option<String>,
    /// Tag of the copies. Repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, help_heading = "The order")]
    pub(crate) tag: Vec<String>,
    /// Option in the cloud's own words. Repeatable
    ///
    /// As of `import`: --set huawei.agency_name=MyAgency, which Huawei Cloud wants for copies to other regions.
    #[arg(long, value_name = "TARGET.KEY=VALUE", value_parser = vendor_option, help_heading = "The order")]
    pub(crate) set: Vec<Scoped<(String, Value)>>,
    /// Encrypt the copies; KEY: with a key of yours, by its id
    ///
    /// Without KEY, with that of the cloud's disk service. KEY stands behind a sign of equality, and is one of the region that the copy
    /// goes to.
    #[arg(long, value_name = "KEY", num_args = 0..=1, require_equals = true, help_heading = "The order")]
    #[allow(clippy::option_option, reason = "clap's form of an option with an optional value")]
    pub(crate) encrypt: Option<Option<String>>,
    /// Validate the orders, ask the clouds, and start nothing
    #[arg(long, conflicts_with_all = ["events", "vendor_dry_run"], help_heading = "The order")]
    pub(crate) dry_run: bool,
    /// Try the vendor's own dry run
    #[arg(long, help_heading = "The order")]
    pub(crate) vendor_dry_run: bool,
    /// Copy where it is possible, even if a region would be refused
    ///
    /// Without it, nothing is started where one region would surely be refused.
    #[arg(long, help_heading = "The order")]
    pub(crate) best_effort: bool,
    /// Do not ask the clouds before the orders are sent
    ///
    /// The orders themselves are validated all the same.
    #[arg(long, help_heading = "The order")]
    pub(crate) no_preflight: bool,
    /// Make another copy even if this order already made one
    #[arg(long, help_heading = "The order")]
    pub(crate) again: bool,

    /// Print the tasks and exit without waiting
    #[arg(long, help_heading = "Waiting and output")]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    /// Write every event to standard output as a line of JSON
    #[arg(long, conflicts_with = "output", help_heading = "Waiting and output")]
    pub(crate) events: bool,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}
