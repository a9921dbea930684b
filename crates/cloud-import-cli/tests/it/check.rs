//! `check`: what it prints, how it ends, and that it starts nothing.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::PathBuf,
    process::Output,
    thread,
    time::Duration,
};

use cloud_import_sim::{Cloud, Config, Simulator};
use serde_json::Value;

use super::{IMAGE, KEYS, Sim, command, err, expect_code, import, out, run};

fn check<'a>(simulate: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = import(simulate, more);
    arguments[0] = "check";
    arguments
}

#[test]
fn a_check_of_all_clouds_passes_and_starts_nothing() {
    let sim = Sim::start("check", &[]);
    let option = sim.option();
    for _ in 0..2 {
        let output = run(&check(&option, &["--to", "all"]));
        expect_code(&output, 0);
        let text = out(&output);
        let ready = text
            .lines()
            .filter(|line| line.ends_with(" ready to import") && line.contains('/'));
        assert_eq!(ready.count(), 5, "{text}");
        assert!(text.ends_with("\n5 of 5 targets are ready to import\n"), "{text}");
        let open = "not checked: tencent/ap-guangzhou, aliyun/cn-hangzhou: dry run: the file is not in the cloud yet";
        assert!(text.contains(open) && !text.contains("passed"), "{text}");
        // Whose keys they are is told in any case.
        assert_eq!(text.matches("accepts them").count(), 5, "{text}");
        // A second look finds the name as free as the first.
        assert!(!text.contains("there is an image named"), "{text}");
    }
    let all = out(&run(&check(&option, &["--to", "all", "--all"])));
    for line in [
        "passed      bucket",
        "not checked dry run     the file is not in the cloud yet",
    ] {
        assert!(all.contains(line), "{all}");
    }
    // What is there now stands against an import where names are unique.
    expect_code(&run(&import(&option, &["--to", "tencent", "--to", "ucloud"])), 0);
    expect_code(&run(&check(&option, &["--to", "tencent"])), 4);
    expect_code(&run(&check(&option, &["--to", "ucloud"])), 0);
    let output = run(&check(&option, &["--to", "tencent", "--to", "ucloud"]));
    expect_code(&output, 6);
    assert!(
        out(&output).contains("tencent/ap-guangzhou an import would fail")
            && out(&output).contains("If the new image is to take its place, use --replace")
            && out(&output).ends_with("\n1 of 2 targets are ready to import\n"),
        "{}",
        out(&output)
    );
}

#[test]
fn the_json_of_a_check_has_a_schema() {
    let output = run(&check(
        "--simulate",
        &["--to", "aliyun", "--to", "jdcloud", "--output", "json"],
    ));
    expect_code(&output, 0);
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["results"][0]["target"], "aliyun/cn-hangzhou");
    assert_eq!(report["results"][1]["target"], "jdcloud/cn-north-1");
    for row in report["results"].as_array().unwrap() {
        assert_eq!(row["status"], "passed");
        assert!(row["credentials"].is_string());
        for check in row["checks"].as_array().unwrap() {
            assert!(check["what"].is_string() && check["message"].is_string() && check["remedy"].is_string());
            assert!(["passed", "warning", "not_checked"].contains(&check["outcome"].as_str().unwrap()));
        }
    }
}

#[test]
fn validation_and_credentials_have_their_own_codes() {
    let sim = Sim::start("check-codes", &[]);
    let option = sim.option();
    let long = "x".repeat(40);
    let mut arguments = check(&option, &["--to", "jdcloud"]);
    arguments[3] = &long;
    let output = run(&arguments);
    expect_code(&output, 2);
    assert!(out(&output).contains("name has 40 characters"), "{}", out(&output));

    let output = command(&check(&option, &["--to", "jdcloud"]))
        .env("CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY", "wrong-secret")
        .output()
        .unwrap();
    expect_code(&output, 3);
    assert!(!out(&output).contains("wrong-secret") && !err(&output).contains("wrong-secret"));

    // A file of this machine needs a bucket to be put into.
    let output = run(&[
        "check",
        "--to",
        "aliyun/cn-hangzhou",
        "--name",
        "nn",
        "--os",
        "CentOS 7.9",
        IMAGE,
    ]);
    expect_code(&output, 2);
    assert!(out(&output).contains("no bucket is named"), "{}", out(&output));
}

