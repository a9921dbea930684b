//! Imports a virtual-machine disk image as a private image in Alibaba Cloud.
//!
//! [`Client`] speaks the vendor's own words: one method per operation, requests and answers ([`types`]) as Alibaba Cloud documents
//! them. [`Importer`] is the normalized import over it: validate, start, poll, wait, cancel, delete.
//!
//! ```no_run
//! use aliyun_ecs_import::{Client, Importer, common::{Credentials, Disk, DiskFormat, ImageImporter as _, ImportRequest, Os, WaitOptions, wait}};
//!
//! # async fn import() -> aliyun_ecs_import::common::Result<()> {
//! let client = Client::builder("cn-hangzhou").credentials(Credentials::new("AK", "SK")).build()?;
//! let importer = Importer::new(client);
//! let disk = Disk::object("images", "web.qcow2").format(DiskFormat::Qcow2).size_gib(40);
//! let request = ImportRequest::new("web-2026-11", disk).os(Os::new("CentOS", "7.9"));
//! let mut task = importer.start(&request).await?;
//! let image = wait(&importer, &mut task, &WaitOptions::default()).await?;
//! # let _ = image; Ok(()) }
//! ```
//!
//! The service reads the object itself, through the RAM role `AliyunECSImageImportDefaultRole` of the bucket's account.
//! The vendor keeps the snapshots behind an image, and bills them, when the image is deleted: the importer's `delete` deletes
//! them after it, the client's `delete_image` does not.
//!
//! For private and older gateways, [`ClientOptions`] switch to the signature of the older request form.
//!
//! No I/O happens here: the pipeline of [`common`] sends what this crate builds and signs, by the TLS that the features
//! `aws-lc-rs` (default), `ring` or `native-tls` choose, or by a transport of the program's own
//! ([what each does to the rest of a program](common::transport#tls)).

mod answer;
mod client;
#[rustfmt::skip]
mod generated;
mod import_role;
mod importer;
mod options;
mod os;
mod preflight;
mod profile;
mod role;
mod rpc;
mod rules;
mod sign;
mod snapshots;
mod sts;

/// What all cloud image-import crates share.
pub use cloud_import_core as common;

pub use client::{Client, ClientOptions};
pub use generated::{
    API_VERSION, CAPABILITIES, ENVIRONMENT, ERRORS, HOST, IMAGE_STATES, OTHER_HOSTS, REGIONS, TASK_STATES, types,
};
pub use import_role::{CreateRole, RoleEvent};
pub use importer::Importer;
pub use options::Options;
pub use os::{AliyunOs, map_os};
pub use profile::CREDENTIAL_CHAIN;
pub use role::{IMPORT_POLICY, IMPORT_ROLE, PERMISSION_DOCUMENT, TRUST_DOCUMENT};
pub use rpc::RpcForm;
pub use sign::{SignatureVersion, Signer};
