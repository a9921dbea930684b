//! Puts a disk image file into a cloud's object storage, where the cloud's import can read it.
//!
//! One small multipart client ([`Store`]) with one dialect per store: JD Cloud OSS (S3), Tencent COS, Huawei OBS, Alibaba OSS
//! and UCloud US3. [`Upload`] puts a file there in parts: in parallel, each checked by its sum, resumable after any
//! interruption from a small [`UploadRecord`], in bounded memory whatever the size of the file.
//!
//! It must not know what an import is, make anything public, or delete what it did not put there.

#![cfg_attr(
    not(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs")),
    allow(dead_code, reason = "US3 alone has fewer calls than the four that speak XML")
)]

mod answer;
mod blocking;
mod bucket;
mod budget;
mod codes;
mod dialect;
mod dialects;
mod durable;
mod facts;
mod file;
mod hash;
mod keeper;
mod parts;
mod record;
#[cfg(test)]
mod scratch;
pub mod sign;
mod store;
mod upload;

pub use bucket::{Addressing, Bucket};
pub use budget::Budget;
pub use dialect::Limits;
pub use facts::BucketFacts;
pub use file::{FileStamp, LocalFile};
pub use hash::{HashCache, Hashed};
pub use keeper::{FileKeeper, Keeper};
pub use parts::part_size;
pub use record::{PartRecord, RecordSchema, UploadRecord};
pub use store::{ObjectHead, OpenUpload, Part, Store, Uploading};
pub use upload::{OnProgress, Progress, Staged, Upload, UploadOptions};
