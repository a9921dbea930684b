//! `export`: an image that was imported ends as a file in a bucket, and what a cloud does not do is said before it is asked.

use std::{fs, process::Output};

use serde_json::Value;

use super::{
    err, expect_code, import, out, run,
    schemas::holds,
    sim::{Sim, control},
};

const BUCKET: &str = "simulated-images-1250000000";

/// A simulator with an image in each cloud.
struct Scene {
    sim: Sim,
    images: Vec<(String, String)>,
}

impl Scene {
    fn new(name: &str) -> Self {
        let sim = Sim::start(&format!("export-{name}"), &["--import-time", "0s"]);
        let imported = run(&import(&sim.option(), &["--to", "all"]));
        expect_code(&imported, 0);
        let text = out(&imported);
        let images = text.lines().map(|line| line.split_once(' ').unwrap());
        let images = images.map(|(target, id)| (target.to_owned(), id.to_owned())).collect();
        Self { sim, images }
    }

    fn image(&self, cloud: &str) -> (&str, &str) {
        let mut images = self.images.iter();
        let (target, id) = images.find(|(target, _)| target.starts_with(cloud)).unwrap();
        (target, id)
    }

    /// The command for the image of a cloud.
    fn export(&self, cloud: &str, more: &[&str]) -> Output {
        let (target, id) = self.image(cloud);
        let option = self.sim.option();
        let words = [
            "export",
            id,
            "--from",
            target,
            "--bucket",
            BUCKET,
            "--no-config",
            &option,
        ];
        run(&[&words[..], more].concat())
    }

    fn go_on(&self, task: &str, more: &[&str]) -> Output {
        let option = self.sim.option();
        run(&[&["export", "--task", task, "--no-config", &option][..], more].concat())
    }

    fn fault(&self, fault: &str) {
        assert_eq!(control(&self.sim.ready(), "POST", "/faults", fault).0, 204);
    }
}

#[test]
fn an_image_is_written_into_the_bucket() {
    let scene = Scene::new("all");
    for (cloud, more) in [
        ("aliyun", &[][..]),
        ("tencent", &["--format", "qcow2"]),
        ("huawei", &["--prefix", "backups/web"]),
        ("jdcloud", &["--set", "jdcloud.roleName=exporter", "--prefix", "web"]),
    ] {
        let (target, id) = scene.image(cloud);
        let exported = scene.export(cloud, more);
        expect_code(&exported, 0);
        let line = out(&exported);
        let key = line.trim_end().strip_prefix(&format!("{target} {BUCKET}:"));
        assert!(key.is_some_and(|key| key.contains(id)), "{line}");
        let objects = control(&scene.sim.ready(), "GET", "/objects", "").1;
        assert!(objects.contains(key.unwrap()), "{objects}");
    }
}

#[test]
fn the_image_is_named_as_for_other_commands() {
    let scene = Scene::new("named");
    let (option, state) = (scene.sim.option(), std::env::temp_dir());
    let state = state.join(format!("cloud-import-export-named-{}", std::process::id()));
    let state = state.to_str().unwrap();
    let places = ["--bucket", BUCKET, "--no-config", &option, "--state", state];
    let (target, id) = scene.image("aliyun");
    let by_name = run(&[&["export", "hello-clouds", "--from", target][..], &places].concat());
    expect_code(&by_name, 0);
    assert!(out(&by_name).contains(id), "{}", out(&by_name));

    let more = ["--to", target, "--again", "--state", state];
    let imported = run(&import(&option, &more));
    expect_code(&imported, 0);
    let second = out(&imported);
    let (_, second) = second.trim_end().split_once(' ').unwrap();
    let by_job = format!("hello-clouds/{target}");
    let exported = run(&[&["export", &by_job][..], &places].concat());
    expect_code(&exported, 0);
    assert!(out(&exported).contains(second), "{}", out(&exported));
    let unknown = run(&[&["export", "no-such-image", "--from", target][..], &places].concat());
    expect_code(&unknown, 4);
    assert!(
        err(&unknown).contains("no image of the id or name"),
        "{}",
        err(&unknown)
    );
    fs::remove_dir_all(state).unwrap();
}

