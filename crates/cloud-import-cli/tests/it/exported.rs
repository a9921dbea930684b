//! An export is a job: the same command again finds it, it is waited for, shown, fetched and forgotten as jobs are, and with
//! `--download` its object becomes a file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;

use super::{
    IMAGE, command, err, expect_code, import, out, run,
    schemas::holds,
    sim::{Sim, control},
};

const BUCKET: &str = "simulated-images-1250000000";
const TARGET: &str = "huawei/cn-north-4";

/// A simulator with an image, and a folder with jobs.
struct Scene {
    sim: Sim,
    folder: PathBuf,
    image: String,
}

impl Scene {
    fn new(name: &str) -> Self {
        let sim = Sim::start(&format!("exported-{name}"), &["--import-time", "0s"]);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("exported-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let imported = run(&import(&sim.option(), &["--to", TARGET]));
        expect_code(&imported, 0);
        let image = out(&imported).trim_end().rsplit_once(' ').unwrap().1.to_owned();
        Self { sim, folder, image }
    }

    /// A command with the simulator and the jobs.
    fn run(&self, words: &[&str]) -> Output {
        let mut command = command(words);
        command.args([&self.sim.option(), "--no-config", "--state", "jobs"]);
        command.current_dir(&self.folder).output().unwrap()
    }

    fn export(&self, more: &[&str]) -> Output {
        let words = ["export", &self.image, "--from", TARGET, "--bucket", BUCKET];
        self.run(&[&words[..], more].concat())
    }

    /// What does not ask a cloud.
    fn local(&self, words: &[&str]) -> Output {
        let mut command = command(words);
        let state = ["--state", "jobs"];
        command.args(state).current_dir(&self.folder).output().unwrap()
    }

    fn fault(&self, fault: &str) {
        assert_eq!(control(&self.sim.ready(), "POST", "/faults", fault).0, 204);
    }

    /// How many exports the cloud took.
    fn exports(&self) -> u64 {
        let counters = control(&self.sim.ready(), "GET", "/counters", "").1;
        let counters: Value = serde_json::from_str(&counters).unwrap();
        let of_cloud = counters["exports"]["huawei"].as_object();
        let counts = of_cloud.into_iter().flat_map(serde_json::Map::values);
        counts.map(|count| count.as_u64().unwrap()).sum()
    }

    fn is_in_bucket(&self) -> bool {
        control(&self.sim.ready(), "GET", "/objects", "")
            .1
            .contains(&self.image)
    }

    fn is_whole(&self, file: &str) {
        assert!(fs::read(self.folder.join(file)).unwrap() == fs::read(IMAGE).unwrap());
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn the_same_command_again_sends_nothing_and_again_does() {
    let scene = Scene::new("again");
    let first = scene.export(&[]);
    expect_code(&first, 0);
    let again = scene.export(&["--output", "json"]);
    expect_code(&again, 0);
    let report = holds("export", &out(&again));
    assert_eq!((&report["found"], scene.exports()), (&true.into(), 1));
    assert!(out(&first).contains(report["keys"][0].as_str().unwrap()), "{report}");
    let anew = scene.export(&["--again"]);
    expect_code(&anew, 0);
    assert_ne!(out(&anew), out(&first), "another object");
    assert_eq!(scene.exports(), 2);
    // On another machine its object tells that it is done.
    fs::remove_dir_all(scene.folder.join("jobs")).unwrap();
    let elsewhere = scene.export(&[]);
    expect_code(&elsewhere, 0);
    assert_eq!((out(&elsewhere), scene.exports()), (out(&first), 2));
    fs::remove_dir_all(scene.folder.join("jobs")).unwrap();
    let third = scene.export(&["--again"]);
    expect_code(&third, 0);
    assert!(![out(&first), out(&anew)].contains(&out(&third)));
}

#[test]
fn it_is_a_job_and_by_that_it_is_fetched() {
    let scene = Scene::new("job");
    let begun = scene.export(&["--no-wait"]);
    expect_code(&begun, 0);
    let shown = scene.local(&["list", "--output", "json"]);
    let list = holds("list", &out(&shown));
    let job = list["jobs"][0]["id"].as_str().unwrap();
    assert!(job.starts_with("export-hello-clouds-"), "{job}");
    assert_eq!(list["jobs"][0]["targets"][0]["status"], "running");
    let early = scene.run(&["download", job]);
    expect_code(&early, 4);
    assert!(err(&early).contains("cloud-import wait"), "{}", err(&early));
    let kept = scene.local(&["forget", job]);
    expect_code(&kept, 4);
    assert!(err(&kept).contains("the export of"), "{}", err(&kept));
    let refused = scene.run(&["cancel", job]);
    assert!(err(&refused).contains("not cancelled from here"), "{}", err(&refused));
    let asked = scene.run(&["status", job]);
    assert!(out(&asked).contains(TARGET), "{}{}", out(&asked), err(&asked));

    let waited = scene.run(&["wait", job]);
    expect_code(&waited, 0);
    assert!(
        out(&waited).starts_with(&format!("{TARGET} {BUCKET}:")),
        "{}",
        out(&waited)
    );
    let shown = scene.local(&["show", job, "--output", "json"]);
    let show = holds("show", &out(&shown));
    let export = &show["targets"][0]["export"];
    assert_eq!(
        (&export["image_id"], &export["bucket"]),
        (&scene.image.as_str().into(), &BUCKET.into())
    );
    let resumed = scene.run(&["resume", job]);
    expect_code(&resumed, 0);
    assert_eq!(scene.exports(), 1);

    let by_target = format!("{job}/{TARGET}");
    for (named, file) in [(job, "by-job"), (&by_target, "by-target")] {
        let fetched = scene.run(&["download", named, "--output-file", file]);
        expect_code(&fetched, 0);
        scene.is_whole(file);
    }
    let no_image = scene.run(&["copy", &by_target, "--to", "cn-east-3"]);
    expect_code(&no_image, 2);
    assert!(err(&no_image).contains("is an export"), "{}", err(&no_image));
    expect_code(&scene.run(&["download", "no-such-job"]), 2);
    expect_code(&scene.local(&["forget", job]), 0);
    expect_code(&scene.run(&["download", job]), 2);
}

#[test]
fn what_was_exported_becomes_a_file_and_leaves_the_bucket_if_asked() {
    let scene = Scene::new("file");
    fs::write(scene.folder.join("taken"), "x").unwrap();
    let taken = scene.export(&["--download", "taken"]);
    expect_code(&taken, 2);
    assert!(
        err(&taken).contains("--download") && scene.exports() == 0,
        "{}",
        err(&taken)
    );

    let to_file = ["--download", "web.img", "--output", "json"];
    let exported = scene.export(&to_file);
    expect_code(&exported, 0);
    let report = holds("export", &out(&exported));
    assert_eq!(report["files"][0]["removed"], false);
    scene.is_whole("web.img");
    assert!(scene.is_in_bucket());
    // It is there by now, and it is the very file.
    let text = scene.export(&["--download", "web.img"]);
    expect_code(&text, 0);
    assert!(out(&text).ends_with("  web.img\n"), "{}", out(&text));
    assert!(err(&text).contains("stays in the bucket"), "{}", err(&text));
    // One that was changed is not written over.
    fs::write(scene.folder.join("web.img"), "x").unwrap();
    expect_code(&scene.export(&to_file), 2);
    expect_code(&scene.export(&[&to_file[..], &["--force"]].concat()), 0);
    scene.is_whole("web.img");

    fs::create_dir(scene.folder.join("images")).unwrap();
    let removed = scene.export(&["--download", "images", "--remove-object"]);
    expect_code(&removed, 0);
    assert!(
        err(&removed).contains("is removed from the bucket"),
        "{}",
        err(&removed)
    );
    assert!(!scene.is_in_bucket());
    let files = fs::read_dir(scene.folder.join("images")).unwrap();
    assert_eq!(files.count(), 1);
    expect_code(&scene.export(&["--download", "images", "--remove-object"]), 0);
    let other = scene.export(&["--download", "other.img"]);
    assert!(err(&other).contains("--again"), "{}", err(&other));
    assert_eq!(scene.exports(), 1);
}

#[test]
fn what_is_gone_or_failed_is_exported_once_more() {
    let scene = Scene::new("failed");
    scene.fault(r#"{"cloud":"huawei","operation":"ExportImage","kind":{"fail_import":{"code":"E","reason":"full"}}}"#);
    expect_code(&scene.export(&[]), 5);
    let job = "export-hello-clouds";
    let shown = out(&scene.local(&["show", job]));
    assert!(shown.contains("failed") && shown.contains("full"), "{shown}");
    let exported = scene.export(&[]);
    expect_code(&exported, 0);
    assert_eq!(scene.exports(), 2);
    let object = out(&exported);
    let object = object.trim_end().split_once(' ').unwrap().1;
    let lost = scene.export(&["--download", "web.img", "--remove-object"]);
    expect_code(&lost, 0);
    fs::remove_file(scene.folder.join("web.img")).unwrap();
    let gone = scene.run(&["download", object, "--from", TARGET]);
    expect_code(&gone, 4);
    let told = scene.export(&["--download", "web.img"]);
    expect_code(&told, 4);
    assert!(err(&told).contains("--again"), "{}", err(&told));
    expect_code(&scene.export(&["--again", "--download", "web.img"]), 0);
    scene.is_whole("web.img");
}

/// Where nothing shows whether an order was sent, the user decides; what the bucket shows by then is found.
#[test]
fn an_answer_that_was_lost_is_settled_by_the_object() {
    let scene = Scene::new("lost");
    scene.fault(r#"{"cloud":"huawei","operation":"ExportImage","kind":"drop_before"}"#);
    let lost = scene.export(&[]);
    expect_code(&lost, 8);
    assert!(err(&lost).contains("--again"), "{}", err(&lost));
    let looked = scene.export(&[]);
    expect_code(&looked, 8);
    assert_eq!(scene.exports(), 0);
    scene.fault(r#"{"cloud":"huawei","operation":"ExportImage","kind":"drop_after"}"#);
    let sent = scene.export(&["--again"]);
    assert!([Some(0), Some(8)].contains(&sent.status.code()), "{}", err(&sent));
    let found = scene.export(&[]);
    expect_code(&found, 0);
    assert_eq!(scene.exports(), 1);
}

/// What is advised reaches the clouds that were reached, and no real one.
#[test]
fn the_line_that_fetches_an_object_names_its_clouds() {
    let scene = Scene::new("line");
    let exported = scene.export(&[]);
    expect_code(&exported, 0);
    let told = err(&exported);
    let line = told
        .lines()
        .find_map(|line| line.split_once("to fetch it: "))
        .unwrap()
        .1;
    assert!(line.contains(&scene.sim.option()), "{line}");
    let words: Vec<&str> = line.strip_prefix("cloud-import ").unwrap().split(' ').collect();
    let fetched = command(&words).current_dir(&scene.folder).output().unwrap();
    expect_code(&fetched, 0);
    scene.fault(r#"{"cloud":"huawei","operation":"ExportImage","kind":"stall"}"#);
    let left = scene.export(&["--prefix", "other", "--timeout", "300ms"]);
    expect_code(&left, 7);
    let told = err(&left);
    let line = told
        .lines()
        .find_map(|line| line.split_once("to continue: "))
        .unwrap()
        .1;
    assert!(
        line.starts_with("cloud-import wait export-") && line.contains(&scene.sim.option()) && line.contains("--state"),
        "{line}"
    );
}
