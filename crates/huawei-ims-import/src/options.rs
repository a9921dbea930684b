//! What only Huawei Cloud's imports and copies can be told, for [`ImportRequest::options`](cloud_import_core::ImportRequest::options).

use cloud_import_core::{Provider, VendorOptions};
use serde::{Deserialize, Serialize};

use crate::generated::ImageType;

/// Options in Huawei Cloud's words, and two that choose the way in. The last two are for copies to another region, the others for
/// imports. Unknown ones are refused.
///
/// ```
/// use huawei_ims_import::{Options, common::{Disk, ImportRequest, build}};
///
/// let options = build!(Options { min_ram: Some(2048) });
/// let request = ImportRequest::new("web", Disk::object("images", "web.qcow2")).options(&options)?;
/// # Ok::<(), huawei_ims_import::common::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Options {
    /// Takes this way in, `quick` or `common`, whatever the file is; quick where the file fits it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteKind>,
    /// Says that the `.mf` bitmap of a raw file is in the same bucket under the same name, which the quick route needs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bitmap_staged: bool,
    /// Tags as `key.value`, cut at the first dot; not together with the order's own tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// What the system image is for, such as `ECS` or `BMS`; `ECS` when absent, `IsoImage` for an ISO file.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub image_type: Option<ImageType>,
    /// Lets the service configure the guest (drivers, boot loader, fstab). Common route, system images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_config: Option<bool>,
    /// KMS key: makes an encrypted image. Common route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmk_id: Option<String>,
    /// Least memory in MB that the image needs. Common route, system images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_ram: Option<i64>,
    /// Most memory in MB that the image supports. Common route, system images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ram: Option<i64>,
    /// Agency of IAM that trusts the image service: it takes a copy to another region, and must be there before. Copies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency_name: Option<String>,
    /// Name of the project that a copy goes to, such as `cn-east-3` or that of a sub-project; found out when absent. Copies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
}

impl VendorOptions for Options {
    const PROVIDER: Provider = Provider::HUAWEI;
}

/// One of the two ways in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RouteKind {
    /// ZVHD2 and raw files up to 1 TB, not looked into.
    Quick,
    /// Any format up to 128 GB, converted by the service.
    Common,
}
