//! The arguments: one struct per command, examples first in every help.

pub(crate) mod key;
mod logs;
mod remembered;
mod value;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use cloud_import::{Architecture, BootMode, DiskFormat, Endpoint, LicenseType, Os, Provider};
use serde_json::Value;

use self::{
    key::Keyed as _,
    value::{bucket, duration, for_provider, pair, quota, read, vendor_option},
};
pub(crate) use self::{
    logs::{LogFormat, Logs},
    remembered::{Clean, InBucket, List, Report, Show},
};

/// Make a disk image a private image in JD Cloud, Tencent Cloud, Huawei Cloud, Alibaba Cloud and UCloud.
#[derive(Debug, Parser)]
#[command(name = "cloud-import", version, max_term_width = 100, before_help = EXAMPLES, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) logs: Logs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the keys of staged objects begin with where nothing else is said.
pub(crate) const PREFIX: &str = "cloud-import/";

const EXAMPLES: &str = "\
Examples:
  cloud-import import --simulate --to all --name hello --os \"CentOS 7.9\" disk.qcow2
  cloud-import inspect disk.qcow2
  cloud-import check --to aliyun --bucket my-bucket --name web --os \"CentOS 7.9\" disk.qcow2
  cloud-import import --to aliyun --bucket my-bucket --name web --os \"CentOS 7.9\" disk.qcow2
  cloud-import list
  cloud-import wait";

const EXIT_CODES: &str = "\
Exit codes:
  0  done                            5  failed in the cloud, or cancelled
  2  usage or validation: not sent   6  mixed results
  3  credentials                     7  still running: wait again
  4  not started: refused            8  outcome unknown: repeat the command
  9  results not written            10  the image made before is gone
130  interrupted: what runs goes on";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what a disk image is and which clouds accept it
    Inspect(Inspect),
    /// Import a disk image into one or more clouds and wait for the results
    Import(Box<Import>),
    /// Check whether the clouds would accept an import, without starting one
    Check(Box<Check>),
    /// Wait for running imports to finish
    Wait(Wait),
    /// Show the state of imports
    #[command(before_help = "Examples:\n  cloud-import status\n  cloud-import status web-4f0c6a2d91be")]
    Status(Tasks),
    /// Cancel imports, where the cloud supports it
    #[command(before_help = "Examples:\n  cloud-import cancel web-4f0c6a2d91be\n  cloud-import cancel tasks.jsonl")]
    Cancel(Tasks),
    /// List the recorded jobs
    List(List),
    /// Show what happened to each target of a job, and why
    Show(Show),
    /// Write a report of jobs: a page, Markdown or JUnit
    Report(Report),
    /// Show what earlier imports left in the clouds; delete it with --yes
    Clean(Clean),
    /// Show what each cloud supports, and its limits
    Capabilities(Capabilities),
    /// Explain an error code and what to do about it
    Explain(Explain),
    /// Run simulators of the five clouds on this machine
    Sim(Sim),
}

impl Command {
    /// How it writes its results.
    pub(crate) fn output(&self) -> OutputFormat {
        match self {
            Self::Inspect(options) => options.output,
            Self::Import(options) => options.reach.output,
            Self::Check(options) => options.reach.output,
            Self::Wait(options) => options.tasks.reach.output,
            Self::Status(options) | Self::Cancel(options) => options.reach.output,
            Self::List(options) => options.reach.output,
            Self::Show(options) => options.output,
            Self::Clean(options) => options.reach.output,
            Self::Capabilities(options) => options.output,
            Self::Explain(_) | Self::Sim(_) | Self::Report(_) => OutputFormat::Text,
        }
    }
}

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  cloud-import import --simulate --to all --name hello --os \"CentOS 7.9\" disk.qcow2
  cloud-import import --to aliyun --bucket my-bucket --name web --os \"CentOS 7.9\" disk.qcow2
  cloud-import import --to aliyun --to huawei --name web --os \"CentOS 7.9\" images:web.qcow2
  cloud-import import --targets targets.toml --to @east --name web --os \"CentOS 7.9\" disk.qcow2")]
