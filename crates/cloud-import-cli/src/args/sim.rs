//! Arguments of `sim`.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::Args;
use cloud_import::Provider;

use super::value::{duration, quota};

/// Arguments of `sim`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  cloud-import sim > sim.json &
  cloud-import import --simulate=sim.json --to all --name hello --os \"CentOS 7.9\" disk.qcow2
  cloud-import sim -- printenv CLOUD_IMPORT_SIM_FILE",
    after_help = "\
Keys are better set in CLOUD_IMPORT_SIM_ACCESS_KEY_ID, CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY and
CLOUD_IMPORT_SIM_SECURITY_TOKEN; `import --simulate=FILE` looks there for the first two, too, then
where the cloud's own keys are: it sends none but those that the clouds were started with.
Without any, both take keys that open nothing else. It runs until Ctrl-C, SIGTERM or SIGHUP; behind
`--`, as long as that command, and with its exit code. The command finds the keys in these
variables, and the file for --simulate=FILE in CLOUD_IMPORT_SIM_FILE."
)]
pub(crate) struct Sim {
    /// Access key id that the clouds accept
    #[arg(long, value_name = "AK", requires = "secret_access_key")]
    pub(crate) access_key_id: Option<String>,
    /// Its secret
    #[arg(long, value_name = "SK", requires = "access_key_id")]
    pub(crate) secret_access_key: Option<String>,
    /// Security token that requests must have
    #[arg(long, value_name = "TOKEN")]
    pub(crate) security_token: Option<String>,
    /// Ports of JD, Tencent, Huawei, Alibaba and UCloud; default: free ones
    #[arg(long, value_name = "A,B,C,D,E", value_delimiter = ',')]
    pub(crate) ports: Option<Vec<u16>>,
    /// Port of the control endpoint; default: a free one
    #[arg(long, value_name = "PORT")]
    pub(crate) control_port: Option<u16>,
    /// Put a file at PROVIDER/REGION/BUCKET/KEY. Repeatable
    #[arg(long, value_name = "PLACE=FILE")]
    pub(crate) object: Vec<OsString>,
    /// Treat every object as present
    #[arg(long)]
    pub(crate) any_object: bool,
    /// Bucket PROVIDER/REGION/NAME; default: any name exists. Repeatable
    ///
    /// Where one is named, others are not there: `bucket create` makes them.
    #[arg(long, value_name = "PLACE")]
    pub(crate) bucket: Vec<String>,
    /// Images that an account may have; JD's default is 5. Repeatable
    #[arg(long, value_name = "[PROVIDER=]N", value_parser = quota)]
    pub(crate) quota: Vec<(Option<Provider>, u32)>,
    /// How long a simulated import takes (500ms, 2s, 1m)
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) import_time: Duration,
    /// Number of queries before a new import is listed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) hide: u32,
    /// How long a new import is not listed (20s, 1h)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) listed_after: Option<Duration>,
    /// Write the line for --simulate=FILE here, whole, once all are ready
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Run this command against the simulated clouds, and end with it
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}
