//! Images that are none any more, as the commands tell them: never by their ids as results.

use std::{fs, path::PathBuf, process::Output, sync::Arc};

use cloud_import::{Credentials, ImportTask, ImportedImage, Settings, Target, transport::HttpTransport};
use cloud_import_sim::{Config, Fault, FaultKind, Simulator};
use serde_json::Value;

use super::{IMAGE, KEYS, again::typed, err, expect_code, out, run};

/// Targets, and the call by which one image is described.
const CLOUDS: [(&str, &str); 5] = [
    ("jdcloud/cn-north-1", "describeImage"),
    ("tencent/ap-guangzhou", "DescribeImages"),
    ("huawei/cn-north-4", "GlanceShowImage"),
    ("aliyun/cn-hangzhou", "DescribeImages"),
    ("ucloud/cn-bj2", "DescribeImage"),
];

/// A simulator, and a folder with a state and the files of two versions.
struct Scene {
    runtime: tokio::runtime::Runtime,
    simulator: Simulator,
    folder: PathBuf,
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Scene {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cloud-import-cli-gone-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let config = Config::new(KEYS[0], KEYS[1]).any_bucket(true);
        let simulator = runtime.block_on(Simulator::start(config)).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        let bytes = fs::read(IMAGE).unwrap();
        fs::write(folder.join("v1.qcow2"), &bytes).unwrap();
        fs::write(folder.join("v2.qcow2"), [&bytes[..], &[0; 512]].concat()).unwrap();
        Self {
            runtime,
            simulator,
            folder,
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    fn import(&self, file: &str, more: &[&str]) -> Output {
        let (option, state, file) = (
            format!("--simulate={}", self.path("sim.json")),
            self.path("state"),
            self.path(file),
        );
        let order = ["--name", "rep", "--os", "CentOS 7.9", "--state", &state];
        run(&[&["import", &option][..], &order, more, &[&file]].concat())
    }

    /// A command about the jobs.
    fn asked(&self, command: &str, more: &[&str]) -> Output {
        let (option, state) = (format!("--simulate={}", self.path("sim.json")), self.path("state"));
        let option: &[&str] = match command {
            "show" | "list" => &[],
            _ => &[&option],
        };
        run(&[&[command], option, &["--state", &state], more].concat())
    }

    /// The image of a line of results, deleted as the vendor's console does.
    fn delete(&self, target: &str, id: &str) {
        let target: Target = target.parse().unwrap();
        let address = self.simulator.address(target.provider.id().parse().unwrap());
        let transport = HttpTransport::builder().dial(address).build().unwrap();
        let settings = Settings::new(&target.region)
            .credentials(Credentials::new(KEYS[0], KEYS[1]))
            .transport(Arc::new(transport));
        let importer = cloud_import::connect(target.provider, settings).unwrap();
        let at = std::time::SystemTime::UNIX_EPOCH;
        let task = ImportTask::new(target.provider, "https://h", &target.region, "rep", "b:k", at);
        let image = ImportedImage::of(&task, id);
        self.runtime.block_on(importer.delete(&image)).unwrap();
    }
}

/// The ids of `TARGET ID` lines.
fn ids(output: &Output) -> Vec<String> {
    let lines = out(output);
    let ids = lines.lines().map(|line| line.split_once(' ').unwrap().1.to_owned());
    ids.collect()
}

#[test]
fn what_the_console_deleted_is_told_and_the_advised_line_makes_it_again() {
    for (target, _) in CLOUDS {
        let scene = Scene::new(&target.replace('/', "-"));
        let made = scene.import("v1.qcow2", &["--to", target]);
        expect_code(&made, 0);
        let id = ids(&made).remove(0);
        scene.delete(target, &id);

        // By the cloud's word, before the record says it; then by both.
        let status = scene.asked("status", &["rep"]);
        expect_code(&status, 10);
        // What one look has shown is not told as a result by what asks no cloud.
        for command in ["list", "show"] {
            let known = scene.asked(command, &["rep", "--output", "json"][usize::from(command == "list")..]);
            let known: Value = serde_json::from_str(&out(&known)).unwrap();
            let row = known["targets"].get(0).unwrap_or(&known["jobs"][0]["targets"][0]);
            assert!(row["status"] == "gone" && row["image_id"].is_null(), "{command}: {row}");
        }
        let mut told = vec![status];
        for more in [&[][..], &["--output", "json"], &["--events"]] {
            told.push(scene.import("v1.qcow2", &[&["--to", target], more].concat()));
        }
        told.push(scene.asked("wait", &["rep"]));
        told.push(scene.asked("status", &["rep", "--output", "json"]));
        for output in &told {
            expect_code(output, 10);
            assert!(!out(output).contains(&id), "{target}: {}", out(output));
        }
        let report: Value = serde_json::from_str(&out(told.last().unwrap())).unwrap();
        let row = &report["results"][0];
        assert_eq!((&row["status"], &row["exit"]), (&"gone".into(), &10.into()), "{row}");
        assert!(
            row["gone_at"].is_string() && row["error"]["remedy"].is_string(),
            "{row}"
        );
        let list = scene.asked("list", &[]);
        expect_code(&list, 0);
        assert!(
            out(&list).contains("1 gone") && !out(&list).contains(&id),
            "{}",
            out(&list)
        );
        assert!(!out(&scene.asked("list", &["--output", "json"])).contains(&id));
        let show = out(&scene.asked("show", &["rep"]));
        assert!(
            show.contains(&format!("{target}  gone\n")) && show.contains("its image is gone"),
            "{show}"
        );

        let line = |output: &Output| {
            let said = err(output);
            let line = said
                .lines()
                .find_map(|line| line.strip_prefix("to make another image: "));
            line.map(str::to_owned)
        };
        // Neither begins by itself what another hand took away, and both say how to.
        for command in ["resume", "retry"] {
            let nothing = scene.asked(command, &["rep"]);
            expect_code(&nothing, 10);
            assert_eq!(line(&nothing), line(&told[1]), "{command}");
        }
        let again = typed(&line(&told[1]).unwrap());
        expect_code(&again, 0);
        let new = ids(&again);
        assert_ne!(new, std::slice::from_ref(&id), "{target}");
        assert_eq!(ids(&scene.import("v1.qcow2", &["--to", target])), new);
        assert_eq!(scene.simulator.images(target_cloud(target)).len(), 2, "{target}");
    }
}

/// What is named as what a job made is meant: that it is there no more is what was asked for. An id may be mistyped.
#[test]
fn an_image_that_is_gone_is_deleted_already() {
    for (target, _) in CLOUDS {
        let scene = Scene::new(&format!("twice-{}", target.replace('/', "-")));
        let made = scene.import("v1.qcow2", &["--to", target]);
        expect_code(&made, 0);
        let id = ids(&made).remove(0);
        scene.delete(target, &id);
        let list: Value = serde_json::from_str(&out(&scene.asked("list", &["--output", "json"]))).unwrap();
        let job = list["jobs"][0]["id"].as_str().unwrap();
        let typed = scene.asked("delete", &["--yes", &id, "--to", target]);
        assert_ne!(typed.status.code(), Some(0), "{target}");
        let named = scene.asked("delete", &["--yes", &format!("{job}/{target}")]);
        expect_code(&named, 0);
        assert!(err(&named).contains("it was not there any more"), "{}", err(&named));
        let again = scene.import("v1.qcow2", &["--to", target]);
        expect_code(&again, 0);
        assert_ne!(ids(&again), [id], "{target}");
    }
}

/// A task alone, without a job: it may say for ever that it succeeded.
#[test]
fn a_task_whose_image_is_gone_is_no_success() {
    for (target, _) in CLOUDS {
        let scene = Scene::new(&format!("task-{}", target.replace('/', "-")));
        let started = scene.import("v1.qcow2", &["--to", target, "--no-wait"]);
        expect_code(&started, 0);
        fs::write(scene.path("tasks.jsonl"), out(&started)).unwrap();
        let tasks = scene.path("tasks.jsonl");
        let made = scene.asked("wait", &[&tasks]);
        expect_code(&made, 0);
        let id = ids(&made).remove(0);
        expect_code(&scene.asked("status", &[&tasks]), 0);
        scene.delete(target, &id);
        for command in ["wait", "status"] {
            let output = scene.asked(command, &[&tasks]);
            assert_ne!(output.status.code(), Some(0), "{command} {target}: {}", err(&output));
            assert!(!out(&output).contains(&id), "{command} {target}: {}", out(&output));
        }
    }
}

fn target_cloud(target: &str) -> cloud_import_sim::Cloud {
    target.split('/').next().unwrap().parse().unwrap()
}

#[test]
fn the_older_command_again_rolls_back_in_all_five() {
    let scene = Scene::new("back");
    let first = scene.import("v1.qcow2", &["--to", "all", "--replace"]);
    let second = scene.import("v2.qcow2", &["--to", "all", "--replace"]);
    expect_code(&second, 0);
    // What is retired is no result of the older job.
    let dead = ids(&first);
    let list: Value = serde_json::from_str(&out(&scene.asked("list", &["--output", "json"]))).unwrap();
    let jobs = list["jobs"].as_array().unwrap();
    let rows = |index: usize| jobs[index]["targets"].as_array().unwrap().clone();
    let old = (0..2).find(|index| rows(*index)[0]["status"] == "gone").unwrap();
    for row in rows(old) {
        assert_eq!(row["status"], "gone", "{row}");
        assert_eq!(row["retired"]["by"], jobs[1 - old]["id"], "{row}");
        assert!(row["retired"]["at"].is_string() && row["image_id"].is_null(), "{row}");
    }
    let id = jobs[old]["id"].as_str().unwrap();
    for command in ["status", "wait"] {
        let output = scene.asked(command, &[id]);
        expect_code(&output, 10);
        assert!(dead.iter().all(|id| !out(&output).contains(id)), "{}", out(&output));
    }
    let back = scene.import("v1.qcow2", &["--to", "all", "--replace"]);
    expect_code(&back, 0);
    let said = err(&back);
    assert_eq!(said.matches("another one is made").count(), 5, "{said}");
    assert!(dead.iter().chain(&ids(&second)).all(|id| !out(&back).contains(id)));
    for (target, _) in CLOUDS {
        let images = scene.simulator.images(target_cloud(target));
        let there: Vec<_> = images.iter().filter(|image| !image.deleted).collect();
        assert_eq!((images.len(), there.len()), (3, 1), "{target}");
        assert!(out(&back).contains(&there[0].image_id), "{target}");
    }
    let events = scene.import("v2.qcow2", &["--to", "jdcloud", "--replace", "--events"]);
    expect_code(&events, 0);
    assert!(super::events::seen(&out(&events)).contains(&"anew".to_owned()));
}

#[test]
fn what_could_not_be_looked_at_is_told_with_a_warning() {
    let scene = Scene::new("refused");
    let made = scene.import("v1.qcow2", &["--to", "all"]);
    expect_code(&made, 0);
    for (target, describes) in CLOUDS {
        let refuse = FaultKind::Refuse {
            http: 403,
            code: "Forbidden".to_owned(),
            message: "no".to_owned(),
        };
        let fault = Fault::new(refuse).cloud(target_cloud(target)).operation(describes);
        scene.simulator.inject(fault.times(u32::MAX));
    }
    let refused = scene.import("v1.qcow2", &["--to", "all"]);
    expect_code(&refused, 0);
    assert_eq!(out(&refused), out(&made));
    let said = err(&refused);
    assert_eq!(said.matches("is still there is not known").count(), 5, "{said}");
    let status = scene.asked("status", &["rep"]);
    expect_code(&status, 0);
    assert_eq!(err(&status).matches("is still there is not known").count(), 5);
}
