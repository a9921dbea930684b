//! Arguments of the commands that help to set an account up.

use std::str::FromStr;

use clap::{
    Args, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use cloud_import::{Error, Provider, Target, provider::policy::Purpose};

use super::{ConfigFile, OutputFormat, Reach, StateDir, value::read};

/// Arguments of `policy`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import policy aliyun --bucket my-bucket\n  cloud-import policy tencent --for import --bucket web-1250000000\n  cloud-import policy huawei --for all --output json",
    after_help = "What no source settles is told on standard error. docs/clouds has a page for each cloud."
)]
pub(crate) struct Policy {
    /// The cloud whose keys it is for
    #[arg(value_name = "CLOUD", value_parser = read::<Provider>)]
    pub(crate) provider: Provider,
    /// One of import, stage, copy, export, change, role, bucket, all. Repeatable
    ///
    /// Without it: import and stage, which is what importing a file takes.
    #[arg(long = "for", value_name = "PURPOSE", hide_possible_values = true, value_parser = purposes())]
    pub(crate) purposes: Vec<&'static [Purpose]>,
    /// Allow the bucket of this name alone
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket: Option<String>,
    /// Region of the bucket, where the cloud's names of buckets have one
    #[arg(long, value_name = "REGION", requires = "bucket")]
    pub(crate) region: Option<String>,
    /// Output format: text or json
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true, value_enum, default_value_t = OutputFormat::Text)]
    pub(crate) output: OutputFormat,
}

/// Arguments of `bucket`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import bucket create aliyun/cn-hangzhou --bucket my-bucket --dry-run\n  cloud-import bucket create aliyun/cn-hangzhou --bucket my-bucket\n  cloud-import bucket remove aliyun/cn-hangzhou --bucket my-bucket",
    after_help = "create makes it private, with a mark, a rule that expires unfinished uploads, and encryption by the\nstore's own keys, where the store has those and the import reads it. remove removes only an empty\nbucket that has the mark. Each can be repeated: it goes on where it was left."
)]
pub(crate) struct Bucket {
    /// What to do: create, remove
    #[arg(index = 1, value_name = "ACTION", value_enum, hide_possible_values = true)]
    pub(crate) action: BucketAction,
    /// Cloud and region: PROVIDER/REGION, or PROVIDER for the region beside its keys
    #[arg(index = 2, value_name = "TARGET", value_parser = read::<Place>)]
    pub(crate) place: Place,
    /// The bucket
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket: String,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// What is done with a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BucketAction {
    Create,
    Remove,
}

/// A cloud, and a region where one is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Cloud(Provider),
    Target(Target),
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match text.contains('/') {
            true => Self::Target(text.parse()?),
            false => Self::Cloud(text.parse()?),
        })
    }
}

/// Those of the names, and `all`.
fn purposes() -> impl TypedValueParser<Value = &'static [Purpose]> {
    let names = Purpose::ALL.iter().map(|purpose| purpose.name());
    PossibleValuesParser::new(names.chain([ALL])).map(|name| {
        let one = Purpose::ALL.iter().find(|purpose| purpose.name() == name);
        one.map_or(Purpose::ALL, std::slice::from_ref)
    })
}

const ALL: &str = "all";

/// Arguments of `regions`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import regions aliyun\n  cloud-import regions ucloud --ask\n  cloud-import regions huawei --output json"
)]
pub(crate) struct Regions {
    /// The cloud
    #[arg(value_name = "CLOUD", value_parser = read::<Provider>)]
    pub(crate) provider: Provider,
    /// Ask the cloud as well, with your keys
    #[arg(long)]
    pub(crate) ask: bool,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}
