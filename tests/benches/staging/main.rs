//! How fast a file gets into a store, next to other clients in the same run: `cargo bench -p cloud-import-tests --bench staging`.
//!
//! The store is one that looks at nothing ([`sink`]), for all clients alike, in a process of its own; for the capped run it is the
//! simulator's for JD Cloud (S3), which keeps to a rate. Every client is a process of its own too, measured by one and the same wrapper:
//! wall time, processor time of it and its children, peak resident memory as the kernel notes it. Other clients speak S3 and stand beside
//! our S3 dialect (JD Cloud); ours for COS, OBS and OSS stand beside it.
//! `CLOUD_IMPORT_BENCH_MIB` is the size of the file (512), `CLOUD_IMPORT_BENCH_RUNS` how often each is run (3; the best
//! counts), `CLOUD_IMPORT_BENCH_TOOLS` a folder with `aws` and `s5cmd`: `tests/staging/bench` makes one.

mod sink;

use std::{
    env,
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    sync::Arc,
    time::Duration,
};

use cloud_import_core::{
    Credentials, Endpoint, Provider, Result, Stop,
    env::{Env as _, SystemEnv, variable},
    provider::Pipeline,
    transport::HttpTransport,
};
use cloud_import_sim::{BucketSettings, Cloud, Config, Simulator};
use cloud_import_staging::{Addressing, Bucket, FileRecordStore, Hashed, LocalFile, Store, Upload};

const KEYS: (&str, &str) = ("bench-access-key-id", "bench-secret-access-key");
const REGION: &str = "cn-north-1";
const BUCKET: &str = "images";
const MIB: f64 = 1_048_576.0;

/// The cap of the capped run, in bytes per second.
const CAP: u64 = 200 << 20;

/// The aims: memory in MiB, processor time in seconds for each GiB where the store tells a CRC-64 and where it compares MD5s.
const MOST_MIB: f64 = 40.0;
const MOST_CRC64: f64 = 1.3;
const MOST_MD5: f64 = 2.2;

/// Our dialects: a cloud of each, a region of it, and the processor time that it may take.
const DIALECTS: [(&str, &str, &str, f64); 4] = [
    ("jdcloud", REGION, "S3", MOST_MD5),
    ("huawei", "cn-north-4", "OBS", MOST_MD5),
    ("tencent", "ap-guangzhou", "COS", MOST_CRC64),
    ("aliyun", "cn-hangzhou", "OSS", MOST_CRC64),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["--store", rate] => serve(rate.parse().unwrap_or_default()),
        ["--sink"] => sink(),
        ["--stage", cloud, address, file, key] => stage(cloud, address, Path::new(file), key),
        ["--measure", command @ ..] => measure(command),
        _ => compare(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&format!("staging: {message}"));
            ExitCode::FAILURE
        }
    }
}

type Outcome<T = ()> = std::result::Result<T, String>;

#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
fn say(line: &str) {
    println!("{line}");
}

fn runtime() -> Outcome<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().map_err(|error| error.to_string())
}

/// The store's process: prints its address, and ends with its input.
fn serve(rate: u64) -> Outcome {
    runtime()?.block_on(async {
        let mut config = Config::new(KEYS.0, KEYS.1);
        if rate > 0 {
            config = config.store_rate(rate);
        }
        let simulator = Simulator::start(config).await.map_err(|error| error.to_string())?;
        simulator.create_bucket(Cloud::Jdcloud, REGION, BUCKET, BucketSettings::default());
        say(&simulator.store_address(Cloud::Jdcloud).to_string());
        let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        let _ = ended.await;
        simulator.stop().await;
        Ok(())
    })
}

/// The process of the store that looks at nothing.
fn sink() -> Outcome {
    let address = sink::start().map_err(|error| error.to_string())?;
    say(&address.to_string());
    // Until its input ends.
    let ended = std::io::stdin().read_to_end(&mut Vec::new());
    ended.map(drop).map_err(|error| error.to_string())
}

