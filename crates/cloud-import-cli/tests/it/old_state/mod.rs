//! A state folder that version 0.1.0 wrote is gone on with: repeating each of its jobs makes no second image and sends no part again.
//!
//! `0.1.0/state` is that folder as the command of commit e64f799 left it, from before uploads told sums of their parts: a job that is
//! done, one whose imports run, and one that was killed while its parts went up. `0.1.0/make` wrote it, and does so again with that
//! command. As simulated clouds remember nothing longer than they run, a test brings them to the same point by the command of today,
//! and then puts the old records in the place of the new ones, with what the clouds of today gave, and nothing else, put in.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    thread,
    time::Duration,
};

use cloud_import_sim::{Cloud, Counters, Fault, FaultKind};
use serde_json::Value;

use super::{again, command, expect_code, out, sim::HOUR};

const OLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/old_state/0.1.0/state");

/// So long takes an import that is waited for.
const SOON: Duration = Duration::from_millis(50);

/// What the clouds and the clock of the test give, by its path in a document. All else stays as it was written. What stands for a star
/// is the key of the document's one order.
const GIVEN: [&str; 8] = [
    "/files/disk/upload/upload_id",
    "/link_signed_at",
    "/task/task_id",
    "/task/image_id",
    "/task/started_at",
    "/image_id",
    "/orders/*/image",
    "/orders/*/simulated_by",
];

/// A target of the jobs; how many parts its store has of the job that was killed, and of how many.
struct Target {
    cloud: Cloud,
    to: &'static str,
    parts: u32,
    of: u32,
}

const TARGETS: [Target; 5] = [
    target(Cloud::Jdcloud, "jdcloud/cn-north-1", 1, 3),
    target(Cloud::Tencent, "tencent/ap-guangzhou", 2, 3),
    target(Cloud::Huawei, "huawei/cn-north-4", 1, 3),
    target(Cloud::Aliyun, "aliyun/cn-hangzhou", 3, 3),
    target(Cloud::Ucloud, "ucloud/cn-bj2", 3, 5),
];

const fn target(cloud: Cloud, to: &'static str, parts: u32, of: u32) -> Target {
    Target { cloud, to, parts, of }
}

/// A job of the folder, and the clouds that it is of.
struct Scene {
    scene: again::Scene,
    /// Its name, and that of its image.
    name: &'static str,
    order: Vec<&'static str>,
}

