//! Arguments of `forget`.

use std::time::Duration;

use clap::Args;

use super::{OutputFormat, StateDir, value::duration};

/// Arguments of `forget`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import forget web-4f0c6a2d91be\n  cloud-import forget --older-than 30d --dry-run\n  cloud-import forget --older-than 30d --keep 100",
    after_help = "It deletes records on this machine, damaged ones too, and nothing in the clouds. By age or number\nit takes only jobs of which nothing runs, is unclear or is left in a cloud: see `cloud-import clean`."
)]
pub(crate) struct Forget {
    /// Jobs: an id, the beginning of one, or an image's name
    #[arg(value_name = "JOB", required_unless_present_any = ["older_than", "keep"], conflicts_with_all = ["older_than", "keep"])]
    pub(crate) jobs: Vec<String>,
    /// Finished jobs to which nothing has happened for this time (90m, 24h, 30d)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) older_than: Option<Duration>,
    /// Finished jobs but the newest N
    #[arg(long, value_name = "N")]
    pub(crate) keep: Option<usize>,
    /// Show what would be forgotten
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Also forget a named job whose imports still run, and lose sight of them
    #[arg(long, conflicts_with_all = ["older_than", "keep"])]
    pub(crate) yes: bool,
    /// Output format: text or json
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true, value_enum, default_value_t = OutputFormat::Text)]
    pub(crate) output: OutputFormat,
    #[command(flatten)]
    pub(crate) state: StateDir,
}
