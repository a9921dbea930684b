//! The arguments: one struct per command, examples first in every help.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use cloud_import::{Architecture, BootMode, DiskFormat, Endpoint, LicenseType, Os, Provider, Target};

/// Make a disk image a private image in JD Cloud, Tencent Cloud, Huawei Cloud, Alibaba Cloud and UCloud.
#[derive(Debug, Parser)]
#[command(name = "cloud-import", version, max_term_width = 100, before_help = EXAMPLES, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Log requests and retries; -vv everything, never a secret
    #[arg(short, long, global = true, action = clap::ArgAction::Count, display_order = 900)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

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
                                   130  interrupted: what runs goes on";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read a disk image's header: what it is, and which clouds would take it
    Inspect(Inspect),
    /// Import a disk image into one or more clouds and wait for each verdict
    Import(Box<Import>),
    /// Ask the clouds whether an import would be taken, without starting one
    Check(Box<Check>),
    /// Wait for the verdict of imports that run
    Wait(Wait),
    /// Ask once how imports stand
    #[command(before_help = "Examples:\n  cloud-import status\n  cloud-import status web-4f0c6a2d91be")]
    Status(Tasks),
    /// Cancel imports, where the cloud can
    #[command(before_help = "Examples:\n  cloud-import cancel web-4f0c6a2d91be\n  cloud-import cancel tasks.jsonl")]
    Cancel(Tasks),
    /// Show the jobs that are remembered, and how far each target has come
    List(List),
    /// Show what earlier imports left in the clouds, and delete it with --yes
    Clean(Clean),
    /// Show what each cloud can do and what it limits
    Capabilities(Capabilities),
    /// Say what an error code means and what to do about it
    Explain(Explain),
    /// Run the five clouds on loopback
    Sim(Sim),
}

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  cloud-import import --simulate --to all --name hello --os \"CentOS 7.9\" disk.qcow2
  cloud-import import --to aliyun --bucket my-bucket --name web --os \"CentOS 7.9\" disk.qcow2
  cloud-import import --to aliyun --to huawei/cn-north-4 --name web --os \"CentOS 7.9\" b:web.qcow2
  cloud-import import --targets targets.toml --to @east --name web --os \"CentOS 7.9\" disk.qcow2")]
pub(crate) struct Import {
    #[command(flatten)]
    pub(crate) order: Order,
    /// Only check the order, in the clouds that can
    #[arg(long, help_heading = "The order")]
    pub(crate) dry_run: bool,
    /// Make another image although one was made before
    #[arg(long, help_heading = "The order")]
    pub(crate) again: bool,
    /// Retire older images of that name when the new one is good
    #[arg(long, conflicts_with_all = ["no_wait", "dry_run"], help_heading = "The order")]
    pub(crate) replace: bool,
    /// Send the order although validation finds problems
    #[arg(long, help_heading = "The order")]
    pub(crate) no_validate: bool,

    /// Print the tasks and do not wait
    #[arg(long, help_heading = "Waiting and output")]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    /// On Ctrl-C, cancel what runs in the clouds, where they can
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false",
          action = clap::ArgAction::Set, value_name = "BOOL", hide_default_value = true, hide_possible_values = true,
          help_heading = "Waiting and output")]
    pub(crate) cancel_on_interrupt: bool,
    /// Write a line of JSON to standard output for all that happens
    #[arg(long, conflicts_with = "output", help_heading = "Waiting and output")]
    pub(crate) events: bool,
    #[command(flatten)]
    pub(crate) staging: Staging,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// How a local file gets to where the clouds read it.
#[derive(Debug, Args)]
pub(crate) struct Staging {
    /// Bucket that a local file is put into. Repeatable
    #[arg(long, value_name = "[PROVIDER=]NAME", help_heading = "Staging a local file")]
    pub(crate) bucket: Vec<String>,
    /// What keys of staged objects begin with
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "cloud-import/",
        help_heading = "Staging a local file"
    )]
    pub(crate) prefix: String,
    /// Leave the staged objects where they are
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false",
          action = clap::ArgAction::Set, value_name = "BOOL", hide_default_value = true, hide_possible_values = true,
          help_heading = "Staging a local file")]
    pub(crate) keep_object: bool,
    /// Bitmap (.mf) of a raw file for Huawei; else one beside it
    #[arg(long, value_name = "FILE", help_heading = "Staging a local file")]
    pub(crate) bitmap: Option<PathBuf>,
    /// Convert it first with qemu-img: qcow2, raw, vhd or vmdk
    #[arg(long, value_name = "FORMAT", help_heading = "Staging a local file")]
    pub(crate) convert: Option<DiskFormat>,
}

