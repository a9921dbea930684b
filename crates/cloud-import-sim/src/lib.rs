//! The image-import APIs of JD Cloud, Tencent Cloud, Huawei Cloud, Alibaba Cloud and UCloud on loopback.
//!
//! For trying a client and for testing one: signatures are verified, requests are checked against what the vendors document,
//! imports live through their states by the clock, errors have the vendors' own codes and forms, and faults come on request.
//! Nothing here reaches a cloud, and nothing here is shared with the clients that it checks.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};
//!
//! let simulator = Simulator::start(Config::new("an-access-key-id", "its-secret")).await?;
//! let image = b"QFI\xfb\x00\x00\x00\x03".as_slice().into();
//! simulator.put_object(Cloud::Aliyun, "cn-hangzhou", "images", "web.qcow2", image);
//! simulator.inject(Fault::new(FaultKind::DropAfter).cloud(Cloud::Aliyun).operation("ImportImage"));
//! // … let a client import from http://{simulator.address(Cloud::Aliyun)} …
//! assert_eq!(simulator.counters().imports_of(Cloud::Aliyun, "web"), 1);
//! simulator.stop().await;
//! # Ok(())
//! # }
//! ```
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
//! Objects are put there by [`Simulator::put_object`] or the control endpoint; [`Config::any_object`] does without. The query of
//! a link, with its signature, is not looked at.
//!
//! # The control endpoint
//!
//! `GET /counters`, `GET /images`, `GET /objects`, `GET` or `PUT /objects/{cloud}/{region}/{bucket}/{key}`, `POST /faults`
//! (a [`Fault`] as JSON), `DELETE /faults`.

mod answer;
mod clock;
mod cloud;
mod clouds;
mod config;
mod control;
mod counters;
mod exchange;
mod faults;
mod flat;
mod generated;
mod images;
mod link;
mod rules;
mod server;
mod simulator;
mod sniff;
mod stores;
mod table;
mod tasks;
pub mod verify;
pub mod wire;
mod world;

pub use cloud::{Cloud, UnknownCloud};
pub use config::{AliyunDryRun, Config, TencentDryRun};
pub use counters::Counters;
pub use faults::{Fault, FaultKind};
pub use images::ImageSummary;
pub use simulator::Simulator;
pub use sniff::DiskFormat;
pub use stores::{BucketSettings, ObjectReader, ObjectSummary, OpenUpload};
