//! The command as a user runs it: a process, its exit code and its two streams. Only simulated clouds are reached.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod accept;
mod accepted;
mod after;
mod again;
mod answers;
#[cfg(unix)]
mod book;
mod bucket;
mod bucket_made;
mod check;
mod clean;
#[cfg(unix)]
mod complete;
mod config;
#[cfg(target_os = "linux")]
mod convert;
mod converted;
mod converted_best;
mod damaged;
mod doctor;
mod download;
mod edges;
mod errors;
mod events;
mod examples;
mod explain;
mod export;
mod exported;
mod facts;
mod failed;
mod fetch;
mod flags;
#[cfg(all(unix, feature = "fleet"))]
mod fleet;
#[cfg(all(unix, feature = "fleet"))]
mod fleet_http;
#[cfg(all(unix, feature = "fleet"))]
mod fleet_places;
#[cfg(all(unix, feature = "fleet"))]
mod fleet_verbs;
mod gone;
mod guest;
mod guest_faults;
mod header;
mod history;
#[path = "../../../../tests/images/unpack.rs"]
mod images;
mod init;
mod logs;
mod man;
mod metrics;
mod moved;
mod old_state;
#[cfg(feature = "otel")]
mod otel;
mod places;
mod policy;
#[cfg(all(unix, feature = "postgres"))]
mod postgres;
mod preflight;
mod regions;
mod releases;
mod replace;
mod schemas;
mod search;
mod shown;
#[cfg(unix)]
mod signals;
mod sim;
mod stores;
mod targets;
mod trust;
mod unknown;
mod unpack;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::LazyLock,
};

use serde_json::Value;

use sim::Sim;

const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/images/tiny-linux.qcow2");
const KEYS: [&str; 2] = ["an-access-key-id", "its-secret-key"];

/// A home in which nobody has keys or jobs.
static HOME: LazyLock<PathBuf> = LazyLock::new(|| {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("home");
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).unwrap();
    home
});

/// The command without any of this machine's credentials.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloud-import"));
    command.args(arguments).env_clear().env("HOME", &*HOME);
    command.envs([
        ("CLOUD_IMPORT_SIM_ACCESS_KEY_ID", KEYS[0]),
        ("CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY", KEYS[1]),
    ]);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// SIGINT.
fn interrupt(process: u32) {
    signal(process, "INT");
}

/// Not every machine has `kill` but in its shell.
fn signal(process: u32, name: &str) {
    let done = Command::new("sh")
        .args(["-c", &format!("kill -s {name} {process}")])
        .status();
    assert!(done.unwrap().success());
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn expect_code(output: &Output, code: i32) {
    assert_eq!(
        output.status.code(),
        Some(code),
        "stdout: {}\nstderr: {}",
        out(output),
        err(output)
    );
}

fn import<'a>(simulate: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [
        &[
            "import",
            simulate,
            "--name",
            "hello-clouds",
            "--os",
            "CentOS 7.9",
            IMAGE,
        ],
        more,
    ]
    .concat()
}

#[test]
fn the_readmes_first_command_prints_five_ids() {
    let output = run(&import("--simulate", &["--to", "all"]));
    expect_code(&output, 0);
    let lines: Vec<String> = out(&output).lines().map(str::to_owned).collect();
    let targets: Vec<&str> = lines.iter().map(|line| line.split_once(' ').unwrap().0).collect();
    let expected = [
        "jdcloud/cn-north-1",
        "tencent/ap-guangzhou",
        "huawei/cn-north-4",
        "aliyun/cn-hangzhou",
        "ucloud/cn-bj2",
    ];
    assert_eq!(targets, expected);
    assert!(
        lines.iter().all(|line| line.split_once(' ').unwrap().1.len() > 4),
        "{lines:?}"
    );
}