/// Where defaults come from.
#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// Defaults from this file, not from ./cloud-import.toml or the user's own
    #[arg(id = "config_file", long = "config", value_name = "FILE", help_heading = "Defaults")]
    pub(crate) file: Option<PathBuf>,
    /// Defaults of [profiles.NAME] of that file before those at its top
    #[arg(
        id = "config_profile",
        long = "defaults",
        value_name = "NAME",
        help_heading = "Defaults"
    )]
    pub(crate) profile: Option<String>,
    /// No defaults from any file
    #[arg(long, conflicts_with_all = ["config_file", "config_profile"], help_heading = "Defaults")]
    pub(crate) no_config: bool,
}

/// Where jobs are remembered.
#[derive(Debug, Args)]
pub(crate) struct StateDir {
    /// Where jobs are remembered; with --simulate only if given
    #[arg(long = "state", value_name = "DIR", help_heading = "Waiting and output")]
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
It reads, and asks for the vendor's dry run where there is one. It moves no bytes and changes
nothing but with --create-role.

Exit codes:
  0  nothing stands against an import   4  a cloud would refuse it
  2  usage or validation                6  mixed results
  3  credentials"
)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) order: Order,
    /// Make the role that Alibaba Cloud reads the file by, if missing
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
    pub(crate) image: String,
    /// PROVIDER/REGION, PROVIDER, @GROUP or `all`. Repeatable
    #[arg(long = "to", value_name = "TARGET")]
    pub(crate) to: Vec<String>,
    /// A file of targets (TOML); all of them without --to
    #[arg(long, value_name = "FILE")]
    pub(crate) targets: Option<PathBuf>,
    /// Name of the image
    #[arg(long)]
    pub(crate) name: String,
    /// The guest's operating system, such as "CentOS 7.9"
    #[arg(long, value_name = "SYSTEM")]
    pub(crate) os: Option<Os>,

    /// Link or BUCKET:KEY of the image for one cloud. Repeatable
    #[arg(long, value_name = "PROVIDER=PLACE", value_parser = for_provider::<String>, help_heading = "The image")]
    pub(crate) source: Vec<(Provider, String)>,
    /// Format; by header or suffix when not given
    #[arg(long, help_heading = "The image")]
    pub(crate) format: Option<DiskFormat>,
    /// Size of the system disk, in GiB
    #[arg(long, value_name = "GIB", help_heading = "The image")]
    pub(crate) size_gib: Option<u32>,
    /// A data disk: link or BUCKET:KEY, and its size. Repeatable
    #[arg(long, value_name = "PLACE@GIB", help_heading = "The image")]
    pub(crate) data_disk: Vec<String>,
    /// The image is one data disk, not a system
    #[arg(long, help_heading = "The image")]
    pub(crate) data_image: bool,
    /// Processor architecture
    #[arg(long, default_value = "x86_64", help_heading = "The image")]
    pub(crate) arch: Architecture,
    /// Firmware: bios or uefi; the cloud's default when not given
    #[arg(long, value_name = "MODE", help_heading = "The image")]
    pub(crate) boot_mode: Option<BootMode>,
    /// A cloud's own text for the operating system. Repeatable
    #[arg(long, value_name = "PROVIDER=TEXT", value_parser = for_provider::<String>, help_heading = "The image")]
    pub(crate) os_raw: Vec<(Provider, String)>,

    /// Description
    #[arg(long, value_name = "TEXT", help_heading = "The order")]
    pub(crate) description: Option<String>,
    /// A tag. Repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, help_heading = "The order")]
    pub(crate) tag: Vec<(String, String)>,
    /// Licence of the guest's system: platform or byol
    #[arg(long, value_name = "TYPE", help_heading = "The order")]
    pub(crate) license_type: Option<LicenseType>,
    /// Resource group or project that it goes to. Repeatable
    #[arg(long, value_name = "PROVIDER=ID", value_parser = for_provider::<String>, help_heading = "The order")]
    pub(crate) project: Vec<(Provider, String)>,
    /// An option in a cloud's own words. Repeatable
    #[arg(long, value_name = "PROVIDER.KEY=VALUE", help_heading = "The order")]
    pub(crate) set: Vec<String>,
    /// Skip the cloud's check of the guest system
    #[arg(long, help_heading = "The order")]
    pub(crate) skip_guest_check: bool,
    /// The guest has an NVMe driver (Alibaba Cloud)
    #[arg(long, help_heading = "The order")]
    pub(crate) nvme: bool,
    /// Instances have metadata service version 2 (Alibaba Cloud)
    #[arg(long, help_heading = "The order")]
    pub(crate) imds_v2: bool,
}

