//! What only UCloud's import can be told, for [`ImportRequest::options`](cloud_import_core::ImportRequest::options).

use cloud_import_core::{Provider, VendorOptions};
use serde::{Deserialize, Serialize};

/// Options in UCloud's words. Unknown ones are refused.
///
/// ```
/// use ucloud_uhost_import::{Options, common::{Disk, ImportRequest, build}};
///
/// let options = build!(Options { tag: Some("web".into()) });
/// let request = ImportRequest::new("web", Disk::object("images", "web.qcow2")).options(&options)?;
/// # Ok::<(), ucloud_uhost_import::common::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Options {
    /// Business group that the image goes to, 1 to 63 characters. One name, not a list of pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

impl VendorOptions for Options {
    const PROVIDER: Provider = Provider::UCLOUD;
}
