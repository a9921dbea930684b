//! An import that failed, as later commands tell it: with the vendor's code, or with likely causes where its API has none.

use std::fs;

use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};
use serde_json::Value;

use super::{
    KEYS, err, expect_code, import, out, run,
    sim::{Sim, control},
};

#[test]
fn a_failure_keeps_its_code_and_its_likely_causes() {
    let folder = std::env::temp_dir().join(format!("cloud-import-cli-failed-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config::new(KEYS[0], KEYS[1]).any_bucket(true);
    let simulator = runtime.block_on(Simulator::start(config)).unwrap();
    let here = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    fs::write(here("sim.json"), simulator.ready_line()).unwrap();
    for cloud in [Cloud::Tencent, Cloud::Huawei] {
        let (code, reason) = ("IMG.0057".to_owned(), "no image in it".to_owned());
        simulator.inject(Fault::new(FaultKind::FailImport { code, reason }).cloud(cloud));
    }
    let (option, state) = (format!("--simulate={}", here("sim.json")), here("state"));
    let named = ["--state", &state, "--to", "tencent", "--to", "huawei", "--no-wait"];
    let started = run(&import(&option, &named));
    expect_code(&started, 0);
    let tasks = here("tasks.jsonl");
    fs::write(&tasks, out(&started)).unwrap();
    let job = fs::read_dir(folder.join("state/jobs")).unwrap();
    let job = job.flatten().find(|entry| entry.path().is_dir()).unwrap().file_name();
    let job = job.to_str().unwrap();

    let told = |arguments: &[&str]| {
        let output = run(&[arguments, &[&option, "--output", "json"]].concat());
        expect_code(&output, 5);
        let report: Value = serde_json::from_str(&out(&output)).unwrap();
        let of = |cloud: &str| {
            let mut rows = report["results"].as_array().unwrap().iter();
            let row = rows.find(|row| row["target"].as_str().unwrap().starts_with(cloud));
            row.unwrap()["error"].clone()
        };
        (of("tencent"), of("huawei"))
    };
    // By the tasks alone, then by the job, whose records are settled by the wait.
    for arguments in [
        &["wait", &tasks][..],
        &["status", &tasks],
        &["wait", "--state", &state, job],
    ] {
        let (tencent, huawei) = told(arguments);
        let remedy = tencent["remedy"].as_str().unwrap_or_default();
        assert!(
            remedy.contains("Likely causes by the vendor's documents"),
            "{arguments:?}: {tencent}"
        );
        assert_eq!(huawei["code"], "IMG.0057", "{arguments:?}");
        assert!(
            huawei["message"].as_str().unwrap().contains("no image in it"),
            "{huawei}"
        );
    }
    // Once it is on record no cloud is asked.
    simulator.clear_faults();
    let output = run(&["status", &option, "--state", &state, job]);
    expect_code(&output, 5);
    // Results are short; the reason stands beside them, once.
    let huawei = out(&output)
        .lines()
        .find(|line| line.starts_with("huawei"))
        .unwrap()
        .to_owned();
    assert_eq!(huawei, "huawei/cn-north-4 failed (code IMG.0057)");
    let told = err(&output);
    assert_eq!(told.matches("no image in it (code IMG.0057)").count(), 1, "{told}");
    let told = run(&["status", &option, "--state", &state, "--output", "json", job]);
    assert!(out(&told).contains(r#""code": "IMG.0057""#), "{}", out(&told));
    let shown = out(&run(&["show", "--state", &state, job]));
    assert!(shown.contains("no image in it (code IMG.0057)"), "{shown}");
    let listed: Value = serde_json::from_str(&out(&run(&["list", "--state", &state, "--output", "json"]))).unwrap();
    let targets = listed["jobs"][0]["targets"].as_array().unwrap();
    let codes: Vec<Option<&str>> = targets.iter().map(|target| target["code"].as_str()).collect();
    assert_eq!(codes, [Some("IMG.0057"), None], "{listed}");
    let again = run(&["wait", &option, "--state", &state, "--output", "json", job]);
    let report: Value = serde_json::from_str(&out(&again)).unwrap();
    assert!(
        report["results"].to_string().contains(r#""code":"IMG.0057""#),
        "{report}"
    );
    fs::remove_dir_all(folder).unwrap();
}

/// A log of many nights tells when each of them failed. What is wrong before there is work is of the moment of the command.
#[test]
fn an_error_at_the_end_has_the_time_of_day_where_there_is_no_terminal() {
    let sim = Sim::start("failed-at", &["--import-time", "0s"]);
    let fault = r#"{"cloud":"ucloud","kind":{"fail_import":{"code":"E","reason":"no image in it"}}}"#;
    assert_eq!(control(&sim.ready(), "POST", "/faults", fault).0, 204);
    let option = sim.option();
    let failed = run(&import(&option, &["--to", "ucloud"]));
    expect_code(&failed, 5);
    let is_date = |word: &str| word.len() == 10 && word.chars().all(|c| c.is_ascii_digit() || c == '-');
    let begins_with_a_date = |output| -> Vec<bool> {
        let said = err(output);
        let errors = said.lines().filter_map(|line| line.strip_prefix("error: "));
        errors.map(|line| line.split(' ').next().is_some_and(is_date)).collect()
    };
    assert_eq!(begins_with_a_date(&failed), [true], "{}", err(&failed));
    let refused = run(&import(&option, &["--to", "ucloud", "--boot-mode", "uefi"]));
    expect_code(&refused, 2);
    assert_eq!(begins_with_a_date(&refused), [false], "{}", err(&refused));
}
