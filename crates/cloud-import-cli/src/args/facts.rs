//! Arguments of the commands that ask no cloud.

use std::path::PathBuf;

use clap::Args;
use cloud_import::Provider;

use super::{OutputFormat, value::read};

/// Arguments of `inspect`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  cloud-import inspect disk.qcow2\n  cloud-import inspect --output json disk.vmdk")]
pub(crate) struct Inspect {
    /// The disk image file
    pub(crate) file: PathBuf,
    /// Output format: text or json
    #[arg(long, value_name = "FORMAT", hide_possible_values = true, value_enum, default_value_t = OutputFormat::Text)]
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
    #[arg(long, value_name = "FORMAT", hide_possible_values = true, value_enum, default_value_t = OutputFormat::Text)]
    pub(crate) output: OutputFormat,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import explain InvalidImageName.Duplicate\n  cloud-import explain --provider ucloud 8301"
)]
pub(crate) struct Explain {
    /// Error code, as the cloud sent it
    pub(crate) code: String,
    /// Only this cloud's codes
    #[arg(long, value_parser = read::<Provider>)]
    pub(crate) provider: Option<Provider>,
}