#[test]
fn missing_credentials_are_told_beside_what_is_wrong_with_the_order() {
    let output = run(&[
        "check",
        "--to",
        "aliyun/cn-hangzhou",
        "--name",
        "nn",
        "--os",
        "CentOS 7.9",
        "bucket:k.qcow2",
        "--all",
    ]);
    expect_code(&output, 3);
    let text = out(&output);
    assert!(
        text.contains("failed      credentials") && text.contains("ALIBABA_CLOUD_ACCESS_KEY_ID"),
        "{text}"
    );
    assert!(text.contains("passed      order"), "{text}");
}

/// An endpoint in the place of Alibaba Cloud's, at which everything is refused with this body.
pub(crate) fn refusing(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("aliyun=http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 403 Forbidden\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    endpoint
}

#[test]
fn where_the_credentials_come_from_is_shown_and_no_secret() {
    let endpoint = refusing("");
    let arguments = [
        "check",
        "--endpoint",
        &endpoint,
        "--to",
        "aliyun/cn-hangzhou",
        "--name",
        "nn",
        "--os",
        "CentOS 7.9",
        "bucket:k.qcow2",
        "--all",
    ];
    let output = command(&arguments)
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "the-key-id")
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "the-secret-key")
        .output()
        .unwrap();
    let text = out(&output);
    assert!(text.contains("ALIBABA_CLOUD_ACCESS_KEY_ID"), "{text}");
    assert!(!text.contains("the-secret-key") && !err(&output).contains("the-secret-key"));
    // Without the vendor's code a refusal may be a proxy's.
    assert!(text.contains("not checked credentials"), "{text}");
}

/// A simulator in this process whose account at Alibaba has no import role, and the file with its line.
struct Bare {
    simulator: Simulator,
    runtime: tokio::runtime::Runtime,
    line: PathBuf,
}

impl Bare {
    fn start(name: &str) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let config = Config::new(KEYS[0], KEYS[1])
            .any_object(true)
            .aliyun_import_role(false)
            .aliyun_role_delay(Duration::from_millis(300));
        let simulator = runtime.block_on(Simulator::start(config)).unwrap();
        let put = simulator.put_object_file(Cloud::Aliyun, "cn-hangzhou", "bucket-1", "k.qcow2", IMAGE.as_ref());
        put.unwrap();
        let line = std::env::temp_dir().join(format!("cloud-import-cli-{name}-{}.json", std::process::id()));
        fs::write(&line, simulator.ready_line()).unwrap();
        Self {
            simulator,
            runtime,
            line,
        }
    }

    fn check(&self, more: &[&str]) -> Output {
        let simulate = format!("--simulate={}", self.line.display());
        let order = [
            "check",
            &simulate,
            "--to",
            "aliyun",
            "--name",
            "nn",
            "--os",
            "CentOS 7.9",
            "bucket-1:k.qcow2",
            "--all",
        ];
        run(&[&order, more].concat())
    }

    fn asked(&self, operation: &str) -> u64 {
        self.simulator.counters().requests_of(Cloud::Aliyun, operation)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.line);
        let _guard = self.runtime.enter();
    }
}

#[test]
fn the_import_role_is_made_only_when_asked_for_and_only_once() {
    let bare = Bare::start("role");
    let output = bare.check(&[]);
    expect_code(&output, 4);
    let text = out(&output);
    for part in [
        "failed      import role",
        "there is no RAM role",
        "sts:AssumeRole",
        "oss:GetObject",
        "--create-role",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    assert_eq!(bare.asked("CreateRole"), 0);

    let output = bare.check(&["--create-role"]);
    expect_code(&output, 0);
    assert!(
        out(&output).contains("passed      import role made: RAM role") && out(&output).contains("passed      dry run"),
        "{}",
        out(&output)
    );
    for part in ["made the RAM role AliyunECSImageImportDefaultRole", "waiting for ECS"] {
        let text = err(&output);
        assert!(
            text.contains(&format!("aliyun/cn-hangzhou: {part}")),
            "`{part}` is not in {text}"
        );
    }
    assert_eq!([bare.asked("CreateRole"), bare.asked("AttachPolicyToRole")], [1, 1]);

    let output = bare.check(&["--create-role", "--output", "json"]);
    expect_code(&output, 0);
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    let checks = report["results"][0]["checks"].as_array().unwrap();
    let role = checks.iter().find(|check| check["what"] == "import_role").unwrap();
    assert!(role["message"].as_str().unwrap().contains("nothing was made"), "{role}");
    assert_eq!([bare.asked("CreateRole"), bare.asked("AttachPolicyToRole")], [1, 1]);
}
