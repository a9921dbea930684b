//! Arguments of the commands that ask no cloud.

use std::path::PathBuf;

use clap::Args;
use cloud_import::Provider;

use super::{OutputFormat, value::read};

/// Arguments of `inspect`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import inspect disk.qcow2\n  cloud-import inspect --for aliyun disk.qcow2\n  cloud-import inspect --output json disk.vmdk"
)]
pub(crate) struct Inspect {
    /// The disk image file
    pub(crate) file: PathBuf,
    /// Exit code 2 unless this cloud takes the file. Repeatable
    ///
    /// Other clouds are not shown then.
    #[arg(long = "for", value_name = "PROVIDER", value_parser = read::<Provider>)]
    pub(crate) clouds: Vec<Provider>,
    /// Output format: text or json
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true, value_enum, default_value_t = OutputFormat::Text)]
    pub(crate) output: OutputFormat,
}

/// Arguments of `capabilities`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  cloud-import capabilities\n  cloud-import capabilities huawei")]
pub(crate) struct Capabilities {
    /// One cloud, with its limits and sources; default: all, in short
    #[arg(value_parser = read::<Provider>)]
    pub(crate) provider: Option<Provider>,
    /// Output format: text or json
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true, value_enum, default_value_t = OutputFormat::Text)]
    pub(crate) output: OutputFormat,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  cloud-import explain InvalidImageName.Duplicate
  cloud-import explain --provider ucloud 8301
  cloud-import explain --all huawei
  cloud-import explain guest.virtio_missing
  cloud-import explain exit 6
  cloud-import explain quota_exceeded")]
pub(crate) struct Explain {
    /// Code as the cloud sent it, finding in a guest, kind of error, or `exit` and a number
    ///
    /// Without one, the kinds of errors and the exit codes are listed. What is written of a code in part finds those that begin with
    /// it or have it in them.
    #[arg(num_args = 0..=2, value_name = "CODE")]
    pub(crate) code: Vec<String>,
    /// Only this cloud's codes
    #[arg(long, value_parser = read::<Provider>)]
    pub(crate) provider: Option<Provider>,
    /// List this cloud's error codes
    #[arg(long, value_name = "CLOUD", value_parser = read::<Provider>, conflicts_with_all = ["code", "provider", "sources"])]
    pub(crate) all: Option<Provider>,
    /// List the documents that this cloud's facts are from
    #[arg(long, value_name = "CLOUD", value_parser = read::<Provider>, conflicts_with_all = ["code", "provider"])]
    pub(crate) sources: Option<Provider>,
    /// Output format: text or json
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true, value_enum, default_value_t = OutputFormat::Text)]
    pub(crate) output: OutputFormat,
}
