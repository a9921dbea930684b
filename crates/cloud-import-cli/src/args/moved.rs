//! Arguments of `move`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use cloud_import::DiskFormat;
use serde_json::Value;

use super::{
    Export, Import,
    scope::{Scoped, vendor_option},
};

/// Arguments of `move`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  cloud-import move m-bp1abc --from aliyun --through exports --to tencent --bucket b --name web",
    after_help = "\
The image is exported into a bucket of its own cloud, fetched, unpacked, and imported as a file
is. Its cloud keeps it. The same command again, after any interruption, goes on where it stopped.

UCloud exports no images: it can be a target, and not the origin."
)]
pub(crate) struct Move {
    #[command(flatten)]
    pub(crate) import: Import,
    /// Where the image is: PROVIDER/REGION or PROVIDER
    #[arg(long, value_name = "TARGET", help_heading = "The export")]
    pub(crate) from: String,
    /// Bucket that it is exported to, in the region of the image
    #[arg(long, value_name = "BUCKET", help_heading = "The export")]
    pub(crate) through: String,
    /// What the key of each object begins with
    #[arg(long, value_name = "PREFIX", value_hint = ValueHint::Other, help_heading = "The export")]
    pub(crate) export_prefix: Option<String>,
    /// Format of the exported file; default: the cloud's
    #[arg(long, value_name = "FORMAT", help_heading = "The export")]
    pub(crate) export_format: Option<DiskFormat>,
    /// Its option in the cloud's own words. Repeatable
    #[arg(long, value_name = "PROVIDER.KEY=VALUE", value_parser = vendor_option, help_heading = "The export")]
    pub(crate) export_set: Vec<Scoped<(String, Value)>>,
    /// Folder for the file; default: beside the jobs
    #[arg(id = "way", long = "folder", value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "The export")]
    pub(crate) folder: Option<PathBuf>,
    /// Remove object and file once all images are there
    #[arg(long, help_heading = "The export")]
    pub(crate) tidy: bool,
}

impl Move {
    /// The export into a folder.
    pub(crate) fn export(&self, folder: PathBuf) -> Export {
        let import = &self.import;
        Export {
            image: Some(import.order.image.to_string_lossy().into_owned()),
            from: Some(self.from.clone()),
            bucket: Some(self.through.clone()),
            prefix: self.export_prefix.clone(),
            format: self.export_format,
            project: None,
            set: self.export_set.clone(),
            download: Some(folder),
            force: false,
            remove_object: false,
            limit_rate: import.limit_rate,
            parallel: import.parallel,
            again: false,
            no_preflight: import.no_preflight,
            task: None,
            no_wait: false,
            timeout: import.waiting.timeout,
            state: import.state.clone(),
            reach: import.reach.clone(),
            config: import.config.clone(),
        }
    }
}
