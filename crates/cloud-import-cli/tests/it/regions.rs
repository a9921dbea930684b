//! Images that one import and the cloud's own copies bring to several regions: what is sent, counted by the clouds; what is not made
//! twice; what a region that fails means for the others.

use std::{fs, process::Output};

use cloud_import_sim::{Cloud, Fault, FaultKind, ImageSummary};
use serde_json::Value;

use super::{
    IMAGE,
    again::{Scene, advised, typed},
    err, expect_code, out,
    schemas::holds,
    sim::{HOUR, while_time_passes},
};

/// A cloud that copies images, and how.
struct Case {
    cloud: Cloud,
    target: &'static str,
    /// Two regions that an image is copied to.
    to: [&'static str; 2],
    /// The calls that import an image and that copy one.
    import: &'static str,
    copy: &'static str,
    /// What this cloud alone needs.
    more: &'static [&'static str],
}

const CASES: [Case; 4] = [
    Case {
        cloud: Cloud::Jdcloud,
        target: "jdcloud/cn-north-1",
        to: ["cn-south-1", "cn-east-2"],
        import: "importImage",
        copy: "copyImages",
        more: &[],
    },
    Case {
        cloud: Cloud::Tencent,
        target: "tencent/ap-guangzhou",
        to: ["ap-nanjing", "ap-beijing"],
        import: "ImportImage",
        copy: "SyncImages",
        more: &[],
    },
    Case {
        cloud: Cloud::Huawei,
        target: "huawei/cn-north-4",
        to: ["cn-east-3", "cn-south-1"],
        import: "CreateImage",
        copy: "CopyImageCrossRegion",
        more: &["--set", "huawei.agency_name=ims_copy"],
    },
    Case {
        cloud: Cloud::Aliyun,
        target: "aliyun/cn-hangzhou",
        to: ["cn-beijing", "cn-shenzhen"],
        import: "ImportImage",
        copy: "CopyImage",
        more: &[],
    },
];

/// What the clouds counted of what costs something: imports, copies, objects and bytes.
type Counted = (u64, u64, u64, u64);

impl Case {
    fn scene(&self, name: &str) -> Scene {
        Scene::new(&format!("regions {name} {}", self.cloud), |config| config)
    }

    /// The import with its copies.
    fn run(&self, scene: &Scene, more: &[&str]) -> Output {
        let to = self.to.join(",");
        scene.import(&[&["--to", self.target, "--copy-to", &to][..], self.more, more].concat())
    }

    /// The targets, in the order in which they are told.
    fn targets(&self) -> [String; 3] {
        let there = self.to.map(|region| format!("{}/{region}", self.cloud));
        let [one, other] = there;
        [self.target.to_owned(), one, other]
    }

    fn images(&self, scene: &Scene) -> Vec<ImageSummary> {
        let images = scene.simulator.images(self.cloud).into_iter();
        images.filter(|image| !image.deleted).collect()
    }

    fn counted(&self, scene: &Scene) -> Counted {
        counted(scene, self.cloud)
    }

    fn refuse(&self, scene: &Scene, operation: &str) {
        scene.refuse(self.cloud, operation, 400, "NoSuchThing");
    }

    /// One image in each region, all of one upload, and nothing staged is left.
    #[track_caller]
    fn has_all(&self, scene: &Scene, told: &str) {
        let images = self.images(scene);
        assert_eq!(images.len(), 3, "{images:?}");
        let source = images.iter().find(|image| image.copied_from.is_none()).unwrap();
        let from = format!("{}/{}", source.region, source.image_id);
        for target in self.targets() {
            let region = target.split_once('/').unwrap().1;
            let image = images.iter().find(|image| image.region == region).unwrap();
            let origin = (target != self.target).then_some(from.as_str());
            assert_eq!((image.copied_from.as_deref(), image.name.as_str()), (origin, "web"));
            let line = format!("{target} {}\n", image.image_id);
            assert!(told.contains(&line), "`{line}` is not in {told}");
        }
        assert_eq!(self.counted(scene), (1, 2, 1, length()));
        assert!(scene.simulator.objects().is_empty());
    }
}

