//! Exports of images in Alibaba Cloud's words.
//!
//! An export is a task, as an import is. It has no token: one whose answer was lost is found among the tasks of its image, of which
//! one runs at a time. Source: ExportImage, alibabacloud_ecs20140526 for Python 7.11.8 (2026-10) and the API reference (2021-07); the
//! key of the object, terraform-provider-alicloud (2026-08). Unverified: how objects in other formats than raw are called, and those
//! of data disks; the key of these is known by its beginning alone.

use cloud_import_core::{
    DiskFormat, Field, Problem, Provider, Remedy, Result, VendorOptions, WarningId,
    provider::{ExportKeys, ExportOrder, Sent, words},
};
use serde::{Deserialize, Serialize};

use crate::{Client, generated as wire, generated::CAPABILITIES};

/// The role by which the service writes into a bucket when [`ExportOptions`] name none. It must exist, trust `ecs.aliyuncs.com` and
/// have the vendor's policy `AliyunECSImageExportRolePolicy`.
pub const EXPORT_ROLE: &str = "AliyunECSImageExportDefaultRole";

/// Options of an export in Alibaba Cloud's words. Unknown ones are refused.
///
/// ```
/// use aliyun_ecs_import::{EXPORT_ROLE, ExportOptions, common::{ExportRequest, ImageSource, build}};
///
/// let options = build!(ExportOptions { role_name: Some(EXPORT_ROLE.into()) });
/// let request = ExportRequest::new(ImageSource::new("cn-hangzhou", "m-bp1"), "backups").options(&options)?;
/// # Ok::<(), aliyun_ecs_import::common::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ExportOptions {
    /// RAM role by which the service writes into the bucket, instead of [`EXPORT_ROLE`]. The vendor says that no other works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_name: Option<String>,
}

impl VendorOptions for ExportOptions {
    const PROVIDER: Provider = Provider::ALIYUN;
}

/// Every problem of an export beside those that the tables hold.
pub(crate) fn problems(order: &ExportOrder) -> Vec<Problem> {
    let options: ExportOptions = match order.request.vendor_options() {
        Ok(options) => options,
        Err(error) => return error.problems().to_vec(),
    };
    let role = options.role_name.filter(|role| role != EXPORT_ROLE).map(|role| {
        let field = Field::vendor("RoleName");
        let rule = format!("is `{role}`, and the vendor says that no other role than `{EXPORT_ROLE}` works");
        Problem::warning(WarningId::ROLE_OTHER, Provider::ALIYUN, field.clone(), rule)
            .source(CAPABILITIES.after.export_formats.source)
            .remedy(Remedy::Unset(field))
    });
    role.into_iter().collect()
}

/// The object of the system disk where a source tells how it is called: raw files are packed.
pub(crate) fn keys(order: &ExportOrder) -> ExportKeys {
    let begins = format!("{}_{}_", order.prefix, order.request.image.id);
    match order.format {
        DiskFormat::Raw => ExportKeys::beginning(&begins).whole(format!("{begins}system.raw.tar.gz")),
        _ => ExportKeys::beginning(begins),
    }
}

/// The vendor's request for an export.
fn request(order: &ExportOrder) -> Result<wire::ExportImageRequest> {
    let options: ExportOptions = order.request.vendor_options()?;
    Ok(wire::ExportImageRequest {
        image_id: Some(order.request.image.id.clone()),
        oss_bucket: Some(order.request.bucket.clone()),
        oss_prefix: Some(order.prefix.clone()),
        image_format: Some(format(order.format)?.to_owned()),
        role_name: options.role_name,
        ..Default::default()
    })
}

fn format(format: DiskFormat) -> Result<&'static str> {
    Ok(match format {
        DiskFormat::Raw => "raw",
        DiskFormat::Vhd => "vhd",
        DiskFormat::Qcow2 => "qcow2",
        DiskFormat::Vmdk => "vmdk",
        DiskFormat::Vdi => "vdi",
        _ => return Err(words::no_word(Provider::ALIYUN, "format", format)),
    })
}

impl Client {
    /// Orders an export.
    pub(crate) async fn order_export(&self, order: &ExportOrder) -> Result<Sent> {
        let answer = self.export_image(&request(order)?).await?;
        Ok(Sent::new("ExportImage", answer.task_id, None))
    }

    /// The exports of an image, running and over.
    pub(crate) async fn exports_of(&self, image_id: &str) -> Result<Vec<wire::Task>> {
        let mut tasks = Vec::new();
        let mut pages = self.describe_tasks_pages(wire::DescribeTasksRequest {
            task_action: Some(wire::TaskAction::ExportImage),
            resource_ids: Some(vec![image_id.to_owned()]),
            ..Default::default()
        });
        while let Some(page) = pages.next_page().await? {
            tasks.extend(page);
        }
        tasks.retain(|task| task.resource_id.as_deref() == Some(image_id));
        Ok(tasks)
    }
}
