//! Exports of images in JD Cloud's words.
//!
//! An export is a task of its own action, and has a token, which makes a repeat the first one's answer. Source: exportImage, the
//! vendor's Go SDK (2026-06). Unverified: how objects are called before their task tells it, and in which form the domain of a bucket
//! is wanted.

use cloud_import_core::{
    Field, Link, Problem, Provider, Remedy, Result, VendorOptions,
    provider::{ExportOrder, Sent, words},
};
use serde::{Deserialize, Serialize};

use crate::{
    Client,
    generated::{self as wire, CAPABILITIES},
};

const ROLE: Field = Field::vendor("roleName");

/// Options of an export in JD Cloud's words. Unknown ones are refused.
///
/// ```
/// use jdcloud_vm_import::{ExportOptions, common::{ExportRequest, ImageSource, build}};
///
/// let options = build!(ExportOptions { role_name: Some("image-export".into()) });
/// let request = ExportRequest::new(ImageSource::new("cn-north-1", "img-1"), "backups").options(&options)?;
/// # Ok::<(), jdcloud_vm_import::common::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ExportOptions {
    /// Service role by which the service writes into the bucket. The vendor asks for one and names no default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_name: Option<String>,
    /// Exports the data disks too. The vendor's text also says that the system disk alone is exported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_all_disk: Option<bool>,
    /// The domain of the bucket, beginning with `https://`, instead of the one that the store documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oss_url: Option<String>,
}

impl VendorOptions for ExportOptions {
    const PROVIDER: Provider = Provider::JDCLOUD;
}

/// Every problem of an export beside those that the tables hold.
pub(crate) fn problems(order: &ExportOrder) -> Vec<Problem> {
    let options: ExportOptions = match order.request.vendor_options() {
        Ok(options) => options,
        Err(error) => return error.problems().to_vec(),
    };
    let source = CAPABILITIES.after.export_formats.source;
    let mut problems = Vec::new();
    if options.role_name.is_none_or(|role| role.is_empty()) {
        let rule = "is missing: the service writes into the bucket by a role that you make, and there is no default";
        let problem = Problem::error(Provider::JDCLOUD, ROLE, rule).source(source);
        problems.push(problem.remedy(Remedy::set(ROLE)));
    }
    if options.oss_url.is_some_and(|url| !url.starts_with("https://")) {
        let problem = Problem::error(
            Provider::JDCLOUD,
            Field::vendor("ossUrl"),
            "does not begin with `https://`",
        );
        problems.push(problem.source(source).remedy("Give the domain of the bucket."));
    }
    problems
}

/// The vendor's request for an export.
fn request(order: &ExportOrder) -> Result<wire::ExportImageRequest> {
    let options: ExportOptions = order.request.vendor_options()?;
    let export = &order.request;
    if !CAPABILITIES.after.export_formats.value.contains(&order.format) {
        return Err(words::no_word(Provider::JDCLOUD, "format", order.format));
    }
    let place = CAPABILITIES.after.export_bucket.value;
    let place = || {
        place
            .replace("{bucket}", &export.bucket)
            .replace("{region}", &export.image.region)
    };
    Ok(wire::ExportImageRequest {
        image_id: Some(export.image.id.clone()),
        role_name: options.role_name,
        oss_url: Some(Link::new(options.oss_url.unwrap_or_else(place))),
        oss_prefix: Some(order.prefix.clone()),
        client_token: order.token.clone(),
        is_all_disk: options.is_all_disk,
        ..Default::default()
    })
}

impl Client {
    /// Orders an export.
    pub(crate) async fn order_export(&self, order: &ExportOrder) -> Result<Sent> {
        let answer = self.export_image(&request(order)?).await?;
        Ok(Sent::new("exportImage", answer.task_id, None))
    }

    /// The task of an export.
    pub(crate) async fn export_task(&self, id: &str) -> Result<Option<wire::TaskInfo>> {
        let request = wire::ImageTasksRequest {
            task_action: Some(wire::TaskAction::ExportImage),
            task_ids: Some(vec![id.to_owned()]),
            page_size: Some(10),
            ..Default::default()
        };
        let tasks = self.image_tasks(&request).await?.task_set.unwrap_or_default();
        let mut tasks = tasks.into_iter();
        Ok(tasks.find(|task| task.task_id.as_deref() == Some(id)))
    }
}
