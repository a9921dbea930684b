//! Exports of images in Tencent Cloud's words.
//!
//! An export has the number of a task, which no operation takes: it is followed by its image, which is busy as long as it runs. How an
//! export ended is not told, so that only the object in the bucket is a sure sign. Source: ExportImages, tccli 3.1.189.1 (2026), and
//! terraform-provider-tencentcloud (2026-08), which waits until the image is `NORMAL` again. Unverified: the state of an image during
//! its export, and that it is `NORMAL` after one that failed.

use cloud_import_core::{
    DiskFormat, Problem, Provider, Result, VendorOptions,
    provider::{ExportKeys, ExportOrder, Sent, words},
};
use serde::{Deserialize, Serialize};

use crate::{Client, generated as wire};

/// The role by which the service writes into a bucket when [`ExportOptions`] name none. It must exist and be allowed to write there.
pub const EXPORT_ROLE: &str = "CVM_QcsRole";

/// Options of an export in Tencent Cloud's words. Unknown ones are refused.
///
/// ```
/// use tencent_cvm_import::{ExportOptions, common::{ExportRequest, ImageSource, build}};
///
/// let options = build!(ExportOptions { only_export_root_disk: Some(true) });
/// let request = ExportRequest::new(ImageSource::new("ap-guangzhou", "img-1"), "backups-1250000000").options(&options)?;
/// # Ok::<(), tencent_cvm_import::common::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ExportOptions {
    /// CAM role by which the service writes into the bucket, instead of [`EXPORT_ROLE`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_name: Option<String>,
    /// Leaves the data disks out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_export_root_disk: Option<bool>,
}

impl VendorOptions for ExportOptions {
    const PROVIDER: Provider = Provider::TENCENT;
}

/// Every problem of an export beside those that the tables hold.
pub(crate) fn problems(order: &ExportOrder) -> Vec<Problem> {
    let options = order.request.vendor_options::<ExportOptions>();
    options.err().map(|error| error.problems().to_vec()).unwrap_or_default()
}

/// Behind the image stand kind and snapshot of each disk, which the answer tells.
pub(crate) fn keys(order: &ExportOrder) -> ExportKeys {
    ExportKeys::beginning(format!("{}_{}_", order.prefix, order.request.image.id))
}

/// The vendor's request for an export.
fn request(order: &ExportOrder) -> Result<wire::ExportImagesRequest> {
    let options: ExportOptions = order.request.vendor_options()?;
    Ok(wire::ExportImagesRequest {
        bucket_name: Some(order.request.bucket.clone()),
        image_ids: Some(vec![order.request.image.id.clone()]),
        export_format: Some(format(order.format)?),
        file_name_prefix_list: Some(vec![order.prefix.clone()]),
        only_export_root_disk: options.only_export_root_disk,
        role_name: options.role_name,
        ..Default::default()
    })
}

fn format(format: DiskFormat) -> Result<wire::ExportFormat> {
    Ok(match format {
        DiskFormat::Raw => wire::ExportFormat::Raw,
        DiskFormat::Qcow2 => wire::ExportFormat::Qcow2,
        DiskFormat::Vhd => wire::ExportFormat::Vhd,
        DiskFormat::Vmdk => wire::ExportFormat::Vmdk,
        _ => return Err(words::no_word(Provider::TENCENT, "format", format)),
    })
}

impl Client {
    /// Orders an export. Without a number in it, an answer shows all the same that the order was taken.
    pub(crate) async fn order_export(&self, order: &ExportOrder) -> Result<Sent> {
        let answer = self.export_images(&request(order)?).await?;
        let task = answer.task_id.map(|number| number.to_string());
        Ok(Sent::new("ExportImages", task, None)
            .taken(answer.request_id.is_some())
            .writes(answer.cos_paths.into_iter().flatten()))
    }
}
