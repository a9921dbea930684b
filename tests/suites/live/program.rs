//! The program that `cargo xtask live` runs.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

fn live(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_live"));
    command.args(words).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("UCLOUD_") {
            command.env_remove(name);
        }
    }
    command.output().unwrap()
}

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("cloud-import-live-{name}-{}", std::process::id()))
}

const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/images/tiny-linux.qcow2");

#[test]
fn it_says_what_it_costs_and_asks() {
    let out = folder("asks");
    let words = [
        "ucloud",
        "--bucket",
        "b",
        "--image",
        IMAGE,
        "--os",
        "CentOS 7.9",
        "--out",
    ];
    let output = live(&[&words[..], &[out.to_str().unwrap()]].concat());
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    for said in ["3 times", "may bill", "To go on, type ucloud:", "not begun"] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert!(!out.exists());
}

#[test]
fn it_writes_its_answers_once() {
    let out = folder("writes");
    let words = ["ucloud", "--simulate", "--image", IMAGE, "--os", "CentOS 7.9", "--out"];
    let words = [&words[..], &[out.to_str().unwrap()]].concat();
    let output = live(&words);
    assert!(output.status.success(), "{output:?}");
    let written = fs::read_to_string(out.join("answers.json")).unwrap();
    let answers: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(answers["facts"]["simulated"], true);
    let again = live(&words);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("holds another run"));
    assert_eq!(fs::read_to_string(out.join("answers.json")).unwrap(), written);
    fs::remove_dir_all(out).unwrap();
}

#[test]
fn what_is_missing_or_unknown_is_told() {
    for (words, told) in [
        (&["ucloud"][..], "--out is missing"),
        (&["ucloud", "--out", "o"], "--bucket is missing"),
        (&["ucloud", "--what"], "usage:"),
        (&["aws", "--out", "o"], "usage:"),
        (&[], "usage:"),
    ] {
        let output = live(words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(2) && said.contains(told),
            "{words:?}: {said}"
        );
    }
}