#[test]
fn json_results_have_a_schema() {
    let output = run(&import(
        "--simulate",
        &["--to", "aliyun", "--to", "jdcloud/cn-south-1", "--output", "json"],
    ));
    expect_code(&output, 0);
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(report["schema"], 1);
    for (row, target) in report["results"]
        .as_array()
        .unwrap()
        .iter()
        .zip(["aliyun/cn-hangzhou", "jdcloud/cn-south-1"])
    {
        assert_eq!(
            (row["target"].as_str(), row["status"].as_str()),
            (Some(target), Some("succeeded"))
        );
        assert_eq!(row["task"]["image_id"], row["image_id"]);
        assert_eq!(row["task"]["version"], 1);
    }
}

#[test]
fn bad_input_is_refused_with_cloud_field_and_remedy() {
    let long = "x".repeat(40);
    let cases: [(&[&str], &[&str]); 8] = [
        (
            &[
                "import",
                "--to",
                "aws/us-east-1",
                "--name",
                "n",
                "--os",
                "CentOS 7.9",
                IMAGE,
            ],
            &["unknown provider `aws`", "jdcloud"],
        ),
        (
            &["import", "--to", "aliyun/", "--name", "n", "--os", "CentOS 7.9", IMAGE],
            &["not a region id", "aliyun/cn-hangzhou"],
        ),
        (
            &[
                "import",
                "--simulate",
                "--to",
                "aliyun",
                "--name",
                "n",
                "--os",
                "CentOS 7.9",
                "nothing.qcow2",
            ],
            &["nothing.qcow2", "BUCKET:KEY"],
        ),
        (
            &[
                "import",
                "--simulate",
                "--to",
                "jdcloud",
                "--name",
                &long,
                "--os",
                "CentOS 7.9",
                IMAGE,
            ],
            &["jdcloud/", "--name", "40 characters", "1 to 32"],
        ),
        (
            &[
                "import",
                "--simulate",
                "--to",
                "jdcloud",
                "--name",
                "n",
                "--os",
                "CentOS 7.9",
                "bucket:key.qcow2",
            ],
            &["jdcloud/", "the place of the image", "no such object"],
        ),
        (
            &[
                "import",
                "--simulate",
                "--to",
                "aliyun",
                "--name",
                "nn",
                "--os",
                "CentOS 7.9",
                "https://b.example/key.qcow2",
            ],
            &["aliyun/", "the place of the image", "a link", "BUCKET:KEY"],
        ),
        (
            &[
                "import",
                "--simulate",
                "--to",
                "ucloud",
                "--name",
                "n",
                "--boot-mode",
                "uefi",
                "--os",
                "CentOS 7.9",
                IMAGE,
            ],
            &["ucloud/", "--boot-mode"],
        ),
        (
            &[
                "import",
                "--simulate",
                "--to",
                "jdcloud",
                "--name",
                "n",
                "--os",
                "CentOS 7.9",
                "--set",
                "jdcloud.plattform=x",
                IMAGE,
            ],
            &["jdcloud/", "plattform"],
        ),
    ];
    for (arguments, expected) in cases {
        let output = run(arguments);
        expect_code(&output, 2);
        assert!(out(&output).is_empty(), "{}", out(&output));
        for part in expected {
            assert!(err(&output).contains(part), "`{part}` is missing: {}", err(&output));
        }
    }
}

#[test]
fn missing_credentials_name_the_variables() {
    let output = run(&[
        "import",
        "--to",
        "tencent/ap-guangzhou",
        "--name",
        "n",
        "--os",
        "CentOS 7.9",
        "https://b.example/k.qcow2",
    ]);
    expect_code(&output, 3);
    assert!(err(&output).contains("TENCENTCLOUD_SECRET_ID"), "{}", err(&output));
}

