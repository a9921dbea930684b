//! Arguments of `images`.

use std::path::PathBuf;

use clap::Args;
use cloud_import::Provider;

use super::{
    ConfigFile, Reach, StateDir,
    key::Keyed as _,
    value::{for_provider, pair},
};

/// Arguments of `images`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import images --to aliyun/cn-hangzhou\n  cloud-import images --to all --ours\n  cloud-import images --to tencent --tag team=web --output json",
    after_help = "It lists the account's own images, the newest last. A target that fails stops no other, and a list\nthat may not be complete is said to be so."
)]
pub(crate) struct Images {
    /// Target: PROVIDER/REGION, PROVIDER, @GROUP or `all`. Repeatable
    ///
    /// As of `cloud-import import`.
    #[arg(long = "to", value_name = "TARGET", variable = "CLOUD_IMPORT_TO")]
    pub(crate) to: Vec<String>,
    /// File of targets (TOML); without --to, all of them
    #[arg(long, value_name = "FILE", variable = "CLOUD_IMPORT_TARGETS")]
    pub(crate) targets: Option<PathBuf>,
    /// Project to look in, where the cloud has projects. Repeatable
    ///
    /// Else that of the keys.
    #[arg(long, value_name = "PROVIDER=ID", value_parser = for_provider::<String>)]
    pub(crate) project: Vec<(Provider, String)>,
    /// Only images whose name contains this
    #[arg(long, value_name = "TEXT", help_heading = "Which images")]
    pub(crate) name: Option<String>,
    /// Only images of this family
    ///
    /// Where the cloud's list does not show families, none.
    #[arg(long, value_name = "NAME", help_heading = "Which images")]
    pub(crate) family: Option<String>,
    /// Only images with this tag. Repeatable
    ///
    /// Where the cloud's list does not show tags, none.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, help_heading = "Which images")]
    pub(crate) tag: Vec<String>,
    /// Only images that jobs on record made
    #[arg(long, help_heading = "Which images")]
    pub(crate) ours: bool,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}
