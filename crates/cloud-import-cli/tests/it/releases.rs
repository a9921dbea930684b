//! What is done with an image once it is there, as a file of targets orders it: shared, tagged, in its family, offered to all; and the
//! one of before is deprecated.

use std::{collections::BTreeMap, fs, process::Output, thread, time::Duration};

use cloud_import_sim::{Cloud, ImageSummary};

use super::{again::Scene, err, expect_code, out, schemas::holds};

/// A cloud, and what a release is there.
struct Case {
    cloud: Cloud,
    region: &'static str,
    /// A region that the image is copied to.
    to: &'static str,
    /// Accounts in the words of the cloud; where they belong to one region, those of the copy are others.
    accounts: [&'static str; 2],
    accounts_there: [&'static str; 2],
    /// The call that shares an image.
    share: &'static str,
    tags: bool,
    family: bool,
    /// An image that is deprecated must be shared with nobody.
    unshares: bool,
    more: &'static str,
}

const CASES: [Case; 4] = [
    Case {
        cloud: Cloud::Jdcloud,
        region: "cn-north-1",
        to: "cn-south-1",
        accounts: ["jdpub-partner01", "jdpub-partner02"],
        accounts_there: ["jdpub-partner01", "jdpub-partner02"],
        share: "shareImage",
        tags: false,
        family: false,
        unshares: false,
        more: "",
    },
    Case {
        cloud: Cloud::Tencent,
        region: "ap-guangzhou",
        to: "ap-nanjing",
        accounts: ["200000000001", "200000000002"],
        accounts_there: ["200000000001", "200000000002"],
        share: "ModifyImageSharePermission",
        tags: true,
        family: true,
        unshares: false,
        more: "",
    },
    Case {
        cloud: Cloud::Huawei,
        region: "cn-north-4",
        to: "cn-east-3",
        accounts: ["00000000000000000000000000000001", "00000000000000000000000000000002"],
        accounts_there: ["00000000000000000000000000000003", "00000000000000000000000000000004"],
        share: "BatchAddMembers",
        tags: true,
        family: false,
        unshares: false,
        more: "options = { agency_name = 'ims_copy' }\n",
    },
    Case {
        cloud: Cloud::Aliyun,
        region: "cn-hangzhou",
        to: "cn-beijing",
        accounts: ["1234567890000001", "1234567890000002"],
        accounts_there: ["1234567890000001", "1234567890000002"],
        share: "ModifyImageSharePermission",
        tags: true,
        family: true,
        unshares: true,
        more: "",
    },
];

impl Case {
    fn scene(&self, name: &str) -> Scene {
        Scene::new(&format!("releases {name} {}", self.cloud), |config| config)
    }

    /// The whole release, as far as the cloud has it, shared with so many accounts.
    fn write(&self, scene: &Scene, accounts: usize) {
        let Self {
            cloud,
            region,
            to,
            more,
            ..
        } = self;
        let mut text = format!("[targets.main]\nto = '{cloud}/{region}'\nregions = ['{to}']\n{more}");
        text += &format!("share = {:?}\n", &self.accounts[..accounts]);
        if self.tags {
            text += "tags = { team = 'web' }\n";
        }
        if self.family {
            text += "family = 'web-family'\ndeprecate_previous = true\n";
        }
        text += &format!(
            "[targets.'{cloud}/{to}']\nshare = {:?}\n",
            &self.accounts_there[..accounts]
        );
        fs::write(scene.folder.join("targets.toml"), text).unwrap();
    }

    /// The image of a name in the first region, or where it is copied to.
    fn image(&self, scene: &Scene, name: &str, region: &str) -> ImageSummary {
        let images = scene.simulator.images(self.cloud).into_iter();
        let mut found = images.filter(|image| image.name == name && image.region == region && !image.deleted);
        let image = found.next().unwrap();
        assert!(found.next().is_none());
        image
    }

    /// What is ordered, in both regions.
    #[track_caller]
    fn is_released(&self, scene: &Scene, name: &str, accounts: usize) {
        for (region, shared_with) in [(self.region, self.accounts), (self.to, self.accounts_there)] {
            let image = self.image(scene, name, region);
            let tags = self.tags.then(|| ("team".to_owned(), "web".to_owned()));
            assert_eq!(image.shared_with, &shared_with[..accounts], "{region}");
            // What else stands there is the mark by which an image is known again.
            let own: BTreeMap<String, String> = image.tags.into_iter().filter(|(key, _)| key == "team").collect();
            assert_eq!(own, tags.into_iter().collect(), "{region}");
            assert_eq!(image.family.as_deref(), self.family.then_some("web-family"), "{region}");
            assert!(!image.deprecated && !image.public, "{region}");
        }
    }

    fn changes(&self, scene: &Scene) -> u64 {
        let counters = scene.simulator.counters();
        let changing = [
            self.share,
            "TagResources",
            "BatchAddOrDeleteTags",
            "ModifyImageAttribute",
        ];
        changing.iter().map(|call| counters.requests_of(self.cloud, call)).sum()
    }
}

fn run(scene: &Scene, name: &str) -> Output {
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
    scene.run(&[&order[..], &["--name", name]].concat())
}

fn ids(output: &Output) -> Vec<String> {
    let lines = out(output);
    lines
        .lines()
        .map(|line| line.split_once(' ').unwrap().1.to_owned())
        .collect()
}

#[test]
fn an_image_and_its_copy_are_what_was_ordered_once() {
    for case in CASES {
        let scene = case.scene("ordered");
        case.write(&scene, 2);
        let made = run(&scene, "web");
        expect_code(&made, 0);
        assert_eq!(ids(&made).len(), 2);
        case.is_released(&scene, "web", 2);
        let before = case.changes(&scene);
        let again = run(&scene, "web");
        expect_code(&again, 0);
        assert_eq!((ids(&again), case.changes(&scene)), (ids(&made), before));
        case.is_released(&scene, "web", 2);
    }
}

#[test]
fn another_release_of_the_same_image_makes_no_other_image() {
    for case in CASES {
        let scene = case.scene("more");
        case.write(&scene, 1);
        let first = run(&scene, "web");
        expect_code(&first, 0);
        case.is_released(&scene, "web", 1);
        case.write(&scene, 2);
        let second = run(&scene, "web");
        expect_code(&second, 0);
        assert_eq!(ids(&second), ids(&first));
        case.is_released(&scene, "web", 2);
    }
}

#[test]
fn the_newest_of_the_family_before_is_deprecated_in_each_region() {
    for case in CASES.into_iter().filter(|case| case.family) {
        let scene = case.scene("family");
        case.write(&scene, 2);
        for name in ["web-1", "web-2", "web-3"] {
            expect_code(&run(&scene, name), 0);
        }
        // Those of before, again: what is newer stays as it is.
        let before = case.changes(&scene);
        expect_code(&run(&scene, "web-2"), 0);
        assert_eq!(case.changes(&scene), before);
        for region in [case.region, case.to] {
            for name in ["web-1", "web-2"] {
                let older = case.image(&scene, name, region);
                assert!(older.deprecated, "{name} in {region}");
                assert_eq!(older.shared_with.is_empty(), case.unshares, "{name} in {region}");
            }
        }
        case.is_released(&scene, "web-3", 2);
    }
}

/// The image is there, and that is told with what is left to do.
#[test]
fn a_share_that_is_refused_is_told_and_a_repeat_goes_on_with_it() {
    for case in CASES {
        for is_resumed in [false, true] {
            let scene = case.scene("refused");
            case.write(&scene, 2);
            scene.refuse(case.cloud, case.share, 400, "NoSuchThing");
            let refused = run(&scene, "web");
            expect_code(&refused, 6);
            assert_eq!(ids(&refused).len(), 2, "both images are there: {}", out(&refused));
            let said = err(&refused);
            assert!(
                said.contains("is there, and not released yet") && said.contains("NoSuchThing"),
                "{said}"
            );
            assert!(said.contains("to continue: cloud-import resume"), "{said}");
            let shown = scene.run(&["show", "web"]);
            assert!(
                out(&shown).contains("is there, and not released yet"),
                "{}",
                out(&shown)
            );
            let again = match is_resumed {
                false => run(&scene, "web"),
                true => scene.run(&["resume", "web"]),
            };
            expect_code(&again, 0);
            case.is_released(&scene, "web", 2);
            assert_eq!(scene.simulator.images(case.cloud).len(), 2);
            let shown = out(&scene.run(&["show", "web", "--output", "json"]));
            let targets = holds("show", &shown)["targets"].as_array().unwrap().clone();
            assert!(targets.iter().all(|target| target.get("error").is_none()), "{shown}");
            let resumed = scene.run(&["resume", "web"]);
            assert!(err(&resumed).contains("nothing to do"), "{}", err(&resumed));
        }
    }
}

/// In the family already, it is the newest itself: which one was before is on record.
#[test]
fn the_one_of_before_is_not_forgotten_when_the_order_is_corrected() {
    for case in CASES.into_iter().filter(|case| case.family) {
        let scene = case.scene("corrected");
        case.write(&scene, 1);
        expect_code(&run(&scene, "web-1"), 0);
        for _ in [case.region, case.to] {
            scene.refuse(case.cloud, case.share, 400, "NoSuchThing");
        }
        expect_code(&run(&scene, "web-2"), 6);
        case.write(&scene, 2);
        expect_code(&run(&scene, "web-2"), 0);
        case.is_released(&scene, "web-2", 2);
        for region in [case.region, case.to] {
            assert!(case.image(&scene, "web-1", region).deprecated, "{region}");
        }
    }
}

/// In the family before that was asked for, it and what came later are newer than the one of before.
#[test]
fn the_one_of_before_is_found_when_that_is_asked_for_later() {
    for case in CASES.into_iter().filter(|case| case.family) {
        let scene = case.scene("later");
        case.write(&scene, 1);
        let file = scene.folder.join("targets.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace("deprecate_previous = true\n", "")).unwrap();
        for name in ["web-1", "web-2", "web-3"] {
            expect_code(&run(&scene, name), 0);
            // The clouds cut their dates off to the second.
            thread::sleep(Duration::from_millis(1100));
        }
        case.write(&scene, 1);
        expect_code(&run(&scene, "web-2"), 0);
        for region in [case.region, case.to] {
            let deprecated = ["web-1", "web-2", "web-3"].map(|name| case.image(&scene, name, region).deprecated);
            assert_eq!(deprecated, [true, false, false], "{region}");
        }
    }
}

/// It is the release of another image then.
#[test]
fn an_image_that_is_made_anew_is_released_anew() {
    for case in CASES {
        let scene = case.scene("anew");
        case.write(&scene, 2);
        let first = run(&scene, "web");
        expect_code(&first, 0);
        let places = [(case.region, case.accounts), (case.to, case.accounts_there)];
        for (id, (region, [one, other])) in ids(&first).iter().zip(places) {
            let at = format!("{}/{region}", case.cloud);
            // What is shared is deleted by few clouds.
            let unshared = scene.run(&["unshare", id, "--to", &at, "--with", one, other]);
            expect_code(&unshared, 0);
            expect_code(&scene.run(&["delete", id, "--to", &at, "--yes"]), 0);
        }
        let second = run(&scene, "web");
        expect_code(&second, 0);
        assert!(ids(&second).iter().all(|id| !ids(&first).contains(id)));
        case.is_released(&scene, "web", 2);
    }
}

/// What is public is copied by nobody: it is made so at the end.
#[test]
fn an_image_is_offered_to_all_when_its_copies_are_made() {
    for target in ["aliyun/cn-hangzhou", "jdcloud/cn-north-1"] {
        let (cloud, _) = target.split_once('/').unwrap();
        let cloud: Cloud = cloud.parse().unwrap();
        let scene = Scene::new(&format!("releases public {cloud}"), |config| config);
        let region = if cloud == Cloud::Aliyun {
            "cn-beijing"
        } else {
            "cn-south-1"
        };
        let file = format!("[targets.main]\nto = '{target}'\nregions = ['{region}']\npublic = true\n");
        fs::write(scene.folder.join("targets.toml"), file).unwrap();
        let made = run(&scene, "web");
        expect_code(&made, 0);
        let images = scene.simulator.images(cloud);
        assert_eq!(images.len(), 2);
        assert!(images.iter().all(|image| image.public), "{images:?}");
    }
}

#[test]
fn what_a_cloud_cannot_do_is_refused_with_its_source_before_anything_is_sent() {
    let scene = Scene::new("releases cannot", |config| config);
    for (target, fields, parts) in [
        (
            "ucloud/cn-bj2",
            "share = ['1']",
            &["UCloud", "`share`", "[ucloud:docs]"][..],
        ),
        (
            "ucloud/cn-bj2",
            "public = true",
            &["UCloud", "`public`", "[ucloud:docs]"],
        ),
        (
            "jdcloud/cn-north-1",
            "family = 'f'",
            &["JD Cloud", "`family`", "[jdcloud:sdk-go]"],
        ),
        (
            "huawei/cn-north-4",
            "family = 'f'",
            &["Huawei Cloud", "`family`", "[huawei:oapi]"],
        ),
        (
            "tencent/ap-guangzhou",
            "public = true",
            &["Tencent Cloud", "`public`", "[tencent:sdk-python]"],
        ),
        (
            "jdcloud/cn-north-1",
            "deprecate_previous = true",
            &[
                "JD Cloud",
                "`deprecate_previous`",
                "deprecates no images",
                "[jdcloud:sdk-go]",
            ],
        ),
        (
            "aliyun/cn-hangzhou",
            "deprecate_previous = true",
            &["Alibaba Cloud", "`deprecate_previous`", "needs a family"],
        ),
    ] {
        let file = format!("[targets.main]\nto = '{target}'\n{fields}\n");
        fs::write(scene.folder.join("targets.toml"), file).unwrap();
        let refused = run(&scene, "web");
        expect_code(&refused, 2);
        assert!(out(&refused).is_empty());
        for part in parts {
            assert!(err(&refused).contains(part), "`{part}` is missing: {}", err(&refused));
        }
    }
    let counters = scene.simulator.counters();
    assert!(
        counters.imports.is_empty() && counters.objects_stored.is_empty(),
        "{counters:?}"
    );
}
