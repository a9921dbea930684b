//! Imports a virtual-machine disk image as a private image in Tencent Cloud.
//!
//! [`Client`] speaks the vendor's own words: one method per operation, requests and answers ([`types`]) as Tencent Cloud documents them.
//! [`Importer`] is the normalized import over it: validate, start, poll, wait, delete. An import cannot be cancelled.
//!
//! ```no_run
//! use tencent_cvm_import::{Client, Importer, common::{Credentials, Disk, DiskFormat, ImageImporter as _, ImportRequest, Os, WaitOptions, wait}};
//!
//! # async fn import() -> tencent_cvm_import::common::Result<()> {
//! let client = Client::builder("ap-guangzhou").credentials(Credentials::new("AKID", "KEY")).build()?;
//! let importer = Importer::new(client);
//! let link = "https://images-1250000000.cos.ap-guangzhou.myqcloud.com/web.qcow2";
//! let request = ImportRequest::new("web-2026-11", Disk::url(link).format(DiskFormat::Qcow2)).os(Os::new("CentOS", "7.9"));
//! let mut task = importer.start(&request).await?;
//! let image = wait(&importer, &mut task, &WaitOptions::default()).await?;
//! # let _ = image; Ok(()) }
//! ```
//!
//! For private and older gateways, [`ClientOptions`] switch to the older signatures, and to requests by `GET`.
//!
//! No I/O happens here: the pipeline of [`common`] sends what this crate builds and signs, by the TLS that the features
//! `aws-lc-rs` (default), `ring` or `native-tls` choose, or by a transport of the program's own
//! ([what each does to the rest of a program](common::transport#tls)).

mod answer;
mod client;
#[rustfmt::skip]
mod generated;
mod importer;
mod options;
mod os;
mod preflight;
mod profile;
mod rules;
mod sign;
mod sts;
mod v1;

/// What all cloud image-import crates share.
pub use cloud_import_core as common;

pub use client::{Client, ClientOptions, HttpMethod};
pub use generated::{
    API_VERSION, CAPABILITIES, ENVIRONMENT, ERRORS, HOST, IMAGE_STATES, OTHER_HOSTS, REGIONS, SERVICE, types,
};
pub use importer::Importer;
pub use options::Options;
pub use os::{TencentOs, map_os};
pub use profile::CREDENTIAL_CHAIN;
pub use sign::{SignatureVersion, Signer};