pub(crate) struct Import {
    #[command(flatten)]
    pub(crate) order: Order,
    /// Only validate the order in the cloud, where it has a dry run
    #[arg(long, help_heading = "The order")]
    pub(crate) dry_run: bool,
    /// Make another image even if this order already made one
    #[arg(long, help_heading = "The order")]
    pub(crate) again: bool,
    /// Delete older images of this name once the new one is ready
    #[arg(long, conflicts_with_all = ["no_wait", "dry_run"], help_heading = "The order")]
    pub(crate) replace: bool,
    /// Send the order even if validation finds problems
    #[arg(long, help_heading = "The order")]
    pub(crate) no_validate: bool,

    /// Print the tasks and exit without waiting
    #[arg(long, help_heading = "Waiting and output")]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    /// On Ctrl-C, cancel the imports, where the cloud can
    #[arg(
        long,
        switch(),
        variable = "CLOUD_IMPORT_CANCEL_ON_INTERRUPT",
        help_heading = "Waiting and output"
    )]
    pub(crate) cancel_on_interrupt: bool,
    /// Write every event to standard output as a line of JSON
    #[arg(long, conflicts_with = "output", help_heading = "Waiting and output")]
    pub(crate) events: bool,
    #[command(flatten)]
    pub(crate) staging: Staging,
    /// Read the file anew, even if its checksum is remembered
    #[arg(long, help_heading = "Staging a local file")]
    pub(crate) rehash: bool,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// How a local file gets to where the clouds read it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Staging a local file")]
pub(crate) struct Staging {
    /// Bucket to upload a local file to. Repeatable
    #[arg(long, value_name = "[PROVIDER=]NAME", value_parser = bucket, variable = "CLOUD_IMPORT_BUCKET")]
    pub(crate) bucket: Vec<(Option<Provider>, String)>,
    /// Prefix of the keys of uploaded objects
    #[arg(
        long,
        value_name = "TEXT",
        default_value = PREFIX,
        variable = "CLOUD_IMPORT_PREFIX"
    )]
    pub(crate) prefix: String,
    /// Keep the uploaded objects
    #[arg(long, switch(), variable = "CLOUD_IMPORT_KEEP_OBJECT")]
    pub(crate) keep_object: bool,
    /// Bitmap (.mf) of a raw file for Huawei; default: the one next to it
    #[arg(long, value_name = "FILE")]
    pub(crate) bitmap: Option<PathBuf>,
    /// Convert first with qemu-img: qcow2, raw, vhd or vmdk
    #[arg(long, value_name = "FORMAT")]
    pub(crate) convert: Option<DiskFormat>,
    /// Convert also where the system cannot confine qemu-img to the image
    #[arg(long, requires = "convert")]
    pub(crate) trust_image: bool,
}

/// Where defaults come from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Defaults")]
pub(crate) struct ConfigFile {
    /// Read defaults from this file, not ./cloud-import.toml or your own
    #[arg(id = "config_file", long = "config", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Prefer the defaults in [profiles.NAME] of that file
    #[arg(id = "config_profile", long = "defaults", value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Trust ./cloud-import.toml, as it is now, from here on
    #[arg(long, conflicts_with_all = ["config_file", "no_config"])]
    pub(crate) trust_here: bool,
    /// Read no file of defaults
    #[arg(long, conflicts_with_all = ["config_file", "config_profile"])]
    pub(crate) no_config: bool,
}

