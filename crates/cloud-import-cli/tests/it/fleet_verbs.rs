//! What other commands do with a fleet: they look, and its workers act.

use cloud_import_sim::{Cloud, Fault, FaultKind};

use super::{
    err, expect_code,
    fleet::{Fleet, until},
    out,
    postgres::ORDER,
    sim::HOUR,
};

impl Fleet {
    /// A command of somebody who has no keys but the database.
    fn verb(&self, words: &[&str]) -> std::process::Output {
        let url = self.server.url();
        let home = self.scene.folder.join("looker");
        let mut command = super::command(words);
        command.env("HOME", home).args(["--fleet", &url]);
        command.output().unwrap()
    }

    fn imports(&self) -> u64 {
        let counters = self.scene.simulator.counters();
        Cloud::ALL.iter().map(|cloud| counters.imports_of(*cloud, "web")).sum()
    }
}

#[test]
fn what_waits_is_told_and_what_is_cancelled_is_never_begun() {
    let Some(fleet) = Fleet::new("cancel-before", |config| config) else {
        return;
    };
    expect_code(&fleet.submit(&[&ORDER[..], &["--no-wait"]].concat()), 0);
    let listed = fleet.verb(&["list"]);
    assert!(out(&listed).contains("5 not started"), "{}", out(&listed));
    for verb in ["status", "show"] {
        let told = fleet.verb(&[verb, "web"]);
        assert_eq!(
            out(&told).matches("waits for a worker").count(),
            5,
            "{verb}: {}",
            out(&told)
        );
    }
    let page = fleet.verb(&["report", "web", "--markdown", "-"]);
    assert!(out(&page).contains("huawei/cn-north-4"), "{}", out(&page));
    expect_code(&fleet.verb(&["wait", "web", "--timeout", "1s"]), 7);
    let canceled = fleet.verb(&["cancel", "web"]);
    expect_code(&canceled, 0);
    assert_eq!(
        out(&canceled).matches("cancelled before it was begun").count(),
        5,
        "{}",
        out(&canceled)
    );
    assert_eq!(fleet.waiting(), 0);
    fleet.worker("one", "all", &["--drain"]).ends();
    assert_eq!(fleet.imports(), 0);
    // Given again, it is done.
    let _one = fleet.worker("one", "all", &[]);
    expect_code(&fleet.submit(&[&ORDER[..], &["--timeout", "60s"]].concat()), 0);
    assert_eq!(fleet.imports(), 5);
    let after = fleet.verb(&["cancel", "web"]);
    expect_code(&after, 0);
    assert_eq!(err(&after).matches("nothing of it runs").count(), 5, "{}", err(&after));
    assert!(fleet.scene.simulator.objects().is_empty());
}

#[test]
fn what_is_being_uploaded_is_stopped_and_leaves_nothing() {
    let Some(fleet) = Fleet::new("cancel-staging", |config| config) else {
        return;
    };
    // Nothing gets beyond the look at its object.
    let slow = Fault::new(FaultKind::Delay(1_500)).operation("PutObject");
    fleet.scene.simulator.inject(slow.times(u32::MAX));
    let _one = fleet.worker("one", "all", &[]);
    expect_code(&fleet.submit(&[&ORDER[..], &["--no-wait"]].concat()), 0);
    until(|| fleet.held() > 1);
    expect_code(&fleet.verb(&["cancel", "web"]), 0);
    until(|| fleet.waiting() == 0);
    assert_eq!(fleet.imports(), 0, "{}", fleet.log("one"));
    assert!(fleet.scene.simulator.objects().is_empty(), "{}", fleet.log("one"));
    assert_eq!(
        fleet
            .server
            .sql("images", "select count(*) from cloud_import.cancel")
            .trim(),
        "0"
    );
}

