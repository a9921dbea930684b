#![doc = include_str!("../README.md")]
//!
//! # What is in it
//!
//! For trying a client and for testing one: signatures are verified, requests are checked against what the vendors document,
//! imports live through their states by the clock, errors have the vendors' own codes and forms, and faults come on request.
//! Nothing here reaches a cloud, and nothing here is shared with the clients that it checks.
//!
//! # What each cloud does with a request
//!
//! 1. The `Host` header has to be one of the cloud's own names or an address (else 421).
//! 2. The [signature](verify), then its time, then (Alibaba) its nonce are checked.
//! 3. A [fault](Fault) that waits for this request acts.
//! 4. The action has to be known; its fields are checked against the tables of names, types and closed lists, and against the
//!    documented limits on which the vendor's sources agree.
//! 5. It is executed and answered, with the vendor's request id and a `Date`.
//!
//! # Where imports read from
//!
//! | cloud | source | region of the bucket |
//! |---|---|---|
//! | JD Cloud | `<bucket>.s3[-internal].<region>.jdcloud-oss.com/<key>` | must be the import's, refused at once |
//! | Tencent | `<bucket>.cos.<region>.myqcloud.com/<key>` | must be the import's, but for mainland regions; fails later |
//! | Huawei | `bucket:key` | must be the import's, refused at once |
//! | Alibaba | `OSSBucket` and `OSSObject` | must be the import's, refused at once |
//! | UCloud | `<bucket>.<region>.ufileos.com/<key>`, where `cn-bj` is `cn-bj2` | must be the import's, fails later |
//!
//! Objects come through the stores, or are put there by [`Simulator::put_object`] or the control endpoint;
//! [`Config::any_object`] does without. A link to an object in a private bucket that came through the store has to have a good
//! signature that holds until the import leaves its queue, and at Tencent not to have been opened before
//! ([`Config::tencent_links_open_once`]); a link to one that was put by hand is not looked at closer. An object that is deleted
//! through the store fails the imports that have not ended.
//!
//! # The object stores
//!
//! JD OSS (the S3 dialect), COS, OBS, OSS and US3 (its own dialect, not its S3 one). A store answers at [`Simulator::address`]
//! to its hosts' names, with the bucket in the name or in the path, and at [`Simulator::store_address`] to an address, too, with
//! the bucket in the path. Buckets are made by [`Simulator::create_bucket`] or, with [`Config::any_bucket`], on first use.
//!
//! | operations | |
//! |---|---|
//! | `PutObject`, `HeadObject`, `GetObject` (with `Range`), `DeleteObject` | all |
//! | `InitiateMultipartUpload`, `UploadPart`, `CompleteMultipartUpload`, `AbortMultipartUpload` | all |
//! | `ListParts` | all but US3; [`Config::list_parts`] |
//! | `ListObjects`, `ListMultipartUploads` | all; the form of US3's is unverified |
//! | `ListObjectsV2`, `HeadBucket`, `CreateBucket`, `DeleteBucket`, `GetBucketLocation`, `GetBucketAcl`, `GetBucketLifecycle` | all but US3 |
//! | `GetBucketTagging`, `PutBucketTagging`, `PutBucketLifecycle` | COS, OBS, OSS |
//! | `GetBucketEncryption`, `PutBucketEncryption` | COS, OBS |
//! | `GetBucketInfo`; `GetBucketStorageClass`; `DescribeBucket`, `CreateBucket`, `DeleteBucket` (at the API) | OSS; OBS; US3 |
//!
//! Signatures are verified in headers and in the query of a link, with their time and their region. `Content-MD5` (not at US3)
//! and a signed SHA-256 are compared with the body, parts have their numbers and sizes, a completion has to name the parts with
//! their ETags in order. A bucket may keep versions, or say that it encrypts ([`BucketSettings`]). Bodies lie on disk
//! ([`Config::store_dir`]) and are gone with the simulator. Not there: copies, permissions beyond private and public, bodies in
//! signed chunks, conditions, checksums but MD5.
//!
//! # The control endpoint
//!
//! `GET /counters`, `GET /images`, `GET /objects`, `GET /uploads`, `GET` or `PUT /objects/{cloud}/{region}/{bucket}/{key}`,
//! `PUT /buckets/{cloud}/{region}/{bucket}` ([`BucketSettings`] as JSON, or nothing), `POST /faults` (a [`Fault`] as JSON),
//! `DELETE /faults`, `POST /time` (a number of seconds that pass at once for all that is under way).

#![cfg_attr(docsrs, feature(doc_cfg))]
mod clock;
mod cloud;
mod clouds;
#[rustfmt::skip]
mod generated;
mod objects;
mod rules;
mod server;
mod setters;
mod stores;
mod table;
mod text;
pub mod verify;
pub mod wire;
mod world;

pub use cloud::{Cloud, UnknownCloud};
pub use objects::{BucketSettings, DiskFormat, ObjectReader, ObjectSummary, OpenUpload};
pub use server::{ImageSummary, Simulator};
pub use world::{AliyunDryRun, Config, Counters, Fault, FaultKind, GuestFault, TencentDryRun};
