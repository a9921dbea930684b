//! `doctor`: what it says of keys, regions and buckets, and that it only looks.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use cloud_import_sim::{BucketSettings, Cloud, Config, Simulator};
use serde_json::Value;

use super::{KEYS, check::refusing, command, err, expect_code, out, run, schemas::holds};

/// A simulator in this process, and a folder with its line.
struct Clouds {
    simulator: Simulator,
    runtime: tokio::runtime::Runtime,
    folder: PathBuf,
}

impl Clouds {
    fn new(name: &str, set: impl FnOnce(Config) -> Config) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let config = set(Config::new(KEYS[0], KEYS[1]));
        let simulator = runtime.block_on(Simulator::start(config)).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("doctor-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        Self {
            simulator,
            runtime,
            folder,
        }
    }

    fn doctor(&self, more: &[&str]) -> Output {
        let mut command = command(&[&["doctor", "--simulate=sim.json"], more].concat());
        command.current_dir(&self.folder).output().unwrap()
    }
}

impl Drop for Clouds {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
        let _guard = self.runtime.enter();
    }
}

fn rows(output: &Output) -> Vec<Value> {
    holds("doctor", &out(output))["results"].as_array().unwrap().clone()
}

/// How something is at a target, and what is said of it.
fn check<'a>(row: &'a Value, what: &str) -> (&'a str, &'a str) {
    let mut checks = row["checks"].as_array().unwrap().iter();
    let found = checks.find(|check| check["what"] == what);
    let found = found.unwrap_or(&Value::Null);
    (
        found["outcome"].as_str().unwrap_or_default(),
        found["message"].as_str().unwrap_or_default(),
    )
}

#[test]
fn all_five_are_looked_at_and_nothing_is_changed() {
    let clouds = Clouds::new("all", |config| config.any_bucket(true));
    let output = clouds.doctor(&["--output", "json", "--bucket", "images-1250000000"]);
    expect_code(&output, 0);
    let rows = rows(&output);
    let targets: Vec<&str> = rows.iter().map(|row| row["target"].as_str().unwrap()).collect();
    assert_eq!(
        targets,
        [
            "jdcloud/cn-north-1",
            "tencent/ap-guangzhou",
            "huawei/cn-north-4",
            "aliyun/cn-hangzhou",
            "ucloud/cn-bj2"
        ]
    );
    for row in &rows {
        assert_eq!(row["status"], "passed", "{row}");
        assert_eq!(row["access_key_id"], "an-a\u{2026}y-id");
        for what in ["endpoint", "credentials", "region", "bucket"] {
            assert_eq!(check(row, what).0, "passed", "{what}: {row}");
        }
        for what in ["order", "name", "os", "dry_run"] {
            assert_eq!(check(row, what).0, "", "an image is asked for: {what}");
        }
    }
    let owners: Vec<bool> = rows.iter().map(|row| row["owner"].is_string()).collect();
    assert_eq!(owners, [false, true, true, true, false], "where a call tells");
    assert_eq!(check(&rows[3], "import_role").0, "passed");
    assert_eq!(check(&rows[1], "quota").0, "passed");
    let text = out(&clouds.doctor(&[]));
    assert!(text.ends_with("\n5 of 5 targets are ready for images\n"), "{text}");
    assert!(!text.contains(KEYS[0]) && !text.contains(KEYS[1]), "{text}");

    let counters = clouds.simulator.counters();
    let asked: Vec<&String> = counters.requests.values().flat_map(|of| of.keys()).collect();
    let is_change = |name: &&&String| {
        let name = name.to_ascii_lowercase();
        let verbs = [
            "import", "create", "put", "delete", "modify", "copy", "attach", "complete", "initiate",
        ];
        verbs.iter().any(|verb| name.starts_with(verb))
    };
    assert!(asked.len() > 10, "{asked:?}");
    assert_eq!(asked.iter().filter(is_change).count(), 0, "{asked:?}");
    assert!(counters.imports.is_empty() && counters.objects_stored.is_empty());
}

#[test]
fn a_bucket_is_there_private_and_in_the_region() {
    let clouds = Clouds::new("buckets", |config| config);
    let put = |cloud, region, name, settings| clouds.simulator.create_bucket(cloud, region, name, settings);
    let private = BucketSettings::default().expires_uploads(true);
    put(Cloud::Aliyun, "cn-hangzhou", "good", private.clone());
    put(Cloud::Aliyun, "cn-hangzhou", "open", private.public(true));
    put(Cloud::Huawei, "cn-north-4", "good", BucketSettings::default());
    let doctor = |more: &[&str]| clouds.doctor(&[more, &["--output", "json"]].concat());
    let good = doctor(&["aliyun", "--bucket", "good"]);
    expect_code(&good, 0);
    assert_eq!(rows(&good).len(), 1);
    assert_eq!(
        check(&rows(&good)[0], "bucket"),
        ("passed", "`good` exists and is usable")
    );
    for (bucket, why) in [("open", "open to everyone"), ("missing", "does not exist")] {
        let output = doctor(&["aliyun", "--bucket", bucket]);
        let rows = rows(&output);
        let (outcome, told) = check(&rows[0], "bucket");
        assert!(["failed", "warning"].contains(&outcome) && told.contains(why), "{told}");
        expect_code(&output, if outcome == "failed" { 4 } else { 0 });
    }
    let one_of_two = doctor(&[
        "aliyun",
        "huawei",
        "--bucket",
        "aliyun=missing",
        "--bucket",
        "huawei=good",
    ]);
    expect_code(&one_of_two, 6);
    let elsewhere = doctor(&["aliyun/cn-beijing", "--bucket", "good"]);
    expect_code(&elsewhere, 4);
}

