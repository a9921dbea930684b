//! Arguments of the commands about one image that is there.

use clap::{ArgGroup, Args};

use super::{ConfigFile, Reach, StateDir, value::pair};

/// An image, and how its cloud is reached.
#[derive(Debug, Args)]
pub(crate) struct OneImage {
    /// The image: its id, the name of one image, or JOB/TARGET
    ///
    /// An id counts before a name. A name that several images have is refused, with their ids. JOB/TARGET is what a job made at a
    /// target, as `cloud-import show` calls them; then --to may be left out.
    pub(crate) image: String,
    /// Where it is: PROVIDER/REGION, or PROVIDER
    ///
    /// PROVIDER alone takes the region that stands beside its keys.
    #[arg(long = "to", value_name = "TARGET")]
    pub(crate) to: Option<String>,
    /// Project that it is in, where the cloud has projects
    ///
    /// Else that of the keys.
    #[arg(long, value_name = "ID")]
    pub(crate) project: Option<String>,
}

/// How a cloud is reached, and how results are written.
#[derive(Debug, Args)]
pub(crate) struct Reached {
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// Whether a change is made.
#[derive(Debug, Args)]
pub(crate) struct Trial {
    /// Find the image and validate the change, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Arguments of `share`.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  cloud-import share m-bp1abc --to aliyun/cn-hangzhou --with 1000000000000001",
    after_help = "Accounts that have it already keep it. An image is shared in its region alone: copy it first, and\nshare each copy. What the cloud shows at the end is printed."
)]
pub(crate) struct Share {
    #[command(flatten)]
    pub(crate) image: OneImage,
    /// Accounts that may use it, by the vendor's numbers or names
    ///
    /// At Huawei Cloud they are projects of the same region. `cloud-import capabilities CLOUD` says what a cloud takes.
    #[arg(long = "with", value_name = "ACCOUNT", required = true, num_args = 1..)]
    pub(crate) accounts: Vec<String>,
    #[command(flatten)]
    pub(crate) trial: Trial,
    #[command(flatten)]
    pub(crate) reached: Reached,
}

/// Arguments of `unshare`.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  cloud-import unshare m-bp1abc --to aliyun/cn-hangzhou --with 1000000000000001")]
pub(crate) struct Unshare {
    #[command(flatten)]
    pub(crate) image: OneImage,
    /// Accounts that may not use it any more
    #[arg(long = "with", value_name = "ACCOUNT", required = true, num_args = 1..)]
    pub(crate) accounts: Vec<String>,
    #[command(flatten)]
    pub(crate) trial: Trial,
    #[command(flatten)]
    pub(crate) reached: Reached,
}

/// Arguments of `accept`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import accept 0f6e5d4c-img --to huawei/cn-north-4\n  cloud-import accept 0f6e5d4c-img --to huawei/cn-north-4 --reject",
    after_help = "Huawei Cloud asks the receivers of an image. At the other clouds, what is shared may be used at once."
)]
pub(crate) struct Accept {
    /// The image: the id that its owner shares it by
    #[arg(value_name = "ID")]
    pub(crate) image: String,
    /// Where it is: PROVIDER/REGION, or PROVIDER
    ///
    /// PROVIDER alone takes the region that stands beside its keys.
    #[arg(long = "to", value_name = "TARGET")]
    pub(crate) to: String,
    /// Project that it is shared with
    ///
    /// Else that of the keys.
    #[arg(long, value_name = "ID")]
    pub(crate) project: Option<String>,
    /// Reject it instead
    #[arg(long)]
    pub(crate) reject: bool,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// Arguments of `tag`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import tag m-bp1abc --to aliyun/cn-hangzhou team=web stage=live\n  cloud-import tag m-bp1abc --to aliyun/cn-hangzhou --remove stage",
    after_help = "Tags that are not named stay as they are."
)]
pub(crate) struct Tag {
    #[command(flatten)]
    pub(crate) image: OneImage,
    /// Tags to set
    #[arg(value_name = "KEY=VALUE", value_parser = pair, required_unless_present = "remove")]
    pub(crate) tags: Vec<String>,
    /// Keys of tags to take away
    #[arg(long, value_name = "KEY", num_args = 1..)]
    pub(crate) remove: Vec<String>,
    #[command(flatten)]
    pub(crate) trial: Trial,
    #[command(flatten)]
    pub(crate) reached: Reached,
}

/// Arguments of `set`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import set m-bp1abc --to aliyun/cn-hangzhou --family web\n  cloud-import set m-bp1abc --to aliyun/cn-hangzhou --public",
    group = ArgGroup::new("what").required(true).multiple(true).args(["family", "public", "not_public"])
)]
pub(crate) struct Set {
    #[command(flatten)]
    pub(crate) image: OneImage,
    /// Family that it is of
    #[arg(long, value_name = "NAME")]
    pub(crate) family: Option<String>,
    /// Let anybody use it
    #[arg(long)]
    pub(crate) public: bool,
    /// Take that back
    #[arg(long, conflicts_with = "public")]
    pub(crate) not_public: bool,
    #[command(flatten)]
    pub(crate) trial: Trial,
    #[command(flatten)]
    pub(crate) reached: Reached,
}

/// Arguments of `deprecate`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import deprecate m-bp1abc --to aliyun/cn-hangzhou\n  cloud-import deprecate m-bp1abc --to aliyun/cn-hangzhou --undo"
)]
pub(crate) struct Deprecate {
    #[command(flatten)]
    pub(crate) image: OneImage,
    /// Take the mark away again
    #[arg(long)]
    pub(crate) undo: bool,
    #[command(flatten)]
    pub(crate) trial: Trial,
    #[command(flatten)]
    pub(crate) reached: Reached,
}

/// Arguments of `delete`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import delete m-bp1abc --to aliyun/cn-hangzhou\n  cloud-import delete --yes web-4f0c6a2d91be/aliyun/cn-hangzhou",
    after_help = "The image goes with the snapshots behind it. It is marked in the jobs on record that made it: the\nsame import again makes it anew."
)]
pub(crate) struct Delete {
    #[command(flatten)]
    pub(crate) image: OneImage,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) reached: Reached,
}