#[test]
fn a_profile_is_taken_by_its_name_and_a_broken_one_is_no_other() {
    let home = std::env::temp_dir().join(format!("cloud-import-cli-home-{}", std::process::id()));
    fs::create_dir_all(home.join(".aliyun")).unwrap();
    let profiles = r#"{"current":"whole","profiles":[{"name":"whole","mode":"AK","access_key_id":"a","access_key_secret":"b"},
        {"name":"half","mode":"AK","access_key_id":"a"}]}"#;
    fs::write(home.join(".aliyun/config.json"), profiles).unwrap();
    for (profile, expected) in [("half", "access_key_secret"), ("nowhere", "nowhere")] {
        let named = format!("aliyun={profile}");
        let order = [
            "import",
            "--to",
            "aliyun",
            "--name",
            "nn",
            "--os",
            "CentOS 7.9",
            // Nothing is to be sent; should it be, it goes nowhere.
            "--endpoint",
            "aliyun=http://127.0.0.1:1",
            "--profile",
            &named,
            "images:k.qcow2",
        ];
        let output = command(&order).env("HOME", &home).output().unwrap();
        expect_code(&output, 3);
        assert!(err(&output).contains(expected), "{profile}: {}", err(&output));
    }
    fs::remove_dir_all(home).unwrap();
}

#[test]
fn a_local_file_needs_a_bucket() {
    let mut command = command(&[
        "import",
        "--to",
        "aliyun/cn-hangzhou",
        "--name",
        "nn",
        "--os",
        "CentOS 7.9",
        IMAGE,
    ]);
    command.envs([
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "a"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "b"),
    ]);
    let output = command.output().unwrap();
    expect_code(&output, 2);
    assert!(
        err(&output).contains("no bucket") && err(&output).contains("--bucket aliyun=NAME"),
        "{}",
        err(&output)
    );
}

#[test]
fn one_target_that_fails_does_not_stop_the_others() {
    // The file is a qcow2: JD Cloud takes the declared format at its word and fails, Tencent Cloud looks for itself.
    let output = run(&import(
        "--simulate",
        &["--to", "jdcloud", "--to", "tencent", "--format", "vhd", "--no-validate"],
    ));
    expect_code(&output, 6);
    assert!(
        out(&output).starts_with("tencent/ap-guangzhou img-") && out(&output).lines().count() == 1,
        "{}",
        out(&output)
    );
    let said = err(&output);
    let mut errors = said.lines().filter(|line| line.starts_with("error: "));
    assert!(
        errors.any(|line| line.contains(" jdcloud/cn-north-1: the import of")),
        "{said}"
    );

    let forced = ["--to", "jdcloud", "--format", "vhd", "--no-validate"];
    expect_code(&run(&import("--simulate", &forced)), 5);
    expect_code(&run(&import("--simulate", &forced[..4])), 2);
}

#[test]
fn a_wrong_key_is_a_matter_of_credentials() {
    let sim = Sim::start("keys", &[]);
    for target in ["jdcloud", "tencent", "huawei", "aliyun", "ucloud"] {
        let option = sim.option();
        let mut command = command(&import(&option, &["--to", target]));
        let output = command
            .env("CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY", "wrong-secret")
            .output()
            .unwrap();
        expect_code(&output, 3);
        assert!(!err(&output).contains("wrong-secret"), "{}", err(&output));
    }
}

#[test]
fn tasks_are_gone_on_with_in_other_processes() {
    let sim = Sim::start("tasks", &["--import-time", "1h"]);
    let option = sim.option();
    let output = run(&import(&option, &["--to", "all", "--no-wait"]));
    expect_code(&output, 0);
    assert_eq!(out(&output).lines().count(), 5);
    let file = std::env::temp_dir().join(format!("cloud-import-cli-tasks-{}.jsonl", std::process::id()));
    fs::write(&file, out(&output)).unwrap();
    let tasks = file.to_str().unwrap();

    let output = run(&["status", &option, tasks]);
    expect_code(&output, 7);
    assert_eq!(out(&output).lines().count(), 5, "{}", out(&output));

    let output = run(&["wait", &option, "--timeout", "100ms", tasks]);
    expect_code(&output, 7);
    assert!(
        err(&output).contains("to continue: cloud-import wait '{"),
        "{}",
        err(&output)
    );

    sim.pass_an_hour();
    let output = run(&["wait", &option, tasks]);
    expect_code(&output, 0);
    assert_eq!(out(&output).lines().count(), 5);

    let output = run(&["status", &option, "--output", "json", tasks]);
    expect_code(&output, 0);
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    assert!(
        report["results"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["status"] == "succeeded")
    );
    fs::remove_file(file).unwrap();
}