/// Where jobs are remembered.
#[derive(Debug, Args)]
#[command(next_help_heading = "Waiting and output")]
pub(crate) struct StateDir {
    /// Directory to record jobs in; with --simulate only if given
    #[arg(long = "state", value_name = "DIR", variable = "CLOUD_IMPORT_STATE")]
    pub(crate) folder: Option<PathBuf>,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  cloud-import check --simulate --to all --name hello --os \"CentOS 7.9\" disk.qcow2
  cloud-import check --to aliyun/cn-hangzhou --name web --os \"CentOS 7.9\" my-bucket:web.qcow2",
    after_help = "\
It only reads, and asks for the vendor's dry run where there is one. It uploads nothing, and changes
nothing except with --create-role.

Exit codes:
  0  ready to import   4  a cloud would refuse it
  2  usage or validation                6  mixed results
  3  credentials"
)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) order: Order,
    /// Create the role that Alibaba Cloud reads the file by, if missing
    #[arg(long, help_heading = "The order")]
    pub(crate) create_role: bool,
    #[command(flatten)]
    pub(crate) staging: Staging,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// What is imported and where to: the same for `import` and `check`.
#[derive(Debug, Args)]
pub(crate) struct Order {
    /// The disk image: a file, a link, or BUCKET:KEY in the cloud's object storage
    pub(crate) image: OsString,
    /// Target: PROVIDER/REGION, PROVIDER, @GROUP or `all`. Repeatable
    #[arg(long = "to", value_name = "TARGET", variable = "CLOUD_IMPORT_TO")]
    pub(crate) to: Vec<String>,
    /// File of targets (TOML); without --to, all of them
    #[arg(long, value_name = "FILE", variable = "CLOUD_IMPORT_TARGETS")]
    pub(crate) targets: Option<PathBuf>,
    /// Name of the image
    #[arg(long)]
    pub(crate) name: String,
    /// Operating system of the guest, such as "CentOS 7.9"
    #[arg(long, value_name = "SYSTEM", variable = "CLOUD_IMPORT_OS")]
    pub(crate) os: Option<Os>,

    /// Link or BUCKET:KEY of the image for one cloud. Repeatable
    #[arg(long, value_name = "PROVIDER=PLACE", value_parser = for_provider::<String>, help_heading = "The image")]
    pub(crate) source: Vec<(Provider, String)>,
    /// Format of the image; default: by its header or suffix
    #[arg(long, help_heading = "The image")]
    pub(crate) format: Option<DiskFormat>,
    /// Size of the system disk, in GiB
    #[arg(long, value_name = "GIB", help_heading = "The image")]
    pub(crate) size_gib: Option<u32>,
    /// Data disk: link or BUCKET:KEY, and its size. Repeatable
    #[arg(long, value_name = "PLACE@GIB", help_heading = "The image")]
    pub(crate) data_disk: Vec<String>,
    /// The image is a data disk, not a system disk
    #[arg(long, help_heading = "The image")]
    pub(crate) data_image: bool,
    /// Processor architecture
    #[arg(
        long,
        default_value = "x86_64",
        variable = "CLOUD_IMPORT_ARCH",
        help_heading = "The image"
    )]
    pub(crate) arch: Architecture,
    /// Firmware: bios or uefi; default: the cloud's
    #[arg(
        long,
        value_name = "MODE",
        variable = "CLOUD_IMPORT_BOOT_MODE",
        help_heading = "The image"
    )]
    pub(crate) boot_mode: Option<BootMode>,
    /// Operating system in a cloud's own words. Repeatable
    #[arg(long, value_name = "PROVIDER=TEXT", value_parser = for_provider::<String>, help_heading = "The image")]
    pub(crate) os_raw: Vec<(Provider, String)>,

    /// Description of the image
    #[arg(
        long,
        value_name = "TEXT",
        variable = "CLOUD_IMPORT_DESCRIPTION",
        help_heading = "The order"
    )]
    pub(crate) description: Option<String>,
    /// Tag of the image. Repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, variable = "CLOUD_IMPORT_TAGS",
          help_heading = "The order")]
    pub(crate) tag: Vec<(String, String)>,
    /// Licence of the operating system: platform or byol
    #[arg(
        long,
        value_name = "TYPE",
        variable = "CLOUD_IMPORT_LICENSE_TYPE",
        help_heading = "The order"
    )]
    pub(crate) license_type: Option<LicenseType>,
    /// Project or resource group of the image. Repeatable
    #[arg(long, value_name = "PROVIDER=ID", value_parser = for_provider::<String>, variable = "CLOUD_IMPORT_PROJECT",
          help_heading = "The order")]
    pub(crate) project: Vec<(Provider, String)>,
    /// Option in a cloud's own words. Repeatable
    #[arg(long, value_name = "PROVIDER.KEY=VALUE", value_parser = vendor_option, help_heading = "The order")]
    pub(crate) set: Vec<(Provider, String, Value)>,
    /// Skip the cloud's check of the guest
    #[arg(long, help_heading = "The order")]
    pub(crate) skip_guest_check: bool,
    /// The guest has an NVMe driver (Alibaba Cloud)
    #[arg(long, help_heading = "The order")]
    pub(crate) nvme: bool,
    /// Instances use metadata service version 2 (Alibaba Cloud)
    #[arg(long, help_heading = "The order")]
    pub(crate) imds_v2: bool,
}