#[test]
fn it_is_waited_for_later() {
    let scene = Scene::new("later");
    let begun = scene.export("tencent", &["--no-wait"]);
    expect_code(&begun, 0);
    let task = out(&begun);
    let waited = scene.go_on(&task, &["--output", "json"]);
    expect_code(&waited, 0);
    let report = holds("export", &out(&waited));
    assert_eq!((&report["status"], &report["exit"]), (&"succeeded".into(), &0.into()));
    let key = report["keys"][0].as_str().unwrap();
    assert!(key.starts_with(report["key_begins"].as_str().unwrap()), "{report}");
    let file = std::env::temp_dir().join(format!("cloud-import-export-{}.json", std::process::id()));
    fs::write(&file, &task).unwrap();
    expect_code(&scene.go_on(file.to_str().unwrap(), &[]), 0);
    fs::remove_file(&file).unwrap();
    // It does not choose who gets the keys.
    let mut other: Value = serde_json::from_str(&task).unwrap();
    other["region"] = "ap-beijing".into();
    let refused = scene.go_on(&other.to_string(), &[]);
    assert_ne!(refused.status.code(), Some(0), "{}", out(&refused));
    expect_code(&scene.go_on("{}", &[]), 2);
}

#[test]
fn an_end_that_the_cloud_does_not_tell_is_told_by_the_bucket() {
    let scene = Scene::new("untold");
    scene.fault(r#"{"cloud":"tencent","operation":"ExportImages","kind":{"fail_import":{"code":"E","reason":"r"}}}"#);
    let failed = scene.export("tencent", &["--output", "json"]);
    expect_code(&failed, 5);
    let report = holds("export", &out(&failed));
    assert!(
        report["error"]["message"].as_str().unwrap().contains("there is no `"),
        "{report}"
    );
    scene.fault(r#"{"cloud":"huawei","operation":"ExportImage","kind":{"fail_import":{"code":"E","reason":"full"}}}"#);
    let failed = scene.export("huawei", &[]);
    expect_code(&failed, 5);
    assert!(
        err(&failed).contains("full") && out(&failed).is_empty(),
        "{}",
        err(&failed)
    );
}

#[test]
fn a_wait_that_ends_early_says_how_to_go_on() {
    let scene = Scene::new("early");
    scene.fault(r#"{"cloud":"aliyun","operation":"ExportImage","kind":"stall"}"#);
    let left = scene.export("aliyun", &["--timeout", "300ms"]);
    expect_code(&left, 7);
    assert!(err(&left).contains("cloud-import export --task '{"), "{}", err(&left));
    // One that is lost says where to look.
    scene.fault(r#"{"cloud":"huawei","operation":"ExportImage","kind":"drop_before"}"#);
    let lost = scene.export("huawei", &["--prefix", "web"]);
    expect_code(&lost, 8);
    let (_, id) = scene.image("huawei");
    assert!(err(&lost).contains(&format!("web_{id}.qcow2")), "{}", err(&lost));
}

#[test]
fn what_a_cloud_does_not_do_is_said_before_it_is_asked() {
    let scene = Scene::new("refused");
    for (cloud, more, told) in [
        ("ucloud", &[][..], "cannot be exported"),
        ("jdcloud", &[], "--set jdcloud.roleName"),
        ("aliyun", &["--format", "qcow2"], "raw"),
        ("aliyun", &["--prefix", "a-b"], "--prefix"),
        ("aliyun", &["--set", "jdcloud.roleName=r"], "aliyun"),
        ("huawei", &["--format", "raw"], "--format"),
    ] {
        let refused = scene.export(cloud, more);
        expect_code(&refused, 2);
        assert!(err(&refused).contains(told), "{told}: {}", err(&refused));
    }
    // An image that is not there is not even looked for.
    let (target, option) = (scene.image("ucloud").0, scene.sim.option());
    let places = ["--bucket", BUCKET, "--no-config", &option];
    let refused = run(&[&["export", "no-such-image", "--from", target][..], &places].concat());
    expect_code(&refused, 2);
    assert!(err(&refused).contains("cannot be exported"), "{}", err(&refused));
    let exports = control(&scene.sim.ready(), "GET", "/counters", "").1;
    assert!(exports.contains(r#""exports": {}"#), "{exports}");
}
