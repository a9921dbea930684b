//! Dry runs: what would be done, of which nothing is; the vendors' own; and what a look costs.

use std::fs;

use cloud_import_sim::Cloud;
use serde_json::Value;

use super::{
    super::{err, expect_code, import, out, run},
    scene::{BUCKET, NAME, PLACES, World, rows},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_moves_nothing_and_says_what_would_be_done() {
    let world = World::new("plan", |config| config).await;
    let planned = world.of_large(&[
        "--bucket",
        BUCKET,
        "--to",
        "all",
        "--size-gib",
        "40",
        "--dry-run",
        "--output",
        "json",
    ]);
    world.nothing_was_done();
    for (target, row) in rows(&planned) {
        if row["status"] == "failed" {
            continue;
        }
        let plan = &row["plan"];
        assert_eq!(plan["upload_bytes"], 40_u64 << 30, "{target}: {row}");
        assert_eq!(
            plan["upload_to"],
            format!("{BUCKET}:cloud-import/SHA256.raw"),
            "{target}"
        );
        assert_eq!(plan["format"], "raw");
        assert!(
            row["checks"]
                .as_array()
                .unwrap()
                .iter()
                .any(|check| check["what"] == "bucket"),
            "{row}"
        );
    }
    let planned = world.import(&["--to", "all", "--dry-run"]);
    expect_code(&planned, 0);
    let told = out(&planned);
    assert_eq!(told.matches("  upload ").count(), 5, "{told}");
    assert!(told.ends_with("5 of 5 targets are ready to import\n"), "{told}");
    world.nothing_was_done();

    expect_code(&world.import(&["--to", "tencent", "--to", "ucloud"]), 0);
    let images: Vec<String> = [Cloud::Tencent, Cloud::Ucloud]
        .map(|cloud| world.simulator.images(cloud)[0].image_id.clone())
        .into();
    let (simulate, state) = (world.simulate(), world.folder.join("other"));
    let words = [
        "--state",
        state.to_str().unwrap(),
        "--bucket",
        BUCKET,
        "--to",
        "tencent",
        "--to",
        "ucloud",
    ];
    let before = world.simulator.counters();
    let replaced = run(&import(&simulate, &[&words[..], &["--replace", "--dry-run"]].concat()));
    expect_code(&replaced, 0);
    for id in &images {
        let line = format!("then delete the older image {id}");
        assert!(out(&replaced).contains(&line), "{}", out(&replaced));
    }
    let refused = run(&import(
        &simulate,
        &[&words[..], &["--dry-run", "--bucket", "No_Bucket", "--replace"]].concat(),
    ));
    expect_code(&refused, 2);
    assert!(!state.exists());
    let after = world.simulator.counters();
    assert_eq!(
        (after.objects_stored, after.imports),
        (before.objects_stored, before.imports)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendors_own_dry_run_is_asked_for_by_name() {
    let world = World::new("vendor", |config| config).await;
    let output = world.import(&["--to", "all", "--vendor-dry-run"]);
    expect_code(&output, 0);
    let told = err(&output);
    assert!(
        told.contains("jdcloud/cn-north-1, huawei/cn-north-4, ucloud/cn-bj2: has no dry run of its own"),
        "{told}"
    );
    for (cloud, _) in PLACES {
        assert_eq!(world.simulator.counters().imports_of(cloud, NAME), 0, "{cloud}");
        assert!(world.simulator.images(cloud).is_empty(), "{cloud}");
    }
    assert!(world.simulator.objects().is_empty(), "what was staged is deleted");
    // On record it is what it was, and nothing that has to be tried again.
    let asked = |more: &[&str]| run(&[more, &[&world.state()]].concat());
    let listed: Value = serde_json::from_str(&out(&asked(&["list", "--output", "json"]))).unwrap();
    let rows = listed["jobs"][0]["targets"].as_array().unwrap();
    let checked = rows.iter().filter(|row| row["status"] == "checked" && row["exit"] == 0);
    assert_eq!((rows.len(), checked.count()), (2, 2), "{listed}");
    let failed: Value = serde_json::from_str(&out(&asked(&["list", "--failed", "--output", "json"]))).unwrap();
    assert_eq!(failed["jobs"], serde_json::json!([]));
    let shown = asked(&["show", NAME]);
    assert!(
        out(&shown).contains("checked") && !err(&shown).contains("retry"),
        "{}",
        err(&shown)
    );
    expect_code(&world.import(&["--to", "jdcloud", "--vendor-dry-run"]), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_same_in_an_account_is_asked_for_once() {
    let world = World::new("many", |config| config).await;
    let mut file = String::new();
    for index in 0..60 {
        let target = format!("[targets.t{index}]\nto = \"aliyun/cn-hangzhou\"\nproject = \"rg-{index}\"\n");
        file.push_str(&target);
    }
    let targets = world.folder.join("targets.toml");
    fs::write(&targets, file).unwrap();
    let output = world.import(&["--targets", targets.to_str().unwrap(), "--dry-run"]);
    expect_code(&output, 0);
    assert!(out(&output).contains("60 of 60 targets are ready"), "{}", out(&output));
    let asked = |operation| world.simulator.counters().requests_of(Cloud::Aliyun, operation);
    assert_eq!(
        [asked("DescribeRegions"), asked("GetRole"), asked("DescribeImages")],
        [1, 1, 60]
    );
    let all: u64 = world.simulator.counters().requests[&Cloud::Aliyun].values().sum();
    assert!(all <= 60 * 5 + 2, "{all} requests");
    world.nothing_was_done();
}
