//! Buckets as they are: their names, what lies in them under any name, and what a deletion leaves.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use cloud_import_sim::{BucketSettings, Cloud, Config, FaultKind, Simulator};

use super::{IMAGE, KEYS, err, expect_code, import, out, run};

const PLACES: [(Cloud, &str); 5] = [
    (Cloud::Jdcloud, "cn-north-1"),
    (Cloud::Tencent, "ap-guangzhou"),
    (Cloud::Huawei, "cn-north-4"),
    (Cloud::Aliyun, "cn-hangzhou"),
    (Cloud::Ucloud, "cn-bj2"),
];

const BUCKET: &str = "images-1250000000";

/// A simulator, with a folder for what is remembered.
struct World {
    simulator: Simulator,
    folder: PathBuf,
}

impl World {
    async fn new(name: &str) -> Self {
        let config = Config::new(KEYS[0], KEYS[1]).import_time(Duration::from_millis(200));
        let simulator = Simulator::start(config).await.unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stores-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        Self { simulator, folder }
    }

    fn set(&self, settings: &BucketSettings) {
        for (cloud, region) in PLACES {
            self.simulator.create_bucket(cloud, region, BUCKET, settings.clone());
        }
    }

    fn simulate(&self) -> String {
        format!("--simulate={}", self.folder.join("sim.json").display())
    }

    fn state(&self) -> String {
        format!("--state={}", self.folder.join("jobs").display())
    }