impl Scene {
    fn new(
        folder: &str,
        name: &'static str,
        (file, bytes): (&'static str, Vec<u8>),
        more: &[&'static str],
        takes: Duration,
    ) -> Self {
        let scene = again::Scene::new(&format!("old {folder}"), |config| config.import_time(takes));
        fs::write(scene.folder.join(file), bytes).unwrap();
        let mut order = vec!["import", "--name", name, "--os", "CentOS 7.9", "--size-gib", "40"];
        order.extend(["--bucket", "simulated-images-1250000000"]);
        order.extend(TARGETS.iter().flat_map(|target| ["--to", target.to]));
        order.extend_from_slice(more);
        order.push(file);
        Self { scene, name, order }
    }

    fn import(&self) -> Output {
        self.scene.run(&self.order)
    }

    fn state(&self) -> PathBuf {
        self.scene.folder.join("state")
    }

    fn counters(&self) -> Counters {
        self.scene.simulator.counters()
    }

    /// The ids of its images in a cloud.
    fn images(&self, cloud: Cloud) -> Vec<String> {
        let images = self.scene.simulator.images(cloud).into_iter();
        images
            .filter(|image| image.name == self.name && !image.deleted)
            .map(|image| image.image_id)
            .collect()
    }

    fn all_images(&self) -> Vec<Vec<String>> {
        TARGETS.iter().map(|target| self.images(target.cloud)).collect()
    }

    /// Puts the old records of the job in the place of those that are there.
    fn grow_old(&self) {
        let today = self.scene.folder.join("today");
        fs::rename(self.state(), &today).unwrap();
        for file in old_files(self.name) {
            let written = fs::read_to_string(Path::new(OLD).join(&file)).unwrap();
            let place = self.state().join(&file);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            let is_document = file.starts_with("jobs") && file.extension().is_some();
            let text = match is_document {
                true => with_given(written, &read(&today.join(&file))),
                false => written,
            };
            fs::write(place, text).unwrap();
        }
        fs::remove_dir_all(today).unwrap();
    }

    /// What the commands tell that only read: each target has this status, with this exit code.
    fn expect_read(&self, status: &str, code: i32) {
        let jobs = self.scene.json(&["list"]);
        assert_eq!(jobs["jobs"].as_array().map(Vec::len), Some(1), "{jobs}");
        assert_eq!(jobs["jobs"][0]["name"], self.name, "{jobs}");
        let asked = self.scene.run(&["status", self.name, "--output", "json"]);
        expect_code(&asked, code);
        let asked: Value = serde_json::from_str(&out(&asked)).unwrap();
        let shown = self.scene.json(&["show", self.name]);
        for rows in [&shown["targets"], &asked["results"]] {
            let told: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["status"]).collect();
            assert_eq!(told, [status; 5], "{rows}");
        }
    }

    /// Each cloud has one image, and nothing that was staged is left.
    fn expect_one_image(&self) {
        for target in &TARGETS {
            assert_eq!(self.images(target.cloud).len(), 1, "{}", target.to);
            assert_eq!(self.counters().imports_of(target.cloud, self.name), 1, "{}", target.to);
            assert!(
                self.scene.simulator.open_uploads(target.cloud).is_empty(),
                "{}",
                target.to
            );
        }
        let objects = self.scene.simulator.objects();
        assert!(objects.is_empty(), "{objects:?}");
        let clean = self.scene.run(&["clean"]);
        expect_code(&clean, 0);
        assert!(out(&clean).is_empty(), "{}", out(&clean));
    }

    /// Nothing was sent to a store since then.
    fn expect_nothing_sent(&self, since: &Counters) {
        assert_eq!(self.counters().bytes_received, since.bytes_received);
    }
}

/// The old files of a job, by their paths in the folder.
fn old_files(job: &str) -> Vec<PathBuf> {
    fn all(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            match entry.unwrap().path() {
                path if path.is_dir() => all(&path, files),
                path => files.push(path),
            }
        }
    }
    let names_it = |folder: &Path| {
        folder
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with(&format!("{job}-"))
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(Path::new(OLD).join("jobs")).unwrap() {
        let folder = entry.unwrap().path();
        if names_it(&folder) {
            all(&folder, &mut files);
        }
    }
    for entry in fs::read_dir(Path::new(OLD).join("objects")).unwrap() {
        let mut object = Vec::new();
        all(&entry.unwrap().path(), &mut object);
        if object.iter().any(|file| names_it(file)) {
            files.append(&mut object);
        }
    }
    let inside = |file: PathBuf| file.strip_prefix(OLD).unwrap().to_owned();
    files.into_iter().map(inside).collect()
}

fn read(document: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(document).unwrap()).unwrap()
}

/// An old document with what was given today in the place of what was given then.
fn with_given(mut written: String, today: &Value) -> String {
    fn at<'d>(document: &'d Value, path: &str) -> Option<&'d Value> {
        let order = document["orders"].as_object().and_then(|orders| orders.keys().next());
        document.pointer(&path.replace('*', order.map_or("", String::as_str)))
    }
    let old: Value = serde_json::from_str(&written).unwrap();
    for path in GIVEN {
        if let Some(was) = at(&old, path) {
            let is = at(today, path);
            assert!(is.is_some(), "{path} is not in {today}");
            let is = is.unwrap();
            let key = path.rsplit('/').next().unwrap();
            written = written.replace(&format!("\"{key}\": {was}"), &format!("\"{key}\": {is}"));
        }
    }
    written
}

/// The image that `0.1.0/make` makes of these.
fn image(mib: usize, factor: usize) -> Vec<u8> {
    let mut disk: Vec<u8> = (0..mib << 20).map(|at| ((at * factor) & 255) as u8).collect();
    for (number, block) in disk.chunks_mut(1 << 16).enumerate() {
        block[..8].copy_from_slice(&(number as u64).to_le_bytes());
    }
    disk[446..462].copy_from_slice(&[0x80, 0, 1, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0]);
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    disk
}

fn small() -> (&'static str, Vec<u8>) {
    ("small.raw", image(1, 3))
}

#[test]
fn what_is_done_is_told_again() {
    let scene = Scene::new("done", "done", small(), &[], SOON);
    expect_code(&scene.import(), 0);
    let (images, counters) = (scene.all_images(), scene.counters());
    scene.grow_old();
    scene.expect_read("succeeded", 0);
    let repeat = scene.import();
    expect_code(&repeat, 0);
    for (target, ids) in TARGETS.iter().zip(&images) {
        let line = format!("{} {}", target.to, ids[0]);
        assert!(
            out(&repeat).lines().any(|told| told == line),
            "{line}: {}",
            out(&repeat)
        );
    }
    assert_eq!(scene.all_images(), images);
    scene.expect_nothing_sent(&counters);
    scene.expect_one_image();
}

