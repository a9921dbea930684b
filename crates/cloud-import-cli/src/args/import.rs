//! Arguments of `import`.

use std::{
    num::{NonZeroU64, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{
    ConfigFile, Order, Reach, Staging, StateDir,
    key::Keyed as _,
    value::{duration, rate},
};

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  cloud-import import --simulate --to all --name hello --os \"CentOS 7.9\" disk.qcow2
  cloud-import import --to aliyun --bucket my-bucket --name web --os \"CentOS 7.9\" disk.qcow2
  cloud-import import --to aliyun --to huawei --name web --os \"CentOS 7.9\" images:web.qcow2
  cloud-import import --targets targets.toml --to @east --name web --os \"CentOS 7.9\" disk.qcow2")]
pub(crate) struct Import {
    #[command(flatten)]
    pub(crate) order: Order,
    /// What is kept of the command line, so that a later command can go on.
    #[arg(skip)]
    pub(crate) asked: Option<Value>,
    /// Show what would be done, and change nothing
    ///
    /// The clouds are asked as before an import, and older images that --replace would delete are named. No byte is uploaded, and nothing
    /// is recorded.
    #[arg(long, conflicts_with_all = ["events", "vendor_dry_run"], help_heading = "The order")]
    pub(crate) dry_run: bool,
    /// Upload the file, and try the vendors' own dry runs
    ///
    /// What was uploaded is deleted again. Clouds without a dry run are left out.
    #[arg(long, help_heading = "The order")]
    pub(crate) vendor_dry_run: bool,
    /// Import where it is possible, even if a target would be refused
    ///
    /// Without it, nothing is started where one target would surely be refused.
    #[arg(long, help_heading = "The order")]
    pub(crate) best_effort: bool,
    /// Do not ask the clouds before the file is read
    ///
    /// The order itself is validated all the same.
    #[arg(long, help_heading = "The order")]
    pub(crate) no_preflight: bool,
    /// Make another image even if this order already made one
    #[arg(long, help_heading = "The order")]
    pub(crate) again: bool,
    /// Delete older images of this name once the new one is ready
    #[arg(long, conflicts_with_all = ["no_wait", "vendor_dry_run"], help_heading = "The order")]
    pub(crate) replace: bool,
    /// Send the order even if validation finds problems
    #[arg(long, help_heading = "The order")]
    pub(crate) no_validate: bool,

    /// Print the tasks and exit without waiting
    #[arg(long, help_heading = "Waiting and output")]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    /// On Ctrl-C, cancel the imports, where the cloud can
    #[arg(
        long,
        switch(),
        variable = "CLOUD_IMPORT_CANCEL_ON_INTERRUPT",
        help_heading = "Waiting and output"
    )]
    pub(crate) cancel_on_interrupt: bool,
    /// Write every event to standard output as a line of JSON
    #[arg(long, conflicts_with = "output", help_heading = "Waiting and output")]
    pub(crate) events: bool,
    /// At the end, forget finished jobs of this age, such as 90d
    ///
    /// Finished are jobs of which nothing runs, is unclear or is left in a cloud; the age is the time since anything happened to one.
    #[arg(
        long,
        value_name = "TIME",
        value_parser = duration,
        variable = "CLOUD_IMPORT_KEEP_JOBS",
        help_heading = "Waiting and output"
    )]
    pub(crate) keep_jobs: Option<Duration>,
    #[command(flatten)]
    pub(crate) staging: Staging,
    /// SHA-256 that the file must have, or a file of sums
    #[arg(long, value_name = "HEX|FILE", help_heading = "Staging a local file")]
    pub(crate) expect_sha256: Option<String>,
    /// Read the file anew, even if its checksum is remembered
    #[arg(long, help_heading = "Staging a local file")]
    pub(crate) rehash: bool,
    /// Carry at most so many bytes a second: 500k, 10m, 1g
    ///
    /// Of all uploads together, and of what is fetched for them. k, m and g are 1024 bytes and its powers. It is kept by whole parts of
    /// files, of 1 to 8 MiB.
    #[arg(long, value_name = "RATE", value_parser = rate, variable = "CLOUD_IMPORT_LIMIT_RATE",
          help_heading = "Staging a local file")]
    pub(crate) limit_rate: Option<NonZeroU64>,
    /// Most requests of uploads and fetches at a time
    ///
    /// Of all targets together. Without it, each upload has eight, within 64 MiB of memory for all.
    #[arg(
        long,
        value_name = "N",
        variable = "CLOUD_IMPORT_PARALLEL",
        help_heading = "Staging a local file"
    )]
    pub(crate) parallel: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// How long to wait.
#[derive(Debug, Args)]
#[command(next_help_heading = "Waiting and output")]
pub(crate) struct Waiting {
    /// Stop waiting after 90s, 30m, 4h; the import goes on
    ///
    /// Without it, there is no limit: it is waited for until the cloud has given its verdict.
    #[arg(long, value_name = "TIME", value_parser = duration, variable = "CLOUD_IMPORT_TIMEOUT")]
    pub(crate) timeout: Option<Duration>,
    /// Write metrics to this file, for Prometheus's node_exporter
    ///
    /// For its textfile collector: every 15 seconds and at the end. The file is replaced as a whole.
    #[arg(long, value_name = "FILE", variable = "CLOUD_IMPORT_METRICS_FILE")]
    pub(crate) metrics_file: Option<PathBuf>,
    /// Failures that count: any, all or never
    ///
    /// `any`: as the exit codes say. `all`: 0 as soon as one target is done. `never`: 0 whatever comes of the targets; what is wrong
    /// before there are results still ends with its own code, as do an interrupt and results that cannot be written. JSON results
    /// have the `exit` of each target in any case.
    #[arg(long, value_name = "WHICH", hide_possible_values = true, value_enum, default_value_t = FailIf::Any, variable = "CLOUD_IMPORT_FAIL_IF")]
    pub(crate) fail_if: FailIf,
    /// Run this by the shell when it ends
    ///
    /// It gets the JSON of `--output json` on standard input, and CLOUD_IMPORT_JOB (the job's id, where a later command finds it),
    /// CLOUD_IMPORT_EXIT, CLOUD_IMPORT_SUCCEEDED and CLOUD_IMPORT_FAILED (how many targets) in its environment, from which the
    /// clouds' secret keys and tokens are taken. What it writes goes to standard error. It is ended after 60 seconds, and what
    /// comes of it changes no exit code.
    #[arg(long, value_name = "COMMAND", variable = "CLOUD_IMPORT_ON_END")]
    pub(crate) on_end: Option<String>,
}

/// Which results of targets the exit code tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailIf {
    // Plain comments, as of the forms of output.
    // One is not done.
    Any,
    // None is done.
    All,
    Never,
}
