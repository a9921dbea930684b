//! Arguments of the commands that help to set an account up.

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use cloud_import::{Provider, provider::policy::Purpose};

use super::{ConfigFile, OutputFormat, Reach, value::read};

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
    /// What for: import, stage, copy, export, change, role, all. Repeatable
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
