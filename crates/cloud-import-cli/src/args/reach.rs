//! How the clouds are reached, where jobs and defaults are, and how results are written.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cloud_import::{Endpoint, Provider};

use super::{key::Keyed as _, value::for_provider};

/// How the clouds are reached and results are written.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Reaching the clouds")]
pub(crate) struct Reach {
    /// Output format: text or json
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true, value_enum, default_value_t = OutputFormat::Text,
          variable = "CLOUD_IMPORT_OUTPUT", help_heading = "Waiting and output")]
    pub(crate) output: OutputFormat,
    /// API endpoint of a cloud; its object storage stays. Repeatable
    #[arg(long, value_name = "PROVIDER=URL", value_parser = for_provider::<Endpoint>,
          variable = "CLOUD_IMPORT_ENDPOINT")]
    pub(crate) endpoint: Vec<(Provider, Endpoint)>,
    /// Send signed requests over plain HTTP if an endpoint says http://
    #[arg(long)]
    pub(crate) plain_http: bool,
    /// Account: a profile of the vendor's own tools. Repeatable
    #[arg(long, alias = "profile", value_name = "PROVIDER=NAME", value_parser = for_provider::<String>,
          variable = "CLOUD_IMPORT_ACCOUNT")]
    pub(crate) account: Vec<(Provider, String)>,
    /// Also take credentials from the instance's metadata service
    #[arg(long, switch(), variable = "CLOUD_IMPORT_INSTANCE_METADATA")]
    pub(crate) instance_metadata: bool,
    /// Use simulated clouds only; FILE: the output of `sim`
    ///
    /// Nothing leaves this machine, and no account is needed. Without FILE the clouds are made for this command alone and forgotten
    /// with it. FILE stands behind a sign of equality: --simulate=sim.json.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    #[allow(clippy::option_option, reason = "clap's form of an option with an optional value")]
    pub(crate) simulate: Option<Option<PathBuf>>,
}

/// Where jobs are remembered.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Waiting and output")]
pub(crate) struct StateDir {
    /// Place to record jobs in; with --simulate only if given
    ///
    /// Else the user's own directory for state. A small file for each target, with no secret in it, lets a later command resume, wait
    /// and clean. postgres://USER@HOST/NAME is a database, which lets any machine do so; its password comes from PGPASSWORD or the file
    /// of PGPASSFILE.
    #[arg(long = "state", value_name = "PLACE", variable = "CLOUD_IMPORT_STATE")]
    pub(crate) folder: Option<PathBuf>,
    /// Database of a fleet: as --state, with what waits there
    ///
    /// postgres://USER@HOST/NAME. `import` leaves its work to the workers (`cloud-import fleet serve`) and follows it: Ctrl-C and
    /// --no-wait leave it to them. `list`, `show`, `report` and `status` tell what waits; `wait` and `cancel` are done by the workers,
    /// with their keys; `retry` gives what failed to them again.
    #[cfg(feature = "fleet")]
    #[arg(long, value_name = "URL", variable = "CLOUD_IMPORT_FLEET", conflicts_with = "folder")]
    pub(crate) fleet: Option<String>,
}

impl StateDir {
    /// The folder or the database, where one is named.
    pub(crate) fn place(&self) -> Option<PathBuf> {
        #[cfg(feature = "fleet")]
        if let Some(url) = &self.fleet {
            return Some(url.into());
        }
        self.folder.clone()
    }
}

/// Where defaults come from.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Defaults")]
pub(crate) struct ConfigFile {
    /// Read defaults from this file, not ./cloud-import.toml or your own
    #[arg(id = "config_file", long = "config", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Prefer the defaults in [defaults.NAME] of that file
    #[arg(id = "config_defaults", long = "defaults", value_name = "NAME")]
    pub(crate) defaults: Option<String>,
    /// Trust ./cloud-import.toml, as it is now, from here on
    #[arg(long, conflicts_with_all = ["config_file", "no_config"])]
    pub(crate) trust_here: bool,
    /// Read no file of defaults
    #[arg(long, conflicts_with_all = ["config_file", "config_defaults"])]
    pub(crate) no_config: bool,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    // Plain comments: what a doc comment says here would make the help three lines of each option.
    // A line per image.
    Text,
    // One JSON object.
    Json,
}