fn counted(scene: &Scene, cloud: Cloud) -> Counted {
    let counters = scene.simulator.counters();
    let (imports, copies) = (counters.imports_of(cloud, "web"), counters.copies_of(cloud, "web"));
    let of = |numbers: &std::collections::BTreeMap<Cloud, u64>| numbers.get(&cloud).copied().unwrap_or_default();
    (
        imports,
        copies,
        of(&counters.objects_stored),
        of(&counters.bytes_received),
    )
}

fn length() -> u64 {
    fs::metadata(IMAGE).unwrap().len()
}

/// The rows of `--output json`, in a schema.
fn rows(output: &Output, schema: &str) -> Vec<Value> {
    holds(schema, &out(output))["results"].as_array().unwrap().clone()
}

fn row<'a>(rows: &'a [Value], target: &str) -> &'a Value {
    rows.iter().find(|row| row["target"] == target).unwrap()
}

#[test]
fn one_upload_makes_an_image_in_each_region_once() {
    for case in CASES {
        let scene = case.scene("once");
        let made = case.run(&scene, &[]);
        expect_code(&made, 0);
        let lines = out(&made);
        let told: Vec<&str> = lines.lines().map(|line| line.split_once(' ').unwrap().0).collect();
        assert_eq!(told, case.targets());
        case.has_all(&scene, &lines);
        let orders = |scene: &Scene| scene.simulator.counters().requests_of(case.cloud, case.copy);
        let before = orders(&scene);
        let again = case.run(&scene, &[]);
        expect_code(&again, 0);
        assert_eq!((out(&again), orders(&scene)), (lines.clone(), before));
        case.has_all(&scene, &lines);
    }
}

/// Written into a file of targets, a region may have fields of its own.
#[test]
fn regions_of_a_file_of_targets_have_fields_of_their_own() {
    let scene = Scene::new("regions file", |config| config);
    let file = "[targets.main]\nto = 'aliyun/cn-hangzhou'\nregions = ['cn-beijing', 'cn-shenzhen']\nname = 'web-{region}'\n\
                [targets.'aliyun/cn-shenzhen']\ndescription = 'the southern one'\nname = 'south'\n";
    fs::write(scene.folder.join("targets.toml"), file).unwrap();
    let order = [
        "import",
        "--targets",
        "targets.toml",
        "--to",
        "main",
        "--os",
        "CentOS 7.9",
        "web.qcow2",
    ];
    let made = scene.run(&order);
    expect_code(&made, 0);
    let lines = out(&made);
    let told: Vec<&str> = lines.lines().map(|line| line.split_once(' ').unwrap().0).collect();
    assert_eq!(told, ["main", "main-cn-beijing", "main-cn-shenzhen"]);
    let images = scene.simulator.images(Cloud::Aliyun);
    let named = |region: &str| images.iter().find(|image| image.region == region).unwrap().name.clone();
    let names = ["cn-hangzhou", "cn-beijing", "cn-shenzhen"].map(named);
    assert_eq!(names, ["web-cn-hangzhou", "web-cn-beijing", "south"]);
    assert_eq!(out(&scene.run(&order)), lines);
    assert_eq!(scene.simulator.images(Cloud::Aliyun).len(), 3);
}

/// Its buckets stand in one region each, and it copies images on request only.
#[test]
fn a_cloud_that_copies_on_request_is_uploaded_to_in_each_region() {
    let file = "[targets.'ucloud/sg']\nbucket = 'web-of-sg'\n";
    let typed_for_both = [
        "--bucket",
        "ucloud/hk=web-of-hk",
        "--bucket",
        "ucloud/sg=web-of-sg",
        "--keep-object",
    ];
    let of_a_file = [
        "--bucket",
        "ucloud/hk=web-of-hk",
        "--targets",
        "targets.toml",
        "--keep-object",
    ];
    for buckets in [typed_for_both, of_a_file] {
        let scene = Scene::new("regions on request", |config| config);
        fs::write(scene.folder.join("targets.toml"), file).unwrap();
        let order = [&["--to", "ucloud/hk", "--copy-to", "sg"][..], &buckets].concat();
        let made = scene.import(&order);
        expect_code(&made, 0);
        assert!(
            err(&made).contains("ucloud/sg: UCloud copies images on request only"),
            "{}",
            err(&made)
        );
        let mut regions: Vec<String> = scene
            .simulator
            .images(Cloud::Ucloud)
            .into_iter()
            .map(|image| image.region)
            .collect();
        regions.sort();
        assert_eq!(regions, ["hk", "sg"]);
        let mut buckets: Vec<String> = scene
            .simulator
            .objects()
            .into_iter()
            .map(|object| object.bucket)
            .collect();
        buckets.sort();
        assert_eq!(buckets, ["web-of-hk", "web-of-sg"]);
        assert_eq!(counted(&scene, Cloud::Ucloud), (2, 0, 2, 2 * length()));
        assert_eq!(out(&scene.import(&order)), out(&made));
        assert_eq!(counted(&scene, Cloud::Ucloud), (2, 0, 2, 2 * length()));
    }
}

