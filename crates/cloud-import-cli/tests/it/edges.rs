//! Names of clouds that are in use, files that are not there, and errors before there is any result.

use serde_json::Value;

use super::{IMAGE, err, expect_code, out, run};

#[test]
fn clouds_go_by_the_names_that_are_in_use() {
    let order = ["import", "--simulate", "--name", "web", "--os", "CentOS 7.9", IMAGE];
    let targets = ["--to", "alicloud", "--to", "qcloud/ap-beijing", "--to", "JD"];
    let output = run(&[&order[..], &targets, &["--bucket", "alibaba=images"]].concat());
    expect_code(&output, 0);
    let text = out(&output);
    let found: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(
        found,
        ["aliyun/cn-hangzhou", "tencent/ap-beijing", "jdcloud/cn-north-1"]
    );
    let output = run(&[&order[..], &["--to", "ALL"]].concat());
    expect_code(&output, 0);
    assert_eq!(out(&output).lines().count(), 5);
    expect_code(&run(&["capabilities", "huaweicloud"]), 0);
}

#[test]
fn a_path_with_a_colon_is_told_to_be_missing() {
    for path in ["C:\\web.vhd", "./web:v2.qcow2", "missing.qcow2"] {
        let output = run(&[
            "import",
            "--simulate",
            "--to",
            "tencent",
            "--name",
            "web",
            "--os",
            "CentOS 7.9",
            path,
        ]);
        expect_code(&output, 2);
        assert!(
            err(&output).contains(&format!("there is no file `{path}`")),
            "{}",
            err(&output)
        );
        assert_eq!(out(&output), "");
    }
}

#[test]
fn an_error_before_any_result_is_json_where_json_is_asked_for() {
    let order = [
        "--to",
        "aliyun",
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        "--output",
        "json",
        "missing.qcow2",
    ];
    for (command, code) in [
        ([&["import", "--simulate"][..], &order].concat(), 2),
        ([&["check", "--simulate"][..], &order].concat(), 2),
        (vec!["inspect", "--output", "json", "missing.qcow2"], 2),
        (vec!["wait", "--simulate", "--output", "json", "web-0123456789ab"], 2),
    ] {
        let output = run(&command);
        expect_code(&output, code);
        let report: Value = serde_json::from_str(&out(&output)).unwrap();
        assert_eq!(
            (&report["schema"], &report["results"]),
            (&1.into(), &Value::Array(Vec::new()))
        );
        let message = report["error"]["message"].as_str().unwrap();
        assert!(err(&output).contains(message), "{command:?}: {message}");
        assert!(report["error"]["kind"].is_string(), "{report}");
    }
}

/// What `check` finds wrong with an order is said in flags.
#[test]
fn check_says_flags_where_import_says_flags() {
    let order = [
        "--simulate",
        "--to",
        "aliyun",
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        IMAGE,
    ];
    for wrong in [
        ["--size-gib", "0"],
        ["--license-type", "byol"],
        ["--set", "aliyun.NoSuch=1"],
        ["--arch", "arm64"],
    ] {
        let [checked, imported] = ["check", "import"].map(|command| run(&[&[command][..], &order, &wrong].concat()));
        let (told, shown) = (err(&imported), out(&checked));
        for flag in told
            .split(|c: char| c.is_whitespace())
            .filter(|word| word.starts_with("--"))
        {
            let flag = flag.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            assert!(shown.contains(flag), "{wrong:?}: {flag} is not in {shown}");
        }
        for field in ["disks[0]", "size_gib", "license_type", "vendor.", "boot_mode"] {
            assert!(!shown.contains(field), "{wrong:?}: {shown}");
        }
    }
    let order = [
        "--to",
        "huawei/cn-north-4",
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        "images:k.qcow2",
    ];
    let output = run(&[
        &["check", "--simulate", "--endpoint", "huawei=http://localhost:9"][..],
        &order,
    ]
    .concat());
    assert!(!out(&output).contains("iam_endpoint"), "{}", out(&output));
}
