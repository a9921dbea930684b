//! Arguments of the commands that take tasks.

use std::ffi::OsString;

use clap::Args;

use super::{ConfigFile, Reach, StateDir, Waiting};

/// Arguments of `wait`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import wait\n  cloud-import wait tasks.jsonl\n  cloud-import wait --timeout 2h - < tasks.jsonl"
)]
pub(crate) struct Wait {
    #[command(flatten)]
    pub(crate) tasks: Tasks,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    /// Write every event to standard output as a line of JSON
    #[arg(long, conflicts_with = "output", help_heading = "Waiting and output")]
    pub(crate) events: bool,
}

/// Tasks, and how their clouds are reached.
#[derive(Debug, Args)]
pub(crate) struct Tasks {
    /// Jobs, task files, task JSON, or - for standard input; default: every open job
    #[arg(value_name = "TASK|JOB")]
    pub(crate) tasks: Vec<OsString>,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}
