//! Arguments of `doctor`.

use std::path::PathBuf;

use clap::Args;

use super::{
    ConfigFile, Reach,
    key::Keyed as _,
    scope::{Scoped, name},
};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  cloud-import doctor
  cloud-import doctor --simulate
  cloud-import doctor aliyun --bucket my-bucket
  cloud-import doctor aliyun/cn-hangzhou tencent --bucket tencent=images-1250000000 --output json",
    after_help = "\
It is `check` without an image: which keys count and whose they are, and what their cloud says of
region, quota, import role and bucket. It only reads, starts nothing and changes nothing. Secrets
are never shown, and of a key's id only its ends.

Exit codes:
  0  all is as it must be   4  a cloud refused it, or did not answer
  2  usage                                  6  mixed results
  3  credentials"
)]
pub(crate) struct Doctor {
    /// What to look at: PROVIDER/REGION, PROVIDER, @GROUP or `all`
    ///
    /// Else every target of the file of targets, where one is named; else each cloud for which any keys are found, and all five where
    /// there are none. PROVIDER alone takes the region that stands beside its keys, or its usual one, and then says so.
    #[arg(value_name = "TARGET")]
    pub(crate) to: Vec<String>,
    /// File of targets (TOML)
    #[arg(long, value_name = "FILE", variable = "CLOUD_IMPORT_TARGETS")]
    pub(crate) targets: Option<PathBuf>,
    /// Bucket that local files would be uploaded to. Repeatable
    ///
    /// NAME is for every target, TARGET=NAME for one or for those in one cloud.
    #[arg(long, value_name = "[TARGET=]NAME", value_parser = name, variable = "CLOUD_IMPORT_BUCKET")]
    pub(crate) bucket: Vec<Scoped<String>>,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}
