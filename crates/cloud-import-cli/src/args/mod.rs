//! The arguments: one struct per command, examples first in every help.

mod again;
mod check;
mod copy;
mod doctor;
mod download;
mod export;
mod facts;
#[cfg(feature = "fleet")]
mod fleet;
mod forget;
mod help;
mod image;
mod images;
mod import;
mod init;
pub(crate) mod key;
mod logs;
mod moved;
mod order;
mod packaged;
mod reach;
mod remembered;
pub(crate) mod scope;
mod setup;
mod sim;
mod surface;
mod tasks;
mod value;

use std::path::Path;

use clap::{Parser, Subcommand};

#[cfg(feature = "fleet")]
pub(crate) use self::fleet::{Fleet, HTTP, PerAccount, Verb as FleetVerb};
pub(crate) use self::{
    again::{GoOn, Resume, Retry},
    check::Check,
    copy::Copy,
    doctor::Doctor,
    download::Download,
    export::Export,
    facts::{Capabilities, Explain, Inspect},
    forget::Forget,
    help::command,
    image::{Accept, Delete, Deprecate, OneImage, Reached, Set, Share, Tag, Trial, Unshare},
    images::Images,
    import::{FailIf, Import, Waiting},
    init::Init,
    logs::{LogFormat, Logs},
    moved::Move,
    order::{ConvertTo, Order, Staging},
    packaged::{Completions, Man, Shell},
    reach::{ConfigFile, OutputFormat, Reach, StateDir},
    remembered::{Clean, InBucket, List, Report, Show},
    setup::{Bucket, BucketAction, Place, Policy, Regions},
    sim::Sim,
    surface::{Color, Surface},
    tasks::{Tasks, Wait},
};

/// Make a disk image a private image in JD Cloud, Tencent Cloud, Huawei Cloud, Alibaba Cloud and UCloud.
#[derive(Debug, Parser)]
#[command(name = "cloud-import", version, max_term_width = 100, before_help = EXAMPLES, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) surface: Surface,
    #[command(flatten)]
    pub(crate) logs: Logs,
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
  3  credentials                     7  still running: resume it
  4  not started: refused            8  outcome unknown: resume it
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
    /// Say whether keys, region and bucket are as an import needs them
    Doctor(Doctor),
    /// Write the files that say where images go, asking for what is open
    Init(Init),
    /// Carry out the orders of a fleet, as one of its workers
    #[cfg(feature = "fleet")]
    Fleet(Fleet),
    /// Wait for running imports to finish
    Wait(Wait),
    /// Go on with a job where it stopped, by its recorded order
    Resume(Resume),
    /// Begin again what failed or was not started in a job, by its recorded order
    Retry(Retry),
    /// Show the state of imports
    #[command(before_help = "Examples:\n  cloud-import status\n  cloud-import status web-4f0c6a2d91be")]
    Status(Tasks),
    /// Cancel imports, where the cloud supports it
    #[command(before_help = "Examples:\n  cloud-import cancel web-4f0c6a2d91be\n  cloud-import cancel tasks.jsonl")]
    Cancel(Tasks),
    /// Write an image that is there into a bucket, as a file
    Export(Export),
    /// Fetch an object of a bucket, such as an exported image, into a file
    Download(Download),
    /// Make an image of one cloud an image in others, by export and import
    #[command(mut_arg("image", |image| image
        .help("The image that is moved: its id, the name of one image, or JOB/TARGET")
        .long_help("The image that is moved: its id, the name of one image, or JOB/TARGET")))]
    Move(Box<Move>),
    /// List the recorded jobs
    List(List),
    /// Show what happened to each target of a job, and why
    Show(Show),
    /// Write a report of jobs: a page, Markdown or JUnit
    Report(Report),
    /// Delete records of jobs on this machine
    Forget(Forget),
    /// Show what earlier imports left in the clouds; delete it with --yes
    Clean(Clean),
    /// List the images that are in the clouds
    Images(Images),
    /// Copy an image to other regions of its cloud
    Copy(Box<Copy>),
    /// Share an image with other accounts
    Share(Share),
    /// Take an image from accounts that it is shared with
    Unshare(Unshare),
    /// Accept an image that another account shares, or reject it
    Accept(Accept),
    /// Set tags of an image, or take them away
    Tag(Tag),
    /// Set the family of an image, or whether it is public
    Set(Set),
    /// Mark an image as not to be used for what is new
    Deprecate(Deprecate),
    /// Delete an image and its snapshots
    Delete(Delete),
    /// Show what each cloud supports, and its limits
    Capabilities(Capabilities),
    /// Make the bucket that files are put into, or remove it
    Bucket(Bucket),
    /// Print the least policy that the keys of a cloud need
    Policy(Policy),
    /// Show the regions of a cloud, and their endpoints
    Regions(Regions),
    /// Explain an error code and what to do about it
    Explain(Explain),
    /// Run simulators of the five clouds on this machine
    Sim(Sim),
    /// Write the script by which a shell completes
    Completions(Completions),
    /// Write a manual page, or all of them
    Man(Man),
}

