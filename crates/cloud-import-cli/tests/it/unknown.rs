//! An order of which it is not known whether it was started: what is advised, run as it is printed. In simulated clouds, what takes
//! half an hour takes seconds.

use std::{fs, path::PathBuf, process::Output, time::Duration};

use cloud_import::{
    env::{Env as _, SystemEnv},
    provider::datetime,
};
use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{IMAGE, KEYS, again::typed, command, err, expect_code, out, run};

struct Scene {
    folder: PathBuf,
    runtime: Runtime,
    simulator: Simulator,
}

impl Scene {
    /// A simulator whose clouds lose the first order of each, unsent.
    fn new(name: &str) -> Self {
        // A name that a shell must be told with care.
        let folder = std::env::temp_dir().join(format!("it's {name} {}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let runtime = Runtime::new().unwrap();
        let config = Config::new(KEYS[0], KEYS[1]).any_bucket(true);
        let simulator = runtime
            .block_on(Simulator::start(config.import_time(Duration::from_millis(50))))
            .unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        for (cloud, start) in [
            (Cloud::Tencent, "ImportImage"),
            (Cloud::Huawei, "CreateImage"),
            (Cloud::Ucloud, "ImportCustomImage"),
        ] {
            simulator.inject(Fault::new(FaultKind::DropBefore).cloud(cloud).operation(start));
        }
        Self {
            folder,
            runtime,
            simulator,
        }
    }

    fn import(&self, more: &[&str]) -> Output {
        let simulate = format!("--simulate={}", self.folder.join("sim.json").display());
        let state = self.folder.join("state").display().to_string();
        let order = ["--name", "web", "--os", "CentOS 7.9", "--state", &state, IMAGE];
        command(&[&["import", &simulate], &order[..], more].concat())
            .output()
            .unwrap()
    }

    fn imports(&self, cloud: Cloud) -> u64 {
        self.simulator.counters().imports_of(cloud, "web")
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _guard = self.runtime.enter();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What stands behind the beginning of a line.
fn behind(output: &Output, beginning: &str) -> String {
    let said = err(output);
    // What is said while work goes on has the time of day before it.
    let line = said.lines().find_map(|line| {
        let (before, rest) = line.split_once(beginning)?;
        before.chars().all(|c| !c.is_alphabetic() || c == 'Z').then_some(rest)
    });
    assert!(line.is_some(), "no line begins `{beginning}`: {said}");
    line.unwrap_or_default().to_owned()
}

/// The line to repeat, once its time has come.
fn when_it_helps(output: &Output) -> String {
    let advice = behind(output, "to find out, from ");
    let (from, line) = advice.split_once(" on: ").unwrap();
    wait_until(from);
    line.to_owned()
}

fn wait_until(from: &str) {
    let left = datetime::parse_rfc3339(from).unwrap().duration_since(SystemEnv.now());
    std::thread::sleep(left.unwrap_or_default());
}

#[test]
fn every_line_that_is_advised_works_as_it_is() {
    let scene = Scene::new("advised");
    let first = scene.import(&["--to=jdcloud", "--to", "tencent", "--to", "ucloud"]);
    expect_code(&first, 6);
    let second = typed(&when_it_helps(&first));
    expect_code(&second, 8);
    let third = typed(&when_it_helps(&second));
    expect_code(&third, 6);
    let anew = behind(
        &third,
        "warning: tencent/ap-guangzhou: was not started: not in two complete listings at ",
    );
    assert!(anew.ends_with("; it is sent anew"), "{anew}");
    assert_eq!([scene.imports(Cloud::Tencent), scene.imports(Cloud::Ucloud)], [1, 0]);
    assert!(err(&third).contains("is not listed since "), "{}", err(&third));

    // Another image is made of the one that is not listed, and of no other.
    let line = behind(
        &third,
        "to make it, if the vendor's console shows no image of that name: ",
    );
    assert!(line.ends_with(" --again --to ucloud/cn-bj2"), "{line}");
    let made = typed(&line);
    expect_code(&made, 0);
    assert_eq!(out(&made).lines().count(), 1, "{}", out(&made));
    for cloud in [Cloud::Jdcloud, Cloud::Tencent, Cloud::Ucloud] {
        assert_eq!(scene.imports(cloud), 1, "{cloud:?}");
    }
}

#[test]
fn programs_are_told_when_to_repeat_and_what_is_sent_anew() {
    let scene = Scene::new("programs");
    let mut told = Value::Null;
    for _ in 0..2 {
        let output = scene.import(&["--to", "huawei", "--output", "json"]);
        expect_code(&output, 8);
        told = serde_json::from_str(&out(&output)).unwrap();
        let error = &told["results"][0]["error"];
        assert_eq!(error["kind"], "outcome_unknown");
        wait_until(error["repeat_from"].as_str().unwrap());
    }
    let state = scene.folder.join("state").display().to_string();
    let listed: Value = serde_json::from_str(&out(&run(&["list", "--state", &state, "--output", "json"]))).unwrap();
    let (job, target) = (&listed["jobs"][0], &listed["jobs"][0]["targets"][0]);
    let since = target["unknown_since"].as_str().unwrap();
    assert!(datetime::parse_rfc3339(since).unwrap() <= SystemEnv.now(), "{listed}");
    let text = out(&run(&["list", "--state", &state]));
    assert!(text.contains("1 not known whether it was started"), "{text}");
    let status = ["status", "--state", &state, job["id"].as_str().unwrap()];
    let text = run(&status);
    expect_code(&text, 8);
    assert!(out(&text).contains(&format!("unknown since {since}")), "{}", out(&text));
    let status: Value = serde_json::from_str(&out(&run(&[&status[..], &["--output", "json"]].concat()))).unwrap();
    assert_eq!(status["results"][0]["unknown_since"], since, "{status}");

    let output = scene.import(&["--to", "huawei", "--events"]);
    expect_code(&output, 0);
    let listed = out(&run(&["list", "--state", &state, "--output", "json"]));
    assert!(!listed.contains("unknown_since"), "{listed}");
    let seen = super::events::seen(&out(&output));
    assert!(seen.iter().any(|name| name == "not_started"), "{seen:?}, {told}");
    assert_eq!(scene.imports(Cloud::Huawei), 1);
}
