//! The morning after a night of 200 targets in which four kinds of things went wrong: each question has one command.

use std::{collections::BTreeMap, fmt::Write as _, fs, thread, time::Duration};

use cloud_import_sim::{Cloud, Fault, FaultKind};
use serde_json::Value;

use super::{
    super::{expect_code, out},
    Scene, advised, typed,
};

const GROUPS: [&str; 4] = ["red", "green", "blue", "gold"];
const REGIONS: [&str; 5] = [
    "jdcloud/cn-north-1",
    "tencent/ap-guangzhou",
    "huawei/cn-north-4",
    "aliyun/cn-hangzhou",
    "ucloud/cn-bj2",
];
const PLACES: usize = 50;

/// How many of each kind go wrong.
const QUOTA: u32 = 7;
const FORBIDDEN: u32 = 6;
const FAILED: u32 = 5;
const LOST: u32 = 4;

/// A group has ten targets in each cloud, each with a bucket and an image name of its own.
fn targets() -> String {
    let mut text = String::from("[groups]\n");
    let places = |group: &str| -> Vec<(String, String)> {
        let numbered = (0..PLACES).map(|number| (number, REGIONS[number % REGIONS.len()]));
        let place = |(number, region): (usize, &str)| (format!("{group}-{number}"), region.to_owned());
        numbered.map(place).collect()
    };
    for group in GROUPS {
        let names: Vec<String> = places(group).into_iter().map(|(name, _)| format!("{name:?}")).collect();
        let _ = writeln!(text, "{group} = [{}]", names.join(", "));
    }
    for (name, to) in GROUPS.into_iter().flat_map(places) {
        let _ = writeln!(
            text,
            "[targets.{name}]\nto = {to:?}\nname = \"web-{{target}}\"\nbucket = \"{name}-1250000000\""
        );
    }
    text
}

/// How many rows have which status.
fn statuses(rows: &[Value]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row["status"].as_str().unwrap()).or_default() += 1;
    }
    counts
}

#[test]
fn each_question_of_the_morning_has_one_command() {
    let scene = Scene::new("night", |config| {
        Cloud::ALL
            .iter()
            .fold(config, |config, cloud| config.quota(*cloud, 100))
    });
    fs::write(scene.folder.join("targets.toml"), targets()).unwrap();
    let refuse = |cloud, operation: &str, code: &str, http, times| {
        let (code, message) = (code.to_owned(), "not tonight".to_owned());
        let refuse = FaultKind::Refuse { http, code, message };
        let fault = Fault::new(refuse).cloud(cloud).operation(operation);
        scene.simulator.inject(fault.times(times));
    };
    refuse(Cloud::Jdcloud, "importImage", "QUOTA_EXCEEDED", 400, QUOTA);
    refuse(Cloud::Huawei, "CreateImage", "IMG.0011", 403, FORBIDDEN);
    let (code, reason) = ("InvalidImage".to_owned(), "damaged".to_owned());
    let fail = Fault::new(FaultKind::FailImport { code, reason }).cloud(Cloud::Aliyun);
    scene.simulator.inject(fail.times(FAILED));
    // Whether these arrived is not known before their time has come.
    let lost = Fault::new(FaultKind::DropBefore)
        .cloud(Cloud::Tencent)
        .operation("ImportImage");
    scene.simulator.inject(lost.times(LOST));
    let night = scene.import(&[
        "--targets",
        "targets.toml",
        "--log-file",
        "night.log",
        "--log-format",
        "json",
        "-v",
        "--metrics-file",
        "night.prom",
        "--on-end",
        "cat > ended.json",
    ]);
    expect_code(&night, 6);

    // What went wrong, why, when, and by which request.
    let failed = scene.json(&["list", "--failed"]);
    let failed = failed["jobs"][0]["targets"].as_array().unwrap();
    let counts = statuses(failed);
    // Under load a connection may break beside those that are meant to: what was sent on it is not known either.
    let lost = counts["unknown"] as u32;
    assert!(lost >= LOST, "{counts:?}");
    let expected = [
        ("failed", FAILED),
        ("not_started", QUOTA + FORBIDDEN),
        ("unknown", lost),
    ];
    assert_eq!(counts, expected.map(|(status, count)| (status, count as usize)).into());
    for row in failed {
        let error = &row["error"];
        assert!(error["code"].is_string() || row["unknown_since"].is_string(), "{row}");
        assert!(
            row["status"] != "not_started" || error["request_id"].is_string(),
            "{row}"
        );
        assert!(row["began_at"].is_string() && error["message"].is_string(), "{row}");
    }
    let shown = out(&scene.run(&["show", "web"]));
    assert!(
        shown.contains("code QUOTA_EXCEEDED, HTTP 400, request ") && shown.contains("code IMG.0011"),
        "{shown}"
    );

    // Something to look at and to hand on.
    let page = out(&scene.run(&["report", "web", "--html", "-"]));
    for told in [
        "red-0",
        "gold-49",
        "QUOTA_EXCEEDED",
        "InvalidImage",
        "cloud-import retry web-",
    ] {
        assert!(page.contains(told), "{told}");
    }

    let junit = out(&scene.run(&["report", "web", "--junit", "-"]));
    let not_there = QUOTA + FORBIDDEN + lost;
    let counts = format!(
        "tests=\"{}\" failures=\"{FAILED}\" errors=\"{not_there}\"",
        GROUPS.len() * PLACES
    );
    assert!(junit.contains(&counts), "{}", &junit[..400]);

    // Who watches from outside is told when it ends, and whoever asks later finds it in the metrics.
    let ended: Value = serde_json::from_str(&fs::read_to_string(scene.folder.join("ended.json")).unwrap()).unwrap();
    let bad = |status: &str| {
        ended["results"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["status"] == status)
            .count()
    };
    let metrics = fs::read_to_string(scene.folder.join("night.prom")).unwrap();
    for (status, count) in [
        ("failed", FAILED),
        ("not_started", QUOTA + FORBIDDEN),
        ("unknown", lost),
    ] {
        assert_eq!(bad(status), count as usize, "{status}");
        assert!(
            metrics.contains(&format!("cloud_import_targets{{state=\"{status}\"}} {count}\n")),
            "{metrics}"
        );
    }
    assert!(metrics.contains("cloud_import_run_exit_code 6\n"), "{metrics}");

    // The log names the target of each line about one.
    let log = fs::read_to_string(scene.folder.join("night.log")).unwrap();
    let spans: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(spans.iter().all(|line| line["timestamp"].is_string()));
    for name in ["red-0", "gold-49"] {
        let is_of = |line: &&Value| line["spans"].to_string().contains(&format!("\"target\":\"{name}\""));
        assert!(spans.iter().any(|line| is_of(&line)), "{name}");
    }

    // All of it again, by the line that the night ended with; what is not known takes until its time has come. Nothing that is there
    // is made twice.
    let line = advised(&night, "to try again");
    let mut again = typed(&line);
    for _ in 0..300 {
        if again.status.code() != Some(0) {
            thread::sleep(Duration::from_secs(1));
            again = typed(&line);
        }
    }
    expect_code(&again, 0);
    let all = scene.json(&["show", "web"]);
    let all = all["targets"].as_array().unwrap();
    assert_eq!(statuses(all), BTreeMap::from([("succeeded", GROUPS.len() * PLACES)]));
    let images: usize = Cloud::ALL
        .iter()
        .map(|cloud| scene.simulator.images(*cloud).len())
        .sum();
    assert_eq!(
        images,
        GROUPS.len() * PLACES + FAILED as usize,
        "an image each, and those that failed"
    );
}