    fn clean(&self) -> String {
        out(&run(&["clean", "--yes", &self.simulate(), &self.state()]))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_no_store_has_is_refused_before_the_file_is_read() {
    let world = World::new("names").await;
    for (to, bucket, rule) in [
        ("aliyun", "ab", "has 2 characters; 3 to 63 are allowed"),
        ("aliyun", "my.bucket", "has a dot"),
        ("jdcloud", "my.bucket", "certificate"),
        ("ucloud", "images-", "begins or ends with a hyphen"),
        ("tencent", "images", "the account's number (APPID)"),
        ("huawei", "my..bucket", "has a dot beside a dot"),
        ("huawei", "Images", "has the character 'I'"),
    ] {
        let (simulate, state) = (world.simulate(), world.state());
        let refused = run(&import(&simulate, &["--to", to, "--bucket", bucket, &state]));
        expect_code(&refused, 2);
        let told = err(&refused);
        assert!(
            told.contains(&format!("--bucket `{bucket}` ")) && told.contains(rule),
            "{told}"
        );
        let checked = [
            "check",
            &simulate,
            "--name",
            "n",
            "--os",
            "CentOS 7.9",
            "--to",
            to,
            "--bucket",
            bucket,
            IMAGE,
        ];
        let checked = run(&checked);
        assert_ne!(checked.status.code(), Some(0), "{to} {bucket}");
        assert!(
            (out(&checked) + &err(&checked)).contains(rule),
            "{to} {bucket}: {}",
            out(&checked)
        );
        let listed = run(&["list", &simulate, "--to", to, "--bucket", bucket]);
        expect_code(&listed, 2);
        assert!(!world.folder.join("jobs/hashes").exists(), "the file was read");
    }
    for (cloud, _) in PLACES {
        let store = [
            "HeadBucket",
            "GetBucketInfo",
            "HeadObject",
            "PutObject",
            "DescribeBucket",
        ];
        let asked: u64 = store
            .iter()
            .map(|call| world.simulator.counters().requests_of(cloud, call))
            .sum();
        assert_eq!(asked, 0, "{cloud}");
    }
}

/// A place in a bucket is held against the same rules, wherever it is said.
#[tokio::test(flavor = "multi_thread")]
async fn the_bucket_of_a_source_is_refused_before_it_is_asked() {
    let world = World::new("sources").await;
    let targets = world.folder.join("targets.toml");
    for (cloud, bucket, rule, remedy) in [
        ("aliyun", "my.bucket", "has a dot", "letters, digits and hyphens"),
        (
            "aliyun",
            "My_Images",
            "has the character 'M'",
            "letters, digits and hyphens",
        ),
        ("huawei", "my..bucket", "has a dot beside a dot", "hyphens and dots"),
        (
            "huawei",
            "images-",
            "begins or ends with a hyphen",
            "begins and ends with a letter",
        ),
    ] {
        let place = format!("{bucket}:web.img");
        let (source, data_disk) = (format!("{cloud}={place}"), format!("{place}@40"));
        fs::write(&targets, format!("[targets.{cloud}]\nsource = \"{place}\"\n")).unwrap();
        let targets = targets.display().to_string();
        let good = "my-bucket:web.qcow2";
        for (index, said) in [
            (0, vec!["--to", cloud, &place]),
            (0, vec!["--to", cloud, "--source", &source, IMAGE]),
            (0, vec!["--targets", &targets, IMAGE]),
            (1, vec!["--to", cloud, "--data-disk", &data_disk, good]),
        ] {
            let simulate = world.simulate();
            for command in ["check", "import"] {
                let order = [
                    command,
                    &simulate,
                    "--name",
                    "nn",
                    "--os",
                    "CentOS 7.9",
                    "--format",
                    "qcow2",
                ];
                let refused = run(&[&order, said.as_slice()].concat());
                expect_code(&refused, 2);
                let told = out(&refused) + &err(&refused);
                let field = match index {
                    0 => "the place of the image",
                    _ => "--data-disk 1: the place of the image",
                };
                let names = format!("{field} names the bucket `{bucket}`, which {rule}");
                assert!(told.contains(&names) && told.contains(remedy), "{said:?}: {told}");
                assert_eq!(told.matches(rule).count(), 1, "{said:?}: {told}");
            }
        }
    }
    for (cloud, call) in [(Cloud::Aliyun, "ImportImage"), (Cloud::Huawei, "importImageQuick")] {
        assert_eq!(world.simulator.counters().requests_of(cloud, call), 0);
    }
    // A bucket that is there may be older than the rule: of a length it is only warned.
    let simulate = world.simulate();
    let short = run(&[
        "check",
        &simulate,
        "--to",
        "aliyun",
        "--name",
        "nn",
        "--os",
        "CentOS 7.9",
        "ab:web.qcow2",
    ]);
    let told = out(&short);
    assert!(
        told.contains("names the bucket `ab`, which has 2 characters; 3 to 63 are allowed"),
        "{told}"
    );
    assert!(told.contains("warning") && short.status.code() != Some(2), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_with_dots_is_reached_by_its_path() {
    let world = World::new("dots").await;
    let name = "department.service.development";
    world
        .simulator
        .create_bucket(Cloud::Huawei, "cn-north-4", name, BucketSettings::default());
    let (simulate, state) = (world.simulate(), world.state());
    expect_code(
        &run(&import(&simulate, &["--to", "huawei", "--bucket", name, &state])),
        0,
    );
    assert!(world.simulator.objects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suffix_decides_nothing() {
    let world = World::new("suffix").await;
    world.set(&BucketSettings::default());
    let image = fs::read(IMAGE).unwrap();
    for (cloud, region) in [(Cloud::Aliyun, "cn-hangzhou"), (Cloud::Huawei, "cn-north-4")] {
        for key in ["jammy.img", "jammy.bin", "dir.raw/jammy", "jammy.raw", "jammy.vhd"] {
            world
                .simulator
                .put_object(cloud, region, BUCKET, key, image.clone().into());
            let (to, place) = (format!("{cloud}/{region}"), format!("{BUCKET}:{key}"));
            let (simulate, state, name) = (world.simulate(), world.state(), key.replace(['.', '/'], "-"));
            let order = |more: &[&str]| {
                let fixed = [
                    "import",
                    &simulate,
                    &state,
                    "--to",
                    &to,
                    "--name",
                    &name,
                    "--os",
                    "CentOS 7.9",
                    &place,
                ];
                run(&[&fixed, more].concat())
            };
            expect_code(&order(&["--size-gib", "40"]), 0);
            let told = order(&["--format", "raw", "--size-gib", "40", "--again"]);
            expect_code(&told, 2);
            assert!(
                err(&told).contains("is qcow2 by its content, and not raw"),
                "{}",
                err(&told)
            );
        }
    }
    // What cannot be read is asked for where its name leaves it open, and told where it does not.
    world.set(&BucketSettings::default().owner_is_other(true));
    for (key, code) in [("jammy.img", 2), ("jammy.bin", 2), ("jammy", 2), ("jammy.vhd", 5)] {
        let (simulate, state, place) = (world.simulate(), world.state(), format!("{BUCKET}:{key}"));
        let order = run(&[
            "import",
            &simulate,
            &state,
            "--to",
            "aliyun",
            "--name",
            "unread",
            "--os",
            "CentOS 7.9",
            "--size-gib",
            "40",
            &place,
        ]);
        assert!(err(&order).contains("cannot be looked at"), "{}", err(&order));
        assert_eq!(err(&order).contains("Use --format"), code == 2, "{}", err(&order));
        assert_eq!(order.status.code() == Some(2), code == 2, "{}", err(&order));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_staged_leaves_no_version() {
    let world = World::new("versions").await;
    for (name, settings, targets) in [
        ("versions", BucketSettings::default().versioned(true), &["all"][..]),
        // Alibaba Cloud imports from no such bucket.
        (
            "keys",
            BucketSettings::default().encryption("kms"),
            &["jdcloud", "tencent", "huawei", "ucloud"],
        ),
    ] {
        world.set(&settings);
        let (simulate, state) = (world.simulate(), world.state());
        let order = [
            "import",
            &simulate,
            &state,
            "--bucket",
            BUCKET,
            "--name",
            name,
            "--os",
            "CentOS 7.9",
            IMAGE,
        ];
        let to = targets.iter().flat_map(|target| ["--to", target]);
        let made = run(&order.into_iter().chain(to).collect::<Vec<_>>());
        expect_code(&made, 0);
        assert!(world.simulator.objects().is_empty(), "{:?}", world.simulator.objects());
    }
    // A lock holds it: that is told, and it goes later.
    world.set(&BucketSettings::default().versioned(true).locked(true));
    let (simulate, state) = (world.simulate(), world.state());
    let made = run(&[
        "import",
        &simulate,
        &state,
        "--to",
        "all",
        "--bucket",
        BUCKET,
        "--name",
        "locked",
        "--os",
        "CentOS 7.9",
        IMAGE,
    ]);
    expect_code(&made, 0);
    tells_each(&made, "was not deleted");
    assert_eq!(world.clean().matches("not deleted").count(), 5);
    // Somebody hid them meanwhile.
    for (cloud, region) in PLACES {
        let key = world.simulator.objects()[0].key.clone();
        world.simulator.delete_object(cloud, region, BUCKET, &key);
    }
    world.set(&BucketSettings::default().versioned(true));
    world.clean();
    assert!(world.simulator.objects().is_empty(), "{:?}", world.simulator.objects());
}

/// Every target is told this, whichever of them are told it together.
#[track_caller]
fn tells_each(output: &Output, what: &str) {
    let told = err(output);
    for (cloud, region) in PLACES {
        let place = format!("{cloud}/{region}");
        let is_told = told.lines().any(|line| line.contains(what) && line.contains(&place));
        assert!(is_told, "{place}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_only_says_that_it_deletes_is_asked_again() {
    let world = World::new("lies").await;
    world.set(&BucketSettings::default());
    // A good status with nothing, a page of something else, or an error in the body.
    for (kind, name) in [
        (FaultKind::Empty, "empty"),
        (FaultKind::Garbage, "garbage"),
        (FaultKind::Error200, "error"),
    ] {
        let lie = cloud_import_sim::Fault::new(kind).operation("DeleteObject").times(100);
        world.simulator.inject(lie);
        let (simulate, state) = (world.simulate(), world.state());
        let mut order = import(
            &simulate,
            &["--to", "all", "--bucket", BUCKET, &state, "--prefix", name],
        );
        order[3] = name;
        let made = run(&order);
        expect_code(&made, 0);
        tells_each(&made, "was not deleted");
        if name == "empty" {
            tells_each(&made, "which is still there");
        }
        assert_eq!(world.simulator.objects().len(), 5, "{name}");
        world.simulator.clear_faults();
        world.clean();
        assert!(world.simulator.objects().is_empty(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_encrypts_is_refused_at_alibaba_before_anything_is_uploaded() {
    let world = World::new("encrypts").await;
    for word in ["KMS", "AES256"] {
        world.set(&BucketSettings::default().encryption(word));
        let (simulate, state) = (world.simulate(), world.state());
        let order = |command: &str, more: &[&str]| {
            let mut arguments = import(&simulate, &["--to", "aliyun", "--bucket", BUCKET]);
            arguments[0] = command;
            run(&[&arguments, more].concat())
        };
        let checked = order("check", &[]);
        expect_code(&checked, 4);
        let refused = order("import", &[&state]);
        expect_code(&refused, 2);
        for told in [out(&checked), err(&refused)] {
            assert!(
                told.contains(&format!("encrypts what is put into it ({word})"))
                    && told.contains("InvalidOSSBucket.EncryptUnsupported")
                    && told.contains("Name a bucket without encryption."),
                "{told}"
            );
        }
        for call in ["PutObject", "InitiateMultipartUpload", "ImportImage"] {
            let asked = world.simulator.counters().requests_of(Cloud::Aliyun, call);
            assert_eq!(asked, 0, "{call}");
        }
    }
    // Sent all the same, it is the cloud that refuses.
    let (simulate, state) = (world.simulate(), world.state());
    let sent = run(&import(
        &simulate,
        &["--to", "aliyun", "--bucket", BUCKET, "--no-validate", &state],
    ));
    expect_code(&sent, 4);
    assert!(
        err(&sent).contains("InvalidOSSBucket.EncryptUnsupported"),
        "{}",
        err(&sent)
    );
    world.simulator.stop().await;
}
