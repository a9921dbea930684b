//! What only Alibaba Cloud's import can be told, for [`ImportRequest::options`](cloud_import_core::ImportRequest::options).

use cloud_import_core::{Provider, VendorOptions};
use serde::{Deserialize, Serialize};

/// Options in Alibaba Cloud's words: `RoleName`, `DetectionStrategy`, … Unknown ones are refused.
///
/// ```
/// use aliyun_ecs_import::{Options, common::{Disk, ImportRequest, build}};
///
/// let options = build!(Options { role_name: Some("ImageImport".into()) });
/// let request = ImportRequest::new("web", Disk::object("images", "web.qcow2")).options(&options)?;
/// # Ok::<(), aliyun_ecs_import::common::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Options {
    /// RAM role by which the service reads the bucket, instead of `AliyunECSImageImportDefaultRole`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_name: Option<String>,
    /// `Standard` asks for a check of the image, which is not made otherwise. What it finds comes with the image, as its
    /// [`inspection`](cloud_import_core::ImportedImage::inspection).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection_strategy: Option<String>,
    /// `supported` where the guest has an NVMe driver, else `unsupported`, the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nvme_support: Option<String>,
    /// Version of the metadata service that instances are to use: `v1`, the default, or `v2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imds_support: Option<String>,
    /// Only for OSS on CloudBox: `arn:acs:cloudbox:{RegionId}:{AliUid}:cloudbox/{CloudBoxId}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_location_arn: Option<String>,
    /// Distribution, instead of what the operating system maps to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

impl VendorOptions for Options {
    const PROVIDER: Provider = Provider::ALIYUN;
}
