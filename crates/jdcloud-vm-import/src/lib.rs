#![doc = include_str!("../README.md")]
//!
//! # What is in it
//!
//! [`Client`] speaks the vendor's own words: one method per operation, requests and answers ([`types`]) as JD Cloud documents them.
//! [`Importer`] is the normalized import over it: validate, start, poll, wait, delete.
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
mod importer;
mod marks;
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
pub use exports::ExportOptions;
pub use generated::{
    API_VERSION, CAPABILITIES, ENVIRONMENT, ERRORS, HOST, IMAGE_STATES, OTHER_HOSTS, POLICY, REGIONS, SERVICE, SOURCES,
    TASK_STATES, types,
};
pub use importer::Importer;
pub use options::Options;
pub use os::map_os;
pub use profile::CREDENTIAL_CHAIN;
pub use sign::{SecurityTokenForm, SignatureVersion, Signer};
