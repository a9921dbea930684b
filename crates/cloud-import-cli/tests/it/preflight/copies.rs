//! What stands against the copies of an import stops it before its file is read, and what stands against those of `copy` before they
//! are ordered.

use cloud_import_sim::{BucketSettings, Cloud, Config, Fault, FaultKind};

use super::{
    super::{err, expect_code, out, run},
    scene::{BUCKET, NAME, World},
};

/// Where the file is imported, and where copies of the image go.
const ROWS: [(Cloud, &str, &str, &[&str]); 3] = [
    (Cloud::Tencent, "ap-nanjing", "ap-guangzhou", &[]),
    (
        Cloud::Huawei,
        "cn-east-3",
        "cn-north-4",
        &["--set", "huawei.agency_name=ims_copy"],
    ),
    (Cloud::Aliyun, "cn-beijing", "cn-hangzhou", &[]),
];

async fn world(name: &str, cloud: Cloud, home: &str, change: impl FnOnce(Config) -> Config) -> World {
    let world = World::new(&format!("copies-{name}-{cloud}"), |config| {
        change(config.any_object(true))
    })
    .await;
    world
        .simulator
        .create_bucket(cloud, home, BUCKET, BucketSettings::default());
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_where_a_copy_goes_stops_all_of_it() {
    for (cloud, home, to, more) in ROWS {
        let world = world("name", cloud, home, |config| config).await;
        world.foreign(cloud).await;
        let before = world.changes();
        let target = format!("{cloud}/{home}");
        let order = [&["--bucket", BUCKET, "--to", &target, "--copy-to", to][..], more].concat();
        let output = world.of_large(&order);
        expect_code(&output, 4);
        let told = err(&output);
        let error = format!("error: {cloud}/{to}: there is an image named `{NAME}`");
        assert!(told.contains(&error), "{cloud}: {told}");
        assert!(
            told.contains(&format!(
                "{target}: not started, because the import would fail at `{cloud}/{to}`"
            )),
            "{cloud}: {told}"
        );
        assert!(!world.folder.join("jobs").exists(), "{cloud}: something is left");
        assert_eq!(world.changes(), before, "{cloud}");
    }
}

/// On another machine, or with its record gone, the name that a copy has is its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_there_does_not_stand_against_itself() {
    for (cloud, home, to, more) in ROWS {
        let world = world("again", cloud, home, |config| config).await;
        let target = format!("{cloud}/{home}");
        let order = [&["--to", &target, "--copy-to", to][..], more].concat();
        let first = world.import(&order);
        expect_code(&first, 0);
        std::fs::remove_dir_all(world.folder.join("jobs")).unwrap();
        let again = world.import(&order);
        assert_eq!(world.simulator.counters().imports_of(cloud, NAME), 1, "{cloud}");
        assert_eq!(world.simulator.counters().copies_of(cloud, NAME), 1, "{cloud}");
        assert!(
            !err(&again).contains("not started, because"),
            "{cloud}: {}",
            err(&again)
        );
        let made = out(&first).lines().next().unwrap().to_owned();
        assert!(out(&again).contains(&made), "{cloud}: {}", err(&again));
        // Tencent Cloud shows nothing of what an image was copied of: there the cloud refuses a second one of the name.
        if cloud != Cloud::Tencent {
            expect_code(&again, 0);
            assert_eq!(out(&again), out(&first), "{cloud}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_a_copy_is_checked_and_planned() {
    for (cloud, home, to, more) in ROWS {
        let world = world("asked", cloud, home, |config| config).await;
        let target = format!("{cloud}/{home}");
        for verb in ["check", "import"] {
            let mut words = world.words_of_large(&[]);
            words[0] = verb.to_owned();
            if verb == "check" {
                words.retain(|word| !word.starts_with("--state="));
                words.push("--all".to_owned());
            } else {
                words.push("--dry-run".to_owned());
            }
            let order = [&["--bucket", BUCKET, "--to", &target, "--copy-to", to][..], more].concat();
            words.extend(order.iter().map(|word| (*word).to_owned()));
            let output = run(&words.iter().map(String::as_str).collect::<Vec<_>>());
            expect_code(&output, 0);
            let told = out(&output);
            assert!(
                !told.contains("a copy is checked by the cloud when it is ordered"),
                "{told}"
            );
            assert!(
                told.contains(&format!("{cloud}/{to} ready to import")),
                "{cloud}: {told}"
            );
            if verb == "check" {
                let row = told.split(&format!("{cloud}/{to} ready")).nth(1).unwrap();
                assert!(row.contains(&format!("no image is named `{NAME}`")), "{cloud}: {row}");
                assert!(row.contains("a copy has that of its image"), "{cloud}: {row}");
            }
        }
        world.nothing_was_done();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_would_be_refused_is_not_ordered() {
    for (cloud, home, to, more) in ROWS {
        let world = world("order", cloud, home, |config| config).await;
        world.foreign(cloud).await;
        let (simulate, state) = (world.simulate(), world.state());
        let target = format!("{cloud}/{home}");
        let made = world.import(&["--to", &target, "--name", "other"]);
        expect_code(&made, 0);
        let id = out(&made).trim().split_once(' ').unwrap().1.to_owned();
        let free = match cloud {
            Cloud::Tencent => "ap-beijing",
            Cloud::Huawei => "cn-south-1",
            _ => "cn-shenzhen",
        };
        let both = format!("{to},{free}");
        let copy = |more_still: &[&str]| {
            let words = [
                "copy", &id, "--from", &target, "--to", &both, "--name", NAME, &simulate, &state,
            ];
            run(&[&words[..], more, more_still].concat())
        };
        let before = world.changes();
        let dry = copy(&["--dry-run"]);
        let refused = copy(&[]);
        for output in [&dry, &refused] {
            expect_code(output, 4);
            let told = err(output);
            assert!(
                told.contains(&format!("error: {cloud}/{to}: there is an image named `{NAME}`")),
                "{cloud}: {told}"
            );
            // No option of `copy` would replace it.
            assert!(
                told.contains("--name") && !told.contains("--replace"),
                "{cloud}: {told}"
            );
            assert!(
                told.contains(&format!("{cloud}/{free}: not started, because")),
                "{cloud}: {told}"
            );
        }
        assert_eq!(world.changes(), before, "{cloud}");
        let best = copy(&["--best-effort"]);
        assert!(
            out(&best).contains(&format!("{cloud}/{free} ")),
            "{cloud}: {}",
            out(&best)
        );
        assert_eq!(world.simulator.counters().copies_of(cloud, NAME), 1, "{cloud}");
        // Unasked, the cloud says it.
        let unasked = copy(&["--no-preflight"]);
        assert_ne!(unasked.status.code(), Some(0));
        assert!(
            !err(&unasked).contains("there is an image named"),
            "{cloud}: {}",
            err(&unasked)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_region_does_not_answer_is_a_warning() {
    let (cloud, home, to, more) = ROWS[0];
    let world = world("silent", cloud, home, |config| config).await;
    let made = world.import(&["--to", "tencent/ap-nanjing", "--name", "other"]);
    let id = out(&made).trim().split_once(' ').unwrap().1.to_owned();
    let refuse = FaultKind::Refuse {
        http: 200,
        code: "UnauthorizedOperation".to_owned(),
        message: "no".to_owned(),
    };
    world
        .simulator
        .inject(Fault::new(refuse).cloud(cloud).operation("DescribeImageQuota"));
    let (simulate, state) = (world.simulate(), world.state());
    let words = [
        "copy",
        &id,
        "--from",
        "tencent/ap-nanjing",
        "--to",
        to,
        "--name",
        NAME,
        &simulate,
        &state,
    ];
    let copied = run(&[&words[..], more].concat());
    expect_code(&copied, 0);
    let told = err(&copied);
    assert!(
        told.contains("warning: ") && told.contains("UnauthorizedOperation"),
        "{told}"
    );
    assert_eq!(world.simulator.counters().copies_of(cloud, NAME), 1);
    assert_ne!(home, to);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_would_be_shared_with_its_owner_is_not_made() {
    for (cloud, target, own) in [
        (Cloud::Aliyun, "aliyun/cn-hangzhou", "1234567890123456"),
        (Cloud::Tencent, "tencent/ap-guangzhou", "100000000001"),
    ] {
        let world = World::new(&format!("owner-{cloud}"), |config| config).await;
        let file = world.folder.join("targets.toml");
        let text = format!("[targets.main]\nto = '{target}'\nbucket = '{BUCKET}'\nshare = ['{own}']\n");
        std::fs::write(&file, text).unwrap();
        let output = world.of_large(&["--targets", file.to_str().unwrap(), "--to", "main"]);
        expect_code(&output, 2);
        let told = err(&output);
        assert!(
            told.contains(&format!("names `{own}`, whose the image is")) && told.contains("Leave it out."),
            "{cloud}: {told}"
        );
        world.nothing_was_done();
    }
}

/// What is certain about a bucket is told before anything is ordered.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_looked_at_before_an_export_is_ordered() {
    for (cloud, target, order, own) in [
        (Cloud::Aliyun, "aliyun/cn-hangzhou", "ExportImage", &[][..]),
        (Cloud::Tencent, "tencent/ap-guangzhou", "ExportImages", &[]),
        (Cloud::Huawei, "huawei/cn-north-4", "ExportImage", &[]),
        (
            Cloud::Jdcloud,
            "jdcloud/cn-north-1",
            "exportImage",
            &["--set", "jdcloud.roleName=exporter"],
        ),
    ] {
        let world = World::new(&format!("export-{cloud}"), |config| config).await;
        let made = world.import(&["--to", target]);
        expect_code(&made, 0);
        let id = out(&made).trim().split_once(' ').unwrap().1.to_owned();
        let simulate = world.simulate();
        let export = |bucket: &str, more: &[&str]| {
            let words = [
                "export",
                &id,
                "--from",
                target,
                "--bucket",
                bucket,
                "--no-config",
                &simulate,
            ];
            run(&[&words[..], own, more].concat())
        };
        let orders = || world.simulator.counters().requests_of(cloud, order);
        let refused = export("nowhere-1250000000", &[]);
        assert_ne!(refused.status.code(), Some(0));
        let told = err(&refused);
        assert!(
            told.contains("the bucket `nowhere-1250000000` does not exist"),
            "{cloud}: {told}"
        );
        assert_eq!(orders(), 0, "{cloud}");
        // Unasked, the cloud is left to say it.
        let unasked = export("nowhere-1250000000", &["--no-preflight"]);
        assert_ne!(unasked.status.code(), Some(0));
        assert!(orders() >= 1, "{cloud}: {}", err(&unasked));
        let before = orders();
        let exported = export(BUCKET, &[]);
        expect_code(&exported, 0);
        assert_eq!(orders(), before + 1, "{cloud}");
    }
}

/// How large an image is, the cloud says: the order does not.
#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_too_large_to_be_copied_is_not_ordered() {
    let (cloud, home, to, more) = ROWS[1];
    let world = world("size", cloud, home, |config| config).await;
    let from = format!("{cloud}/{home}");
    let (simulate, state) = (world.simulate(), world.state());
    let made = |name: &str, gib: &str| {
        let made = world.import(&["--to", &from, "--name", name, "--size-gib", gib]);
        expect_code(&made, 0);
        out(&made).trim().split_once(' ').unwrap().1.to_owned()
    };
    let (fits, large) = (made("fits", "128"), made("large", "129"));
    let copy = |id: &str| {
        let words = ["copy", id, "--from", &from, "--to", to, &simulate, &state];
        run(&[&words[..], more].concat())
    };
    let orders = || {
        let counters = world.simulator.counters();
        counters.requests_of(cloud, "CopyImageCrossRegion")
    };
    let refused = copy(&large);
    expect_code(&refused, 2);
    let told = err(&refused);
    assert!(told.contains("129 GiB") && told.contains("128 GiB"), "{told}");
    assert_eq!(orders(), 0);
    expect_code(&copy(&fits), 0);
    assert_eq!(orders(), 1);
}