/// How long to wait.
#[derive(Debug, Args)]
pub(crate) struct Waiting {
    /// Stop waiting after 90s, 30m, 4h; the import goes on
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Waiting and output")]
    pub(crate) timeout: Option<Duration>,
}

/// How the clouds are reached and results are written.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    /// Form of the results: text or json
    #[arg(long, value_name = "FORM", hide_possible_values = true, value_enum, default_value_t = Form::Text, help_heading = "Waiting and output")]
    pub(crate) output: Form,
    /// Another endpoint of a cloud's API. Repeatable
    #[arg(long, value_name = "PROVIDER=URL", value_parser = for_provider::<Endpoint>, help_heading = "Reaching the clouds")]
    pub(crate) endpoint: Vec<(Provider, Endpoint)>,
    /// Use a profile of the vendor's own tools. Repeatable
    #[arg(long, value_name = "PROVIDER=NAME", value_parser = for_provider::<String>, help_heading = "Reaching the clouds")]
    pub(crate) profile: Vec<(Provider, String)>,
    /// Let the instance's metadata service give credentials, too
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false",
          action = clap::ArgAction::Set, value_name = "BOOL", hide_default_value = true, hide_possible_values = true,
          help_heading = "Reaching the clouds")]
    pub(crate) instance_metadata: bool,
    /// Use simulated clouds alone: own ones, or `sim`'s by its line
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, help_heading = "Reaching the clouds")]
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
    /// Jobs, files of tasks, tasks' JSON, or - for standard input; else every open job
    #[arg(value_name = "TASK|JOB")]
    pub(crate) tasks: Vec<String>,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import list\n  cloud-import list --output json --state ./jobs\n  cloud-import list --to aliyun/cn-hangzhou --bucket my-bucket"
)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) place: InBucket,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// A bucket to look into, whatever is remembered here.
#[derive(Debug, Args)]
pub(crate) struct InBucket {
    /// Look into this bucket, for what any machine staged there
    #[arg(long, value_name = "NAME", requires = "to", help_heading = "In a bucket")]
    pub(crate) bucket: Option<String>,
    /// Cloud and region of the bucket: PROVIDER/REGION
    #[arg(long, value_name = "TARGET", requires = "bucket", help_heading = "In a bucket")]
    pub(crate) to: Option<Target>,
    /// What the keys begin with
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "cloud-import/",
        help_heading = "In a bucket"
    )]
    pub(crate) prefix: String,
}

/// Arguments of `clean`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import clean\n  cloud-import clean --yes\n  cloud-import clean --to aliyun/cn-hangzhou --bucket my-bucket --older-than 240h",
    after_help = "It knows what the jobs of this state directory left: staged objects, unfinished uploads, failed\nimages. What an import of theirs may still read is never deleted. With --bucket, what other\nmachines staged goes too, once it is old enough that no import can be reading it."
)]
pub(crate) struct Clean {
    /// Delete what may go, instead of only showing it
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) place: InBucket,
    /// How old it must be if nothing is known of it here
    #[arg(long, value_name = "TIME", default_value = "168h", value_parser = duration, help_heading = "In a bucket")]
    pub(crate) older_than: Duration,
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
    /// One cloud, with its limits and sources; all of them in short when not given
    #[arg(value_parser = cloud)]
    pub(crate) provider: Option<Provider>,
    /// Form of the output: text or json
    #[arg(long, value_name = "FORM", hide_possible_values = true, value_enum, default_value_t = Form::Text)]
    pub(crate) output: Form,
}