#[test]
fn a_region_whose_copy_fails_stops_no_other_and_a_repeat_makes_it() {
    for case in CASES {
        for is_retried in [false, true] {
            let scene = case.scene("fails");
            case.refuse(&scene, case.copy);
            let mixed = case.run(&scene, &[]);
            expect_code(&mixed, 6);
            assert_eq!((out(&mixed).lines().count(), case.images(&scene).len()), (2, 2));
            assert!(err(&mixed).contains("NoSuchThing"), "{}", err(&mixed));
            let line = advised(&mixed, "to try again");
            let again = match is_retried {
                true => typed(&line),
                false => case.run(&scene, &[]),
            };
            expect_code(&again, 0);
            // What a retry tells is what it was meant for.
            case.has_all(&scene, &[out(&mixed), out(&again)].concat());
        }
    }
}

/// It was accepted, and ends without an image.
#[test]
fn a_copy_that_the_cloud_gives_up_is_made_by_a_repeat() {
    for case in CASES {
        let scene = case.scene("given up");
        let (code, reason) = ("InvalidImage".to_owned(), "no".to_owned());
        let fault = Fault::new(FaultKind::FailImport { code, reason });
        scene.simulator.inject(fault.cloud(case.cloud).operation(case.copy));
        let mixed = case.run(&scene, &["--output", "json"]);
        expect_code(&mixed, 6);
        let mut statuses: Vec<String> = rows(&mixed, "results")
            .iter()
            .map(|row| row["status"].as_str().unwrap().to_owned())
            .collect();
        statuses.sort();
        assert_eq!(statuses, ["failed", "succeeded", "succeeded"], "{}", out(&mixed));
        if case.cloud == Cloud::Tencent {
            // By its name alone a copy is known there: what is left of the failed one has to go.
            let refused = case.run(&scene, &[]);
            expect_code(&refused, 6);
            let images = case.images(&scene);
            let left = images
                .iter()
                .find(|image| err(&refused).contains(&format!("already: {}", image.image_id)));
            let left = left.unwrap();
            assert!(left.copied_from.is_some());
            let there = format!("tencent/{}", left.region);
            expect_code(&scene.run(&["delete", &left.image_id, "--to", &there, "--yes"]), 0);
        }
        let again = case.run(&scene, &[]);
        expect_code(&again, 0);
        assert_eq!(out(&again).lines().count(), 3);
        assert_eq!(case.counted(&scene), (1, 3, 1, length()));
    }
}

#[test]
fn a_source_that_fails_starts_no_copy_and_says_why() {
    for case in CASES {
        for is_refused in [true, false] {
            let scene = case.scene("no source");
            match is_refused {
                true => case.refuse(&scene, case.import),
                false => scene.fail(case.cloud),
            }
            let failed = case.run(&scene, &["--output", "json"]);
            expect_code(&failed, if is_refused { 4 } else { 6 });
            let rows = rows(&failed, "results");
            let source = row(&rows, case.target);
            let why = source["error"]["message"].as_str().unwrap();
            for target in &case.targets()[1..] {
                let copy = row(&rows, target);
                assert_eq!(copy["status"], "not_started", "{copy}");
                let message = copy["error"]["message"].as_str().unwrap();
                let expected = format!(
                    "not copied, because there is no image at `{}` to be copied: {why}",
                    case.target
                );
                assert_eq!(message, expected);
            }
            assert_eq!(scene.simulator.counters().requests_of(case.cloud, case.copy), 0);
            let again = case.run(&scene, &[]);
            expect_code(&again, 0);
            assert_eq!(out(&again).lines().count(), 3);
        }
    }
}

