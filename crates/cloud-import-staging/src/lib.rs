#![doc = include_str!("../README.md")]
//!
//! # What is in it
//!
//! One small multipart client ([`Store`]) with one dialect per store: JD Cloud OSS (S3), Tencent COS, Huawei OBS, Alibaba OSS
//! and UCloud US3. [`Upload`] puts a file there in parts: in parallel, each checked by its sum, resumable after any
//! interruption from a small [`UploadRecord`], in bounded memory whatever the size of the file.
//!
//! - **The transport** is the caller's. A part takes as long as the line takes for it, so its time limit should be one for
//!   standing still: make one by `HttpTransport::builder().idle_timeout(…)` with some two minutes, apart from the one for the
//!   import API. The features `aws-lc-rs` (default), `ring` and `native-tls` choose its TLS
//!   ([what each does to the rest of a program](cloud_import_core::transport#tls)).
//! - **One pass first**: [`Hashed::of`] reads the file once, and [`HashCache`] remembers it; several uploads of one file share
//!   the result. The key should hold that sum.
//! - **A file in another form**: [`LocalFile::read_as`] takes what makes other bytes of a file, such as the same disk in another format.
//!   They are hashed and sent without being written anywhere.
//! - **A [`WebFile`]** is sent without that pass, and without a copy on this machine: its SHA-256 is known beforehand, and no object is
//!   made before all its bytes passed and have it. Its parts are fetched one after another, each upload by itself.
//! - **The other way**: [`Download`] fetches an object into a file, in parts, resumable and held against the store's own sums.
//! - **Memory** is bounded by one [`Budget`] that all uploads of a process share. A part of a plain file is read while it is sent, half a
//!   MiB at a time, where the transport takes that (`HttpTransport` does).
//! - **The record** goes to a [`RecordStore`], durably, before the first byte and after each part. In a store that lists open
//!   uploads and parts nothing is left open and nothing that arrived is sent again; UCloud's lists uploads only for accounts that
//!   applied for it, so that parts on their way may be sent twice there, and a begun upload whose answer was lost may stay open (it
//!   is told).
//! - **What a store says is looked after**: a deletion counts when the object is gone, in a bucket that keeps versions, too; an ETag
//!   counts where it is an MD5, and a store's own sum before it.
//! - **Number and rate** of requests are limited by a [`Pace`](cloud_import_core::Pace) that stores and web files share.
//! - **A stop** is a [`Stop`](cloud_import_core::Stop): parts on their way may arrive, and the record stays. Where the pipeline has
//!   it too, no request is sent again, and once it is pressed none is waited for.
//!
//! It must not know what an import is, make anything public, or delete what it did not put there.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(feature = "s3", feature = "oss", feature = "cos", feature = "obs", feature = "us3")),
    allow(
        dead_code,
        reason = "a build with some of the stores does not use all that they share"
    )
)]

mod answer;
mod blocking;
mod bucket;
mod budget;
mod crc64;
mod deletion;
mod dialect;
mod dialects;
mod download;
mod facts;
mod file;
mod form;
#[rustfmt::skip]
mod generated;
mod hash;
mod made;
mod objects;
mod parts;
mod questions;
mod record;
mod record_store;
#[cfg(test)]
mod scratch;
pub mod sign;
mod spec;
mod store;
mod upload;
mod web;

pub use bucket::{Addressing, Bucket};
pub use budget::Budget;
pub use download::{CheckedBy, Download, DownloadOptions, DownloadProgress, Downloaded, OnDownload, WhenWhole};
pub use facts::BucketFacts;
pub use file::{FileStamp, LocalFile};
pub use form::{Bytes, Form};
pub use hash::{HashCache, Hashed};
pub use made::{MARK_OBJECT, MARK_TAG, MadeBucket, Mark, PlannedRequest, Removal, Setting, Standing};
pub use objects::{ListedObject, ObjectHead, OpenUpload, Part, Receipt, Uploading};
pub use parts::part_size;
pub use record::{PartRecord, RecordSchema, UploadRecord, WebRecord};
pub use record_store::{FileRecordStore, RecordStore};
pub use spec::Limits;
pub use store::Store;
pub use upload::{OnProgress, Progress, Staged, Upload, UploadOptions};
pub use web::{WebClient, WebFile, WebStamp};
