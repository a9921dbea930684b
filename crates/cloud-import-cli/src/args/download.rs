//! Arguments of `download`.

use std::{
    num::{NonZeroU64, NonZeroUsize},
    path::PathBuf,
};

use clap::{Args, ValueHint};

use super::{ConfigFile, Reach, StateDir, key::Keyed as _, value::rate};

/// Arguments of `download`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  cloud-import download my-bucket:web.qcow2 --from aliyun/cn-hangzhou
  cloud-import download my-bucket:exports/web.raw --from jdcloud --output-file disk.raw
  cloud-import download export-web-4f0c6a2d91be --output-file disk.raw",
    after_help = "\
What came so far is in FILE.part, with a small record beside it: the same command again fetches only
what is missing, as long as the object has the same size and ETag. FILE has its name once it is whole."
)]
pub(crate) struct Download {
    /// The object: BUCKET:KEY, as `export` prints it, or the job of an export
    ///
    /// JOB, or JOB/TARGET, is what an export wrote that is done, as `cloud-import list` shows it; then --from is left out.
    #[arg(value_name = "BUCKET:KEY|JOB")]
    pub(crate) object: String,
    /// Where it is: PROVIDER/REGION, or PROVIDER
    ///
    /// PROVIDER alone takes the region that stands beside its keys.
    #[arg(long, value_name = "TARGET")]
    pub(crate) from: Option<String>,
    /// File that it becomes; default: the end of KEY, here
    ///
    /// It is this user's alone.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output_file: Option<PathBuf>,
    /// Replace a file that is there, once the new one is whole
    #[arg(long)]
    pub(crate) force: bool,
    /// SHA-256 that the object must have, or a file of sums
    ///
    /// A file of sums has a line for a file that is called as the end of KEY.
    #[arg(long, value_name = "HEX|FILE")]
    pub(crate) expect_sha256: Option<String>,
    /// Carry at most so many bytes a second: 500k, 10m, 1g
    ///
    /// k, m and g are 1024 bytes and its powers. It is kept by whole parts, of 1 to 8 MiB.
    #[arg(long, value_name = "RATE", value_parser = rate, variable = "CLOUD_IMPORT_LIMIT_RATE")]
    pub(crate) limit_rate: Option<NonZeroU64>,
    /// Most parts at a time; default: 8, within 64 MiB of memory
    #[arg(long, value_name = "N", variable = "CLOUD_IMPORT_PARALLEL")]
    pub(crate) parallel: Option<NonZeroUsize>,
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
