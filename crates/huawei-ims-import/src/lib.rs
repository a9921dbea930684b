//! Imports a virtual-machine disk image as a private image in Huawei Cloud (Image Management Service, IMS).
//!
//! [`Client`] speaks the vendor's own words: one method per operation, requests and answers ([`types`]) as Huawei Cloud documents
//! them. [`Importer`] is the normalized import over it: validate, start, poll, wait, delete. It chooses between the
//! vendor's ways in ([`choose_route`]): quick import and common import, each for system and data disks.
//!
//! ```no_run
//! use huawei_ims_import::{Client, Importer, common::{Credentials, Disk, DiskFormat, ImageImporter as _, ImportRequest, Os, WaitOptions, wait}};
//!
//! # async fn import() -> huawei_ims_import::common::Result<()> {
//! let client = Client::builder("cn-north-4").credentials(Credentials::new("AK", "SK")).build()?;
//! let importer = Importer::new(client);
//! let disk = Disk::object("images", "web.zvhd2").format(DiskFormat::Zvhd2).size_gib(40);
//! let request = ImportRequest::new("web-2026-11", disk).os(Os::new("CentOS", "7.9"));
//! let mut task = importer.start(&request).await?;
//! let image = wait(&importer, &mut task, &WaitOptions::default()).await?;
//! # let _ = image; Ok(()) }
//! ```
//!
//! No I/O happens here: the pipeline of [`common`] sends what this crate builds and signs, by the TLS that the features
//! `aws-lc-rs` (default), `ring` or `native-tls` choose, or by a transport of the program's own
//! ([what each does to the rest of a program](common::transport#tls)).

mod answer;
mod client;
#[rustfmt::skip]
mod generated;
mod importer;
mod job;
mod options;
mod order;
mod os;
mod preflight;
mod profile;
mod route;
mod rules;
mod sign;
mod sts;

/// What all cloud image-import crates share.
pub use cloud_import_core as common;

pub use client::{Client, ClientOptions};
pub use generated::{
    API_VERSION, CAPABILITIES, ENVIRONMENT, ERRORS, HOST, IMAGE_STATES, ImportMode, OTHER_HOSTS, REGIONS, ROUTE_COMMON,
    ROUTE_DATA_COMMON, ROUTE_QUICK, SERVICE, TASK_STATES, types,
};
pub use importer::Importer;
pub use options::{Options, RouteKind};
pub use order::ImportCall;
pub use os::{HuaweiOs, map_os};
pub use profile::CREDENTIAL_CHAIN;
pub use route::{ImportRoute, choose_route};
pub use sign::Signer;
