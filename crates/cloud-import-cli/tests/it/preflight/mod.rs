//! What `import` finds out before it works: what is certain stops it before a byte is read beyond the header and before anything is
//! recorded, and what could not be asked does not.

mod begun;
mod copies;
mod plan;
mod scene;

use cloud_import_sim::{Cloud, Fault, FaultKind};

use self::scene::{BUCKET, PLACES, World, rows};
use super::{IMAGE, command, err, expect_code, import, out, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_stops_it_where_a_second_one_is_refused() {
    for (cloud, _) in PLACES {
        let world = World::new(&format!("name-{cloud}"), |config| config.any_object(true)).await;
        let refuses = !matches!(cloud, Cloud::Jdcloud | Cloud::Ucloud);
        if refuses {
            world.foreign(cloud).await;
        } else {
            let more = [
                "--to",
                cloud.name(),
                "--state",
                world.folder.join("other").to_str().unwrap(),
            ]
            .map(str::to_owned);
            let words: Vec<&str> = more.iter().map(String::as_str).collect();
            let simulate = world.simulate();
            expect_code(
                &run(&import(&simulate, &[&words[..], &["--bucket", BUCKET]].concat())),
                0,
            );
        }
        let before = world.changes();
        let output = match refuses {
            true => world.of_large(&["--bucket", BUCKET, "--to", cloud.name()]),
            false => world.import(&["--bucket", BUCKET, "--to", cloud.name(), "--dry-run"]),
        };
        expect_code(&output, if refuses { 4 } else { 0 });
        let told = err(&output) + &out(&output);
        assert!(
            told.contains("there is an image named `hello-clouds`"),
            "{cloud}: {told}"
        );
        assert!(told.contains("--replace"), "{cloud}: {told}");
        assert!(!world.folder.join("jobs").exists(), "{cloud}: something is left");
        assert_eq!(world.changes(), before, "{cloud}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_quota_stops_it_where_the_cloud_tells_it() {
    for (cloud, _) in PLACES {
        let world = World::new(&format!("quota-{cloud}"), |config| config.quota(cloud, 0)).await;
        let more = ["--bucket", BUCKET, "--to", cloud.name()];
        match cloud {
            Cloud::Tencent | Cloud::Huawei => {
                let output = world.of_large(&more);
                expect_code(&output, 4);
                assert!(
                    err(&output).contains("0 of 0 images are used"),
                    "{cloud}: {}",
                    err(&output)
                );
            }
            _ => {
                let output = world.import(&[&more[..], &["--dry-run"]].concat());
                expect_code(&output, 0);
                let is_told = out(&output).contains("warning: jdcloud/cn-north-1: 0 of 0 images are used");
                assert_eq!(is_told, cloud == Cloud::Jdcloud, "{cloud}: {}", out(&output));
            }
        }
        world.nothing_was_done();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_the_cloud_does_not_list_stops_it() {
    let projects = vec![("cn-north-4".to_owned(), "a".repeat(32))];
    let world = World::new("region", |config| config.huawei_projects(projects)).await;
    for (to, told) in [
        ("aliyun/cn-hangzou", "does not list `cn-hangzou`"),
        ("ucloud/cn-nowhere", "does not list `cn-nowhere`"),
        ("huawei/cn-nowhere-1", "IAM lists no project named `cn-nowhere-1`"),
    ] {
        let output = world.of_large(&["--bucket", BUCKET, "--to", to]);
        expect_code(&output, 4);
        assert!(err(&output).contains(told), "{to}: {}", err(&output));
        world.nothing_was_done();
    }
    // No call of the others tells it, but the bucket is not there.
    for to in ["tencent/ap-nowhere", "jdcloud/cn-nowhere-1"] {
        let output = world.of_large(&["--bucket", BUCKET, "--to", to]);
        assert_ne!(output.status.code(), Some(0), "{to}");
        world.nothing_was_done();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_stops_it() {
    let world = World::new("bucket", |config| config).await;
    for (cloud, _) in PLACES {
        let output = world.of_large(&["--bucket", "nowhere-1250000000", "--to", cloud.name()]);
        expect_code(&output, 4);
        let told = err(&output);
        assert!(
            told.contains("the bucket `nowhere-1250000000` does not exist"),
            "{cloud}: {told}"
        );
        world.nothing_was_done();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_missing_or_refused_stop_it() {
    let world = World::new("keys", |config| config).await;
    for (cloud, region) in PLACES {
        let words = world.words_of_large(&["--bucket", BUCKET, "--to", cloud.name()]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut refused = command(&words);
        refused.env("CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY", "wrong-secret");
        let refused = refused.output().unwrap();
        expect_code(&refused, 3);
        assert!(!err(&refused).contains("wrong-secret"), "{}", err(&refused));

        let to = format!("{cloud}/{region}");
        // Nothing is to be sent; should it be, it goes nowhere.
        let endpoint = format!("{cloud}=http://127.0.0.1:1");
        let real: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| !word.starts_with("--simulate") && *word != "--to" && *word != cloud.name())
            .collect();
        let missing = run(&[&real[..], &["--to", &to, "--endpoint", &endpoint]].concat());
        expect_code(&missing, 3);
        world.nothing_was_done();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_would_be_refused_holds_the_others_back_unless_it_is_by_best_effort() {
    let world = World::new("held", |config| config.quota(Cloud::Tencent, 0)).await;
    let held = world.import(&["--to", "all", "--output", "json"]);
    expect_code(&held, 4);
    world.nothing_was_done();
    let rows_of = rows(&held);
    assert_eq!(rows_of.len(), 5);
    for (target, row) in &rows_of {
        assert_eq!(row["status"], "not_started", "{target}: {row}");
        let error = &row["error"];
        match target.as_str() {
            "tencent/ap-guangzhou" => assert_eq!(error["kind"], "quota_exceeded", "{row}"),
            _ => {
                assert!(
                    error["message"].as_str().unwrap().contains("`tencent/ap-guangzhou`"),
                    "{row}"
                );
                assert!(error["remedy"].as_str().unwrap().contains("--best-effort"), "{row}");
            }
        }
    }
    let told = err(&held);
    assert_eq!(told.matches("--best-effort").count(), 1, "{told}");
    assert_eq!(told.matches("0 of 0 images are used").count(), 1, "{told}");

    let best = world.import(&["--to", "all", "--best-effort"]);
    expect_code(&best, 6);
    assert_eq!(out(&best).lines().count(), 4, "{}", out(&best));
    assert!(!out(&best).contains("tencent"), "{}", out(&best));

    // What is not asked is learnt later, by the one that it concerns.
    let unasked = world.import(&[
        "--to",
        "tencent",
        "--to",
        "ucloud",
        "--again",
        "--no-preflight",
        "--output",
        "json",
    ]);
    expect_code(&unasked, 6);
    assert_eq!(rows(&unasked)["ucloud/cn-bj2"]["status"], "succeeded");
    assert!(world.simulator.counters().requests_of(Cloud::Tencent, "ImportImage") > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_one_order_holds_the_others_back_and_is_told_once() {
    let world = World::new("order", |config| config).await;
    let (simulate, state) = (world.simulate(), world.state());
    // Nothing on it tells which system it is.
    let silent = world.folder.join("silent.raw");
    std::fs::write(&silent, [&[0; 510][..], &[0x55, 0xAA], &[7; 65_024]].concat()).unwrap();
    let silent = silent.to_str().unwrap();
    let without = run(&[
        "import", &simulate, &state, "--bucket", BUCKET, "--to", "all", "--name", "hello", silent,
    ]);
    expect_code(&without, 2);
    let told = err(&without);
    assert_eq!(told.matches("--os").count(), 1, "{told}");
    let mixed = run(&[
        "import",
        &simulate,
        &state,
        "--bucket",
        BUCKET,
        "--to",
        "ucloud",
        "--to",
        "jdcloud",
        "--name",
        "hello",
        "--os",
        "CentOS 7.9",
        "--boot-mode",
        "uefi",
        IMAGE,
    ]);
    expect_code(&mixed, 2);
    let told = err(&mixed);
    assert!(
        told.contains("jdcloud/cn-north-1: not started, because the import would fail at `ucloud/cn-bj2`"),
        "{told}"
    );
    world.nothing_was_done();
}

/// Questions that only a look asks, which the clouds answer late or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_asked_is_a_warning() {
    let questions = [
        (Cloud::Jdcloud, "describeQuotas"),
        (Cloud::Tencent, "DescribeImageQuota"),
        (Cloud::Huawei, "ShowImageQuota"),
        (Cloud::Aliyun, "DescribeRegions"),
        (Cloud::Ucloud, "GetRegion"),
    ];
    let forbidden = |cloud| FaultKind::Refuse {
        http: 403,
        code: match cloud {
            Cloud::Tencent => "UnauthorizedOperation",
            Cloud::Aliyun => "Forbidden.RAM",
            _ => "403",
        }
        .to_owned(),
        message: "not authorized".to_owned(),
    };
    for kind in ["503", "drop", "forbidden"] {
        let world = World::new(&format!("unasked-{kind}"), |config| config).await;
        for (cloud, operation) in questions {
            let fault = match kind {
                "503" => FaultKind::ServerError { http: 503 },
                "drop" => FaultKind::DropBefore,
                _ => forbidden(cloud),
            };
            world
                .simulator
                .inject(Fault::new(fault).cloud(cloud).operation(operation).times(1000));
        }
        let output = world.import(&["--to", "all"]);
        expect_code(&output, 0);
        assert_eq!(out(&output).lines().count(), 5, "{kind}: {}", out(&output));
        let told = err(&output);
        assert!(told.contains("warning: "), "{kind}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_looked_at_once_and_told_of_once() {
    let mut looks = Vec::new();
    for more in [&["--to", "all"][..], &["--to", "all", "--no-preflight"]] {
        let world = World::new(&format!("bucket-{}", more.len()), |config| config).await;
        let output = world.import(more);
        expect_code(&output, 0);
        let told = err(&output).matches("keeps the parts of abandoned uploads").count();
        assert_eq!(told, 1, "{}", err(&output));
        let operations = world.simulator.counters().requests.into_values().flatten();
        let of_buckets = operations.filter(|(name, _)| name.contains("Bucket") && !name.starts_with("List"));
        looks.push(of_buckets.map(|(_, many)| many).sum::<u64>());
    }
    assert!(looks[0] > 0 && looks[0] == looks[1], "{looks:?}");
}
