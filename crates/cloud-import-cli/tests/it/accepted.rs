//! Warnings that are accepted: told once, counted from then on, on record, and never an error.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};
use serde_json::Value;

use super::{KEYS, err, expect_code, import, out, run};

/// UCloud takes the size of the disk in the file, which is told of one that is given.
const SIZE: [&str; 4] = ["--to", "ucloud/cn-bj2", "--size-gib", "40"];
const WARNED: &str = "(size.not_sent)";

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("accepted-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// `check` of the small image.
fn check(more: &[&str]) -> Output {
    let mut words = import("--simulate", more);
    words[0] = "check";
    run(&words)
}

fn accepting(id: &str) -> Vec<String> {
    SIZE.iter()
        .copied()
        .chain(["--accept-warning", id])
        .map(str::to_owned)
        .collect()
}

fn check_accepting(id: &str) -> Output {
    let words = accepting(id);
    check(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_warning_tells_its_name_and_is_only_counted_once_that_is_accepted() {
    let told = check(&SIZE);
    expect_code(&told, 0);
    assert!(
        out(&told).contains("warning: ") && out(&told).contains(WARNED),
        "{}",
        out(&told)
    );
    for id in ["size.not_sent", "ucloud=size.not_sent", "ucloud/cn-bj2=size.not_sent"] {
        let accepted = check_accepting(id);
        expect_code(&accepted, 0);
        let text = out(&accepted);
        assert!(
            !text.contains("warning: ") && !text.contains("size.not_sent"),
            "{id}: {text}"
        );
        assert!(text.contains("\n1 warning acknowledged\n"), "{id}: {text}");
        assert!(!err(&accepted).contains("did not come up"), "{}", err(&accepted));
    }
    let other = check_accepting("tencent=size.not_sent");
    assert!(out(&other).contains(WARNED), "{}", out(&other));
}

#[test]
fn for_programs_it_stays_and_is_marked() {
    let checks = |more: &[&str]| -> Vec<Value> {
        let told = check(&[&SIZE[..], &["--output", "json"], more].concat());
        expect_code(&told, 0);
        let told: Value = serde_json::from_str(&out(&told)).unwrap();
        let checks = told["results"][0]["checks"].as_array().unwrap().clone();
        checks
            .into_iter()
            .filter(|check| check["id"] == "size.not_sent")
            .collect()
    };
    let (open, accepted) = (checks(&[]), checks(&["--accept-warning", "size.not_sent"]));
    assert_eq!((open.len(), accepted.len()), (1, 1));
    assert_eq!(open[0]["acknowledged"], Value::Null);
    assert_eq!(accepted[0]["acknowledged"], true);
    assert_eq!(accepted[0]["outcome"], "warning");
    let events = run(&import(
        "--simulate",
        &[&SIZE[..], &["--events", "--accept-warning", "size.not_sent"]].concat(),
    ));
    expect_code(&events, 0);
    let lines = out(&events);
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let warned: Vec<Value> = lines.filter(|line| line["event"] == "warning").collect();
    let own = warned.iter().find(|line| line["id"] == "size.not_sent").unwrap();
    assert_eq!(
        (&own["acknowledged"], &own["target"]),
        (&true.into(), &"ucloud/cn-bj2".into())
    );
}

#[test]
fn what_is_no_warning_is_refused_and_what_did_not_come_is_told() {
    let mistyped = check_accepting("size.not_snet");
    expect_code(&mistyped, 2);
    assert!(
        err(&mistyped).contains("Did you mean `size.not_sent`?"),
        "{}",
        err(&mistyped)
    );
    let of_guest = check_accepting("guest.virtio_mising");
    expect_code(&of_guest, 2);
    assert!(err(&of_guest).contains("`guest.virtio_missing`"), "{}", err(&of_guest));
    let needless = check_accepting("file.snapshots");
    expect_code(&needless, 0);
    assert!(
        err(&needless).contains("ucloud/cn-bj2: the accepted warning `file.snapshots` did not come up"),
        "{}",
        err(&needless)
    );
    let nowhere = check_accepting("moon=file.snapshots");
    expect_code(&nowhere, 2);
    assert!(err(&nowhere).contains("no target `moon`"), "{}", err(&nowhere));
}

#[test]
fn an_error_is_never_accepted() {
    let long = "n".repeat(40);
    let order = ["--to", "jdcloud", "--name", &long, "--accept-warning", "limit.name"];
    for refused in [check(&order), run(&import("--simulate", &order))] {
        expect_code(&refused, 2);
        let told = out(&refused) + &err(&refused);
        let why = "names `limit.name`, which is an error here, and only a warning can be accepted";
        assert!(told.contains(why) && told.contains("--accept-warning"), "{told}");
        assert!(!told.contains("acknowledged"), "{told}");
    }
}

#[test]
fn files_accept_it_for_one_target_and_by_default() {
    let folder = folder("files");
    let targets = folder.join("targets.toml");
    let file = |accepted: &str| {
        let text = format!("[targets.\"ucloud/cn-bj2\"]\nsize_gib = 40\naccept_warning = {accepted}\n");
        fs::write(&targets, text).unwrap();
        check(&["--targets", targets.to_str().unwrap()])
    };
    let accepted = file("[\"size.not_sent\"]");
    expect_code(&accepted, 0);
    assert!(
        out(&accepted).contains("\n1 warning acknowledged\n"),
        "{}",
        out(&accepted)
    );
    let mistyped = file("[\"size.not_snet\"]");
    expect_code(&mistyped, 2);
    let told = err(&mistyped);
    assert!(told.contains("line ") && told.contains("`size.not_sent`"), "{told}");
    let defaults = folder.join("defaults.toml");
    fs::write(&defaults, "accept_warning = [\"size.not_sent\"]\n").unwrap();
    let by_default = check(&[&SIZE[..], &["--config", defaults.to_str().unwrap()]].concat());
    expect_code(&by_default, 0);
    assert!(
        out(&by_default).contains("\n1 warning acknowledged\n"),
        "{}",
        out(&by_default)
    );
}

#[test]
fn it_is_on_record_and_a_job_that_is_gone_on_with_keeps_it() {
    let folder = folder("record");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config::new(KEYS[0], KEYS[1]).any_bucket(true);
    let simulator = runtime.block_on(Simulator::start(config)).unwrap();
    fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
    let (code, reason) = ("E".to_owned(), "no image in it".to_owned());
    simulator.inject(Fault::new(FaultKind::FailImport { code, reason }).cloud(Cloud::Ucloud));
    let simulate = format!("--simulate={}", folder.join("sim.json").display());
    let state = format!("--state={}", folder.join("jobs").display());
    let order = [&SIZE[..], &["--accept-warning", "size.not_sent", &state]].concat();
    let failed = run(&import(&simulate, &order));
    expect_code(&failed, 5);
    assert!(err(&failed).contains("1 warning acknowledged"), "{}", err(&failed));
    assert!(!err(&failed).contains(WARNED), "{}", err(&failed));
    let again = run(&["retry", "hello-clouds", &simulate, &state]);
    expect_code(&again, 0);
    assert!(err(&again).contains("1 warning acknowledged"), "{}", err(&again));
    assert!(!err(&again).contains(WARNED), "{}", err(&again));
}

#[test]
fn every_name_can_be_looked_up() {
    let all = out(&run(&["explain", "warnings"]));
    for name in [
        "size.not_sent",
        "os.nearest",
        "unanswered.quota",
        "guest.virtio_missing",
    ] {
        assert!(all.lines().any(|line| line.starts_with(name)), "{name}: {all}");
        expect_code(&run(&["explain", name]), 0);
    }
}
