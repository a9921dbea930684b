#![doc = include_str!("../README.md")]
//!
//! # What is in it
//!
//! [`Client`] speaks the vendor's own words: one method per operation, requests and answers ([`types`]) as Alibaba Cloud documents
//! them. [`Importer`] is the normalized import over it: validate, start, poll, wait, cancel, delete.
//!
//! The service reads the object itself, through the RAM role `AliyunECSImageImportDefaultRole` of the bucket's account.
//! The vendor keeps the snapshots behind an image, and bills them, when the image is deleted: the importer's `delete` deletes
//! them after it, the client's `delete_image` does not.
//!
//! For private and older gateways, [`ClientOptions`] switch to the signature of the older request form.
//!
//! No I/O happens here: the pipeline of [`common`] sends what this crate builds and signs, by the TLS that the features
//! `aws-lc-rs` (default), `ring` or `native-tls` choose, or by a transport of the program's own.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod changes;
mod client;
mod copies;
mod exports;
#[rustfmt::skip]
mod generated;
mod import_role;
mod importer;
mod marks;
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
mod xml;

/// What all cloud image-import crates share.
pub use cloud_import_core as common;

pub use client::{Client, ClientOptions};
pub use exports::{EXPORT_ROLE, ExportOptions};
pub use generated::{
    API_VERSION, CAPABILITIES, ENVIRONMENT, ERRORS, HOST, IMAGE_STATES, OTHER_HOSTS, POLICY, REGIONS, SOURCES,
    TASK_STATES, types,
};
pub use import_role::{CreateRole, RoleEvent};
pub use importer::Importer;
pub use options::Options;
pub use os::{AliyunOs, map_os};
pub use profile::CREDENTIAL_CHAIN;
pub use role::{IMPORT_POLICY, IMPORT_ROLE, PERMISSION_DOCUMENT, TRUST_DOCUMENT};
pub use rpc::RpcForm;
pub use sign::{SignatureVersion, Signer};
