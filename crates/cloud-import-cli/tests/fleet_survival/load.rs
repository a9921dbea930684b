//! Many orders for one worker, beside one `import` of as many: seconds, memory, requests. In release mode, by itself: it measures.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    fs,
    path::Path,
    process::Command,
    thread,
    time::Duration,
};

use cloud_import::env::{Env as _, SystemEnv};
use cloud_import_sim::{Cloud, Config};

use crate::{
    Form, IMAGE,
    fleet::{Fleet, config},
    process::{Process, until},
};

const SLOTS: &str = "16";

/// The most memory that a worker may ever have taken, and the most seconds for each thousand orders.
const MOST_MIB: u64 = 64;
const MOST_SECONDS: f64 = 60.0;

/// How many submit at a time.
const SUBMITTERS: usize = 2;

/// What a run took.
struct Took {
    seconds: f64,
    requests: u64,
    /// The most memory of the command, and of the database's processes together, in KiB.
    own: u64,
    database: u64,
}

pub(crate) fn run(form: &Form) -> Result<String, String> {
    let jobs = form.load.unwrap_or(1_000).div_ceil(Cloud::ALL.len());
    let orders = jobs * Cloud::ALL.len();
    let fleet = Fleet::new(clouds(), Path::new(IMAGE))?;
    let begun = SystemEnv.monotonic();
    submitted(&fleet, jobs)?;
    let submitting = (SystemEnv.monotonic() - begun).as_secs_f64();
    let worker = fleet.worker("worker", &["--slots", SLOTS, "--drain"]);
    let by_fleet = took(&fleet, worker, orders)?;
    let many = made(&fleet);
    drop(fleet);
    let fleet = Fleet::new(clouds(), Path::new(IMAGE))?;
    let one = took(&fleet, one_command(&fleet, jobs), orders)?;
    let told = format!(
        "{orders} orders in {jobs} jobs, submitted in {submitting:.1} s\n  a worker with {SLOTS} slots: {by_fleet}\n  one import:             {one}"
    );
    let most = MOST_SECONDS * orders as f64 / 1_000.0;
    match many == orders && by_fleet.own < MOST_MIB << 10 && by_fleet.seconds < most {
        true => Ok(told),
        false => Err(format!(
            "{many} images; less than {MOST_MIB} MiB and {most:.0} s were aimed at: {told}"
        )),
    }
}

fn clouds() -> Config {
    config().import_time(Duration::from_secs(1))
}

fn name(number: usize) -> String {
    format!("web-{number}")
}

/// Submits so many jobs to all clouds.
fn submitted(fleet: &Fleet, jobs: usize) -> Result<(), String> {
    thread::scope(|scope| {
        let submitting: Vec<_> = (0..SUBMITTERS)
            .map(|own| {
                scope.spawn(move || {
                    let machine = format!("submitter-{own}");
                    (own..jobs).step_by(SUBMITTERS).try_for_each(|number| {
                        let submitter = fleet.submitter(&machine, &name(number), &["--no-wait"]);
                        submitter.ended(60)?.expect(0).map(drop)
                    })
                })
            })
            .collect();
        submitting.into_iter().try_for_each(|one| one.join().unwrap())
    })
}

/// One `import` of the same orders, with a folder as its state.
fn one_command(fleet: &Fleet, jobs: usize) -> Process {
    let mut targets = String::new();
    for number in 0..jobs {
        for cloud in Cloud::ALL {
            let (cloud, name) = (cloud.name(), name(number));
            let _ = writeln!(
                targets,
                "[targets.{cloud}-{number}]\nto = \"{cloud}\"\nname = \"{name}\"\nbucket = \"images-1250000000\""
            );
        }
    }
    let (file, state) = (fleet.path("targets.toml"), fleet.path("state"));
    fs::write(&file, targets).unwrap();
    let order = [
        "import",
        "web.qcow2",
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        "--size-gib",
        "40",
        "--no-preflight",
    ];
    let more = ["--targets", file.to_str().unwrap(), "--state", state.to_str().unwrap()];
    let command = fleet.command("alone", &[&order[..], &more].concat());
    Process::start(command, &fleet.path("alone"))
}

/// Waits for its end, and looks at it and at the database meanwhile.
fn took(fleet: &Fleet, mut process: Process, orders: usize) -> Result<Took, String> {
    let begun = SystemEnv.monotonic();
    let (mut own, mut database) = (0, 0);
    let limit = 120 + orders as u64 / 5;
    until("it ended", limit, || {
        own = own.max(kib(process.id(), "status", "VmHWM:"));
        database = database.max(of_database(fleet));
        thread::sleep(Duration::from_millis(80));
        process.has_ended()
    })
    .map_err(|error| format!("{error}: {} of {orders} images\n{}", made(fleet), process.said()))?;
    let seconds = (SystemEnv.monotonic() - begun).as_secs_f64();
    process.ended(1)?.expect(0)?;
    let counters = fleet.simulator.counters();
    let requests = counters.requests.values().flat_map(BTreeMap::values).sum();
    Ok(Took {
        seconds,
        requests,
        own,
        database,
    })
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seconds,
            requests,
            own,
            database,
        } = self;
        let each_second = *requests as f64 / seconds;
        let (own, database) = (own >> 10, database >> 10);
        write!(
            f,
            "{seconds:.1} s, {requests} requests, {each_second:.0} a second, {own} MiB, Postgres {database} MiB"
        )
    }
}

/// Images that are there.
fn made(fleet: &Fleet) -> usize {
    Cloud::ALL
        .iter()
        .map(|cloud| fleet.simulator.images(*cloud).len())
        .sum()
}

/// The memory of the database's processes, with what they share counted once.
fn of_database(fleet: &Fleet) -> u64 {
    let server = fleet.server.id().unwrap_or_default();
    let children = Command::new("pgrep").args(["-P", &server.to_string()]).output();
    let children = children
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let processes = children.lines().filter_map(|line| line.parse().ok()).chain([server]);
    processes.map(|process| kib(process, "smaps_rollup", "Pss:")).sum()
}

/// A figure of a process; 0 where this system does not tell.
fn kib(process: u32, file: &str, what: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(what));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
