//! `move`: an image of one simulated cloud becomes one in others.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;

use super::{
    command, err, expect_code, import, out, run,
    sim::{Sim, control},
};

const BUCKET: &str = "simulated-images-1250000000";

/// A simulator with an image in a cloud, and a folder with jobs.
struct Scene {
    sim: Sim,
    folder: PathBuf,
    from: &'static str,
    image: String,
}

impl Scene {
    fn new(name: &str, from: &'static str) -> Self {
        let sim = Sim::start(&format!("moved-{name}"), &["--import-time", "0s"]);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("moved-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let imported = run(&import(&sim.option(), &["--to", from]));
        expect_code(&imported, 0);
        let image = out(&imported).trim_end().rsplit_once(' ').unwrap().1.to_owned();
        Self {
            sim,
            folder,
            from,
            image,
        }
    }

    fn moved(&self, more: &[&str]) -> Output {
        let words = [
            "move",
            &self.image,
            "--from",
            self.from,
            "--through",
            BUCKET,
            "--name",
            "moved",
        ];
        let mut command = command(&[&words[..], more].concat());
        command.args([&self.sim.option(), "--no-config", "--state", "jobs"]);
        command.current_dir(&self.folder).output().unwrap()
    }

    fn counters(&self) -> Value {
        serde_json::from_str(&control(&self.sim.ready(), "GET", "/counters", "").1).unwrap()
    }
}

#[test]
fn an_image_is_moved_once_and_what_was_on_the_way_is_removed() {
    let scene = Scene::new("whole", "aliyun/cn-hangzhou");
    let to = ["--to", "tencent", "--to", "ucloud"];
    let first = scene.moved(&to);
    expect_code(&first, 0);
    assert!(
        err(&first).contains("taken from the disk: --os \"CentOS Linux 7.9\""),
        "{}",
        err(&first)
    );
    assert_eq!(fs::read_dir(scene.folder.join("jobs/moved")).unwrap().count(), 1);
    let before = scene.counters();
    let tidy = scene.moved(&[&to[..], &["--tidy"]].concat());
    expect_code(&tidy, 0);
    assert_eq!(out(&tidy), out(&first));
    assert_eq!(fs::read_dir(scene.folder.join("jobs/moved")).unwrap().count(), 0);
    // What it was made of is gone, and its images are not.
    let again = scene.moved(&[&to[..], &["--tidy"]].concat());
    expect_code(&again, 0);
    assert_eq!(out(&again), out(&first));
    assert!(err(&again).contains("it was moved before"), "{}", err(&again));
    let after = scene.counters();
    for counted in ["exports", "imports"] {
        assert!(before[counted].is_object(), "{before}");
        assert_eq!(after[counted], before[counted], "{counted}");
    }
    // Another target needs the image anew.
    let more = scene.moved(&[&to[..], &["--to", "huawei"]].concat());
    expect_code(&more, 4);
    assert!(
        err(&more).contains("was removed from the bucket after an earlier download"),
        "{}",
        err(&more)
    );
}

#[test]
fn its_import_is_a_job_that_is_gone_on_with_without_the_command() {
    let scene = Scene::new("job", "tencent/ap-guangzhou");
    let moved = scene.moved(&["--to", "huawei", "--size-gib", "40"]);
    expect_code(&moved, 0);
    let mut waited = command(&["wait", "moved", &scene.sim.option(), "--no-config", "--state", "jobs"]);
    let waited = waited.current_dir(&scene.folder).output().unwrap();
    expect_code(&waited, 0);
    assert_eq!(out(&waited), out(&moved));
}

#[test]
fn what_cannot_be_moved_is_refused_before_anything_is_sent() {
    let scene = Scene::new("refused", "ucloud/cn-bj2");
    let none = scene.moved(&["--to", "tencent"]);
    expect_code(&none, 2);
    assert!(err(&none).contains("UCloud"), "{}", err(&none));
    let trial = scene.moved(&["--to", "tencent", "--dry-run"]);
    expect_code(&trial, 2);
    assert!(err(&trial).contains("cannot be moved as a trial"), "{}", err(&trial));
}
