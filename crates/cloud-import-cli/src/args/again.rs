//! Arguments of the commands that go on with a job by what is kept of its order.

use clap::Args;

use super::{
    ConfigFile, Reach, StateDir, Waiting,
    scope::{Scope, Scoped, of_target},
};

/// Arguments of `resume`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import resume web-4f0c6a2d91be\n  cloud-import resume web-2026-11 --no-wait",
    after_help = "It goes on with every target that has no result yet, with the options of the import. A file\nthat has changed since is refused. What failed is begun again by `cloud-import retry`."
)]
pub(crate) struct Resume {
    /// Jobs: an id, the beginning of one, or an image's name
    #[arg(required = true, value_name = "JOB")]
    pub(crate) jobs: Vec<String>,
    #[command(flatten)]
    pub(crate) with: GoOn,
}

/// Arguments of `retry`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import retry web-4f0c6a2d91be\n  cloud-import retry web-2026-11 --failed\n  cloud-import retry web --to aliyun/cn-hangzhou",
    after_help = "It begins again what failed, was cancelled or was not started, and goes on with what has no result\nyet. Whether an order arrived that may have is settled first. What succeeded is left as it is."
)]
pub(crate) struct Retry {
    /// Jobs: an id, the beginning of one, or an image's name
    #[arg(required = true, value_name = "JOB")]
    pub(crate) jobs: Vec<String>,
    /// Only what `list --failed` shows: leave what still runs alone
    #[arg(long)]
    pub(crate) failed: bool,
    /// Only this target of the job. Repeatable
    #[arg(long, value_name = "TARGET")]
    pub(crate) to: Vec<String>,
    /// Make another image for the targets of --to, whatever was made before
    #[arg(long, requires = "to")]
    pub(crate) again: bool,
    #[command(flatten)]
    pub(crate) with: GoOn,
}

/// How a job is gone on with.
#[derive(Debug, Args)]
pub(crate) struct GoOn {
    /// Link of the image, where it is signed. Repeatable
    ///
    /// Signatures are not recorded. TARGET is a cloud, a PROVIDER/REGION or a name in the file of targets; without, it is the IMAGE.
    #[arg(long, value_name = "[TARGET=]LINK", value_parser = source)]
    pub(crate) source: Vec<Scoped<String>>,
    /// Print the tasks and exit without waiting
    #[arg(long, help_heading = "Waiting and output")]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    /// Write every event to standard output as a line of JSON
    #[arg(long, conflicts_with = "output", help_heading = "Waiting and output")]
    pub(crate) events: bool,
    #[command(flatten)]
    pub(crate) state: StateDir,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// `LINK`, or `TARGET=LINK`. A link may hold the sign itself.
fn source(text: &str) -> Result<Scoped<String>, String> {
    match text.split_once('=') {
        Some((before, _)) if !before.contains("://") => of_target(text),
        _ => Ok(Scoped {
            scope: Scope::All,
            value: text.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use cloud_import::Provider;

    use super::*;

    #[test]
    fn a_link_with_a_query_is_no_target() {
        let link = "https://b/k?sig=x";
        for (text, scope) in [
            (link.to_owned(), Scope::All),
            (format!("ucloud={link}"), Scope::Cloud(Provider::UCLOUD)),
            (format!("second={link}"), Scope::Target("second".to_owned())),
        ] {
            let value = link.to_owned();
            assert_eq!(source(&text), Ok(Scoped { scope, value }), "{text}");
        }
        assert!(source("aws/x=https://b/k").is_err());
    }
}