/// This project's client, as a process: one hash pass, then the upload, with a record on disk.
fn stage(cloud: &str, address: &str, file: &Path, key: &str) -> Outcome {
    let provider: Provider = cloud.parse().map_err(|_| format!("no cloud `{cloud}`"))?;
    let region = DIALECTS.iter().find(|(known, ..)| *known == cloud);
    let region = region.map_or(REGION, |(_, region, ..)| *region);
    let stage = async || -> Result<()> {
        let endpoint: Endpoint = format!("http://{address}").parse()?;
        let transport = HttpTransport::builder().timeout(Duration::from_secs(900)).build()?;
        let pipeline = Pipeline::new(region, Arc::new(Credentials::new(KEYS.0, KEYS.1)), Arc::new(transport));
        let bucket = Bucket::new(provider, region, BUCKET)?.at(endpoint, Addressing::PathStyle);
        let store = Store::new(bucket, pipeline)?;
        let record_store = Arc::new(FileRecordStore::new(file.with_extension("upload.json")));
        let file = LocalFile::open(file)?;
        let begun = SystemEnv.monotonic();
        let hashed = Hashed::of(&file, None, |_| {}, &Stop::default()).await?;
        let sum = SystemEnv.monotonic() - begun;
        let upload = Upload::new(store, file, hashed, key);
        upload
            .run(None, record_store, Arc::new(|_| {}), &Stop::default())
            .await?;
        say(&format!("hashed in {}", sum.as_secs_f64()));
        Ok(())
    };
    runtime()?.block_on(stage()).map_err(|error| error.to_string())
}

/// The wrapper's process: runs a command and says what it took.
fn measure(command: &[&str]) -> Outcome {
    let (program, arguments) = command.split_first().ok_or("no command")?;
    let begun = SystemEnv.monotonic();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_kib(child.id()));
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let wall = (SystemEnv.monotonic() - begun).as_secs_f64();
    if !status.success() {
        return Err(format!("{program} failed: {status}"));
    }
    say(&format!("measured {wall} {} {peak}", children_seconds()?));
    Ok(())
}