#[test]
fn a_dry_run_says_which_way_each_region_gets_its_image_and_what_that_saves() {
    for case in CASES {
        let scene = case.scene("plan");
        let planned = case.run(&scene, &["--dry-run", "--output", "json"]);
        expect_code(&planned, 0);
        let rows = rows(&planned, "check");
        let [source, copies @ ..] = &rows[..] else {
            panic!("{rows:?}")
        };
        assert_eq!(source["plan"]["upload_bytes"], length());
        assert_eq!(source["plan"].get("copy_of"), None, "{source}");
        assert_eq!(copies.len(), 2);
        for copy in copies {
            let plan = &copy["plan"];
            assert_eq!(
                (&plan["copy_of"], &plan["saved_bytes"]),
                (&case.target.into(), &length().into())
            );
            assert_eq!(
                (plan.get("upload_bytes"), plan.get("upload_to"), plan.get("source")),
                (None, None, None),
                "{plan}"
            );
        }
        let text = out(&case.run(&scene, &["--dry-run"]));
        let line = format!("  copy the image of {}, upload nothing, which saves ", case.target);
        assert_eq!(text.matches(&line).count(), 2, "{text}");
        assert_eq!((case.counted(&scene), case.images(&scene).len()), ((0, 0, 0, 0), 0));
    }
    let scene = Scene::new("regions plan on request", |config| config);
    let buckets = ["--bucket", "ucloud/hk=web-of-hk", "--bucket", "ucloud/sg=web-of-sg"];
    let order = [&["--to", "ucloud/hk", "--copy-to", "sg", "--dry-run"][..], &buckets].concat();
    let planned = scene.import(&order);
    expect_code(&planned, 0);
    let text = out(&planned);
    assert!(
        text.contains(" to web-of-hk:") && text.contains(" to web-of-sg:"),
        "{text}"
    );
    assert!(!text.contains("copy the image"), "{text}");
}

/// Without `--bucket`, a simulated run has one in each region.
#[test]
fn simulated_buckets_stand_in_each_region() {
    for (more, targets) in [
        (
            &["--to", "ucloud/cn-bj2", "--copy-to", "cn-sh2"][..],
            ["ucloud/cn-bj2", "ucloud/cn-sh2"],
        ),
        (
            &["--to", "aliyun/cn-hangzhou", "--to", "aliyun/cn-beijing"],
            ["aliyun/cn-hangzhou", "aliyun/cn-beijing"],
        ),
        (
            &["--to", "tencent/ap-beijing", "--to", "tencent/ap-nanjing"],
            ["tencent/ap-beijing", "tencent/ap-nanjing"],
        ),
    ] {
        let made = super::run(&super::import("--simulate", more));
        expect_code(&made, 0);
        let lines = out(&made);
        let told: Vec<&str> = lines.lines().map(|line| line.split_once(' ').unwrap().0).collect();
        assert_eq!(told, targets);
    }
}

/// Huawei Cloud copies no image of more than 128 GiB; how large it becomes is known of the file, or of the order.
#[test]
fn an_image_that_is_too_large_to_be_copied_is_refused_before_anything_is_sent() {
    let scene = Scene::new("regions too large", |config| config);
    let order = [
        "--to",
        "huawei/cn-north-4",
        "--copy-to",
        "cn-east-3",
        "--set",
        "huawei.agency_name=ims_copy",
    ];
    let refused = scene.import(&[&order[..], &["--size-gib", "129"]].concat());
    expect_code(&refused, 2);
    for part in [
        "huawei/cn-east-3",
        "--size-gib",
        "129 GiB",
        "more than 128 GiB",
        "[huawei:",
        "instead of copying",
    ] {
        assert!(err(&refused).contains(part), "`{part}` is missing: {}", err(&refused));
    }
    let large = super::images::image("of-40-tib");
    fs::write(scene.folder.join("web.qcow2"), large).unwrap();
    let refused = scene.import(&order);
    expect_code(&refused, 2);
    for part in ["virtual size", "40960 GiB", "128 GiB"] {
        assert!(err(&refused).contains(part), "`{part}` is missing: {}", err(&refused));
    }
    assert_eq!(counted(&scene, Cloud::Huawei), (0, 0, 0, 0));
    fs::copy(IMAGE, scene.folder.join("web.qcow2")).unwrap();
    expect_code(&scene.import(&[&order[..], &["--size-gib", "128"]].concat()), 0);
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let scene = Scene::new("regions refused", |config| config);
    let there = ["--copy-to", "cn-beijing"];
    for (more, code, parts) in [
        // Nobody would be there to order the copy.
        (
            &["--to", "aliyun", "--no-wait"][..],
            2,
            &["aliyun/cn-beijing", "--no-wait"][..],
        ),
        (
            &["--to", "aliyun", "--to", "tencent"],
            2,
            &["which target's image is copied is not said", "--copy-to aliyun=REGION"],
        ),
        (&["--to", "aliyun", "--copy-to", "moon=x"], 2, &["no target `moon`"]),
        (&["--to", "aliyun", "--copy-to", "a b"], 2, &["not a region"]),
    ] {
        let refused = scene.import(&[&there[..], more].concat());
        expect_code(&refused, code);
        for part in parts {
            assert!(err(&refused).contains(part), "`{part}` is missing: {}", err(&refused));
        }
        assert!(out(&refused).is_empty());
    }
    for cloud in [Cloud::Aliyun, Cloud::Tencent] {
        assert_eq!(counted(&scene, cloud), (0, 0, 0, 0));
    }
}

