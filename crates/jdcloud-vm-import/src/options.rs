//! What only JD Cloud's import can be told, for [`ImportRequest::options`](cloud_import_core::ImportRequest::options).

use cloud_import_core::{Provider, VendorOptions};
use serde::{Deserialize, Serialize};

/// Options in JD Cloud's words. Unknown ones are refused.
///
/// ```
/// use jdcloud_vm_import::{Options, common::{Disk, ImportRequest, build}};
///
/// let options = build!(Options { os_version: Some("7.9".into()) });
/// let request = ImportRequest::new("web", Disk::object("images", "web.qcow2")).options(&options)?;
/// # Ok::<(), jdcloud_vm_import::common::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Options {
    /// Distribution, instead of what the operating system maps to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Version of the operating system, free text, instead of what the operating system maps to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
}

impl VendorOptions for Options {
    const PROVIDER: Provider = Provider::JDCLOUD;
}
