#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(
        feature = "jdcloud",
        feature = "tencent",
        feature = "huawei",
        feature = "aliyun",
        feature = "ucloud"
    )),
    allow(unused, reason = "without any cloud there is nothing to connect to")
)]

mod connect;
#[cfg(feature = "publish")]
pub mod publish;
mod target;

#[cfg(feature = "aliyun")]
/// Alibaba Cloud in its own words.
pub use aliyun_ecs_import as aliyun;
#[cfg(feature = "huawei")]
/// Huawei Cloud in its own words.
pub use huawei_ims_import as huawei;
#[cfg(feature = "jdcloud")]
/// JD Cloud in its own words.
pub use jdcloud_vm_import as jdcloud;
#[cfg(feature = "tencent")]
/// Tencent Cloud in its own words.
pub use tencent_cvm_import as tencent;
#[cfg(feature = "ucloud")]
/// UCloud in its own words.
pub use ucloud_uhost_import as ucloud;

#[cfg(feature = "testing")]
pub use cloud_import_core::testing;
pub use cloud_import_core::{
    Architecture, Asking, BootMode, BoxFuture, Bytes, CancelOutcome, Capabilities, Check, CheckOutcome, ClientBuilder,
    CredentialSource, Credentials, Disk, DiskFormat, DiskPart, DiskSource, Encryption, Endpoint, Error, ErrorKind,
    ExportRequest, ExportState, ExportTask, ExportedImage, Failure, Field, Finding, Grace, GuestFinding,
    ImageAttributes, ImageChange, ImageImporter, ImageKind, ImageMarks, ImageSource, ImportRequest, ImportTask,
    ImportedImage, Inspection, LicenseType, Link, Os, OsFamily, OwnImage, OwnImages, Pace, PartitionTable, Prepared,
    PreparedExport, Presence, Problem, Provider, Remedy, Response, Result, RetryPolicy, Settings, Severity, Shown,
    Sighting, SourceForm, Stop, Subject, TaskState, Throttle, VendorOptions, WaitEvent, WaitOptions, WarningId, build,
    credentials, env, find, http, provider, remedy, transport, wait, wait_for_export,
};

pub use connect::{
    capabilities, connect, connect_to, credential_chain, credential_places, environment_names, error_codes,
    guest_warnings, policy, regions, sources, warning,
};
pub use target::Target;
