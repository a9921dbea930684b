//! `bucket create` and `bucket remove` against the simulated clouds, which have no bucket until one is made.

use std::{fs, process::Output};

use cloud_import_sim::{BucketSettings, Cloud, Fault, FaultKind};
use serde_json::Value;

use super::{again::Scene, err, expect_code, out, run, schemas::holds};

const BUCKET: &str = "images-1250000000";

const TARGETS: [(Cloud, &str); 5] = [
    (Cloud::Jdcloud, "jdcloud/cn-north-1"),
    (Cloud::Tencent, "tencent/ap-guangzhou"),
    (Cloud::Huawei, "huawei/cn-north-4"),
    (Cloud::Aliyun, "aliyun/cn-hangzhou"),
    (Cloud::Ucloud, "ucloud/cn-bj2"),
];

fn scene(name: &str) -> Scene {
    Scene::new(name, |config| config.any_bucket(false))
}

/// A command on the bucket of a target.
fn bucket(scene: &Scene, action: &str, target: &str, more: &[&str]) -> Output {
    scene.run(&[&["bucket", action, target, "--bucket", BUCKET], more].concat())
}

fn done(scene: &Scene, action: &str, target: &str) -> Value {
    let output = bucket(scene, action, target, &["--output", "json"]);
    expect_code(&output, 0);
    holds("made", &out(&output))
}

fn lose(scene: &Scene, cloud: Cloud, operation: &str, kind: FaultKind, times: usize) {
    for _ in 0..times {
        scene
            .simulator
            .inject(Fault::new(kind.clone()).cloud(cloud).operation(operation));
    }
}

/// The settings that a bucket has which is another's work.
fn there(scene: &Scene, (cloud, target): (Cloud, &str), settings: BucketSettings) {
    let region = target.split_once('/').unwrap().1;
    scene.simulator.create_bucket(cloud, region, BUCKET, settings);
}

#[test]
fn a_bucket_is_made_used_cleaned_and_removed() {
    let scene = scene("bucket whole");
    for (cloud, target) in TARGETS {
        let made = done(&scene, "create", target);
        assert_eq!((&made["outcome"], &made["target"]), (&"created".into(), &target.into()));
        let is = &made["is"];
        let mark = if matches!(cloud, Cloud::Jdcloud | Cloud::Ucloud) {
            "object"
        } else {
            "tag"
        };
        assert_eq!(
            (&is["mark"], &is["mark_shown"]),
            (&mark.into(), &true.into()),
            "{target}"
        );
        let encrypted = matches!(cloud, Cloud::Tencent | Cloud::Huawei);
        assert_eq!(is["encryption"]["set"], encrypted, "{target}");
        assert_eq!(is["unfinished_uploads"]["set"], mark == "tag", "{target}");

        let again = bucket(&scene, "create", target, &[]);
        expect_code(&again, 0);
        assert!(out(&again).contains("is there already"), "{target}: {}", out(&again));

        // A file in parts, of which an encrypted bucket tells no MD5.
        let imported = scene.import(&["--to", target, "--bucket", BUCKET, "--keep-object"]);
        expect_code(&imported, 0);
        let left = bucket(&scene, "remove", target, &[]);
        expect_code(&left, 4);
        let told = err(&left);
        assert!(
            told.contains("holds 1 object") && told.contains("clean --to"),
            "{target}: {told}"
        );
        let cleaned = [
            "clean",
            "--to",
            target,
            "--bucket",
            BUCKET,
            "--older-than",
            "0s",
            "--yes",
        ];
        expect_code(&scene.run(&cleaned), 0);

        assert_eq!(done(&scene, "remove", target)["outcome"], "removed", "{target}");
        assert_eq!(done(&scene, "remove", target)["outcome"], "not_there", "{target}");
    }
}

#[test]
fn alibaba_is_told_that_its_import_reads_nothing_encrypted() {
    let scene = scene("bucket plain");
    let made = bucket(&scene, "create", "aliyun/cn-hangzhou", &[]);
    expect_code(&made, 0);
    assert!(
        err(&made).contains("not encrypted: Alibaba Cloud's import reads no encrypted object"),
        "{}",
        err(&made)
    );
}

#[test]
fn what_is_not_ours_is_neither_taken_over_nor_removed() {
    let scene = scene("bucket other");
    for case in TARGETS {
        let (cloud, target) = case;
        there(&scene, case, BucketSettings::default());
        for action in ["create", "remove"] {
            let refused = bucket(&scene, action, target, &[]);
            assert_ne!(refused.status.code(), Some(0), "{target}");
            assert!(
                err(&refused).contains("was not made by this tool"),
                "{target}: {}",
                err(&refused)
            );
        }
        // Neither does the second attempt take it for its own.
        assert_ne!(bucket(&scene, "remove", target, &[]).status.code(), Some(0), "{target}");
        there(&scene, case, BucketSettings::default().owner_is_other(true));
        let refused = bucket(&scene, "create", target, &[]);
        assert_ne!(refused.status.code(), Some(0), "{target}");
        if cloud != Cloud::Ucloud {
            assert!(err(&refused).contains("another account"), "{target}: {}", err(&refused));
        }
    }
}

