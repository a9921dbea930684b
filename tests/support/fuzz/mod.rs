//! What reads bytes that others wrote, as functions of bytes: they must not panic, whatever the bytes are.
//!
//! `cargo test --test fuzz` runs them in a seeded loop, `cargo xtask soak` for longer, and cargo-fuzz where it is installed
//! (`tests/fuzz`). Nothing here is sent: answers come from the input.

mod answers;
mod files;
mod guests;
mod mutate;
mod seeds;

use cloud_import::Provider;

pub use mutate::{Random, mutate};

/// A reader, with valid inputs to begin from.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Has the input read. A panic is a finding.
    pub run: fn(&[u8]),
    /// Inputs that are read without an error, or nearly.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    target("disk", files::disk, seeds::disks),
    target("guest", guests::guest, guests::seeds),
    target(
        "api-jdcloud",
        |input| answers::api(Provider::JDCLOUD, input),
        || seeds::api(Provider::JDCLOUD),
    ),
    target(
        "api-tencent",
        |input| answers::api(Provider::TENCENT, input),
        || seeds::api(Provider::TENCENT),
    ),
    target(
        "api-huawei",
        |input| answers::api(Provider::HUAWEI, input),
        || seeds::api(Provider::HUAWEI),
    ),
    target(
        "api-aliyun",
        |input| answers::api(Provider::ALIYUN, input),
        || seeds::api(Provider::ALIYUN),
    ),
    target(
        "api-ucloud",
        |input| answers::api(Provider::UCLOUD, input),
        || seeds::api(Provider::UCLOUD),
    ),
    target(
        "store-jdcloud",
        |input| answers::store(Provider::JDCLOUD, input),
        seeds::store_xml,
    ),
    target(
        "store-tencent",
        |input| answers::store(Provider::TENCENT, input),
        seeds::store_xml,
    ),
    target(
        "store-huawei",
        |input| answers::store(Provider::HUAWEI, input),
        seeds::store_xml,
    ),
    target(
        "store-aliyun",
        |input| answers::store(Provider::ALIYUN, input),
        seeds::store_xml,
    ),
    target(
        "store-ucloud",
        |input| answers::store(Provider::UCLOUD, input),
        seeds::store_json,
    ),
    target("profiles", files::profiles, seeds::profiles),
    target("keys", files::keys, seeds::keys),
    target("order", files::order, seeds::orders),
    target("task", files::task, seeds::tasks),
    target("record", files::record, seeds::records),
    target("job", files::job, seeds::jobs),
    target("upload", files::upload, seeds::uploads),
];

const fn target(name: &'static str, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Target {
    Target { name, run, seeds }
}

/// The five, in the order in which an input's first byte names them.
const CLOUDS: [Provider; 5] = [
    Provider::JDCLOUD,
    Provider::TENCENT,
    Provider::HUAWEI,
    Provider::ALIYUN,
    Provider::UCLOUD,
];

/// The cloud that the first byte names, and what follows.
fn cloud(input: &[u8]) -> Option<(Provider, usize, &[u8])> {
    let (first, rest) = input.split_first()?;
    let number = usize::from(*first);
    Some((CLOUDS[number % CLOUDS.len()], number / CLOUDS.len(), rest))
}