#[test]
fn a_missing_import_role_and_a_full_account_are_found_before_there_is_an_image() {
    let clouds = Clouds::new("role", |config| {
        config
            .any_bucket(true)
            .aliyun_import_role(false)
            .quota(Cloud::Tencent, 0)
    });
    let output = clouds.doctor(&["aliyun", "tencent"]);
    expect_code(&output, 4);
    let text = out(&output);
    for part in [
        "aliyun/cn-hangzhou is not ready",
        "failed      import role",
        "sts:AssumeRole",
        "failed      quota",
        "0 of 2 targets are ready for images",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

#[test]
fn without_any_keys_each_cloud_says_which_variables_hold_them() {
    let output = run(&["doctor", "--no-config"]);
    expect_code(&output, 3);
    let text = out(&output);
    for part in [
        "JDCLOUD_ACCESS_KEY",
        "TENCENTCLOUD_SECRET_ID",
        "HUAWEICLOUD_SDK_AK",
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "UCLOUD_PUBLIC_KEY",
        "\n0 of 5 targets are ready for images\n",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    expect_code(&run(&["doctor", "aws"]), 2);
    expect_code(&run(&["doctor", "aliyun/"]), 2);
}

#[test]
fn each_target_has_its_row_where_no_region_is_set() {
    let all = run(&["doctor", "all", "--no-config", "--output", "json"]);
    expect_code(&all, 3);
    let [all, without] = [all, run(&["doctor", "--no-config", "--output", "json"])].map(|output| rows(&output));
    assert_eq!((all.len(), &all), (5, &without));

    let clouds = Clouds::new("no-region", |config| config);
    let text = "[targets.first]\nto = 'aliyun'\n[targets.second]\nto = 'aliyun/cn-beijing'\n\
                [groups]\nboth = ['first', 'second', 'ucloud']\n";
    fs::write(clouds.folder.join("targets.toml"), text).unwrap();
    let endpoint = refusing(r#"{"Code":"Forbidden.RAM","Message":"not allowed","RequestId":"r"}"#);
    let looked = |more: &[&str]| {
        let fixed = [
            "doctor",
            "--no-config",
            "--endpoint",
            &endpoint,
            "--targets",
            "targets.toml",
            "--output",
            "json",
        ];
        let output = command(&[&fixed[..], more].concat())
            .current_dir(&clouds.folder)
            .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "the-access-key-id")
            .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "the-secret-key")
            .output()
            .unwrap();
        let told = |row: &Value| {
            let note = |check: &Value| check.to_string().contains("its usual region was looked at");
            let is_usual = row["checks"].as_array().unwrap().iter().any(note);
            (row["target"].as_str().unwrap().to_owned(), is_usual)
        };
        rows(&output).iter().map(told).collect::<Vec<_>>()
    };
    let told = |of: &[(&str, bool)]| {
        of.iter()
            .map(|(target, is_usual)| ((*target).to_owned(), *is_usual))
            .collect::<Vec<_>>()
    };
    assert_eq!(looked(&[]), told(&[("first", true), ("second", false)]));
    assert_eq!(
        looked(&["@both"]),
        told(&[("first", true), ("second", false), ("ucloud/cn-bj2", false)])
    );
    let of_all = looked(&["all"]);
    assert_eq!(of_all.len(), 5);
    assert!(of_all.contains(&("aliyun/cn-hangzhou".to_owned(), true)), "{of_all:?}");
}

#[test]
fn the_clouds_with_keys_are_looked_at_and_what_they_refuse_has_a_remedy() {
    let endpoint = refusing(r#"{"Code":"Forbidden.RAM","Message":"not allowed","RequestId":"r"}"#);
    let output = command(&["doctor", "--no-config", "--endpoint", &endpoint])
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "the-access-key-id")
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "the-secret-key")
        // Half a pair.
        .env("TENCENTCLOUD_SECRET_ID", "half")
        .output()
        .unwrap();
    expect_code(&output, 6);
    let text = out(&output);
    for part in [
        "aliyun/cn-hangzhou is not ready",
        "environment variable",
        "its usual region was looked at",
        "ALIBABA_CLOUD_REGION_ID",
        "failed      name",
        "`cloud-import policy aliyun`",
        "none is named for local files",
        "tencent/ap-guangzhou is not ready",
        "TENCENTCLOUD_SECRET_KEY",
        "0 of 2 targets are ready for images",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    for secret in ["the-secret-key", "the-access-key-id"] {
        assert!(!text.contains(secret) && !err(&output).contains(secret), "{text}");
    }
}

#[test]
fn the_targets_of_a_file_are_looked_at() {
    let clouds = Clouds::new("file", |config| config.any_bucket(true));
    let text = "[defaults]\nbucket = 'images-1250000000'\n[targets.first]\nto = 'aliyun/cn-beijing'\n\
                [targets.second]\nto = 'ucloud/cn-bj2'\n[groups]\neast = ['second']\n";
    fs::write(clouds.folder.join("targets.toml"), text).unwrap();
    let labels = |more: &[&str]| {
        let output = clouds.doctor(&[more, &["--targets", "targets.toml", "--output", "json"]].concat());
        expect_code(&output, 0);
        let labels = rows(&output).into_iter();
        labels
            .map(|row| row["target"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(labels(&[]), ["first", "second"]);
    assert_eq!(labels(&["@east"]), ["second"]);
    assert_eq!(labels(&["tencent"]), ["tencent/ap-guangzhou"]);
}
