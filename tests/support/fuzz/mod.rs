//! What reads bytes that others wrote, as functions of bytes: they must not panic, whatever the bytes are.
//!
//! `cargo test --test fuzz` runs them in a seeded loop, `cargo xtask soak` for longer, and cargo-fuzz where it is installed
//! (`tests/fuzz`). Nothing here is sent: answers come from the input.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

mod answers;
mod bases;
mod changes;
mod files;
mod guests;
mod images;
mod mutate;
mod packed;
mod seeds;
mod sums;

use cloud_import::Provider;

pub use mutate::{Random, mutate};

/// No input of bytes is longer: what grows is cut.
const LONGEST: usize = 1 << 16;

/// A reader, with valid inputs to begin from.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Has the input read. A panic is a finding. What it tells is a number of the answer, where there is one to be compared.
    pub run: fn(&[u8]) -> Option<u64>,
    /// Inputs that are read without an error, or nearly.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Another input, made of these.
    pub mutate: fn(&mut Random, &[Vec<u8>]) -> Vec<u8>,
    /// The seeds are all that there is to run.
    pub is_listed: bool,
    /// Executions of the short form: fewer where one takes long without optimization.
    pub short: u64,
    /// The most bytes of memory that one execution may take.
    pub memory: usize,
}

impl Target {
    const fn of_bytes(name: &'static str, run: fn(&[u8]) -> Option<u64>, seeds: fn() -> Vec<Vec<u8>>) -> Self {
        Self {
            name,
            run,
            seeds,
            mutate: of_seeds,
            is_listed: false,
            short: 1000,
            memory: 64 << 20,
        }
    }

    /// Of the changes of bases, which begin with a base as it is.
    const fn of_bases(name: &'static str, run: fn(&[u8]) -> Option<u64>, seeds: fn() -> Vec<Vec<u8>>) -> Self {
        Self {
            mutate: changes::mutate,
            short: 40,
            ..Self::of_bytes(name, run, seeds)
        }
    }

    const fn within(self, memory: usize) -> Self {
        Self { memory, ..self }
    }

    const fn listed(self) -> Self {
        Self {
            is_listed: true,
            ..self
        }
    }
}

/// A changed copy of one of the seeds.
fn of_seeds(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let (one, other) = (random.below(seeds.len()), random.below(seeds.len()));
    let mut input = mutate(random, &seeds[one], &seeds[other]);
    input.truncate(LONGEST);
    input
}

/// A target over bases that are made when it is first used. `$look` tells the number of an answer to a disk.
macro_rules! of_bases {
    ($name:literal, $look:expr, $bases:expr) => {
        $crate::fuzz::of_bases!($name, $look, $bases, $crate::fuzz::changes::seeds)
    };
    ($name:literal, $look:expr, $bases:expr, $seeds:expr) => {{
        static BASES: std::sync::LazyLock<Vec<$crate::fuzz::bases::Base>> = std::sync::LazyLock::new($bases);
        $crate::fuzz::Target::of_bases(
            $name,
            |input| $crate::fuzz::changes::disk(&BASES, input).map($look),
            || $seeds(&BASES),
        )
    }};
}
use of_bases;

/// A target whose answers are not compared.
macro_rules! of_bytes {
    ($name:literal, $run:expr, $seeds:expr $(,)?) => {{
        const RUN: fn(&[u8]) = $run;
        Target::of_bytes(
            $name,
            |input| {
                RUN(input);
                None
            },
            $seeds,
        )
    }};
}

/// All of them.
pub fn targets() -> impl Iterator<Item = &'static Target> {
    [TARGETS, guests::TARGETS, images::TARGETS, packed::TARGETS, CUTS]
        .into_iter()
        .flatten()
}

/// What ends too early: at every 4 KiB.
const CUTS: &[Target] = &[
    of_bases!("cut-guest", guests::look_whole, guests::whole, changes::cuts).listed(),
    of_bases!("cut-image", images::look, images::all, changes::cuts).listed(),
    of_bases!("cut-unpack", packed::look, packed::all, changes::cuts)
        .listed()
        .within(packed::MEMORY),
];

/// Those of bytes.
const TARGETS: &[Target] = &[
    of_bytes!("disk", files::disk, seeds::disks),
    of_bytes!("api-jdcloud", |input| answers::api(Provider::JDCLOUD, input), || {
        seeds::api(Provider::JDCLOUD)
    },),
    of_bytes!("api-tencent", |input| answers::api(Provider::TENCENT, input), || {
        seeds::api(Provider::TENCENT)
    },),
    of_bytes!("api-huawei", |input| answers::api(Provider::HUAWEI, input), || {
        seeds::api(Provider::HUAWEI)
    },),
    of_bytes!("api-aliyun", |input| answers::api(Provider::ALIYUN, input), || {
        seeds::api(Provider::ALIYUN)
    },),
    of_bytes!("api-ucloud", |input| answers::api(Provider::UCLOUD, input), || {
        seeds::api(Provider::UCLOUD)
    },),
    of_bytes!(
        "store-jdcloud",
        |input| answers::store(Provider::JDCLOUD, input),
        seeds::store_xml,
    ),
    of_bytes!(
        "store-tencent",
        |input| answers::store(Provider::TENCENT, input),
        seeds::store_xml,
    ),
    of_bytes!(
        "store-huawei",
        |input| answers::store(Provider::HUAWEI, input),
        seeds::store_xml,
    ),
    of_bytes!(
        "store-aliyun",
        |input| answers::store(Provider::ALIYUN, input),
        seeds::store_xml,
    ),
    of_bytes!(
        "store-ucloud",
        |input| answers::store(Provider::UCLOUD, input),
        seeds::store_json,
    ),
    of_bytes!("profiles", files::profiles, seeds::profiles),
    of_bytes!("keys", files::keys, seeds::keys),
    of_bytes!("order", files::order, seeds::orders),
    of_bytes!("task", files::task, seeds::tasks),
    of_bytes!("record", files::record, seeds::records),
    of_bytes!("job", files::job, seeds::jobs),
    of_bytes!("upload", files::upload, seeds::uploads),
];

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
