//! Arguments of `fleet`.

use std::{num::NonZeroU16, time::Duration};

use clap::{Args, ValueEnum};
use cloud_import::Provider;

use super::{
    ConfigFile, Reach,
    key::Keyed as _,
    value::{duration, read},
};

/// Arguments of `fleet`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  cloud-import fleet serve --fleet postgres://fleet@db/images --serves 'aliyun/*,tencent/*'",
    after_help = "\
Orders come from `cloud-import import … --fleet URL`. `list`, `status`, `wait`, `show`, `report`,
`clean`, `cancel` and `retry` take --fleet URL, too. SIGTERM ends a worker in 30 seconds; what it
had under way is gone on with by another."
)]
pub(crate) struct Fleet {
    /// What to do: serve
    #[arg(value_name = "VERB", value_enum, hide_possible_values = true)]
    pub(crate) verb: Verb,
    /// Database of the fleet: postgres://USER@HOST/NAME
    ///
    /// Its password comes from PGPASSWORD or the file of PGPASSFILE. Reached directly, not through a pool in transaction mode.
    #[arg(long, value_name = "URL", variable = "CLOUD_IMPORT_FLEET")]
    pub(crate) fleet: Option<String>,
    /// Places it serves, by comma: PROVIDER/REGION, PROVIDER/*, all
    #[arg(long, value_name = "PLACES", value_delimiter = ',', required = true)]
    pub(crate) serves: Vec<String>,
    /// Orders that are worked on at a time
    #[arg(long, value_name = "N", default_value = "8")]
    pub(crate) slots: NonZeroU16,
    /// Orders of one account under way in the fleet
    #[arg(long, value_name = "[PROVIDER=]N", value_parser = per_account, default_value = "16")]
    pub(crate) per_account: Vec<PerAccount>,
    /// End once no order is left for these places
    #[arg(long)]
    pub(crate) drain: bool,
    /// How often it says that it lives
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30s", help_heading = "Workers that died")]
    pub(crate) heartbeat: Duration,
    /// How often it looks for workers that died
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s", help_heading = "Workers that died")]
    pub(crate) sweep: Duration,
    /// Silence after which one counts as dead
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "90s", help_heading = "Workers that died")]
    pub(crate) threshold: Duration,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// How many orders are worked on at a time, of any cloud or of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PerAccount {
    pub(crate) of: Option<Provider>,
    pub(crate) most: NonZeroU16,
}

/// `N`, or `PROVIDER=N`.
fn per_account(text: &str) -> Result<PerAccount, String> {
    let (of, most) = match text.split_once('=') {
        Some((provider, most)) => (Some(read::<Provider>(provider)?), most),
        None => (None, text),
    };
    let most = most
        .parse()
        .map_err(|_| format!("`{most}` is not a number from 1 to 65535"))?;
    Ok(PerAccount { of, most })
}

/// What is done with a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Verb {
    // Work on its orders.
    Serve,
}
