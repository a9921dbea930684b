#![doc = include_str!("../README.md")]
//!
//! # What is in it
//!
//! [`Client`] speaks the vendor's own words: one method per operation, requests and answers ([`types`]) as UCloud documents them.
//! [`Importer`] is the normalized import over it: validate, start, poll, wait, delete.
//!
//! The signature has neither date nor nonce, so that whoever reads a request can send it again: use https.
//!
//! No I/O happens here: the pipeline of [`common`] sends what this crate builds and signs, by the TLS that the features
//! `aws-lc-rs` (default), `ring` or `native-tls` choose, or by a transport of the program's own.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod client;
mod copies;
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
pub use generated::{
    CAPABILITIES, ENVIRONMENT, ERRORS, HOST, IMAGE_STATES, OTHER_HOSTS, POLICY, REGIONS, SOURCES, types,
};
pub use importer::Importer;
pub use options::Options;
pub use os::{UcloudOs, map_os};
pub use profile::CREDENTIAL_CHAIN;
pub use sign::Signer;