#[test]
fn what_runs_is_cancelled_where_the_cloud_can_and_told_where_it_cannot() {
    let Some(fleet) = Fleet::new("cancel-running", |config| config.import_time(HOUR)) else {
        return;
    };
    let _one = fleet.worker("one", "all", &[]);
    expect_code(&fleet.submit(&[&ORDER[..], &["--no-wait"]].concat()), 0);
    until(|| fleet.imports() == 5 && out(&fleet.verb(&["list"])).contains("5 still running"));
    let canceled = fleet.verb(&["cancel", "web"]);
    expect_code(&canceled, 0);
    assert_eq!(
        out(&canceled).matches("cancel requested").count(),
        5,
        "{}",
        out(&canceled)
    );
    until(|| fleet.waiting() == 4);
    until(|| {
        fleet
            .server
            .sql("images", "select count(*) from cloud_import.cancel")
            .trim()
            == "0"
    });
    fleet.scene.simulator.pass(HOUR);
    let waited = fleet.verb(&["wait", "web", "--timeout", "60s"]);
    assert_eq!(out(&waited).lines().count(), 4, "{} {}", out(&waited), err(&waited));
    let listed = fleet.verb(&["list"]);
    assert!(out(&listed).contains("1 cancelled, 4 succeeded"), "{}", out(&listed));
    assert_eq!(
        fleet.log("one").matches("cannot be cancelled").count(),
        4,
        "{}",
        fleet.log("one")
    );
    assert_eq!(fleet.imports(), 5);
}

#[test]
fn what_failed_is_given_to_the_workers_again() {
    let Some(fleet) = Fleet::new("retry", |config| config) else {
        return;
    };
    let fails = FaultKind::FailImport {
        code: "InvalidImage".to_owned(),
        reason: "not an image".to_owned(),
    };
    fleet.scene.simulator.inject(Fault::new(fails).cloud(Cloud::Tencent));
    let one = fleet.worker("one", "all", &[]);
    let failed = fleet.submit(&[&ORDER[..], &["--timeout", "60s"]].concat());
    expect_code(&failed, 6);
    // Given again and cancelled before anybody saw it: what failed stays as it was.
    drop(one);
    let given = fleet.verb(&["retry", "web", "--no-wait"]);
    expect_code(&given, 0);
    assert_eq!(fleet.waiting(), 1);
    expect_code(&fleet.verb(&["cancel", "web"]), 0);
    assert_eq!((fleet.waiting(), fleet.imports()), (0, 5));
    let _one = fleet.worker("one", "all", &[]);
    assert_eq!(out(&failed).lines().count(), 4, "{}", out(&failed));
    let again = fleet.verb(&["retry", "web", "--timeout", "60s"]);
    expect_code(&again, 0);
    assert_eq!(out(&again).lines().count(), 5, "{}", out(&again));
    assert_eq!(fleet.imports(), 6);
    let again = fleet.verb(&["retry", "web"]);
    assert!(err(&again).contains("nothing to do"), "{}", err(&again));
    assert_eq!(fleet.imports(), 6);
}

#[test]
fn a_variable_names_the_fleet_and_typed_records_count_before_it() {
    let Some(fleet) = Fleet::new("variable", |config| config) else {
        return;
    };
    let url = fleet.server.url();
    let with = |words: &[&str]| {
        let mut command = fleet.command("submitter", words);
        command
            .env("CLOUD_IMPORT_FLEET", &url)
            .env("CLOUD_IMPORT_STATE", "elsewhere");
        command.output().unwrap()
    };
    // Simulated clouds are named by the command itself: the variable counts for real ones.
    let look = |words: &[&str]| {
        let mut command = super::command(words);
        command
            .env("CLOUD_IMPORT_FLEET", &url)
            .env("CLOUD_IMPORT_STATE", "elsewhere");
        command.current_dir(&fleet.scene.folder).output().unwrap()
    };
    expect_code(&with(&[&ORDER[..], &["--no-wait", "--fleet", &url]].concat()), 0);
    assert!(out(&look(&["list"])).contains("5 not started"));
    assert!(err(&look(&["list", "--state", "elsewhere"])).contains("no jobs in"));
}