/// What a job was ordered with goes on without a word of it.
#[test]
fn a_job_is_resumed_with_its_regions() {
    for case in CASES {
        let scene = Scene::new(&format!("regions resumed {}", case.cloud), |config| {
            config.import_time(HOUR)
        });
        let left = case.run(&scene, &["--timeout", "0s"]);
        assert!(
            out(&left).is_empty() && case.images(&scene).len() == 1,
            "{}",
            err(&left)
        );
        let line = advised(&left, "to ");
        assert!(!line.contains("copy-to"), "{line}");
        let resumed = while_time_passes(&scene.simulator, || typed(&line));
        expect_code(&resumed, 0);
        case.has_all(&scene, &out(&resumed));
    }
}

#[test]
fn a_region_that_is_a_target_already_is_left_alone() {
    let scene = Scene::new("regions twice", |config| config);
    let to = ["--to", "aliyun/cn-hangzhou", "--to", "aliyun/cn-beijing"];
    let copies = ["--copy-to", "aliyun=cn-beijing,cn-shenzhen,cn-shenzhen,cn-hangzhou"];
    let buckets = [
        "--bucket",
        "aliyun/cn-hangzhou=web-south",
        "--bucket",
        "aliyun/cn-beijing=web-north",
    ];
    let made = scene.import(&[&to[..], &copies, &buckets].concat());
    expect_code(&made, 0);
    let images = scene.simulator.images(Cloud::Aliyun);
    let is_copy = |region: &str| {
        let mut there = images.iter().filter(|image| image.region == region);
        let image = there.next().unwrap();
        assert!(there.next().is_none(), "{images:?}");
        image.copied_from.is_some()
    };
    let copied = ["cn-hangzhou", "cn-beijing", "cn-shenzhen"].map(is_copy);
    assert_eq!((copied, out(&made).lines().count()), ([false, false, true], 3));
}

#[test]
fn a_mistyped_region_is_doubted() {
    let scene = Scene::new("regions mistyped", |config| config);
    let doubted = scene.import(&["--to", "aliyun", "--copy-to", "cn-bejing", "--dry-run"]);
    let said = err(&doubted);
    let doubt =
        "aliyun/cn-bejing: `cn-bejing` is not a region that is known of Alibaba Cloud. Did you mean `cn-beijing`?";
    assert!(said.contains(doubt), "{said}");
    assert!(!said.contains("cn-hangzhou` is not"), "{said}");
}

/// The one that it is copied of is left as it is, though it has to be named for the copy.
#[test]
fn another_copy_is_made_without_another_import() {
    let scene = Scene::new("regions another", |config| config);
    let order = ["--to", "jdcloud/cn-north-1", "--copy-to", "cn-south-1"];
    expect_code(&scene.import(&order), 0);
    let again = scene.run(&["retry", "web", "--again", "--to", "jdcloud/cn-south-1"]);
    expect_code(&again, 0);
    assert_eq!(counted(&scene, Cloud::Jdcloud), (1, 2, 1, length()));
}
