//! Arguments of `import`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

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
    /// Write metrics to this file, for Prometheus's node_exporter
    ///
    /// For its textfile collector: every 15 seconds and at the end. The file is replaced as a whole.
    #[arg(long, value_name = "FILE", variable = "CLOUD_IMPORT_METRICS_FILE")]
    pub(crate) metrics_file: Option<PathBuf>,
}
