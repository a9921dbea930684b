//! Options of every command: what is logged.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What is logged, and where to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logs")]
pub(crate) struct Logs {
    /// Log requests and retries; -vv everything, never a secret
    #[arg(short, long, global = true, action = clap::ArgAction::Count, display_order = 900)]
    pub(crate) verbose: u8,
    /// Log these: `warn`, or `info,cloud_import_core=debug`
    #[arg(long, global = true, value_name = "FILTER", display_order = 901)]
    pub(crate) log_level: Option<String>,
    /// Form of the log: text or json
    #[arg(long, global = true, value_name = "FORMAT", hide_possible_values = true, value_enum, default_value_t = LogFormat::Text, display_order = 902)]
    pub(crate) log_format: LogFormat,
    /// Append the log to this file, not to standard error
    #[arg(long, global = true, value_name = "FILE", display_order = 903)]
    pub(crate) log_file: Option<PathBuf>,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    // Lines for people.
    Text,
    // One JSON object a line.
    Json,
}
