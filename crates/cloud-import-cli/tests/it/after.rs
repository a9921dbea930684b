//! Images that are there: shared, tagged, marked, copied, listed and deleted, by a table of clouds.

use std::{process::Output, time::Duration};

use cloud_import::{
    env::{Env as _, SystemEnv},
    provider::datetime,
};
use cloud_import_sim::{Cloud, Fault, FaultKind, ImageSummary};
use serde_json::Value;

use super::{
    again::{Scene, typed},
    err, expect_code, out,
    schemas::holds,
};

/// A cloud, and what it has of these.
struct Case {
    cloud: Cloud,
    target: &'static str,
    /// A region that an image is copied to, and another.
    to: [&'static str; 2],
    /// Two accounts, as it calls them.
    accounts: [&'static str; 2],
    /// The calls that share an image and that copy one.
    share: &'static str,
    copy: &'static str,
}

const CASES: [Case; 1] = [Case {
    cloud: Cloud::Aliyun,
    target: "aliyun/cn-hangzhou",
    to: ["cn-beijing", "cn-shenzhen"],
    accounts: ["1234567890000001", "1234567890000002"],
    share: "ModifyImageSharePermission",
    copy: "CopyImage",
}];

/// A target in each cloud.
const ALL: [&str; 5] = [
    "jdcloud/cn-north-1",
    "tencent/ap-guangzhou",
    "huawei/cn-north-4",
    "aliyun/cn-hangzhou",
    "ucloud/cn-bj2",
];

impl Case {
    fn scene(&self, name: &str) -> Scene {
        Scene::new(&format!("after {name} {}", self.cloud), |config| {
            config.import_time(Duration::from_millis(100))
        })
    }

    /// The id of an image that an import makes.
    fn image(&self, scene: &Scene) -> String {
        let made = scene.import(&["--to", self.target]);
        expect_code(&made, 0);
        out(&made).trim().split_once(' ').unwrap().1.to_owned()
    }

    /// A command about an image of it.
    fn about(&self, scene: &Scene, verb: &str, image: &str, more: &[&str]) -> Output {
        scene.run(&[&[verb, image, "--to", self.target][..], more].concat())
    }

    fn shown(&self, scene: &Scene, id: &str) -> ImageSummary {
        let images = scene.simulator.images(self.cloud).into_iter();
        images.into_iter().find(|image| image.image_id == id).unwrap()
    }

    fn requests(&self, scene: &Scene, operation: &str) -> u64 {
        scene.simulator.counters().requests_of(self.cloud, operation)
    }

    fn copies(&self, scene: &Scene) -> Vec<ImageSummary> {
        let images = scene.simulator.images(self.cloud).into_iter();
        images.filter(|image| image.copied_from.is_some()).collect()
    }

    /// `PROVIDER/REGION` of the first region that is copied to.
    fn there(&self) -> String {
        format!("{}/{}", self.cloud, self.to[0])
    }
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&out(output)).unwrap()
}

/// Alibaba Cloud ignores the eleventh account of a request without a word.
#[test]
fn many_accounts_are_shared_with_by_several_requests() {
    let [case] = CASES;
    let scene = case.scene("many");
    let id = case.image(&scene);
    let accounts: Vec<String> = (0..25).map(|number| format!("12345678900000{number:02}")).collect();
    let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let with = [&["--with"][..], &accounts].concat();
    for (verb, left) in [("share", &accounts[..]), ("unshare", &[])] {
        let before = case.requests(&scene, case.share);
        expect_code(&case.about(&scene, verb, &id, &with), 0);
        assert_eq!(case.shown(&scene, &id).shared_with, left, "{verb}");
        assert_eq!(case.requests(&scene, case.share) - before, 3, "{verb}");
    }
}

/// The id of the only job.
fn job(scene: &Scene, name: &str) -> String {
    let jobs = json(&scene.run(&["list", "--name", name, "--output", "json"]));
    jobs["jobs"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_image_is_shared_and_taken_back_and_the_clouds_word_is_told() {
    for case in CASES {
        let scene = case.scene("share");
        let id = case.image(&scene);
        let [one, other] = case.accounts;
        let shared = case.about(&scene, "share", &id, &["--with", one, other]);
        expect_code(&shared, 0);
        let told = out(&shared);
        assert!(told.starts_with(&format!("{} {id} changed\n", case.target)), "{told}");
        assert!(told.contains(&format!("  shared with: {one}, {other}\n")), "{told}");
        assert_eq!(case.shown(&scene, &id).shared_with, [one, other]);
        // By its name, and as what a job made.
        let back = case.about(&scene, "unshare", "web", &["--with", one, "--output", "json"]);
        expect_code(&back, 0);
        let row = holds("image", &out(&back))["results"][0].clone();
        assert_eq!(
            (&row["image_id"], &row["status"]),
            (&id.clone().into(), &"changed".into())
        );
        assert_eq!(row["shown"]["shared_with"], serde_json::json!([other]));
        let made = format!("{}/{}", job(&scene, "web"), case.target);
        expect_code(&scene.run(&["unshare", &made, "--with", other]), 0);
        assert!(case.shown(&scene, &id).shared_with.is_empty());
    }
}

#[test]
fn tags_family_and_marks_are_set_and_a_trial_changes_nothing() {
    for case in CASES {
        let scene = case.scene("set");
        let id = case.image(&scene);
        let trial = case.about(&scene, "share", &id, &["--with", case.accounts[0], "--dry-run"]);
        expect_code(&trial, 0);
        assert_eq!(out(&trial), format!("{} {id} checked\n", case.target));
        assert_eq!(case.requests(&scene, case.share), 0);

        let tagged = case.about(&scene, "tag", &id, &["team=web", "stage=a=b"]);
        expect_code(&tagged, 0);
        assert!(
            out(&tagged).contains("  tags: stage=a=b, team=web\n"),
            "{}",
            out(&tagged)
        );
        expect_code(&case.about(&scene, "tag", &id, &["--remove", "team"]), 0);
        let shown = case.shown(&scene, &id);
        assert_eq!(
            shown.tags.into_iter().collect::<Vec<_>>(),
            [("stage".into(), "a=b".into())]
        );

        let set = case.about(&scene, "set", &id, &["--family", "web-family", "--public"]);
        expect_code(&set, 0);
        assert!(
            out(&set).contains("  public: yes\n  family: web-family\n"),
            "{}",
            out(&set)
        );
        let shown = case.shown(&scene, &id);
        assert_eq!((shown.family.as_deref(), shown.public), (Some("web-family"), true));
        expect_code(&case.about(&scene, "set", &id, &["--not-public"]), 0);
        assert!(!case.shown(&scene, &id).public);

        expect_code(&case.about(&scene, "deprecate", &id, &[]), 0);
        assert!(case.shown(&scene, &id).deprecated);
        let back = case.about(&scene, "deprecate", &id, &["--undo"]);
        expect_code(&back, 0);
        assert!(out(&back).contains("  deprecated: no\n") && !case.shown(&scene, &id).deprecated);
    }
}

#[test]
fn a_refusal_is_told_with_the_image_and_its_remedy() {
    for case in CASES {
        let scene = case.scene("refused");
        let id = case.image(&scene);
        scene.refuse(case.cloud, case.share, 403, "QuotaExceed.ShareImageUser");
        let refused = case.about(&scene, "share", &id, &["--with", case.accounts[0], "--output", "json"]);
        expect_code(&refused, 4);
        let report = holds("image", &out(&refused));
        let row = &report["results"][0];
        assert_eq!(
            (&row["status"], &row["exit"], &report["exit"]),
            (&"failed".into(), &4.into(), &4.into())
        );
        assert!(
            err(&refused).contains("QuotaExceed.ShareImageUser"),
            "{}",
            err(&refused)
        );

        let nobody = case.about(&scene, "share", "nobody", &["--with", case.accounts[0]]);
        expect_code(&nobody, 4);
        assert!(
            err(&nobody).contains("no image of the id or name `nobody`")
                && err(&nobody).contains("cloud-import images"),
            "{}",
            err(&nobody)
        );
        let nowhere = scene.run(&["share", &id, "--with", case.accounts[0]]);
        expect_code(&nowhere, 2);
        assert!(err(&nowhere).contains("--to PROVIDER/REGION"), "{}", err(&nowhere));
        for words in [
            &["set", "x"][..],
            &["tag", "x"],
            &["share", "x"],
            &["set", "x", "--public", "--not-public"],
        ] {
            expect_code(&scene.run(&[words, &["--to", case.target]].concat()), 2);
        }
    }
}

#[test]
fn what_a_cloud_cannot_is_refused_before_it_is_asked() {
    let scene = Scene::new("after cannot", |config| config);
    for (verb, more) in [
        ("share", &["--with", "1"][..]),
        ("deprecate", &[]),
        ("set", &["--family", "f"]),
    ] {
        let refused = scene.run(&[&[verb, "x", "--to", "ucloud/cn-bj2"][..], more].concat());
        expect_code(&refused, 2);
        assert!(err(&refused).contains("UCloud"), "{}", err(&refused));
    }
    assert_eq!(
        scene.simulator.counters().requests_of(Cloud::Ucloud, "DescribeImage"),
        0
    );
}

/// Two images of one name, where the cloud takes them.
#[test]
fn a_name_that_several_images_have_is_refused_with_their_ids() {
    let scene = Scene::new("after names", |config| config);
    let to = ["--to", "ucloud/cn-bj2"];
    let made: Vec<String> = (0..2)
        .map(|_| {
            let made = scene.import(&[&to[..], &["--again"]].concat());
            expect_code(&made, 0);
            out(&made).trim().split_once(' ').unwrap().1.to_owned()
        })
        .collect();
    let refused = scene.run(&[&["delete", "web", "--yes"][..], &to].concat());
    expect_code(&refused, 2);
    let said = err(&refused);
    assert!(
        made.iter().all(|id| said.contains(id)) && said.contains("by its id"),
        "{said}"
    );
    let there = |scene: &Scene| {
        scene
            .simulator
            .images(Cloud::Ucloud)
            .iter()
            .filter(|image| !image.deleted)
            .count()
    };
    assert_eq!(there(&scene), 2);
    expect_code(&scene.run(&[&["delete", &made[0], "--yes"][..], &to].concat()), 0);
    assert_eq!(there(&scene), 1);
}

#[test]
fn a_copy_is_made_once_whatever_is_repeated() {
    for case in CASES {
        let scene = case.scene("copy");
        let id = case.image(&scene);
        let both = case.to.join(",");
        let copy = ["copy", &id, "--from", case.target, "--to", &both, "--tag", "team=web"];
        let made = scene.run(&copy);
        expect_code(&made, 0);
        let lines: Vec<String> = out(&made).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        let copies = case.copies(&scene);
        for (line, region) in lines.iter().zip(case.to) {
            let copy = copies.iter().find(|copy| copy.region == region).unwrap();
            assert_eq!(*line, format!("{}/{region} {}", case.cloud, copy.image_id));
            assert_eq!((copy.name.as_str(), copy.tags["team"].as_str()), ("web", "web"));
        }
        let before = case.requests(&scene, case.copy);
        let again = scene.run(&[&copy[..], &["--output", "json"]].concat());
        expect_code(&again, 0);
        holds("results", &out(&again));
        assert_eq!(out(&scene.run(&copy)), out(&made));
        // By the name, too: it is the same order.
        let named = [&["copy", "web"], &copy[2..]].concat();
        assert_eq!(out(&scene.run(&named)), out(&made));
        assert_eq!(
            (case.requests(&scene, case.copy), case.copies(&scene).len()),
            (before, 2)
        );
        // What runs and what was made is known by its job, and told as a copy.
        let job = job(&scene, "web");
        assert!(
            err(&made).contains("copying") && !err(&made).contains("importing"),
            "{}",
            err(&made)
        );
        expect_code(&scene.run(&["status", &job]), 0);
        // The record gone, the token finds it, while the cloud knows that.
        let _ = std::fs::remove_dir_all(scene.folder.join("state"));
        let anew = scene.run(&copy);
        expect_code(&anew, 0);
        assert_eq!((out(&anew), case.copies(&scene).len()), (out(&made), 2));
    }
}

#[test]
fn a_copy_is_gone_on_with_by_its_task_and_by_its_job() {
    for case in CASES {
        let scene = case.scene("tasks");
        let id = case.image(&scene);
        let copy = [
            "copy",
            &id,
            "--from",
            case.target,
            "--name",
            "copied",
            "--no-wait",
            "--to",
        ];
        // One that does not end by itself.
        let stalled = Fault::new(FaultKind::Stall).cloud(case.cloud).operation(case.copy);
        scene.simulator.inject(stalled);
        let started = scene.run(&[&copy[..], &[case.to[1]]].concat());
        expect_code(&started, 0);
        assert!(err(&started).contains("1 copy started"), "{}", err(&started));
        assert_eq!(json(&started)["copied_from"]["id"], id.as_str());
        let stalled = out(&started).trim().to_owned();
        expect_code(&scene.run(&["status", &stalled]), 7);
        // Once it was listed, it is known when it is not any more.
        let job = job(&scene, "copied");
        expect_code(&scene.run(&["wait", &job, "--timeout", "5s"]), 7);

        let started = scene.run(&[&copy[..], &[case.to[0]]].concat());
        let report = scene.run(&["wait", out(&started).trim(), "--output", "json"]);
        expect_code(&report, 0);
        let row = holds("results", &out(&report))["results"][0].clone();
        assert_eq!(row["target"], case.there());

        expect_code(&scene.run(&["cancel", &stalled]), 0);
        expect_code(&scene.run(&["wait", &stalled]), 5);
        // What failed is begun again by `retry` alone.
        let resumed = scene.run(&["resume", &job]);
        expect_code(&resumed, 6);
        assert!(err(&resumed).contains("nothing to do"), "{}", err(&resumed));
        let retried = scene.run(&["retry", &job]);
        expect_code(&retried, 0);
        let is_there = |copy: &ImageSummary| copy.region == case.to[1] && !copy.deleted && !copy.canceled;
        assert!(case.copies(&scene).iter().any(is_there), "{}", out(&retried));
    }
}

/// The cloud removes the copy, and nothing else tells its end.
#[test]
fn a_copy_that_is_cancelled_before_it_was_looked_at_is_over() {
    for case in CASES {
        let scene = case.scene("cancelled");
        let id = case.image(&scene);
        let stalled = Fault::new(FaultKind::Stall).cloud(case.cloud).operation(case.copy);
        scene.simulator.inject(stalled);
        let copy = [
            "copy",
            &id,
            "--from",
            case.target,
            "--to",
            case.to[0],
            "--name",
            "copied",
        ];
        expect_code(&scene.run(&[&copy[..], &["--no-wait"]].concat()), 0);
        let job = job(&scene, "copied");
        expect_code(&scene.run(&["cancel", &job]), 0);
        let status = scene.run(&["status", &job, "--output", "json"]);
        let row = holds("results", &out(&status))["results"][0].clone();
        assert_eq!(row["status"], "canceled", "{row}");
        let waited = scene.run(&["wait", &job]);
        expect_code(&waited, 5);
        assert!(err(&waited).contains("cancelled"), "{}", err(&waited));
        // It is settled: what is ordered anew is another copy.
        expect_code(&scene.run(&["retry", &job]), 0);
        let there = case.copies(&scene).into_iter();
        assert_eq!(there.filter(|copy| !copy.deleted && !copy.canceled).count(), 1);
    }
}

#[test]
fn a_lost_answer_to_a_copy_is_no_second_copy() {
    for case in CASES {
        for kind in [FaultKind::DropAfter, FaultKind::DropBefore] {
            let scene = case.scene("lost");
            let id = case.image(&scene);
            let fault = Fault::new(kind.clone()).cloud(case.cloud).operation(case.copy);
            scene.simulator.inject(fault);
            let made = scene.run(&["copy", &id, "--from", case.target, "--to", case.to[0]]);
            expect_code(&made, 0);
            assert_eq!(scene.simulator.counters().copies_of(case.cloud, "web"), 1, "{kind:?}");
        }
    }
}

#[test]
fn each_region_has_its_own_verdict_and_a_trial_copies_nothing() {
    for case in CASES {
        let scene = case.scene("regions");
        let id = case.image(&scene);
        let both = case.to.join(",");
        let copy = ["copy", &id, "--from", case.target, "--to", &both];
        for (trial, orders) in [("--dry-run", 0), ("--vendor-dry-run", 2)] {
            let checked = scene.run(&[&copy[..], &[trial, "--output", "json"]].concat());
            expect_code(&checked, 0);
            let report = holds("results", &out(&checked));
            assert!(
                report["results"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|row| row["status"] == "checked"),
                "{report}"
            );
            assert_eq!(
                (case.requests(&scene, case.copy), case.copies(&scene).len()),
                (orders, 0),
                "{trial}"
            );
        }
        // One order of the two is refused by the cloud.
        scene.refuse(case.cloud, case.copy, 403, "QuotaExceed.Image");
        let mixed = scene.run(&copy);
        expect_code(&mixed, 6);
        assert_eq!((out(&mixed).lines().count(), case.copies(&scene).len()), (1, 1));
        let line = err(&mixed);
        let line = line
            .lines()
            .find_map(|line| line.strip_prefix("to try again: "))
            .unwrap();
        expect_code(&typed(line), 0);
        assert_eq!(case.copies(&scene).len(), 2);
        // A name that another image has: nothing is replaced by a copy.
        let taken = scene.run(&[
            "copy",
            &id,
            "--from",
            case.target,
            "--to",
            case.to[0],
            "--description",
            "another",
        ]);
        expect_code(&taken, 4);
        assert!(
            err(&taken).contains("made of this content with other options"),
            "{}",
            err(&taken)
        );
        // What is refused before anything is sent holds the others back.
        let long = "x".repeat(200);
        let before = case.requests(&scene, case.copy);
        let refused = scene.run(&[&copy[..], &["--name", &long]].concat());
        expect_code(&refused, 2);
        let elsewhere = scene.run(&["copy", &id, "--from", case.target, "--to", "ucloud/cn-bj2"]);
        expect_code(&elsewhere, 2);
        assert!(err(&elsewhere).contains("its own regions"), "{}", err(&elsewhere));
        assert_eq!(case.requests(&scene, case.copy), before);
    }
}

#[test]
fn all_clouds_list_their_images_and_one_that_fails_stops_no_other() {
    let scene = Scene::new("after images", |config| config);
    let to_all: Vec<&str> = ALL.iter().flat_map(|target| ["--to", target]).collect();
    let made = scene.import(&to_all);
    expect_code(&made, 0);
    let listed = scene.run(&[&["images", "--output", "json"], &to_all[..]].concat());
    expect_code(&listed, 0);
    let report = holds("images", &out(&listed));
    let lines = out(&made);
    for (row, line) in report["results"].as_array().unwrap().iter().zip(lines.lines()) {
        let (target, id) = line.split_once(' ').unwrap();
        assert_eq!(
            (&row["target"], &row["complete"]),
            (&target.into(), &true.into()),
            "{row}"
        );
        let images = row["images"].as_array().unwrap();
        assert_eq!(
            (images.len(), &images[0]["id"], &images[0]["name"]),
            (1, &id.into(), &"web".into())
        );
        assert_eq!(
            (&images[0]["status"], &images[0]["job"]),
            (&"succeeded".into(), &job(&scene, "web").into())
        );
        let created = images[0]["created"].as_str().and_then(datetime::parse_rfc3339).unwrap();
        let age = SystemEnv.now().duration_since(created).unwrap_or_default();
        assert!(age < Duration::from_secs(3600), "{row}");
    }
    // Not of another folder of state, and not by another name.
    let other = scene.path("other-state");
    let simulate = format!("--simulate={}", scene.path("sim.json"));
    for more in [
        &["--ours", "--state", &other][..],
        &["--name", "nobody"],
        &["--tag", "a=b"],
    ] {
        let none = super::run(&[&["images", &simulate], &to_all[..], more].concat());
        expect_code(&none, 0);
        assert_eq!(out(&none), "", "{more:?}");
    }
    let ours = scene.run(&[&["images", "--ours", "--name", "we"], &to_all[..]].concat());
    assert_eq!(out(&ours).lines().count(), 5, "{}", out(&ours));
    scene.refuse(Cloud::Tencent, "DescribeImages", 403, "UnauthorizedOperation");
    let mixed = scene.run(&[&["images"], &to_all[..]].concat());
    expect_code(&mixed, 6);
    assert_eq!(out(&mixed).lines().count(), 4, "{}", out(&mixed));
    assert!(err(&mixed).contains("error: tencent/ap-guangzhou: "), "{}", err(&mixed));
}

#[test]
fn the_marks_that_a_list_shows_are_told_and_looked_for() {
    for case in CASES {
        let scene = case.scene("marks");
        let id = case.image(&scene);
        let account = case.accounts[0];
        expect_code(&case.about(&scene, "share", &id, &["--with", account]), 0);
        expect_code(&case.about(&scene, "tag", &id, &["team=web"]), 0);
        expect_code(&case.about(&scene, "set", &id, &["--family", "web-family"]), 0);
        let line = out(&scene.run(&["images", "--to", case.target]));
        assert!(
            line.contains("family: web-family; shared; tags: team=web; job: web-"),
            "{line}"
        );
        for (more, count) in [
            (["--family", "web-family"], 1),
            (["--family", "other"], 0),
            (["--tag", "team=web"], 1),
            (["--tag", "team=other"], 0),
        ] {
            let found = scene.run(&[&["images", "--to", case.target][..], &more].concat());
            assert_eq!(out(&found).lines().count(), count, "{more:?}");
        }
    }
}

#[test]
fn a_deleted_image_is_marked_in_its_job_and_made_anew_by_the_same_import() {
    for target in ALL {
        let cloud: Cloud = target.split('/').next().unwrap().parse().unwrap();
        let scene = Scene::new(&format!("after delete {cloud}"), |config| config);
        let made = scene.import(&["--to", target]);
        expect_code(&made, 0);
        let id = out(&made).trim().split_once(' ').unwrap().1.to_owned();
        let is_there = || {
            scene
                .simulator
                .images(cloud)
                .iter()
                .any(|image| image.image_id == id && !image.deleted)
        };
        // Nobody is asked who is not there, and nothing is done without a word.
        let unasked = scene.run(&["delete", &id, "--to", target]);
        expect_code(&unasked, 2);
        assert!(err(&unasked).contains("--yes") && is_there(), "{}", err(&unasked));
        let deleted = scene.run(&["delete", &id, "--to", target, "--yes", "--output", "json"]);
        expect_code(&deleted, 0);
        assert_eq!(holds("image", &out(&deleted))["results"][0]["status"], "deleted");
        assert!(!is_there(), "{target}");
        let list = out(&scene.run(&["list"]));
        assert!(list.contains("1 gone") && !list.contains(&id), "{list}");
        let jobs = json(&scene.run(&["list", "--output", "json"]));
        let row = holds("list", &jobs.to_string())["jobs"][0]["targets"][0].clone();
        assert_eq!(row["retired"]["by"], "", "{row}");
        let again = scene.import(&["--to", target]);
        expect_code(&again, 0);
        assert!(
            err(&again).contains("deleted because that was asked for"),
            "{}",
            err(&again)
        );
        assert!(!out(&again).contains(&id));
    }
}
