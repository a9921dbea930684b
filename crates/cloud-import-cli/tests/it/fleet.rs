//! A fleet: orders in a database, and workers that carry them out in any order, whatever becomes of any of them.

use std::{
    fs,
    process::{Child, Output, Stdio},
    thread,
    time::Duration,
};

use cloud_import_sim::{Cloud, Config, Fault, FaultKind};

use super::{
    KEYS,
    again::Scene,
    command, err, expect_code, out,
    postgres::{ORDER, server::Postgres},
    signal,
    sim::HOUR,
};

/// A fleet with its clouds.
pub(crate) struct Fleet {
    pub(crate) scene: Scene,
    pub(crate) server: Postgres,
}

/// A worker, which goes with its value.
pub(crate) struct Worker(pub(crate) Child);

impl Worker {
    /// It ends by itself, and well.
    #[track_caller]
    pub(crate) fn ends(mut self) {
        let mut ended = None;
        until(|| {
            ended = self.0.try_wait().unwrap();
            ended.is_some()
        });
        assert!(ended.unwrap().success());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Fleet {
    pub(crate) fn new(name: &str, config: impl FnOnce(Config) -> Config) -> Option<Self> {
        let server = Postgres::start()?;
        let scene = Scene::new(&format!("fleet-{name}"), config);
        Some(Self { scene, server })
    }

    /// A command of a machine: a home of its own, and the image at the same place.
    pub(crate) fn command(&self, machine: &str, arguments: &[&str]) -> std::process::Command {
        let home = self.scene.folder.join(machine);
        fs::create_dir_all(&home).unwrap();
        let mut command = command(arguments);
        command.current_dir(&self.scene.folder).env("HOME", &home);
        command.arg(format!("--simulate={}", self.scene.path("sim.json")));
        command
    }

    pub(crate) fn submit(&self, arguments: &[&str]) -> Output {
        let url = self.server.url();
        let all = [arguments, &["--fleet", &url]].concat();
        self.command("submitter", &all).output().unwrap()
    }

    pub(crate) fn worker(&self, machine: &str, serves: &str, more: &[&str]) -> Worker {
        let url = self.server.url();
        let serve = ["fleet", "serve", "--fleet", &url, "--serves", serves, "--slots", "3"];
        // A dead worker is found at once.
        let recovery = ["--heartbeat", "200ms", "--sweep", "300ms", "--threshold", "1s"];
        let mut command = self.command(machine, &[&serve[..], &recovery, more].concat());
        let log = fs::File::create(self.scene.folder.join(format!("{machine}.log"))).unwrap();
        Worker(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    pub(crate) fn log(&self, machine: &str) -> String {
        fs::read_to_string(self.scene.folder.join(format!("{machine}.log"))).unwrap()
    }

    /// One image in each cloud, and nothing beside it.
    #[track_caller]
    pub(crate) fn expect_one_image_each(&self) {
        for cloud in Cloud::ALL {
            let many = self.scene.simulator.counters().imports_of(*cloud, "web");
            assert_eq!(many, 1, "{cloud:?}: {} {}", self.log("one"), self.log("other"));
        }
        assert!(self.scene.simulator.objects().is_empty());
    }

    /// Orders that are not over.
    pub(crate) fn waiting(&self) -> usize {
        self.count("key")
    }

    /// Orders that a worker, dead or alive, has in its hands.
    pub(crate) fn held(&self) -> usize {
        self.count("locked_at")
    }

    fn count(&self, column: &str) -> usize {
        let sql = format!("select count({column}) from graphile_worker._private_jobs");
        self.server.sql("images", &sql).trim().parse().unwrap()
    }
}

/// Until something is so, for a minute at most.
#[track_caller]
pub(crate) fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    assert!(is_so(), "it did not come to that within a minute");
}

#[test]
fn two_workers_make_one_image_of_each_order() {
    let Some(fleet) = Fleet::new("two", |config| config) else {
        return;
    };
    let (_one, _other) = (fleet.worker("one", "all", &[]), fleet.worker("other", "all", &[]));
    let done = fleet.submit(&[&ORDER[..], &["--timeout", "90s"]].concat());
    expect_code(&done, 0);
    assert_eq!(out(&done).lines().count(), 5, "{}", out(&done));
    fleet.expect_one_image_each();
    until(|| fleet.waiting() == 0);
    // The job is one like any other, by its records.
    let url = fleet.server.url();
    let listed = fleet.command("third", &["list", "--state", &url]).output().unwrap();
    assert!(out(&listed).contains("5 succeeded"), "{}", out(&listed));
    // Again it finds the images.
    let again = fleet.submit(&ORDER);
    expect_code(&again, 0);
    assert_eq!(out(&again), out(&done));
    fleet.expect_one_image_each();
}

#[test]
fn twice_submitted_at_once_is_once_done() {
    let Some(fleet) = Fleet::new("twice", |config| config) else {
        return;
    };
    thread::scope(|scope| {
        let submitting = [(); 2].map(|()| scope.spawn(|| fleet.submit(&[&ORDER[..], &["--no-wait"]].concat())));
        for submitted in submitting {
            expect_code(&submitted.join().unwrap(), 0);
        }
    });
    assert_eq!(fleet.waiting(), 5);
    // One at a time, each of which the cloud refuses at first: the others hear of it.
    let refused = Fault::new(FaultKind::Throttle).cloud(Cloud::Tencent);
    let refused = refused.operation("ImportImage").times(6);
    fleet.scene.simulator.inject(refused);
    let few = ["--drain", "--per-account", "1", "--per-account", "aliyun=2"];
    let workers = ["one", "other"].map(|machine| fleet.worker(machine, "all", &few));
    workers.into_iter().for_each(Worker::ends);
    fleet.expect_one_image_each();
    assert_eq!(fleet.waiting(), 0);
    let paused = fleet.server.sql("images", "select place from cloud_import.pause");
    assert_eq!(paused.trim(), "simulated:tencent/");
}

#[test]
fn what_a_killed_worker_held_another_finishes() {
    let Some(fleet) = Fleet::new("killed", |config| config.import_time(HOUR)) else {
        return;
    };
    // Its steps take a while.
    let slow = Fault::new(FaultKind::Delay(300)).times(u32::MAX);
    fleet.scene.simulator.inject(slow);
    let one = fleet.worker("one", "all", &[]);
    expect_code(&fleet.submit(&[&ORDER[..], &["--no-wait"]].concat()), 0);
    // In the middle: some are sent, others are not, and it holds one.
    until(|| {
        let counters = fleet.scene.simulator.counters();
        let is_begun = Cloud::ALL.iter().any(|cloud| counters.imports_of(*cloud, "web") > 0);
        signal(one.0.id(), "STOP");
        let is_held = is_begun && fleet.held() > 0;
        if !is_held {
            signal(one.0.id(), "CONT");
        }
        is_held
    });
    signal(one.0.id(), "KILL");
    drop(one);
    assert!(fleet.held() > 0, "nobody else gives it back");
    fleet.scene.simulator.clear_faults();
    let other = fleet.worker("other", "all", &["--drain"]);
    until(|| {
        let counters = fleet.scene.simulator.counters();
        Cloud::ALL.iter().all(|cloud| counters.imports_of(*cloud, "web") > 0)
    });
    fleet.scene.simulator.pass(HOUR);
    other.ends();
    fleet.expect_one_image_each();
    assert_eq!(fleet.waiting(), 0);
    let url = fleet.server.url();
    let listed = fleet.command("third", &["list", "--state", &url]).output().unwrap();
    assert!(out(&listed).contains("5 succeeded"), "{}", out(&listed));
}

#[test]
fn what_a_killed_worker_had_not_tidied_another_does() {
    let Some(fleet) = Fleet::new("tidied", |config| config) else {
        return;
    };
    // Each is told of its image, and waits for what is staged to be deleted.
    let held = Fault::new(FaultKind::Delay(600_000)).operation("DeleteObject");
    fleet.scene.simulator.inject(held.times(u32::MAX));
    let one = fleet.worker("one", "all", &[]);
    expect_code(&fleet.submit(&[&ORDER[..], &["--no-wait"]].concat()), 0);
    let succeeded = "select count(*) from cloud_import.record where body like '%\"step\": \"succeeded\"%'";
    until(|| fleet.server.sql("images", succeeded).trim() == "3");
    signal(one.0.id(), "KILL");
    drop(one);
    assert!(fleet.scene.simulator.objects().len() >= 3, "nothing was deleted");
    fleet.scene.simulator.clear_faults();
    fleet.worker("other", "all", &["--drain"]).ends();
    fleet.expect_one_image_each();
}

#[test]
fn a_signed_link_is_refused_and_no_secret_is_in_the_database() {
    let Some(fleet) = Fleet::new("secrets", |config| config) else {
        return;
    };
    let signed = "https://b.example/web.qcow2?Signature=s1gned";
    let order = [
        "import",
        signed,
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        "--to",
        "tencent",
    ];
    let refused = fleet.submit(&order);
    expect_code(&refused, 2);
    let told = err(&refused);
    assert!(told.contains("fetch+https://") && !told.contains("s1gned"), "{told}");
    expect_code(&fleet.submit(&[&ORDER[..], &["--no-wait"]].concat()), 0);
    // What waits, and what is recorded.
    let before = fleet.server.dump();
    fleet.worker("one", "all", &["--drain"]).ends();
    let after = fleet.server.dump();
    assert!(before.contains("CentOS 7.9") && after.contains("succeeded"));
    for secret in ["s1gned", KEYS[1]] {
        for text in [&before, &after, &fleet.log("one")] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

#[test]
fn an_order_waits_for_a_worker_that_serves_its_region() {
    let Some(fleet) = Fleet::new("routing", |config| config) else {
        return;
    };
    let one = fleet.worker("one", "aliyun/cn-hangzhou,tencent/*", &[]);
    let left = fleet.submit(&[&ORDER[..], &["--timeout", "6s"]].concat());
    expect_code(&left, 6);
    assert_eq!(out(&left).lines().count(), 2, "{}", out(&left));
    let counters = fleet.scene.simulator.counters();
    for cloud in Cloud::ALL {
        let wanted = u64::from(matches!(cloud, Cloud::Aliyun | Cloud::Tencent));
        assert_eq!(counters.imports_of(*cloud, "web"), wanted, "{cloud:?}");
    }
    assert_eq!(fleet.waiting(), 3);
    signal(one.0.id(), "TERM");
    one.ends();
    fleet.worker("other", "all", &["--drain"]).ends();
    fleet.expect_one_image_each();
}
