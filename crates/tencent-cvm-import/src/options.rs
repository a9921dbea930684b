//! What only Tencent Cloud's import can be told, for [`ImportRequest::options`](cloud_import_core::ImportRequest::options).

use cloud_import_core::{Provider, VendorOptions};
use serde::{Deserialize, Serialize};

/// Options in Tencent Cloud's words. Unknown ones are refused.
///
/// ```
/// use tencent_cvm_import::{Options, common::{Disk, ImportRequest, build}};
///
/// let options = build!(Options { image_family: Some("web".into()) });
/// let request = ImportRequest::new("web", Disk::object("images", "web.qcow2")).options(&options)?;
/// # Ok::<(), tencent_cvm_import::common::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Options {
    /// Image family that the image joins, free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_family: Option<String>,
}

impl VendorOptions for Options {
    const PROVIDER: Provider = Provider::TENCENT;
}
