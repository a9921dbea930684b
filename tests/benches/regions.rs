//! One file to at most six regions of each cloud, with copies of one image and with an upload to each region, in one run:
//! `cargo bench -p cloud-import-tests --bench regions`.
//!
//! Bytes and objects are those that the simulated stores counted, and the ratios count, not the times: a store takes as many bytes a
//! second as it is told, which stands for an uplink, and every import and every copy takes the same time.
//! `CLOUD_IMPORT_BENCH_MIB` is the size of the file (48), `CLOUD_IMPORT_BENCH_RATE` the uplink in MiB a second (32).

use std::{
    collections::BTreeMap,
    fs,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use cloud_import::{
    Credentials, DiskFormat, ImageImporter, Os, Provider, Settings, WaitOptions, connect,
    env::{Env as _, SystemEnv, variable},
    publish::{Destination, LocalImage, Phase, Publish, State},
    transport::HttpTransport,
};
use cloud_import_sim::{Cloud, Config, Simulator};

const KEYS: (&str, &str) = ("bench-access-key-id", "bench-secret-access-key");
const NAME: &str = "web";
const MIB: u64 = 1 << 20;

/// How long an import takes in the simulated clouds, and a copy.
const MAKING: Duration = Duration::from_millis(500);

/// What copies are to save at least, in bytes and in objects, as a part of one for each region.
const AIM: f64 = 0.99;

/// The regions of each cloud, the first of which has the image that is copied.
const CLOUDS: [(Provider, &[&str]); 5] = [
    (
        Provider::ALIYUN,
        &[
            "cn-hangzhou",
            "cn-beijing",
            "cn-shanghai",
            "cn-shenzhen",
            "cn-qingdao",
            "cn-zhangjiakou",
        ],
    ),
    (
        Provider::TENCENT,
        &[
            "ap-guangzhou",
            "ap-nanjing",
            "ap-beijing",
            "ap-shanghai",
            "ap-chengdu",
            "ap-singapore",
        ],
    ),
    (
        Provider::HUAWEI,
        &[
            "cn-north-4",
            "cn-east-3",
            "cn-south-1",
            "cn-north-1",
            "cn-east-2",
            "ap-southeast-1",
        ],
    ),
    // It has no more.
    (
        Provider::JDCLOUD,
        &["cn-north-1", "cn-south-1", "cn-east-2", "cn-east-1"],
    ),
    // Where it is open for copies, which Beijing is not.
    (Provider::UCLOUD, &["hk", "sg", "cn-sh2", "cn-gd", "cn-wlcb", "us-ca"]),
];

type Outcome<T = ()> = Result<T, String>;

/// What one way took.
struct Measured {
    bytes: u64,
    objects: u64,
    imports: u64,
    copies: u64,
    wall: f64,
}

fn main() -> ExitCode {
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&format!("regions: {message}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
fn say(line: &str) {
    println!("{line}");
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn number(name: &str, usual: u64) -> Outcome<u64> {
    match variable(name) {
        Some(text) => text.parse().map_err(|_| format!("{name}={text} is no number")),
        None => Ok(usual),
    }
}

fn compare() -> Outcome {
    let (mib, rate) = (
        number("CLOUD_IMPORT_BENCH_MIB", 48)?,
        number("CLOUD_IMPORT_BENCH_RATE", 32)?,
    );
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-regions");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(told)?;
    let file = written(&folder, mib).map_err(told)?;
    say(&format!(
        "{mib} MiB to each region of a cloud, {rate} MiB/s into its stores, {} ms for an import and for a copy",
        MAKING.as_millis()
    ));
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().build().map_err(told)?;
    let mut falls_short = Vec::new();
    for (provider, regions) in CLOUDS {
        let run = |copies: bool| {
            let state = folder.join(format!("{provider}-{copies}"));
            runtime.block_on(measured(provider, regions, copies, &file, &state, rate))
        };
        let (uploaded, copied) = (run(false)?, run(true)?);
        row(provider, regions.len(), "uploads", &uploaded);
        row(provider, regions.len(), "copies", &copied);
        let ratio = |one: u64, other: u64| one as f64 / other.max(1) as f64;
        let (bytes, objects) = (
            ratio(uploaded.bytes, copied.bytes),
            ratio(uploaded.objects, copied.objects),
        );
        let aim = regions.len() as f64 * AIM;
        say(&format!(
            "  {bytes:.2} times the bytes, {objects:.2} times the objects, {:.2} times the time (aim: {aim:.2} of bytes and objects)",
            uploaded.wall / copied.wall
        ));
        if bytes < aim || objects < aim {
            falls_short.push(provider.id());
        }
    }
    let _ = fs::remove_dir_all(&folder);
    match falls_short.as_slice() {
        [] => Ok(()),
        some => Err(format!("copies save too little at {}", some.join(", "))),
    }
}

fn row(provider: Provider, regions: usize, way: &str, measured: &Measured) {
    let Measured {
        bytes,
        objects,
        imports,
        copies,
        wall,
    } = measured;
    say(&format!(
        "{:<8} {regions} regions by {way:<8} {:>8.1} MiB in {objects} objects, {imports} imports, {copies} copies, {wall:>6.2} s",
        provider.id(),
        *bytes as f64 / MIB as f64
    ));
}

/// A raw disk with a partition table, of which no two pieces are the same.
fn written(folder: &Path, mib: u64) -> std::io::Result<PathBuf> {
    let path = folder.join("disk.raw");
    let mut file = BufWriter::new(fs::File::create(&path)?);
    let mut sector = [0_u8; 512];
    sector[446 + 4] = 0x83;
    sector[446 + 8..446 + 12].copy_from_slice(&1_u32.to_le_bytes());
    sector[446 + 12..446 + 16].copy_from_slice(&8_u32.to_le_bytes());
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    file.write_all(&sector)?;
    let mut state = 1_u64;
    for _ in 1..mib * MIB / 512 {
        for piece in sector.chunks_mut(8) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            piece.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all(&sector)?;
    }
    file.into_inner()?.sync_all()?;
    Ok(path)
}

/// The file to all regions in one call, from nothing.
async fn measured(
    provider: Provider,
    regions: &[&str],
    copies: bool,
    file: &Path,
    state: &Path,
    rate: u64,
) -> Outcome<Measured> {
    let config = Config::new(KEYS.0, KEYS.1)
        .import_time(MAKING)
        .any_bucket(true)
        .store_rate(rate * MIB);
    let simulator = Simulator::start(config).await.map_err(told)?;
    let cloud: Cloud = provider.id().parse().map_err(told)?;
    let importer = |region: &str| -> cloud_import::Result<Arc<dyn ImageImporter>> {
        let transport = HttpTransport::builder()
            .dial(simulator.address(cloud))
            .timeout(Duration::from_secs(900))
            .build()?;
        let settings = Settings::new(region)
            .credentials(Credentials::new(KEYS.0, KEYS.1))
            .transport(Arc::new(transport));
        connect(provider, settings).map(Arc::from)
    };
    let made = || -> cloud_import::Result<Vec<Destination>> {
        let mut made: Vec<Destination> = Vec::new();
        for region in regions {
            let destination = Destination::new(importer(region)?).name(NAME);
            made.push(match made.first() {
                Some(first) if copies => with_agency(destination, provider)?.copy_of(first),
                // A bucket's name is taken once in all regions.
                _ => destination
                    .os(Os::new("CentOS", "7.9"))
                    .bucket_named(&format!("{region}-1250000000"))?,
            });
        }
        Ok(made)
    };
    let image = LocalImage::open(file, Some(DiskFormat::Raw)).map_err(told)?;
    let waiting = WaitOptions::default().intervals(Duration::from_millis(20), Duration::from_millis(50));
    let publish = Publish::of(image).state(State::at(state)).waiting(waiting);
    let publish = made().map_err(told)?.into_iter().fold(publish, Publish::to);
    let begun = SystemEnv.monotonic();
    let done = publish.run().await.map_err(told)?;
    let wall = (SystemEnv.monotonic() - begun).as_secs_f64();
    let failed = done.outcomes.iter().find(|outcome| outcome.phase() != Phase::Succeeded);
    if let Some(failed) = failed {
        return Err(format!("{}: {:?}", failed.target, failed.error()));
    }
    let counters = simulator.counters();
    let of = |numbers: &BTreeMap<Cloud, u64>| numbers.get(&cloud).copied().unwrap_or_default();
    let measured = Measured {
        bytes: of(&counters.bytes_received),
        objects: of(&counters.objects_stored),
        imports: counters.imports_of(cloud, NAME),
        copies: counters.copies_of(cloud, NAME),
        wall,
    };
    simulator.stop().await;
    Ok(measured)
}

/// With what Huawei Cloud alone needs of a copy.
fn with_agency(mut to: Destination, provider: Provider) -> cloud_import::Result<Destination> {
    if provider == Provider::HUAWEI {
        let agency = serde_json::json!({"agency_name": "ims_copy"});
        to.order = to.order.vendor(provider, &agency)?;
    }
    Ok(to)
}
