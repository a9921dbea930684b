//! Exports of images in Huawei Cloud's words.
//!
//! The key of the object is the order's own, so that a repeat writes the same one: the service refuses it while the first export runs
//! and when its object is there. Without a token, nothing but the object shows an export whose answer was lost. Source: ExportImage,
//! the vendor's API definitions (2026-10) and documents (2022-12, 2026-04). That a job's type is `imsNativeExportImageJob` is not
//! looked at.

use cloud_import_core::{
    DiskFormat, Field, Problem, Provider, Result, VendorOptions,
    provider::{ExportKeys, ExportOrder, Sent, words},
};
use serde::{Deserialize, Serialize};

use crate::{
    Client,
    generated::{self as wire, CAPABILITIES},
};

/// The longest key that OBS takes, in bytes.
const LONGEST_KEY: usize = 1024;

/// Options of an export in Huawei Cloud's words: there are none yet, and unknown ones are refused. The format `zvhd2` is what the
/// vendor calls the quick export.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ExportOptions {}

impl VendorOptions for ExportOptions {
    const PROVIDER: Provider = Provider::HUAWEI;
}

/// Every problem of an export beside those that the tables hold.
pub(crate) fn problems(order: &ExportOrder) -> Vec<Problem> {
    let options = order.request.vendor_options::<ExportOptions>();
    let mut problems = options.err().map(|error| error.problems().to_vec()).unwrap_or_default();
    let rule = match key(order) {
        key if key.len() > LONGEST_KEY => format!("makes a key of {} bytes; {LONGEST_KEY} are allowed", key.len()),
        key if key.starts_with('/') => "begins with a slash".to_owned(),
        _ => return problems,
    };
    let problem =
        Problem::error(Provider::HUAWEI, Field::Prefix, rule).source(CAPABILITIES.after.export_formats.source);
    problems.push(problem.remedy("Give a shorter one, which begins with a letter or digit."));
    problems
}

pub(crate) fn keys(order: &ExportOrder) -> ExportKeys {
    ExportKeys::beginning(key(order)).whole(key(order))
}

/// Prefix and image, as other clouds make it, and the format.
fn key(order: &ExportOrder) -> String {
    format!("{}_{}.{}", order.prefix, order.request.image.id, order.format)
}

/// The vendor's request for an export. The quick one takes no format: it writes the image as it is kept.
fn request(order: &ExportOrder) -> Result<wire::ExportImageRequest> {
    let file_format = match order.format {
        DiskFormat::Zvhd2 => None,
        DiskFormat::Qcow2 => Some("qcow2"),
        DiskFormat::Vhd => Some("vhd"),
        DiskFormat::Zvhd => Some("zvhd"),
        DiskFormat::Vmdk => Some("vmdk"),
        other => return Err(words::no_word(Provider::HUAWEI, "format", other)),
    };
    Ok(wire::ExportImageRequest {
        image_id: Some(order.request.image.id.clone()),
        bucket_url: Some(format!("{}:{}", order.request.bucket, key(order))),
        file_format: file_format.map(str::to_owned),
        is_quick_export: file_format.is_none().then_some(true),
        ..Default::default()
    })
}

impl Client {
    /// Orders an export.
    pub(crate) async fn order_export(&self, order: &ExportOrder) -> Result<Sent> {
        let answer = self.export_image(&request(order)?).await?;
        Ok(Sent::new("ExportImage", answer.job_id, None))
    }
}