/// How long to wait.
#[derive(Debug, Args)]
#[command(next_help_heading = "Waiting and output")]
pub(crate) struct Waiting {
    /// Stop waiting after 90s, 30m, 4h; the import goes on
    #[arg(long, value_name = "TIME", value_parser = duration, variable = "CLOUD_IMPORT_TIMEOUT")]
    pub(crate) timeout: Option<Duration>,
}

/// How the clouds are reached and results are written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reaching the clouds")]
pub(crate) struct Reach {
    /// Output format: text or json
    #[arg(long, value_name = "FORMAT", hide_possible_values = true, value_enum, default_value_t = OutputFormat::Text,
          variable = "CLOUD_IMPORT_OUTPUT", help_heading = "Waiting and output")]
    pub(crate) output: OutputFormat,
    /// API endpoint of a cloud. Repeatable
    #[arg(long, value_name = "PROVIDER=URL", value_parser = for_provider::<Endpoint>,
          variable = "CLOUD_IMPORT_ENDPOINT")]
    pub(crate) endpoint: Vec<(Provider, Endpoint)>,
    /// Send signed requests over plain HTTP if an endpoint says http://
    #[arg(long)]
    pub(crate) plain_http: bool,
    /// Profile of the vendor's own tools. Repeatable
    #[arg(long, value_name = "PROVIDER=NAME", value_parser = for_provider::<String>,
          variable = "CLOUD_IMPORT_VENDOR_PROFILE")]
    pub(crate) profile: Vec<(Provider, String)>,
    /// Also take credentials from the instance's metadata service
    #[arg(long, switch(), variable = "CLOUD_IMPORT_INSTANCE_METADATA")]
    pub(crate) instance_metadata: bool,
    /// Use simulated clouds only; FILE: the output of `sim`
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    #[allow(clippy::option_option, reason = "clap's form of an option with an optional value")]
    pub(crate) simulate: Option<Option<PathBuf>>,
}

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

/// Arguments of `sim`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  cloud-import sim > sim.json &
  cloud-import import --simulate=sim.json --to all --name hello --os \"CentOS 7.9\" disk.qcow2",
    after_help = "\
Keys are better set in CLOUD_IMPORT_SIM_ACCESS_KEY_ID, CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY and
CLOUD_IMPORT_SIM_SECURITY_TOKEN; `import --simulate=FILE` looks there for the first two, too.
Without any, both take keys that open nothing else. It runs until Ctrl-C, SIGTERM or SIGHUP."
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_has_examples_first_and_a_line_for_each_option() {
        let mut command = Arguments::command().term_width(100);
        command.build();
        for subcommand in command
            .get_subcommands_mut()
            .filter(|command| command.get_name() != "help")
        {
            let help = subcommand.render_help().to_string();
            let name = subcommand.get_name().to_owned();
            assert!(help.starts_with("Example"), "{name}: {help}");
            for line in help.lines().filter(|line| !line.is_empty()) {
                assert!(line.chars().count() <= 100, "{name}: `{line}` is too long");
                let is_option = line.trim_start().starts_with('-') || !line.starts_with("       ");
                assert!(is_option, "{name}: `{line}` goes on from the line before it");
            }
        }
    }
}