#[test]
fn what_runs_is_waited_for() {
    let scene = Scene::new("open", "open", small(), &["--no-wait"], HOUR);
    expect_code(&scene.import(), 0);
    let (images, counters) = (scene.all_images(), scene.counters());
    scene.grow_old();
    scene.expect_read("running", 7);
    let clean = scene.scene.run(&["clean", "--yes"]);
    expect_code(&clean, 0);
    assert_eq!(
        scene.scene.simulator.objects().len(),
        5,
        "they are read: {}",
        out(&clean)
    );
    expect_code(&scene.import(), 0);
    scene.scene.simulator.pass(HOUR);
    // By what the old version kept of the order.
    expect_code(&scene.scene.run(&["resume", "open"]), 0);
    assert_eq!(scene.all_images(), images);
    scene.expect_nothing_sent(&counters);
    scene.expect_one_image();
    expect_code(&scene.import(), 0);
    scene.expect_one_image();
}

#[test]
fn what_was_killed_while_it_went_up_sends_what_is_missing() {
    let scene = half("half");
    let counters = scene.counters();
    scene.grow_old();
    scene.expect_read("not_started", 4);
    expect_code(&scene.import(), 0);
    let after = scene.counters();
    for target in &TARGETS {
        let more =
            |operation| after.requests_of(target.cloud, operation) - counters.requests_of(target.cloud, operation);
        assert_eq!(more("UploadPart"), u64::from(target.of - target.parts), "{}", target.to);
        assert_eq!(more("InitiateMultipartUpload"), 0, "{}", target.to);
        assert_eq!(after.parts_stored[&target.cloud], u64::from(target.of), "{}", target.to);
    }
    assert!(after.parts_repeated.is_empty(), "{after:?}");
    scene.expect_one_image();
    let images = scene.all_images();
    expect_code(&scene.import(), 0);
    assert_eq!(scene.all_images(), images);
}

#[test]
fn what_was_killed_while_it_went_up_is_given_up_by_clean() {
    let scene = half("half clean");
    scene.grow_old();
    let found = scene.scene.run(&["clean"]);
    expect_code(&found, 0);
    for target in &TARGETS {
        let told = |line: &str| line.contains(target.to) && line.contains("unfinished upload");
        assert!(out(&found).lines().any(told), "{}: {}", target.to, out(&found));
        assert_eq!(scene.scene.simulator.open_uploads(target.cloud).len(), 1);
    }
    expect_code(&scene.scene.run(&["clean", "--yes"]), 0);
    for target in &TARGETS {
        let left = scene.scene.simulator.open_uploads(target.cloud);
        assert!(left.is_empty(), "{left:?}");
    }
}

/// The job that is killed on its way.
fn half(folder: &str) -> Scene {
    let large = ("large.raw", image(17, 5));
    let scene = Scene::new(folder, "half", large, &["--parallel", "1"], SOON);
    kill_halfway(&scene);
    scene
}

/// Runs the import until each store has as many parts as the old records say, and kills it.
fn kill_halfway(scene: &Scene) {
    for target in &TARGETS {
        let (operation, skip) = match target.parts == target.of {
            true => ("CompleteMultipartUpload", 0),
            false => ("UploadPart", target.parts),
        };
        let lost = Fault::new(FaultKind::DropBefore)
            .cloud(target.cloud)
            .operation(operation);
        scene.scene.simulator.inject(lost.skip(skip).times(u32::MAX));
    }
    let (state, simulate) = (scene.scene.path("state"), scene.scene.path("sim.json"));
    let mut process = command(&scene.order)
        .args(["--state", &state, &format!("--simulate={simulate}")])
        .current_dir(&scene.scene.folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !is_halfway(scene) {
        assert!(process.try_wait().unwrap().is_none(), "it has ended");
        thread::sleep(Duration::from_millis(20));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    scene.scene.simulator.clear_faults();
}

fn is_halfway(scene: &Scene) -> bool {
    TARGETS.iter().all(|target| {
        let jobs = fs::read_dir(scene.state().join("jobs")).into_iter().flatten();
        let name = target.to.replace('/', "_2f") + ".json";
        let text = jobs
            .flatten()
            .find_map(|job| fs::read_to_string(job.path().join(&name)).ok());
        let record: Value = serde_json::from_str(&text.unwrap_or_default()).unwrap_or_default();
        let upload = &record["files"]["disk"]["upload"];
        let parts = upload["parts"].as_object().map_or(0, serde_json::Map::len);
        parts == target.parts as usize && upload["completing"] == (target.parts == target.of)
    })
}
