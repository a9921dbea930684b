//! What is asked of no cloud: codes, kinds, exit codes, sources, capabilities, and the looks of a file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{IMAGE, err, expect_code, out, run};

fn json(arguments: &[&str]) -> Value {
    let output = run(arguments);
    expect_code(&output, 0);
    let value: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(value["schema"], 1);
    value
}

fn text(arguments: &[&str]) -> String {
    let output = run(arguments);
    expect_code(&output, 0);
    out(&output)
}

#[test]
fn codes_are_explained() {
    let told = text(&["explain", "QUOTA_EXCEEDED"]);
    for part in ["JD Cloud", "quota_exceeded", "not automatic"] {
        assert!(told.contains(part), "{told}");
    }
    let told = text(&["explain", "--provider", "aliyun", "Throttling.User"]);
    assert!(
        told.contains("rate_limited") && told.contains("begins with it"),
        "{told}"
    );
    for bad in [
        &["explain", "NoSuchCode"][..],
        &["explain", "exit", "66"],
        &["explain", "a", "b"],
    ] {
        let output = run(bad);
        expect_code(&output, 2);
        assert!(err(&output).contains("explain --all CLOUD"), "{}", err(&output));
    }
}

#[test]
fn a_part_of_a_code_and_a_whole_cloud_are_listed() {
    let told = text(&["explain", "InvalidImageName.Duplicat"]);
    let line = "aliyun   InvalidImageName.Duplicate";
    assert!(
        told.lines()
            .any(|found| found.starts_with(line) && found.ends_with("duplicate_name")),
        "{told}"
    );
    let all = text(&["explain", "--all", "aliyun"]);
    assert!(
        all.lines().count() > 50 && all.lines().all(|line| line.starts_with("aliyun ")),
        "{all}"
    );
    let value = json(&["explain", "--output", "json", "InvalidImageName.Duplicate"]);
    let codes = value["codes"].as_array().unwrap();
    let code = codes
        .iter()
        .find(|row| row["code"] == "InvalidImageName.Duplicate")
        .unwrap();
    assert_eq!(
        (&code["provider"], &code["kind"]),
        (&"tencent".into(), &"duplicate_name".into())
    );
    assert!(code["remedy"].is_string() && code["source"].is_string() && code["retried"] == false);
    let similar = json(&["explain", "-o", "json", "Throttl"]);
    assert!(
        similar.get("codes").is_none() && !similar["similar"].as_array().unwrap().is_empty(),
        "{similar}"
    );
}

#[test]
fn kinds_and_exit_codes_are_explained() {
    assert!(text(&["explain", "exit", "6"]).starts_with("exit code 6: "));
    assert!(text(&["explain", "outcome_unknown"]).contains("looks again"));
    let value = json(&["explain", "--output", "json"]);
    assert_eq!(value["kinds"].as_array().unwrap().len(), 22);
    let exits = value["exits"].as_array().unwrap().iter();
    let exits: Vec<String> = exits.map(|row| row["exit"].to_string()).collect();
    // README, book and the first screen tell the same ones.
    for page in ["README.md", "docs/results.md"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page)).unwrap();
        let (_, table) = text.split_once("| exit code | meaning |").unwrap();
        let rows = table
            .lines()
            .skip(2)
            .map_while(|line| Some(line.strip_prefix("| ")?.split_once(' ')?.0.to_owned()));
        assert_eq!(rows.collect::<Vec<_>>(), exits, "{page}");
    }
    let help = text(&["-h"]);
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    for exit in &exits {
        assert!(codes.split_whitespace().any(|word| word == exit), "{exit}: {codes}");
    }
}

#[test]
fn what_stands_in_brackets_is_explained() {
    let one = text(&["explain", "tencent:guide"]);
    assert!(
        one.starts_with("tencent:guide  Importing images") && one.lines().count() == 1,
        "{one}"
    );
    let all = text(&["explain", "--sources", "tencent"]);
    assert!(all.contains(one.trim_end()) && all.lines().count() > 5, "{all}");
    // As a warning has it.
    let long = "x".repeat(40);
    let output = run(&[
        "import",
        "--simulate",
        "--to",
        "jdcloud",
        "--name",
        &long,
        "--os",
        "CentOS 7.9",
        IMAGE,
    ]);
    expect_code(&output, 2);
    let told = err(&output);
    let key = told
        .split(['[', ']'])
        .find(|part| part.starts_with("jdcloud:"))
        .unwrap_or_else(|| panic!("{told}"));
    let title = text(&["explain", key]);
    assert!(
        title.starts_with(&format!("{key}  ")) && title.len() > key.len() + 10,
        "{title}"
    );
}