/// Arguments of `inspect`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  cloud-import inspect disk.qcow2\n  cloud-import inspect --output json disk.vmdk")]
pub(crate) struct Inspect {
    /// The disk image file
    pub(crate) file: PathBuf,
    /// Form of the output: text or json
    #[arg(long, value_name = "FORM", hide_possible_values = true, value_enum, default_value_t = Form::Text)]
    pub(crate) output: Form,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import explain InvalidImageName.Duplicate\n  cloud-import explain --provider ucloud 8301"
)]
pub(crate) struct Explain {
    /// The code as the cloud sent it
    pub(crate) code: String,
    /// Only this cloud's table
    #[arg(long, value_parser = cloud)]
    pub(crate) provider: Option<Provider>,
}

/// Arguments of `sim`.
#[derive(Debug, Args)]
#[command(before_help = "\
Example:
  cloud-import sim --access-key-id AK --secret-access-key SK > sim.json &
  cloud-import import --simulate=sim.json --to all --name hello --os \"CentOS 7.9\" disk.qcow2")]
pub(crate) struct Sim {
    /// The access key id that the clouds accept
    #[arg(long, value_name = "AK")]
    pub(crate) access_key_id: String,
    /// Its secret
    #[arg(long, value_name = "SK")]
    pub(crate) secret_access_key: String,
    /// A security token that must come along
    #[arg(long, value_name = "TOKEN")]
    pub(crate) security_token: Option<String>,
    /// Ports of JD, Tencent, Huawei, Alibaba and UCloud; else free
    #[arg(long, value_name = "A,B,C,D,E", value_delimiter = ',')]
    pub(crate) ports: Option<Vec<u16>>,
    /// Port of the control endpoint; a free one when not given
    #[arg(long, value_name = "PORT")]
    pub(crate) control_port: Option<u16>,
    /// Put a file at PROVIDER/REGION/BUCKET/KEY. Repeatable
    #[arg(long, value_name = "PLACE=FILE")]
    pub(crate) object: Vec<OsString>,
    /// Take every object as present
    #[arg(long)]
    pub(crate) any_object: bool,
    /// A bucket, PROVIDER/REGION/NAME; else all are there. Repeatable
    #[arg(long, value_name = "PLACE")]
    pub(crate) bucket: Vec<String>,
    /// How long a simulated import takes (500ms, 2s, 1m)
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) import_time: Duration,
    /// Queries that do not list a new import yet
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) hide: u32,
}

/// Form of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    // Plain comments: what a doc comment says here would make the help three lines of each option.
    // A line per image.
    Text,
    // One JSON object.
    Json,
}

/// A cloud by its id; a wrong one is answered with those that there are.
fn cloud(text: &str) -> Result<Provider, String> {
    text.parse().map_err(|error: cloud_import::Error| {
        let remedy = crate::render::remedy_of(&error).unwrap_or_default();
        format!("{error}. {remedy}")
    })
}

/// `PROVIDER=VALUE`.
pub(crate) fn for_provider<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<(Provider, T), String> {
    let (provider, value) = text.split_once('=').ok_or("write PROVIDER=VALUE")?;
    Ok((
        cloud(provider)?,
        value.parse().map_err(|error: T::Err| error.to_string())?,
    ))
}

/// `KEY=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// `90s`, `30m`, `4h`, `500ms`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number
        .parse()
        .map_err(|_| "write a number and ms, s, m or h, such as 30m")?;
    let seconds = |per: u64| number.checked_mul(per).map(Duration::from_secs);
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3600),
        _ => return Err("write a number and ms, s, m or h, such as 30m".to_owned()),
    }
    .ok_or_else(|| "too long".to_owned())
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

    #[test]
    fn durations_and_pairs() {
        assert_eq!(duration("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for bad in ["", "m", "5", "5d", "-1s", "99999999999999999h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(for_provider::<String>("aws=x").is_err());
        assert_eq!(
            for_provider::<String>("aliyun=a=b").unwrap(),
            (Provider::ALIYUN, "a=b".to_owned())
        );
    }
}
