//! Buckets and what lies in them, and how hosts and classes of the five stores are named. Remembers and finds only: no request is
//! verified, limited or answered here.

mod bucket;
pub(crate) mod class;
mod content;
mod crc64;
pub(crate) mod digest;
mod files;
pub(crate) mod host;
mod sniff;
mod store;
mod versions;

pub(crate) use self::{
    bucket::{About, Bucket, Disk, Missing, Object, Part, Upload},
    content::{Content, Piece},
    files::{StoreDir, drop_later},
    store::{Lookup, Store},
    versions::Deleted,
};
pub use self::{
    bucket::{BucketSettings, ObjectSummary, OpenUpload},
    content::ObjectReader,
    sniff::DiskFormat,
};