impl Command {
    /// How it writes its results.
    pub(crate) fn output(&self) -> OutputFormat {
        match self {
            Self::Inspect(options) => options.output,
            Self::Import(options) => options.reach.output,
            Self::Check(options) => options.reach.output,
            #[cfg(feature = "fleet")]
            Self::Fleet(options) => options.reach.output,
            Self::Doctor(options) => options.reach.output,
            Self::Resume(Resume { with, .. }) | Self::Retry(Retry { with, .. }) => with.reach.output,
            Self::Wait(options) => options.tasks.reach.output,
            Self::Status(options) | Self::Cancel(options) => options.reach.output,
            Self::Export(options) => options.reach.output,
            Self::Download(options) => options.reach.output,
            Self::Move(options) => options.import.reach.output,
            Self::List(options) => options.reach.output,
            Self::Show(options) => options.output,
            Self::Clean(options) => options.reach.output,
            Self::Images(options) => options.reach.output,
            Self::Copy(options) => options.reach.output,
            Self::Accept(options) => options.reach.output,
            Self::Share(Share { reached, .. })
            | Self::Unshare(Unshare { reached, .. })
            | Self::Tag(Tag { reached, .. })
            | Self::Set(Set { reached, .. })
            | Self::Deprecate(Deprecate { reached, .. })
            | Self::Delete(Delete { reached, .. }) => reached.reach.output,
            Self::Capabilities(options) => options.output,
            Self::Bucket(options) => options.reach.output,
            Self::Policy(options) => options.output,
            Self::Regions(options) => options.reach.output,
            Self::Explain(options) => options.output,
            Self::Forget(options) => options.output,
            Self::Sim(_) | Self::Init(_) | Self::Report(_) | Self::Completions(_) | Self::Man(_) => OutputFormat::Text,
        }
    }

    /// What it is called.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Inspect(_) => "inspect",
            Self::Import(_) => "import",
            Self::Check(_) => "check",
            #[cfg(feature = "fleet")]
            Self::Fleet(_) => "fleet",
            Self::Doctor(_) => "doctor",
            Self::Init(_) => "init",
            Self::Wait(_) => "wait",
            Self::Resume(_) => "resume",
            Self::Retry(_) => "retry",
            Self::Status(_) => "status",
            Self::Cancel(_) => "cancel",
            Self::Export(_) => "export",
            Self::Download(_) => "download",
            Self::Move(_) => "move",
            Self::List(_) => "list",
            Self::Show(_) => "show",
            Self::Report(_) => "report",
            Self::Forget(_) => "forget",
            Self::Clean(_) => "clean",
            Self::Images(_) => "images",
            Self::Copy(_) => "copy",
            Self::Share(_) => "share",
            Self::Unshare(_) => "unshare",
            Self::Accept(_) => "accept",
            Self::Tag(_) => "tag",
            Self::Set(_) => "set",
            Self::Deprecate(_) => "deprecate",
            Self::Delete(_) => "delete",
            Self::Capabilities(_) => "capabilities",
            Self::Bucket(_) => "bucket",
            Self::Policy(_) => "policy",
            Self::Regions(_) => "regions",
            Self::Explain(_) => "explain",
            Self::Sim(_) => "sim",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
        }
    }

    /// Where it writes its metrics, if it does.
    pub(crate) fn metrics_file(&self) -> Option<&Path> {
        match self {
            Self::Import(options) => options.waiting.metrics_file.as_deref(),
            Self::Move(options) => options.import.waiting.metrics_file.as_deref(),
            Self::Wait(options) => options.waiting.metrics_file.as_deref(),
            Self::Copy(options) => options.waiting.metrics_file.as_deref(),
            Self::Resume(Resume { with, .. }) | Self::Retry(Retry { with, .. }) => with.waiting.metrics_file.as_deref(),
            _ => None,
        }
    }

    /// Whether it tells its metrics to who asks.
    pub(crate) fn tells_metrics(&self) -> bool {
        #[cfg(feature = "fleet")]
        if let Self::Fleet(options) = self {
            return options.http.is_some();
        }
        false
    }

    /// Whether it writes a line for everything that happens.
    pub(crate) fn has_events(&self) -> bool {
        match self {
            Self::Import(options) => options.events,
            Self::Move(options) => options.import.events,
            Self::Wait(options) => options.events,
            Self::Copy(options) => options.events,
            Self::Download(options) => options.events,
            Self::Resume(Resume { with, .. }) | Self::Retry(Retry { with, .. }) => with.events,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        command().debug_assert();
    }

    #[test]
    fn help_has_examples_first_and_a_line_for_each_option() {
        let mut command = command().term_width(100);
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
