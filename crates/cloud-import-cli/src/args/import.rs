//! Arguments of `import`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{ConfigFile, Order, Reach, Staging, StateDir, key::Keyed as _, value::duration};

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
    /// Only validate the order in the cloud, where it has a dry run
    #[arg(long, help_heading = "The order")]
    pub(crate) dry_run: bool,
    /// Make another image even if this order already made one
    #[arg(long, help_heading = "The order")]
    pub(crate) again: bool,
    /// Delete older images of this name once the new one is ready
    #[arg(long, conflicts_with_all = ["no_wait", "dry_run"], help_heading = "The order")]
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
    #[command(flatten)]
    pub(crate) staging: Staging,
    /// Read the file anew, even if its checksum is remembered
    #[arg(long, help_heading = "Staging a local file")]
    pub(crate) rehash: bool,
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
    #[arg(long, value_name = "TIME", value_parser = duration, variable = "CLOUD_IMPORT_TIMEOUT")]
    pub(crate) timeout: Option<Duration>,
    /// Failures that count: any, all or never
    ///
    /// `any`: as the exit codes say. `all`: 0 as soon as one target is done. `never`: 0 whatever comes of the targets; what is wrong
    /// before there are results still ends with its own code, as do an interrupt and results that cannot be written. JSON results
    /// have the `exit` of each target in any case.
    #[arg(long, value_name = "WHICH", hide_possible_values = true, value_enum, default_value_t = FailIf::Any, variable = "CLOUD_IMPORT_FAIL_IF")]
    pub(crate) fail_if: FailIf,
    /// Run this once when it ends, by the shell, with the results on its input
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
