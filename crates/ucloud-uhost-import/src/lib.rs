//! Imports a virtual-machine disk image as a private image in UCloud.
//!
//! [`Client`] speaks the vendor's own words: one method per operation, requests and answers ([`types`]) as UCloud documents them.
//! [`Importer`] is the normalized import over it: validate, start, poll, wait, delete.
//!
//! ```no_run
//! use ucloud_uhost_import::{Client, Importer, common::{Credentials, Disk, DiskFormat, ImageImporter as _, ImportRequest, Os, WaitOptions, wait}};
//!
//! # async fn import() -> ucloud_uhost_import::common::Result<()> {
//! let client = Client::builder("cn-bj2").project("org-1").credentials(Credentials::new("PUBLIC", "PRIVATE")).build()?;
//! let importer = Importer::new(client);
//! let link = "https://images.cn-bj.ufileos.com/web.qcow2";
//! let request = ImportRequest::new("web-2026-11", Disk::url(link).format(DiskFormat::Qcow2)).os(Os::new("CentOS", "7.9"));
//! let mut task = importer.start(&request).await?;
//! let image = wait(&importer, &mut task, &WaitOptions::default()).await?;
//! # let _ = image; Ok(()) }
//! ```
//!
//! The signature has neither date nor nonce, so that whoever reads a request can send it again: use https.
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

/// What all cloud image-import crates share.
pub use cloud_import_core as common;

pub use client::{Client, ClientOptions};
pub use generated::{CAPABILITIES, ENVIRONMENT, ERRORS, HOST, IMAGE_STATES, OTHER_HOSTS, REGIONS, types};
pub use importer::Importer;
pub use options::Options;
pub use os::{UcloudOs, map_os};
pub use profile::CREDENTIAL_CHAIN;
pub use sign::Signer;
