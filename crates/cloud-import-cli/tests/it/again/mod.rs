//! Jobs that are gone on with by what is kept of their orders: each line that a command advises, run as it is printed, from another
//! directory, without the files that the first command was told.

mod forget;
mod night;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{IMAGE, command, err, expect_code, out, sim::HOUR};

/// A folder with an image and a state, and a simulator.
pub(crate) struct Scene {
    pub(crate) simulator: Simulator,
    // After the simulator, which stops on it.
    runtime: Runtime,
    pub(crate) folder: PathBuf,
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _guard = self.runtime.enter();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Scene {
    pub(crate) fn new(name: &str, config: impl FnOnce(Config) -> Config) -> Self {
        // A name that a shell must be told with care.
        let folder = std::env::temp_dir().join(format!("it's again {name} {}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::copy(IMAGE, folder.join("web.qcow2")).unwrap();
        let runtime = Runtime::new().unwrap();
        let own = Config::new(super::KEYS[0], super::KEYS[1]).any_bucket(true);
        let own = config(own.import_time(Duration::from_millis(50)));
        let simulator = runtime.block_on(Simulator::start(own)).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        Self {
            simulator,
            runtime,
            folder,
        }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// A command in the folder, with its state and its clouds.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let (state, simulate) = (self.path("state"), format!("--simulate={}", self.path("sim.json")));
        let reaches = !matches!(arguments[0], "show" | "report" | "forget");
        let mut all = [arguments, &["--state", &state]].concat();
        if reaches {
            all.push(&simulate);
        }
        command(&all).current_dir(&self.folder).output().unwrap()
    }

    /// An import of the image by a path that means it in the folder alone.
    pub(crate) fn import(&self, more: &[&str]) -> Output {
        let order = ["import", "--name", "web", "--os", "CentOS 7.9", "web.qcow2"];
        self.run(&[&order[..], more].concat())
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--output", "json"]].concat());
        serde_json::from_str(&out(&output)).unwrap()
    }

    pub(crate) fn refuse(&self, cloud: Cloud, operation: &str, http: u16, code: &str) {
        let (code, message) = (code.to_owned(), "not now".to_owned());
        let refuse = FaultKind::Refuse { http, code, message };
        self.simulator
            .inject(Fault::new(refuse).cloud(cloud).operation(operation));
    }

    pub(crate) fn fail(&self, cloud: Cloud) {
        let (code, reason) = ("InvalidImage".to_owned(), "no".to_owned());
        self.simulator
            .inject(Fault::new(FaultKind::FailImport { code, reason }).cloud(cloud));
    }

    /// All that is on record, as text.
    pub(crate) fn records(&self) -> String {
        fn read(folder: &Path, text: &mut String) {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                match entry.path() {
                    path if path.is_dir() => read(&path, text),
                    path => text.push_str(&fs::read_to_string(path).unwrap()),
                }
            }
        }
        let mut text = String::new();
        read(&self.folder.join("state/jobs"), &mut text);
        text
    }

    /// Changes each document of the jobs.
    fn edit(&self, change: impl Fn(&mut Value)) {
        for job in fs::read_dir(self.folder.join("state/jobs")).unwrap().flatten() {
            for file in fs::read_dir(job.path()).unwrap().flatten() {
                if file.path().extension().is_some_and(|suffix| suffix == "json") {
                    let mut document = serde_json::from_str(&fs::read_to_string(file.path()).unwrap()).unwrap();
                    change(&mut document);
                    fs::write(file.path(), document.to_string()).unwrap();
                }
            }
        }
    }
}

/// Runs a line as a user would who copies it, somewhere else, with the command in the `PATH`.
pub(crate) fn typed(line: &str) -> Output {
    let own = command(&[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).env_clear().current_dir("/");
    for (name, value) in own.get_envs() {
        shell.env(name, value.unwrap());
    }
    let command = Path::new(env!("CARGO_BIN_EXE_cloud-import")).parent().unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", command.display());
    shell.env("PATH", path).output().unwrap()
}

/// The one line that a command advises behind these words.
#[track_caller]
pub(crate) fn advised(output: &Output, what_for: &str) -> String {
    let said = err(output);
    let mut lines = said.lines().filter(|line| line.contains(": cloud-import "));
    let (line, more) = (lines.next().unwrap_or_default(), lines.next());
    assert!(!line.is_empty() && more.is_none(), "one line: {said}");
    let (words, line) = line.split_once(": ").unwrap();
    assert!(words.starts_with(what_for), "{said}");
    line.to_owned()
}

fn targets(output: &Output) -> Vec<String> {
    let lines = out(output);
    lines
        .lines()
        .map(|line| line.split_once(' ').unwrap().0.to_owned())
        .collect()
}

#[test]
fn what_runs_is_resumed_without_its_file() {
    let scene = Scene::new("runs", |config| config.import_time(HOUR));
    let left = scene.import(&["--to", "all", "--timeout", "0s"]);
    expect_code(&left, 7);
    assert!(!err(&left).contains("error:"), "that was asked for: {}", err(&left));
    let line = advised(&left, "to continue");
    assert!(line.starts_with("cloud-import resume web-"), "{line}");
    fs::remove_file(scene.folder.join("web.qcow2")).unwrap();
    scene.simulator.pass(HOUR);
    let resumed = typed(&line);
    expect_code(&resumed, 0);
    assert_eq!(targets(&resumed).len(), 5, "{}", out(&resumed));
    // By then there is nothing to go on with.
    let again = typed(&line);
    expect_code(&again, 0);
    assert!(
        out(&again).is_empty() && err(&again).contains("nothing to do: 5 succeeded"),
        "{}",
        err(&again)
    );
    expect_code(&scene.run(&["wait", "web", "--output", "json"]), 0);
}

#[test]
fn what_failed_is_retried_with_every_option_of_the_order() {
    let scene = Scene::new("retry", |config| config);
    let file = "[targets.one]\nto = \"tencent/ap-guangzhou\"\nbucket = \"one-1250000000\"\n\
                [targets.two]\nto = \"aliyun/cn-hangzhou\"\nbucket = \"two-images\"\n\
                [targets.three]\nto = \"huawei/cn-north-4\"\nbucket = \"three-images\"\n";
    fs::write(scene.folder.join("targets.toml"), file).unwrap();
    scene.refuse(Cloud::Tencent, "ImportImage", 200, "ImageQuotaLimitExceeded");
    scene.fail(Cloud::Aliyun);
    let more = [
        "--targets",
        "targets.toml",
        "--prefix",
        "kept/",
        "--tag",
        "team=images",
        "--set",
    ];
    let first = scene.import(&[&more[..], &["aliyun.RoleName=AliyunECSImageImportDefaultRole"]].concat());
    expect_code(&first, 6);
    let line = advised(&first, "to try again");
    assert!(line.starts_with("cloud-import retry web-"), "{line}");
    let page = out(&scene.run(&["report", "web", "--html", "-"]));
    assert!(page.contains("cloud-import retry web-"), "{page}");
    fs::remove_file(scene.folder.join("targets.toml")).unwrap();
    let made = |cloud| scene.simulator.images(cloud).len();
    let again = typed(&line);
    expect_code(&again, 0);
    assert_eq!(targets(&again), ["one", "two"], "{}", err(&again));
    assert_eq!(
        (made(Cloud::Tencent), made(Cloud::Aliyun), made(Cloud::Huawei)),
        (1, 2, 1)
    );
    let shown = scene.json(&["show", "web"]);
    let generations = shown["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["generation"].clone());
    let statuses = shown["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["status"].clone());
    assert_eq!(generations.collect::<Vec<_>>(), [0, 0, 1], "{shown}");
    assert!(statuses.into_iter().all(|status| status == "succeeded"), "{shown}");
    let object = shown.to_string();
    assert!(
        object.contains("one-1250000000") && object.contains("kept/"),
        "{object}"
    );
    let records = scene.records();
    assert!(
        records.contains("\"team\": \"images\"") && records.contains("\"RoleName\""),
        "{records}"
    );
    // Nothing of it is left: a repeat of the import finds all three.
    fs::write(scene.folder.join("targets.toml"), file).unwrap();
    let repeat = scene.import(&[&more[..], &["aliyun.RoleName=AliyunECSImageImportDefaultRole"]].concat());
    expect_code(&repeat, 0);
    assert_eq!(targets(&repeat), ["one", "three", "two"], "{}", err(&repeat));
    assert_eq!(
        (made(Cloud::Tencent), made(Cloud::Aliyun), made(Cloud::Huawei)),
        (1, 2, 1)
    );
}

/// On the next day, too: what stands for the day was settled when the job was begun.
#[test]
fn a_job_of_a_dated_name_is_resumed_as_the_same_order() {
    let scene = Scene::new("dated", |config| config);
    scene.refuse(Cloud::Jdcloud, "importImage", 400, "QUOTA_EXCEEDED");
    let order = ["--to", "jdcloud", "--to", "ucloud", "--os", "CentOS 7.9", "web.qcow2"];
    let names = ["--name", "web-{date}-{time}", "--prefix", "at-{time}/"];
    let first = scene.run(&[&["import"], &order[..], &names].concat());
    expect_code(&first, 6);
    let line = advised(&first, "to try again");
    let job = scene.json(&["list"])["jobs"][0].clone();
    let name = job["name"].as_str().unwrap();
    assert!(line.contains(name) && !name.contains(['{', '}']), "{line}: {name}");
    // A later moment is another one.
    std::thread::sleep(Duration::from_millis(1100));
    expect_code(&typed(&line), 0);
    let shown = scene.json(&["list"]);
    assert_eq!(shown["jobs"].as_array().unwrap().len(), 1, "{shown}");
    for cloud in [Cloud::Jdcloud, Cloud::Ucloud] {
        let images = scene.simulator.images(cloud);
        assert_eq!(images.len(), 1);
        assert_eq!(images[0].name, name);
    }
}

#[test]
fn a_resume_leaves_verdicts_alone_and_a_retry_may_be_narrowed() {
    let scene = Scene::new("narrow", |config| config);
    scene.refuse(Cloud::Jdcloud, "importImage", 400, "QUOTA_EXCEEDED");
    scene.fail(Cloud::Huawei);
    scene.fail(Cloud::Aliyun);
    expect_code(&scene.import(&["--to", "all"]), 6);
    let resumed = scene.run(&["resume", "web"]);
    expect_code(&resumed, 0);
    assert_eq!(targets(&resumed), ["jdcloud/cn-north-1"]);
    let one = scene.run(&["retry", "web", "--to", "huawei/cn-north-4", "--output", "json"]);
    expect_code(&one, 0);
    let one: Value = serde_json::from_str(&out(&one)).unwrap();
    assert_eq!(one["results"].as_array().unwrap().len(), 1, "{one}");
    let unknown = scene.run(&["retry", "web", "--to", "huawei"]);
    expect_code(&unknown, 2);
    assert!(err(&unknown).contains("there is no target `huawei`") && err(&unknown).contains("huawei/cn-north-4"));
    let events = scene.run(&["retry", "web", "--failed", "--events"]);
    expect_code(&events, 0);
    assert!(
        super::events::seen(&out(&events)).contains(&"started".to_owned()),
        "{}",
        out(&events)
    );
    // Another image on purpose, of one target alone.
    let made = scene.simulator.images(Cloud::Ucloud).len();
    expect_code(&scene.run(&["retry", "web", "--again", "--to", "ucloud/cn-bj2"]), 0);
    assert_eq!(scene.simulator.images(Cloud::Ucloud).len(), made + 1);
    expect_code(&scene.run(&["retry", "web", "--again"]), 2);
}

#[test]
fn a_file_that_has_changed_is_refused() {
    let scene = Scene::new("changed", |config| config);
    scene.refuse(Cloud::Jdcloud, "importImage", 400, "QUOTA_EXCEEDED");
    let first = scene.import(&["--to", "jdcloud"]);
    expect_code(&first, 4);
    let sha256 = scene.json(&["show", "web"])["job"]["sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    let own = fs::read(scene.folder.join("web.qcow2")).unwrap();
    fs::write(scene.folder.join("web.qcow2"), [&own[..], &[0; 512]].concat()).unwrap();
    let line = advised(&first, "to try again");
    let refused = typed(&line);
    expect_code(&refused, 4);
    let said = err(&refused);
    assert!(
        said.contains("has changed since the job web-") && said.contains(&sha256[..12]),
        "{said}"
    );
    assert_eq!(said.matches("SHA-256 ").count(), 2, "{said}");
    assert_eq!(
        fs::read_dir(scene.folder.join("state/jobs")).unwrap().count(),
        1,
        "no other job is begun"
    );
    fs::write(scene.folder.join("web.qcow2"), own).unwrap();
    expect_code(&typed(&line), 0);
}

#[test]
fn a_job_of_an_earlier_version_is_waited_for_and_its_command_is_told() {
    let scene = Scene::new("earlier", |config| config);
    scene.refuse(Cloud::Jdcloud, "importImage", 400, "QUOTA_EXCEEDED");
    expect_code(
        &scene.import(&["--to", "jdcloud", "--to", "ucloud", "--timeout", "0s"]),
        6,
    );
    scene.edit(|document| {
        let fields = document.as_object_mut().unwrap();
        fields.retain(|name, _| name != "asked" && name != "orders");
    });
    let refused = scene.run(&["resume", "web"]);
    expect_code(&refused, 4);
    let image = scene.path("web.qcow2").replace('\'', r"'\''");
    let line = format!("cloud-import import --to jdcloud/cn-north-1 --to ucloud/cn-bj2 --name web '{image}'");
    let said = err(&refused);
    assert!(said.contains("an earlier version began it"), "{said}");
    assert!(said.contains(&line) || said.contains("--name web web.qcow2"), "{said}");
    // An import with the options makes it one of today.
    expect_code(&scene.import(&["--to", "jdcloud", "--to", "ucloud"]), 0);
    assert!(scene.records().contains("\"asked\""));
}

#[test]
fn no_signature_is_kept_and_a_signed_link_is_asked_for_again() {
    let scene = Scene::new("signed", |config| config.any_object(true));
    scene.refuse(Cloud::Jdcloud, "importImage", 400, "QUOTA_EXCEEDED");
    let link = "https://user:pa55@images.example/web.qcow2?Signature=s3cret";
    let bare = link.replace("user:pa55@", "");
    let order = [
        "import",
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        "--to",
        "jdcloud",
        "--format",
        "qcow2",
    ];
    expect_code(&scene.run(&[&order[..], &[&bare]].concat()), 4);
    assert!(!scene.records().contains("s3cret"), "{}", scene.records());
    let refused = scene.run(&["resume", "web"]);
    expect_code(&refused, 2);
    assert!(
        err(&refused).contains("--source jdcloud/cn-north-1=LINK"),
        "{}",
        err(&refused)
    );
    expect_code(&scene.run(&["resume", "web", "--source", &bare]), 0);
    assert!(!scene.records().contains("s3cret"), "{}", scene.records());
}

/// A record of another's making must not choose who gets signed requests.
#[test]
fn an_endpoint_on_record_counts_only_when_it_is_typed_again() {
    let scene = Scene::new("endpoint", |config| config);
    let state = scene.path("state");
    let reach = ["--state", &state, "--no-config"];
    let order = [
        "import",
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        "--bucket",
        "images",
        "web.qcow2",
        "--to",
    ];
    let more = ["aliyun/cn-hangzhou", "--endpoint", "aliyun=https://elsewhere.example"];
    // Asked before, the cloud would be found to have no keys, and nothing would be on record.
    let begun = command(&[&order[..], &more, &reach, &["--no-preflight"]].concat())
        .current_dir(&scene.folder)
        .output()
        .unwrap();
    expect_code(&begun, 3);
    let refused = command(&[&["resume", "web"], &reach[..]].concat()).output().unwrap();
    expect_code(&refused, 2);
    assert!(err(&refused).contains("elsewhere.example"), "{}", err(&refused));
    // What is advised types it again; without keys it comes to nothing else.
    let advised = typed(&advised(&begun, "to try again"));
    expect_code(&advised, 3);
    let simulated = scene.run(&["resume", "web"]);
    expect_code(&simulated, 2);
    assert!(
        err(&simulated).contains("begun in the real clouds"),
        "{}",
        err(&simulated)
    );
}
