//! The log: what is asked for, where it goes, and what no filter is.

use std::{fs, path::Path};

use serde_json::Value;

use super::{command, err, expect_code, import, out, run};

#[test]
fn a_log_goes_to_its_file_in_its_form_with_each_target() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("import.log");
    let _ = fs::remove_file(&file);
    let shown = file.display().to_string();
    let order = import("--simulate", &["--to", "ucloud", "--to", "jdcloud"]);
    let logged = [&order[..], &["-v", "--log-format", "json", "--log-file", &shown]].concat();
    let output = run(&logged);
    expect_code(&output, 0);
    assert_eq!(out(&output).lines().count(), 2);
    assert!(!err(&output).contains("DEBUG"), "{}", err(&output));
    let lines: Vec<Value> = fs::read_to_string(&file)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        lines
            .iter()
            .all(|line| line["timestamp"].is_string() && line["level"].is_string())
    );
    for target in ["ucloud/cn-bj2", "jdcloud/cn-north-1"] {
        assert!(
            lines.iter().any(|line| line["spans"].to_string().contains(target)),
            "{target}"
        );
    }
}

#[test]
fn a_filter_is_an_option_or_a_variable_and_no_nonsense() {
    let order = import("--simulate", &["--to", "ucloud"]);
    let debug = "cloud_import_core=debug";
    let by_option = run(&[&order[..], &["--log-level", debug]].concat());
    assert!(err(&by_option).contains("DEBUG"), "{}", err(&by_option));
    for name in ["CLOUD_IMPORT_LOG", "RUST_LOG"] {
        let logged = command(&order).env(name, debug).output().unwrap();
        assert!(err(&logged).contains("DEBUG"), "{name}: {}", err(&logged));
        let nonsense = command(&order).env(name, "cloud=loud").output().unwrap();
        expect_code(&nonsense, 2);
        assert!(
            err(&nonsense).contains(&format!("{name} is no filter for logs")),
            "{}",
            err(&nonsense)
        );
        assert!(out(&nonsense).is_empty());
    }
    assert!(
        !err(&run(&order)).contains("DEBUG"),
        "nothing is logged unless it is asked for"
    );
}