#[test]
fn an_answer_that_is_lost_is_repeated() {
    let scene = scene("bucket lost");
    for (cloud, target) in TARGETS {
        // Once, within the command.
        lose(&scene, cloud, "CreateBucket", FaultKind::DropAfter, 1);
        assert_eq!(done(&scene, "create", target)["outcome"], "created", "{target}");
        lose(&scene, cloud, "DeleteBucket", FaultKind::DropAfter, 1);
        assert_eq!(done(&scene, "remove", target)["outcome"], "removed", "{target}");

        // The bucket is made, and the command comes no further: the next one goes on.
        let mark = if matches!(cloud, Cloud::Jdcloud | Cloud::Ucloud) {
            "PutObject"
        } else {
            "PutBucketTagging"
        };
        let (code, message) = ("AccessDenied".to_owned(), "not now".to_owned());
        lose(
            &scene,
            cloud,
            mark,
            FaultKind::Refuse {
                http: 403,
                code,
                message,
            },
            1,
        );
        let failed = bucket(&scene, "create", target, &[]);
        assert_ne!(failed.status.code(), Some(0), "{target}");
        assert!(
            err(&failed).contains("is there and not set up"),
            "{target}: {}",
            err(&failed)
        );
        // Another machine knows nothing of it.
        let other = scene.path("other");
        let simulate = format!("--simulate={}", scene.path("sim.json"));
        let elsewhere = run(&[
            "bucket", "create", target, "--bucket", BUCKET, "--state", &other, &simulate,
        ]);
        assert_ne!(elsewhere.status.code(), Some(0), "{target}");
        let made = done(&scene, "create", target);
        assert_eq!(
            (&made["outcome"], &made["is"]["mark_shown"]),
            (&"there".into(), &true.into()),
            "{target}"
        );
        assert_eq!(
            fs::read_dir(scene.folder.join("state/buckets")).unwrap().count(),
            0,
            "{target}"
        );
    }
}

#[test]
fn what_was_refused_was_not_begun() {
    let scene = scene("bucket refused");
    for case in TARGETS {
        let (cloud, target) = case;
        let (code, message) = ("AccessDenied".to_owned(), "not now".to_owned());
        let refuse = FaultKind::Refuse {
            http: 403,
            code,
            message,
        };
        lose(&scene, cloud, "CreateBucket", refuse, 1);
        assert_ne!(bucket(&scene, "create", target, &[]).status.code(), Some(0), "{target}");
        // Somebody makes it by hand.
        there(&scene, case, BucketSettings::default());
        let refused = bucket(&scene, "remove", target, &[]);
        assert!(
            err(&refused).contains("was not made by this tool"),
            "{target}: {}",
            err(&refused)
        );
    }
}

#[test]
fn what_would_be_sent_is_shown_and_not_sent() {
    let scene = scene("bucket dry");
    for (cloud, target) in TARGETS {
        for action in ["create", "remove"] {
            let shown = bucket(&scene, action, target, &["--dry-run", "--output", "json"]);
            expect_code(&shown, 0);
            let shown = holds("made", &out(&shown));
            assert_eq!(shown["outcome"], "planned");
            let operations: Vec<&str> = shown["requests"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["operation"].as_str().unwrap())
                .collect();
            let what = if action == "create" {
                "CreateBucket"
            } else {
                "DeleteBucket"
            };
            assert!(operations.contains(&what), "{target}: {operations:?}");
        }
        let asked = scene.simulator.counters().requests.get(&cloud).cloned();
        assert!(asked.unwrap_or_default().is_empty(), "{target}");
    }
    let text = out(&bucket(&scene, "create", "tencent/ap-guangzhou", &["--dry-run"]));
    assert!(
        text.contains("x-cos-acl: private") && text.contains("<SSEAlgorithm>AES256"),
        "{text}"
    );
}

#[test]
fn a_name_that_no_store_takes_is_refused_before_anything_is_asked() {
    let scene = scene("bucket name");
    let refused = scene.run(&["bucket", "create", "tencent/ap-guangzhou", "--bucket", "images"]);
    expect_code(&refused, 2);
    assert!(err(&refused).contains("APPID"), "{}", err(&refused));
}

#[test]
fn doctor_names_the_line_that_makes_a_missing_bucket() {
    let scene = scene("bucket doctor");
    let simulate = format!("--simulate={}", scene.path("sim.json"));
    let told = run(&["doctor", "aliyun/cn-hangzhou", "--bucket", "missing", &simulate]);
    let text = out(&told) + &err(&told);
    assert!(
        text.contains("cloud-import bucket create aliyun/cn-hangzhou --bucket missing"),
        "{text}"
    );
}
