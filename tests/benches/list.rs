//! All that is remembered of 10,000 jobs of 5 targets, read as `cloud-import list` reads it, next to a floor: the same files read and
//! parsed once as JSON of any form, on one thread.
//!
//! `cargo bench -p cloud-import-tests --bench list`. The ratio counts, not the time: machines differ. Files come from the page
//! cache for both. Below one, reading on several threads makes up for more than the records' own form takes.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot begin fails by panicking")]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use cloud_import::publish::State;
use serde_json::{Value, json};

const JOBS: usize = 10_000;
const TARGETS: [&str; 5] = [
    "jdcloud/cn-north-1",
    "tencent/ap-guangzhou",
    "huawei/cn-north-4",
    "aliyun/cn-hangzhou",
    "ucloud/cn-bj2",
];
/// Runs of each of the two.
const RUNS: usize = 5;
/// What `list` should stay under.
const AIM: f64 = 1.5;

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-list");
    let _ = fs::remove_dir_all(&folder);
    let files: Vec<PathBuf> = (0..JOBS).flat_map(|number| written(&folder, number)).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let own = median(|| {
        let all = runtime.block_on(State::at(&folder).all()).unwrap();
        let records = all.into_iter().map(|job| job.unwrap().records);
        assert_eq!(
            records
                .map(|records| records.into_iter().flatten().count())
                .sum::<usize>(),
            JOBS * TARGETS.len()
        );
    });
    let floor = median(|| {
        for file in &files {
            let text = fs::read_to_string(file).unwrap();
            let document: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(document["schema"], 1);
        }
    });
    let ratio = own.as_secs_f64() / floor.as_secs_f64();
    let told = format!(
        "{JOBS} jobs of {} targets: {:.2} s, floor {:.2} s, ratio {ratio:.2} (aim: under {AIM})",
        TARGETS.len(),
        own.as_secs_f64(),
        floor.as_secs_f64()
    );
    let _ = writeln!(std::io::stdout(), "{told}");
    let _ = fs::remove_dir_all(&folder);
    assert!(ratio < AIM, "{told}");
}

fn median(work: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            #[expect(clippy::disallowed_methods, reason = "it times real work")]
            let begun = Instant::now();
            work();
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}

/// Writes a job with its records, as an import that succeeded leaves them, and says where they are.
fn written(folder: &Path, number: usize) -> Vec<PathBuf> {
    let id = format!("web-{number}-{number:012x}");
    let own = folder.join("jobs").join(&id);
    fs::create_dir_all(&own).unwrap();
    let write = |name: String, document: Value| {
        let path = own.join(name);
        // As it is written: the version first.
        let text = serde_json::to_string_pretty(&document).unwrap();
        fs::write(&path, text.replacen('{', "{\n  \"schema\": 1,", 1)).unwrap();
        path
    };
    let name = format!("web-{number}");
    let job = json!({"id": id, "name": name, "source": "/images/web.qcow2", "sha256": "c".repeat(64),
        "orders": {"5bc208bdbe0fb233": {"image": "/images/web.qcow2", "options": {"name": [name], "os": ["CentOS 7.9"]}}}});
    let mut files = vec![write("job.json".to_owned(), job)];
    for target in TARGETS {
        let (provider, region) = target.split_once('/').unwrap();
        files.push(write(
            format!("{provider}_2f{region}.json"),
            record(target, provider, region, &name),
        ));
    }
    files
}

fn record(target: &str, provider: &str, region: &str, name: &str) -> Value {
    let at = "2026-11-29T16:08:11Z";
    let events = [
        "hashing",
        "hashed",
        "staging",
        "staged",
        "starting",
        "started",
        "state",
        "state",
        "succeeded",
        "tidied",
    ];
    let history: Vec<Value> = events
        .into_iter()
        .map(|what| json!({"at": at, "generation": 0, "what": what, "detail": "Processing"}))
        .collect();
    json!({
        "target": target, "provider": provider, "region": region, "name": name, "generation": 0, "step": "succeeded",
        "order": "ci-ec8110a6fe07e3562dd66f87f49d7a585a8ed7dc",
        "files": {"disk": {"staged": {"bucket": "images-1250000000", "key": format!("cloud-import/{}.qcow2", "c".repeat(64)),
            "size": 335_873, "sha256": "c".repeat(64), "etag": "16f5e57812fc5af6c9352fa90a865bec"}}},
        "link_signed_at": at,
        "task": {"version": 1, "provider": provider, "endpoint": format!("https://{provider}.example"), "region": region,
            "image_id": "img-1dfcd00e", "name": name, "source": "https://images.example/cloud-import/web.qcow2",
            "marker": "ci-dde5e9da90ddee15", "generation": 0, "started_at": at, "first_seen_at": at},
        "image_id": "img-1dfcd00e",
        "endpoint": format!("https://{provider}.example"),
        "account": "0123456789abcdef",
        "asked": {"order": "5bc208bdbe0fb233", "target": {"label": target, "target": target, "own": {}}},
        "history": history,
    })
}