#[test]
fn cancel_cancels_or_says_that_it_cannot() {
    let sim = Sim::start("cancel", &["--import-time", "1m"]);
    let option = sim.option();
    let output = run(&import(&option, &["--to", "aliyun", "--no-wait"]));
    let task = out(&output);
    expect_code(&run(&["cancel", &option, &task]), 0);
    let output = run(&["wait", &option, &task]);
    expect_code(&output, 5);
    let said = err(&output);
    assert!(
        said.contains("aliyun/cn-hangzhou: cancelled\n") && !said.contains("failed"),
        "{said}"
    );
    // It is over: that it runs would not be true.
    let output = run(&["cancel", &option, &task]);
    expect_code(&output, 5);
    assert_eq!(out(&output), "aliyun/cn-hangzhou cancelled\n");

    let output = run(&import(&option, &["--to", "ucloud", "--no-wait"]));
    let task = out(&output);
    let output = run(&["cancel", &option, &task]);
    expect_code(&output, 7);
    assert!(err(&output).contains("UCloud"), "{}", err(&output));
}

#[cfg(unix)]
#[test]
fn an_interrupt_says_what_goes_on_and_how() {
    let sim = Sim::start("interrupt", &["--import-time", "1m"]);
    let option = sim.option();
    let mut process = command(&import(&option, &["--to", "aliyun"]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(process.stderr.take().unwrap());
    let mut text = String::new();
    while !text.contains("Waiting") && !text.contains("Processing") {
        assert!(stderr.read_line(&mut text).unwrap() > 0, "{text}");
    }
    interrupt(process.id());
    assert_eq!(process.wait().unwrap().code(), Some(130));
    std::io::Read::read_to_string(&mut stderr, &mut text).unwrap();
    assert!(
        text.contains("goes on in the cloud") && text.contains("cloud-import wait '{"),
        "{text}"
    );
}

#[test]
fn the_report_of_alibabas_image_check_is_shown() {
    let check = [
        "--to",
        "aliyun",
        "--to",
        "jdcloud",
        "--set",
        "aliyun.DetectionStrategy=Standard",
    ];
    let sim = Sim::start("image-check", &["--import-time", "0s", "--any-object"]);
    let lacks = r#"{"cloud":"aliyun","times":2,"kind":{"guest":"cloud_init_missing"}}"#;
    assert_eq!(sim::control(&sim.ready(), "POST", "/faults", lacks).0, 204);
    let option = sim.option();
    let output = run(&import(&option, &check));
    expect_code(&output, 0);
    let text = err(&output);
    for part in [
        "aliyun/cn-hangzhou: the cloud's check of the image: Finished",
        "  GUESTOS.Virtio: Normal\n",
        "  GUESTOS.CloudInit: NotInstalled (risk: High, ",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    assert!(!text.contains("jdcloud/cn-north-1: the cloud's check"), "{text}");

    let output = run(&import(&option, &[&check[..], &["--output", "json"]].concat()));
    expect_code(&output, 0);
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    let inspection = &report["results"][0]["inspection"];
    assert_eq!(inspection["state"], "Finished");
    assert_eq!(inspection["findings"][1]["risk_level"], "High");
    assert_eq!(report["results"][1].get("inspection"), None);

    let output = run(&import("--simulate", &["--to", "aliyun", "--output", "json"]));
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(
        report["results"][0].get("inspection"),
        None,
        "not made unless it is asked for"
    );
}