#[test]
fn capabilities_are_a_table_or_one_cloud_with_its_sources() {
    let table = text(&["capabilities"]);
    let head = table.lines().next().unwrap();
    for name in ["JD Cloud", "Tencent Cloud", "Huawei Cloud", "Alibaba Cloud", "UCloud"] {
        assert!(head.contains(name), "{head}");
    }
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    assert!(table.contains("¹ Unverified"), "{table}");
    for provider in ["jdcloud", "tencent", "huawei", "aliyun", "ucloud"] {
        let page = text(&["capabilities", provider]);
        assert!(
            !page.contains("unverified (unverified)") && !page.contains("at most 0"),
            "{page}"
        );
        let (facts, sources) = page.split_once("\n  sources\n").unwrap();
        let defined: Vec<&str> = sources
            .lines()
            .map(|line| line.trim().split(']').next().unwrap())
            .collect();
        let mut once = defined.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), defined.len(), "each source stands once: {page}");
        for line in facts.lines().filter(|line| line.ends_with(']')) {
            let keys = line.rsplit_once('[').unwrap().1.trim_end_matches(']');
            for key in keys.split(", ") {
                assert!(defined.contains(&format!("[{key}").as_str()), "{key} of {line}: {page}");
            }
        }
    }
    let ucloud = text(&["capabilities", "ucloud"]);
    let disks = ucloud.lines().find(|line| line.starts_with("  data disks")).unwrap();
    assert!(disks.contains(" none"), "{disks}");
    let value = json(&["capabilities", "-o", "json"]);
    assert_eq!(value["clouds"].as_array().unwrap().len(), 5);
    assert_eq!(
        json(&["capabilities", "-o", "json", "huawei"])["clouds"][0]["provider"],
        "huawei"
    );
}

fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("cloud-import-cli-{name}-{}", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

#[test]
fn a_file_is_looked_at_for_one_cloud() {
    expect_code(&run(&["inspect", "--for", "aliyun", "--for", "huawei", IMAGE]), 0);
    // Huawei alone takes a vdi.
    let vdi = scratch("one.vdi");
    fs::write(&vdi, super::images::image("vdi-static-off")).unwrap();
    let named = vdi.to_str().unwrap();
    expect_code(&run(&["inspect", named]), 0);
    expect_code(&run(&["inspect", "--for", "huawei", named]), 0);
    let output = run(&["inspect", "--for", "huawei", "--for", "ucloud", named]);
    expect_code(&output, 2);
    let told = out(&output);
    assert!(
        told.contains("UCloud: does not take it") && !told.contains("Alibaba"),
        "{told}"
    );
    assert!(!told.contains("--size-gib"), "an option that it does not have: {told}");
}

#[cfg(unix)]
#[test]
fn what_a_conversion_would_save_is_said() {
    let path = scratch("holes.raw");
    let file = fs::File::create(&path).unwrap();
    file.set_len(64 << 20).unwrap();
    // A partition table, so that it is a disk.
    let mut sector = [0_u8; 512];
    sector[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0]);
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    std::os::unix::fs::FileExt::write_all_at(&file, &sector, 0).unwrap();
    let named = path.to_str().unwrap();
    let told = text(&["inspect", named]);
    assert!(
        told.contains("64.0 MiB (67108864)") && told.contains("--convert qcow2"),
        "{told}"
    );
    let facts = json(&["inspect", "--output", "json", named]);
    assert!(facts["allocated_bytes"].as_u64().unwrap() < 1 << 20, "{facts}");
    let output = run(&super::import("--simulate", &["--to", "tencent", "-q"])[..]);
    assert!(!err(&output).contains("--convert"), "of a qcow2 nothing is said");
    let order = [
        "import",
        "--simulate",
        "--to",
        "tencent",
        "--name",
        "holes",
        "--os",
        "CentOS 7.9",
        named,
    ];
    let output = run(&order);
    assert!(err(&output).contains("with --convert qcow2"), "{}", err(&output));
    fs::remove_file(path).unwrap();
}
