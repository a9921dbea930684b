//! A record that cannot be read: it is shown as that, every other job goes on, and it can be forgotten.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use super::{IMAGE, Sim, err, expect_code, out, run};

struct Scene {
    folder: PathBuf,
    sim: Sim,
}

impl Scene {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cloud-import-damaged-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let sim = Sim::start(&format!("damaged-{name}"), &["--import-time", "300ms"]);
        Self { folder, sim }
    }

    fn state(&self) -> String {
        self.folder.join("state").to_str().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(&[arguments, &["--no-config", "--state", &self.state()]].concat())
    }

    fn reaching(&self, arguments: &[&str]) -> Output {
        self.run(&[arguments, &[&self.sim.option()]].concat())
    }

    fn import(&self, name: &str, more: &[&str]) -> Output {
        let fixed = ["import", "--to", "aliyun", "--name", name, "--os", "CentOS 7.9", IMAGE];
        self.reaching(&[&fixed[..], more].concat())
    }

    fn job(&self, name: &str) -> PathBuf {
        let jobs = fs::read_dir(self.folder.join("state/jobs"))
            .unwrap()
            .map(|job| job.unwrap().path());
        let own = |job: &PathBuf| job.file_name().unwrap().to_str().unwrap().starts_with(name);
        jobs.into_iter().find(own).unwrap()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn id(job: &Path) -> &str {
    job.file_name().unwrap().to_str().unwrap()
}

/// The kinds of damage that a file can come to.
fn damage(path: &Path, which: usize) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_dir_all(path);
    match which {
        0 => fs::write(path, ""),
        1 => fs::write(path, "{\"schema\": 1, \"target\": \"al"),
        2 => fs::write(path, "[]"),
        3 => fs::write(path, "{\"schema\": 99, \"new\": {}}"),
        4 => fs::write(path, vec![0xff; 5000]),
        5 => fs::create_dir(path),
        6 => fs::write(path, "[".repeat(100_000)),
        7 => fs::write(path, "{}"),
        8 => fs::write(path, vec![0; 20_000_000]),
        // Nobody writes into it: who waited for that would wait for ever.
        9 => Command::new("mkfifo").arg(path).status().map(drop),
        _ => std::os::unix::fs::symlink("/dev/zero", path),
    }
    .unwrap();
}

#[cfg(unix)]
#[test]
fn one_damaged_record_is_one_and_the_others_go_on() {
    let scene = Scene::new("one");
    for name in ["one", "two"] {
        expect_code(&scene.import(name, &["--no-wait"]), 0);
    }
    let (one, two) = (scene.job("one"), scene.job("two"));
    let record = one.join("aliyun_2fcn-hangzhou.json");
    let [sound, description] = [&record, &one.join("job.json")].map(|path| fs::read(path).unwrap());
    for path in [&record, &one.join("job.json")] {
        for which in 0..11 {
            damage(path, which);
            let told = |output: &Output| {
                expect_code(output, 6);
                assert!(err(output).contains(path.to_str().unwrap()), "{which}: {}", err(output));
                assert_eq!(err(output).contains("schema 99"), which == 3, "{}", err(output));
                (out(output), err(output))
            };
            let (listed, advice) = told(&scene.run(&["list"]));
            assert!(
                listed.contains("damaged") && listed.contains(id(&two)),
                "{which}: {listed}"
            );
            assert_eq!(
                advice.contains(&format!("cloud-import forget {}", id(&one))),
                which != 3,
                "{advice}"
            );
            let (json, _) = told(&scene.run(&["list", "--output", "json"]));
            let json: Value = serde_json::from_str(&json).unwrap();
            let jobs = json["jobs"].as_array().unwrap();
            let of = |path: &Path| jobs.iter().find(|job| job["id"] == id(path)).unwrap();
            assert!(of(&two)["targets"][0]["step"].is_string(), "{json}");
            match path == &record {
                true => assert_eq!(of(&one)["targets"][0]["step"], "damaged"),
                false => assert!(of(&one)["damaged"].is_string()),
            }
            let (waited, _) = told(&scene.reaching(&["clean"]));
            assert!(waited.contains("damaged"), "{waited}");
            if which == 0 && path == &record {
                let (waited, _) = told(&scene.reaching(&["wait"]));
                assert!(
                    waited.contains("aliyun/cn-hangzhou m-"),
                    "the other one is waited for: {waited}"
                );
                let (status, _) = told(&scene.reaching(&["status", id(&one), id(&two)]));
                assert!(status.contains("damaged") && status.contains(" m-"), "{status}");
            }
        }
        expect_code(&scene.import("three", &[]), 0);
        let _ = fs::remove_file(path);
        fs::write(path, if path == &record { &sound } else { &description }).unwrap();
    }
    // A damaged record never becomes a second image; a damaged description is written anew.
    damage(&record, 1);
    expect_code(&scene.import("one", &[]), 2);
    fs::write(&record, sound).unwrap();
    damage(&one.join("job.json"), 1);
    expect_code(&scene.import("one", &[]), 0);
    expect_code(&scene.run(&["list"]), 0);
}

#[cfg(unix)]
#[test]
fn a_job_is_forgotten_damaged_or_not_but_not_one_that_runs() {
    let scene = Scene::new("forget");
    expect_code(&scene.import("one", &["--no-wait"]), 0);
    expect_code(&scene.import("two", &[]), 0);
    let (one, two) = (scene.job("one"), scene.job("two"));
    let output = scene.reaching(&["clean", "--forget", id(&one)]);
    assert!(
        err(&output).contains("no verdict yet") && err(&output).contains("--yes"),
        "{}",
        err(&output)
    );
    assert!(one.exists());
    expect_code(&scene.reaching(&["clean", "--forget", id(&one), "--yes"]), 0);
    damage(&two.join("aliyun_2fcn-hangzhou.json"), 1);
    damage(&two.join("job.json"), 5);
    expect_code(&scene.reaching(&["clean", "--forget", id(&two)]), 0);
    assert!(!one.exists() && !two.exists());
    expect_code(&scene.run(&["list"]), 0);
    let output = scene.reaching(&["clean", "--forget", "two-0"]);
    expect_code(&output, 4);
    assert!(err(&output).contains("there is no job"), "{}", err(&output));
}

/// Jobs are never pruned by themselves: there may be years of them.
#[test]
fn many_jobs_are_listed_and_looked_through() {
    const MANY: usize = 500;
    let scene = Scene::new("many");
    expect_code(&scene.import("seed", &["--no-wait"]), 0);
    let seed = scene.job("seed");
    let files: Vec<(PathBuf, String)> = fs::read_dir(&seed)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read_to_string(&path).unwrap()))
        .collect();
    for number in 0..MANY {
        let name = format!("seed{number}-{number:012x}");
        let folder = seed.with_file_name(&name);
        fs::create_dir(&folder).unwrap();
        for (path, text) in &files {
            let text = text.replace(id(&seed), &name);
            fs::write(folder.join(path.file_name().unwrap()), text).unwrap();
        }
    }
    let listed = scene.run(&["list", "--output", "json"]);
    expect_code(&listed, 0);
    let listed: Value = serde_json::from_str(&out(&listed)).unwrap();
    assert_eq!(listed["jobs"].as_array().unwrap().len(), MANY + 1);
    let status = scene.reaching(&["status", &format!("seed{0}-{0:012x}", MANY - 1)]);
    assert!(out(&status).contains("aliyun/cn-hangzhou"), "{}", out(&status));
    expect_code(&scene.run(&["clean"]), 0);
    expect_code(&scene.import("seed", &[]), 0);
}