/// The kernel's note of the largest resident memory, in KiB.
fn peak_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Processor time of the children that ended, in seconds: fields 16 and 17 of `/proc/self/stat`, in hundredths on Linux.
fn children_seconds() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat").map_err(|error| format!("/proc/self/stat: {error}"))?;
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    let ticks = fields.split_whitespace().skip(13).take(2);
    Ok(ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0)
}

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(arguments: &[&str]) -> Outcome<Self> {
        let mut child = Command::new(own()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let out = child.stdout.take().ok_or("the store has no output")?;
        let mut line = String::new();
        BufReader::new(out)
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        let address = line.trim().parse().map_err(|_| format!("the store said `{line}`"))?;
        Ok(Self { child, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn own() -> Outcome<PathBuf> {
    env::current_exe().map_err(|error| error.to_string())
}

/// What one run took.
#[derive(Clone, Copy)]
struct Measured {
    wall: f64,
    /// Of it, the pass for the file's sum, where the program tells.
    hashing: f64,
    processor: f64,
    peak_mib: f64,
}

struct Bench {
    folder: PathBuf,
    file: PathBuf,
    mib: u64,
    runs: u64,
}

impl Bench {
    fn new() -> Outcome<Self> {
        let mib = number("CLOUD_IMPORT_BENCH_MIB", 512)?;
        let runs = number("CLOUD_IMPORT_BENCH_RUNS", 3)?;
        let nonce = SystemEnv.nonce().map_err(|error| error.to_string())?;
        let folder = env::temp_dir().join(format!("cloud-import-bench-{nonce}"));
        fs::create_dir(&folder).map_err(|error| error.to_string())?;
        let bench = Self {
            file: folder.join("image.raw"),
            folder,
            mib,
            runs,
        };
        bench.fill().map_err(|error| error.to_string())?;
        Ok(bench)
    }

    /// Content without repetition, so that nothing on the way can make it smaller.
    fn fill(&self) -> std::io::Result<()> {
        let mut file = File::create(&self.file)?;
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut block = vec![0_u8; 1 << 20];
        for _ in 0..self.mib {
            for word in block.chunks_exact_mut(8) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                word.copy_from_slice(&state.to_le_bytes());
            }
            file.write_all(&block)?;
        }
        Ok(())
    }

    /// The best of some runs of a command, each with a new key.
    fn best(&self, name: &str, runs: u64, command: impl Fn(&str) -> Command) -> Outcome<Measured> {
        let mut best: Option<Measured> = None;
        for run in 0..runs {
            let key = format!("{name}-{run}.raw");
            let made = command(&key);
            let mut wrapper = Command::new(own()?);
            wrapper.arg("--measure").arg(made.get_program()).args(made.get_args());
            for (name, value) in made.get_envs() {
                wrapper.env(name, value.unwrap_or_default());
            }
            let output = wrapper.output().map_err(|error| error.to_string())?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let line = text.lines().find_map(|line| line.strip_prefix("measured "));
            let Some(line) = line else {
                let errors = String::from_utf8_lossy(&output.stderr).into_owned();
                return Err(format!("{name}: {} {}", text.trim(), errors.trim()));
            };
            let numbers: Vec<f64> = line.split(' ').filter_map(|number| number.parse().ok()).collect();
            let [wall, processor, peak] = numbers[..] else {
                return Err(format!("{name}: {line}"));
            };
            let hashed = text.lines().find_map(|line| line.strip_prefix("hashed in "));
            let this = Measured {
                wall,
                hashing: hashed.and_then(|seconds| seconds.parse().ok()).unwrap_or_default(),
                processor,
                peak_mib: peak / 1024.0,
            };
            let peak_mib = best.map_or(0.0, |best| best.peak_mib).max(this.peak_mib);
            let fastest = best.filter(|best| best.wall <= this.wall).unwrap_or(this);
            best = Some(Measured { peak_mib, ..fastest });
        }
        best.ok_or_else(|| "no runs".to_owned())
    }

    fn ours(&self, name: &str, cloud: &str, address: SocketAddr) -> Outcome<Measured> {
        let own = own()?;
        self.best(name, self.runs, |key| {
            let mut command = Command::new(&own);
            command
                .args(["--stage", cloud, &address.to_string()])
                .arg(&self.file)
                .arg(key);
            command
        })
    }

    fn row(&self, name: &str, measured: Measured) {
        let mib = self.mib as f64;
        say(&format!(
            "{name:<28} {:>8.2} s {:>9.0} MiB/s {:>7.2} CPU s/GiB {:>8.1} MiB peak",
            measured.wall,
            mib / measured.wall,
            measured.processor / mib * 1024.0,
            measured.peak_mib,
        ));
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn number(name: &str, usual: u64) -> Outcome<u64> {
    match variable(name) {
        Some(text) => text.parse().map_err(|_| format!("{name}={text} is no number")),
        None => Ok(usual),
    }
}

/// A program in the folder of tools, or where programs are found.
fn tool(name: &str) -> Option<PathBuf> {
    let path = variable("PATH").unwrap_or_default();
    let tools = variable("CLOUD_IMPORT_BENCH_TOOLS").map(PathBuf::from);
    let folders = tools.into_iter().chain(env::split_paths(&path));
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn compare() -> Outcome {
    let bench = Bench::new()?;
    say(&format!(
        "staging {} MiB, parts of 8 MiB, eight at a time, best of {} runs; store and client share this machine",
        bench.mib, bench.runs
    ));
    let capped = Server::start(&["--store", &CAP.to_string()])?;
    let measured = bench.ours("capped", "jdcloud", capped.address)?;
    drop(capped);
    bench.row("S3, 200 MiB/s cap", measured);
    let floor = bench.mib as f64 * MIB / CAP as f64;
    say(&format!(
        "  {:.1} % of the cap from the first request to the last (aim: 95); {:.1} % with the pass for the sum, {:.2} s",
        floor / (measured.wall - measured.hashing) * 100.0,
        floor / measured.wall * 100.0,
        measured.hashing,
    ));
    let server = Server::start(&["--sink"])?;
    let (mut missed, mut is_large) = (Vec::new(), false);
    let mut s3 = None;
    for (cloud, _, dialect, most) in DIALECTS {
        let measured = bench.ours(dialect, cloud, server.address)?;
        bench.row(&format!("cloud-import, {dialect}"), measured);
        s3 = s3.or(Some(measured));
        let processor = measured.processor / bench.mib as f64 * 1024.0;
        say(&format!(
            "  of it {:.2} s for the sum; aims: {most} CPU s/GiB, {MOST_MIB} MiB",
            measured.hashing
        ));
        is_large |= measured.peak_mib > MOST_MIB;
        if processor > most || measured.peak_mib > MOST_MIB {
            missed.push(dialect);
        }
    }
    for (name, command) in [
        ("curl", curl as fn(&Bench, &Path, SocketAddr, &str) -> Command),
        ("aws", aws),
        ("s5cmd", s5cmd),
    ] {
        let Some(program) = tool(name) else {
            say(&format!(
                "{name:<28} SKIPPED: not installed; tests/staging/bench fetches it"
            ));
            continue;
        };
        let measured = bench.best(name, bench.runs, |key| command(&bench, &program, server.address, key))?;
        bench.row(name, measured);
        if let Some(s3) = s3 {
            say(&format!(
                "  S3 by cloud-import is {:.2} times as fast",
                measured.wall / s3.wall
            ));
        }
    }
    if !missed.is_empty() {
        say(&format!("aims MISSED by {}", missed.join(", ")));
    }
    // That does not depend on how fast the machine is.
    if is_large {
        return Err("too much memory".to_owned());
    }
    Ok(())
}

/// One PUT, signed, with the body left out of the signature.
fn curl(bench: &Bench, program: &Path, address: SocketAddr, key: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--silent", "--show-error", "--fail", "--noproxy", "*"])
        .args(["--aws-sigv4", &format!("aws:amz:{REGION}:s3")])
        .args(["--user", &format!("{}:{}", KEYS.0, KEYS.1)])
        .args(["--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD"])
        .arg("--upload-file")
        .arg(&bench.file)
        .arg(format!("http://{address}/{BUCKET}/{key}"));
    command
}

fn with_keys(command: &mut Command) {
    command
        .env("AWS_ACCESS_KEY_ID", KEYS.0)
        .env("AWS_SECRET_ACCESS_KEY", KEYS.1)
        .env("AWS_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_PROXY", "*");
}

fn aws(bench: &Bench, program: &Path, address: SocketAddr, key: &str) -> Command {
    let settings = bench.folder.join("aws.ini");
    let text = "[default]\nrequest_checksum_calculation = when_required\ns3 =\n  multipart_chunksize = 8MB\n  \
                max_concurrent_requests = 8\n  addressing_style = path\n";
    // Where that fails, the tool says so.
    let _ = fs::write(&settings, text);
    let mut command = Command::new(program);
    with_keys(&mut command);
    command
        .env("AWS_CONFIG_FILE", &settings)
        .args([
            "s3",
            "cp",
            "--only-show-errors",
            "--endpoint-url",
            &format!("http://{address}"),
        ])
        .arg(&bench.file)
        .arg(format!("s3://{BUCKET}/{key}"));
    command
}

fn s5cmd(bench: &Bench, program: &Path, address: SocketAddr, key: &str) -> Command {
    let mut command = Command::new(program);
    with_keys(&mut command);
    command
        .args([
            "--endpoint-url",
            &format!("http://{address}"),
            "cp",
            "--part-size",
            "8",
            "--concurrency",
            "8",
        ])
        .arg(&bench.file)
        .arg(format!("s3://{BUCKET}/{key}"));
    command
}
