//! The simulator over real sockets, asked by signers and an HTTP client that were written for these tests alone.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

mod after_jdcloud;
mod after_ucloud;
mod aliyun;
mod control;
mod faults;
mod http;
mod huawei;
mod huawei_after;
mod jdcloud;
mod server;
mod sign;
mod store;
mod tencent;
mod ucloud;

use std::time::{Duration, Instant};

use bytes::Bytes;
use cloud_import_sim::{Cloud, Config, Simulator};

const AK: &str = "test-access-key-id";
const SK: &str = "test-secret-access-key";

/// Settings with which an import is over at once.
fn quick() -> Config {
    Config::new(AK, SK).import_time(Duration::ZERO)
}

/// Settings with which an import takes longer than any test.
fn slow() -> Config {
    Config::new(AK, SK).import_time(Duration::from_secs(3600))
}

async fn started(config: Config) -> Simulator {
    Simulator::start(config).await.unwrap()
}

#[allow(clippy::disallowed_methods, reason = "tests wait for real sockets")]
async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// When an image is listed in the tests of that.
const LISTED_AFTER: Duration = Duration::from_secs(2);

#[allow(clippy::disallowed_methods, reason = "tests measure how long the simulator takes")]
fn clock() -> Instant {
    Instant::now()
}

/// Asks until every query shows what was begun after `begun`: none does from the start, and none before its time.
async fn listed_in_time(begun: Instant, queries: impl AsyncFn() -> Vec<bool>) {
    let mut hidden = 0;
    loop {
        let shown = queries().await;
        let age = begun.elapsed();
        assert!(age >= LISTED_AFTER || !shown.contains(&true), "too early: {shown:?}");
        assert!(age < LISTED_AFTER * 10, "never: {shown:?}");
        if shown.iter().all(|shown| *shown) {
            return assert!(hidden > 0);
        }
        hidden += 1;
        pause(50).await;
    }
}

/// A file of 1024 bytes that begins with this.
fn file(magic: &[u8]) -> Bytes {
    let mut bytes = vec![0; 1024];
    bytes[..magic.len()].copy_from_slice(magic);
    Bytes::from(bytes)
}

fn qcow2() -> Bytes {
    file(b"QFI\xfb\x00\x00\x00\x03")
}

/// A qcow2 header that names a disk of so many GiB.
fn qcow2_of(gib: u64) -> Bytes {
    let mut bytes = qcow2().to_vec();
    bytes[24..32].copy_from_slice(&(gib << 30).to_be_bytes());
    Bytes::from(bytes)
}

/// Puts the file `k.qcow2` into the bucket `bucket-1` of a region.
fn put(simulator: &Simulator, cloud: Cloud, region: &str) {
    simulator.put_object(cloud, region, "bucket-1", "k.qcow2", qcow2());
}
