//! Arguments of `fleet`.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU16,
    time::Duration,
};

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
Examples:
  cloud-import fleet serve --fleet postgres://fleet@db/images --serves 'aliyun/*,tencent/*'
  cloud-import fleet serve --fleet postgres://fleet@db/images --serves all --http
  cloud-import fleet health",
    after_help = "\
Orders come from `cloud-import import … --fleet URL`. `list`, `status`, `wait`, `show`, `report`,
`clean`, `cancel` and `retry` take --fleet URL, too. SIGTERM ends a worker in 30 seconds; what it
had under way is gone on with by another."
)]
pub(crate) struct Fleet {
    /// What to do: serve, or health of a worker on this machine
    #[arg(value_name = "VERB", value_enum, hide_possible_values = true)]
    pub(crate) verb: Verb,
    /// Database of the fleet: postgres://USER@HOST/NAME
    ///
    /// Its password comes from PGPASSWORD or the file of PGPASSFILE. Reached directly, not through a pool in transaction mode.
    #[arg(long, value_name = "URL", variable = "CLOUD_IMPORT_FLEET")]
    pub(crate) fleet: Option<String>,
    /// Places it serves, by comma: PROVIDER/REGION, PROVIDER/*, all
    #[arg(long, value_name = "PLACES", value_delimiter = ',', required_if_eq("verb", "serve"))]
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
    /// Show jobs, health and metrics to this machine (port 9750)
    ///
    /// Nothing is changed from there. `/` lists the jobs, `/jobs/JOB` is the page of `report`, which looks again by itself; `/healthz`,
    /// `/readyz` and `/metrics` are for programs. Only addresses of this machine to itself can be named: whoever reaches it sees all jobs.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, require_equals = true, default_missing_value = "127.0.0.1:9750",
          value_parser = loopback)]
    pub(crate) http: Option<SocketAddr>,
    /// Of `health`: only whether it lives
    #[arg(long)]
    pub(crate) alive: bool,
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
    // Ask a worker of this machine how it is.
    Health,
}

/// Where a worker answers when no address is named.
pub(crate) const HTTP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9750);

/// An address of this machine to itself.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "write 127.0.0.1:PORT or [::1]:PORT")?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err("whoever reaches it there sees all jobs: take 127.0.0.1 or [::1], and let a reverse proxy that knows its users \
                      stand before it"
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_answered() {
        assert_eq!(loopback(&HTTP.to_string()), Ok(HTTP));
        assert!(loopback("[::1]:0").is_ok() && loopback("127.0.0.9:1").is_ok());
        for open in ["0.0.0.0:9750", "[::]:9750", "10.0.0.1:80", "192.168.1.1:80"] {
            assert!(loopback(open).unwrap_err().contains("reverse proxy"), "{open}");
        }
        for broken in ["9750", "localhost:9750", "127.0.0.1", ""] {
            assert!(loopback(broken).unwrap_err().contains("127.0.0.1:PORT"), "{broken}");
        }
    }
}
