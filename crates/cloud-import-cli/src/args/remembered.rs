//! Arguments of the commands that look at what is remembered, or at what lies in a bucket.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use cloud_import::{Provider, Target, publish::PREFIX};

use super::{
    ConfigFile, OutputFormat, Reach, StateDir,
    value::{duration, read},
};

/// Arguments of `list`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import list\n  cloud-import list --failed --since 24h\n  cloud-import list --output json --state ./jobs\n  cloud-import list --to aliyun/cn-hangzhou --bucket my-bucket"
)]
pub(crate) struct List {
    /// Only targets that failed, or are cancelled, not started, gone or unknown
    #[arg(long, conflicts_with = "bucket", help_heading = "Which jobs")]
    pub(crate) failed: bool,
    /// Only jobs begun in this time (90m, 24h, 7d)
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "bucket", help_heading = "Which jobs")]
    pub(crate) since: Option<Duration>,
    /// Only images whose name contains this
    #[arg(long, value_name = "TEXT", conflicts_with = "bucket", help_heading = "Which jobs")]
    pub(crate) name: Option<String>,
    /// Only targets in this cloud
    #[arg(long, value_name = "PROVIDER", value_parser = read::<Provider>, conflicts_with = "bucket", help_heading = "Which jobs")]
    pub(crate) cloud: Option<Provider>,
    #[command(flatten)]
    pub(crate) place: InBucket,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  cloud-import show web-4f0c6a2d91be\n  cloud-import show --output json web")]
pub(crate) struct Show {
    /// Job: its id, the beginning of one, or its image's name
    pub(crate) job: String,
    #[command(flatten)]
    pub(crate) state: StateDir,
    /// Output format: text or json
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true, value_enum, default_value_t = OutputFormat::Text)]
    pub(crate) output: OutputFormat,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  cloud-import report web-4f0c6a2d91be --html web.html
  cloud-import report web --markdown - >> \"$GITHUB_STEP_SUMMARY\"
  cloud-import report web --junit web.xml")]
pub(crate) struct Report {
    /// Jobs: an id, the beginning of one, or an image's name
    #[arg(required = true, value_name = "JOB")]
    pub(crate) jobs: Vec<String>,
    #[command(flatten)]
    pub(crate) form: ReportForm,
    #[command(flatten)]
    pub(crate) state: StateDir,
}

/// What `report` writes.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct ReportForm {
    /// Write one page that needs no network; - for standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write Markdown; - for standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Write JUnit's XML; - for standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

/// A bucket to look into, whatever is remembered here.
#[derive(Debug, Args)]
#[command(next_help_heading = "In a bucket")]
pub(crate) struct InBucket {
    /// Look into this bucket, for what any machine uploaded
    #[arg(long, value_name = "NAME", requires = "to")]
    pub(crate) bucket: Option<String>,
    /// Cloud and region of the bucket: PROVIDER/REGION
    #[arg(long, value_name = "TARGET", value_parser = read::<Target>, requires = "bucket")]
    pub(crate) to: Option<Target>,
    /// Prefix of the keys
    #[arg(long, value_name = "TEXT", default_value = PREFIX)]
    pub(crate) prefix: String,
}

/// Arguments of `clean`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import clean\n  cloud-import clean --yes\n  cloud-import clean --to aliyun/cn-hangzhou --bucket my-bucket --older-than 240h",
    after_help = "It knows what the jobs in this state directory left: uploaded objects, unfinished uploads, failed\nimages. What one of their imports may still read is never deleted. With --bucket, what other\nmachines uploaded is deleted too, once it is so old that no import can be reading it."
)]
pub(crate) struct Clean {
    /// Delete what may be deleted
    #[arg(long)]
    pub(crate) yes: bool,
    /// As `cloud-import forget JOB`
    #[arg(long, value_name = "JOB", conflicts_with = "bucket", hide = true)]
    pub(crate) forget: Option<String>,
    #[command(flatten)]
    pub(crate) place: InBucket,
    /// Minimum age of what no job here knows
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = duration, help_heading = "In a bucket")]
    pub(crate) older_than: Duration,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}
