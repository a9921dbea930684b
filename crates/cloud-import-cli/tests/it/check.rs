//! `check`: what it prints, how it ends, and that it starts nothing.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use serde_json::Value;

use super::{IMAGE, Sim, command, err, expect_code, import, out, run};

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
        let heads: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(heads.len(), 5, "{text}");
        assert!(
            heads.iter().all(|head| head.contains(" nothing stands against")),
            "{text}"
        );
        assert!(
            text.contains("passed      dry_run") && text.contains("not_checked dry_run"),
            "{text}"
        );
        // A second look finds the name as free as the first.
        assert!(!text.contains("there is an image named"), "{text}");
    }
    // What is there now stands against an import where names are unique.
    expect_code(&run(&import(&option, &["--to", "tencent", "--to", "ucloud"])), 0);
    expect_code(&run(&check(&option, &["--to", "tencent"])), 4);
    expect_code(&run(&check(&option, &["--to", "ucloud"])), 0);
    let output = run(&check(&option, &["--to", "tencent", "--to", "ucloud"]));
    expect_code(&output, 6);
    assert!(
        out(&output).contains("tencent/ap-guangzhou an import would fail")
            && out(&output).contains("-> Choose another"),
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

    // A file of this machine cannot be imported from yet, so there is nothing to check.
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
    assert!(out(&output).contains("uploading"), "{}", out(&output));
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
    ]);
    expect_code(&output, 3);
    let text = out(&output);
    assert!(
        text.contains("failed      credentials") && text.contains("ALIBABA_CLOUD_ACCESS_KEY_ID"),
        "{text}"
    );
    assert!(text.contains("passed      order"), "{text}");
}

#[test]
fn where_the_credentials_come_from_is_shown_and_no_secret() {
    // In the cloud's place, something that refuses everything.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("aliyun=http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
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
    assert!(text.contains("not_checked credentials"), "{text}");
}
