//! The object stores of the five clouds: JD OSS (the S3 dialect), Tencent COS, Huawei OBS, Alibaba OSS and UCloud US3 (its own
//! dialect). Objects lie on disk. Signatures are verified in [`crate::verify::store`]; imports are in [`crate::clouds`].

mod admit;
mod body;
mod bucket;
mod call;
mod content;
mod data;
mod digest;
mod disk;
mod exchange;
mod facts;
pub(crate) mod host;
mod link;
mod list;
mod memory;
mod multipart;
mod object;
mod operation;
mod rate;
mod reply;
mod rules;
mod trouble;
mod xml;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use self::bucket::{BucketSettings, ObjectSummary, OpenUpload};
pub use self::content::ObjectReader;

pub(crate) use self::bucket::Disk;
pub(crate) use self::content::Content;
pub(crate) use self::exchange::store_request;
pub(crate) use self::facts::described_buckets;
pub(crate) use self::link::{leads_to, read as read_link};
pub(crate) use self::memory::{Lookup, Store};
pub(crate) use self::reply::streamed;

use self::call::Call;
use self::disk::StoreDir;
use self::rate::Rate;
use self::reply::Reply;
use self::trouble::Trouble;
use crate::cloud::Cloud;
use crate::config::Config;

/// What a request to a store ends in.
type Done = Result<Reply, Trouble>;

/// A request and where it leads.
#[derive(Clone, Copy, Debug)]
struct Place<'c> {
    call: &'c Call,
    /// The bucket's region.
    region: &'c str,
    /// Signed in the AWS way.
    aws: bool,
}

/// What the stores need while bodies move, outside of the simulator's memory.
#[derive(Debug)]
pub(crate) struct Stores {
    pub(crate) dir: Arc<StoreDir>,
    rates: [Option<Arc<Rate>>; 5],
    received: [AtomicU64; 5],
}

impl Stores {
    pub(crate) fn new(config: &Config) -> Self {
        let rate = || config.store_rate.map(|rate| Arc::new(Rate::new(rate)));
        Stores {
            dir: Arc::new(StoreDir::new(config.store_dir.clone())),
            rates: std::array::from_fn(|_| rate()),
            received: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    fn rate(&self, cloud: Cloud) -> Option<&Arc<Rate>> {
        self.rates[cloud.index()].as_ref()
    }

    fn note_received(&self, cloud: Cloud, bytes: u64) {
        self.received[cloud.index()].fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes of objects and parts that a store took off the wire.
    pub(crate) fn received(&self, cloud: Cloud) -> u64 {
        self.received[cloud.index()].load(Ordering::Relaxed)
    }
}
