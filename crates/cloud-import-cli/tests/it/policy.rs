//! `policy` and `regions`: what is printed allows all that the clouds count while the command does what it is for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    process::Output,
};

use cloud_import_sim::{Cloud, Fault, FaultKind};
use serde_json::Value;

use super::{IMAGE, again::Scene, err, expect_code, out, run, schemas::holds, sim::HOUR};

/// A cloud, and what differs.
struct Case {
    cloud: Cloud,
    id: &'static str,
    region: &'static str,
    /// A region that an image is copied to, and what that takes.
    to: &'static str,
    copy: &'static [&'static str],
    /// What an export takes; none where there is none.
    export: Option<&'static [&'static str]>,
    account: &'static str,
    has_tags: bool,
    has_family: bool,
}

const BUCKET: &str = "simulated-images-1250000000";

const JDCLOUD: Case = Case {
    cloud: Cloud::Jdcloud,
    id: "jdcloud",
    region: "cn-north-1",
    to: "cn-south-1",
    copy: &[],
    export: Some(&["--set", "jdcloud.roleName=exporter"]),
    account: "jdpub-partner01",
    has_tags: false,
    has_family: false,
};

const CASES: [Case; 5] = [
    JDCLOUD,
    Case {
        cloud: Cloud::Tencent,
        id: "tencent",
        region: "ap-guangzhou",
        to: "ap-nanjing",
        export: Some(&[]),
        account: "200000000001",
        has_tags: true,
        has_family: true,
        ..JDCLOUD
    },
    Case {
        cloud: Cloud::Huawei,
        id: "huawei",
        region: "cn-north-4",
        to: "cn-east-3",
        copy: &["--set", "huawei.agency_name=ims_copy"],
        export: Some(&[]),
        account: "00000000000000000000000000000001",
        has_tags: true,
        ..JDCLOUD
    },
    Case {
        cloud: Cloud::Aliyun,
        id: "aliyun",
        region: "cn-hangzhou",
        to: "cn-beijing",
        export: Some(&[]),
        account: "1234567890000001",
        has_tags: true,
        has_family: true,
        ..JDCLOUD
    },
    Case {
        cloud: Cloud::Ucloud,
        id: "ucloud",
        region: "hk",
        to: "sg",
        export: None,
        account: "",
        ..JDCLOUD
    },
];

impl Case {
    fn target(&self) -> String {
        format!("{}/{}", self.id, self.region)
    }

    /// What the printed policy for these purposes is said to allow.
    fn allowed(&self, purposes: &[&str]) -> BTreeSet<String> {
        let mut words = vec!["policy", self.id, "--output", "json", "--bucket", BUCKET];
        for purpose in purposes {
            words.extend(["--for", purpose]);
        }
        let printed = run(&words);
        expect_code(&printed, 0);
        let printed = holds("policy", &out(&printed));
        let actions: BTreeSet<&str> = printed["policies"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(actions)
            .collect();
        let rows = printed["permissions"].as_array().unwrap().iter();
        rows.map(|row| {
            let own = row["actions"].as_array().unwrap();
            assert!(
                own.iter().all(|action| actions.contains(action.as_str().unwrap())),
                "{row}"
            );
            row["operation"].as_str().unwrap().to_owned()
        })
        .collect()
    }

    /// Does something, and notes what the cloud was asked that is not allowed.
    fn covered(&self, scene: &Scene, purposes: &[&str], missing: &mut Vec<String>, work: impl FnOnce()) {
        let counted = |scene: &Scene| -> BTreeMap<String, u64> {
            let counters = scene.simulator.counters();
            counters.requests.get(&self.cloud).cloned().unwrap_or_default()
        };
        let before = counted(scene);
        work();
        let asked = counted(scene).into_iter();
        let asked = asked.filter(|(name, many)| before.get(name) != Some(many));
        let asked: BTreeSet<String> = asked.map(|(name, _)| name).collect();
        assert!(!asked.is_empty(), "{} {purposes:?}: nothing was asked", self.id);
        let allowed = self.allowed(purposes);
        missing.extend(
            asked
                .difference(&allowed)
                .map(|name| format!("{} {purposes:?}: {name}", self.id)),
        );
    }

    /// A check, which keeps no state.
    fn check(&self, scene: &Scene, words: &[&str]) {
        let simulate = format!("--simulate={}", scene.path("sim.json"));
        let target = self.target();
        let all = [&["check", "--all", "--to", &target, &simulate], words].concat();
        let checked = super::command(&all).current_dir(&scene.folder).output().unwrap();
        expect_code(&checked, 0);
    }
}

/// The actions of a policy, in whichever case its words are.
fn actions(policy: &Value) -> Vec<&str> {
    let either = |value: &'_ Value, names: [&str; 2]| {
        names
            .into_iter()
            .find(|name| value.get(*name).is_some())
            .unwrap()
            .to_owned()
    };
    let statements = policy[either(policy, ["Statement", "statement"])]
        .as_array()
        .unwrap()
        .iter();
    let actions = statements.flat_map(|own| own[either(own, ["Action", "action"])].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap()).collect()
}

/// A disk without a header that takes several parts.
fn large(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    file.set_len(40 << 20).unwrap();
    // A partition of Linux, and the mark of its table.
    file.seek(SeekFrom::Start(446)).unwrap();
    file.write_all(&[0x80, 0, 1, 0, 0x83, 0, 1, 0, 0, 8, 0, 0, 0, 0, 1, 0])
        .unwrap();
    file.seek(SeekFrom::Start(510)).unwrap();
    file.write_all(&[0x55, 0xaa]).unwrap();
}

fn id_of(made: &Output) -> String {
    expect_code(made, 0);
    out(made).trim().split_once(' ').unwrap().1.to_owned()
}

#[test]
fn importing_a_file_is_allowed_with_all_that_goes_with_it() {
    let mut missing = Vec::new();
    for case in CASES {
        let scene = Scene::new(&format!("policy file {}", case.id), |config| config);
        let to = ["--to", &case.target(), "--bucket", BUCKET];
        let order = ["--name", "web", "--os", "CentOS 7.9", "web.qcow2"];
        case.covered(&scene, &["import", "stage"], &mut missing, || {
            case.check(&scene, &[&order[..], &to[2..]].concat());
            expect_code(&scene.import(&to), 0);
            // Again, and looked at.
            expect_code(&scene.import(&to), 0);
            for verb in ["status", "wait"] {
                scene.run(&[verb]);
            }
            // An upload that breaks off, and goes on.
            large(&scene.folder.join("large.raw"));
            let large = [
                "import",
                "--name",
                "large",
                "--os",
                "CentOS 7.9",
                "--format",
                "raw",
                "--boot-mode",
                "bios",
            ];
            let large = [&large[..], &["large.raw"], &to].concat();
            for _ in 0..2 {
                scene.refuse(case.cloud, "UploadPart", 403, "AccessDenied");
                scene.run(&large);
            }
            expect_code(&scene.run(&large), 0);
            expect_code(&scene.run(&[&["list"], &to[..]].concat()), 0);
            expect_code(
                &scene.run(&[&["clean"], &to[..], &["--yes", "--older-than", "0s"]].concat()),
                0,
            );
            // An answer that is lost.
            scene
                .simulator
                .inject(Fault::new(FaultKind::DropAfter).cloud(case.cloud));
            scene.run(
                &[
                    &["import", "--name", "lost", "--os", "CentOS 7.9", "web.qcow2"],
                    &to[..],
                ]
                .concat(),
            );
        });
        // Without these, nothing would be said of them.
        for part in [
            "PutObject",
            "UploadPart",
            "ListParts",
            "CompleteMultipartUpload",
            "DeleteObject",
        ] {
            let many = scene.simulator.counters().requests_of(case.cloud, part);
            assert!(
                many > 0 || (case.id, part) == ("ucloud", "ListParts"),
                "{} {part}",
                case.id
            );
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn importing_an_object_is_allowed_without_the_rights_of_staging() {
    let mut missing = Vec::new();
    for case in CASES {
        let scene = Scene::new(&format!("policy object {}", case.id), |config| config.import_time(HOUR));
        let put = scene
            .simulator
            .put_object_file(case.cloud, case.region, BUCKET, "k.qcow2", IMAGE.as_ref());
        put.unwrap();
        let object = format!("{BUCKET}:k.qcow2");
        let order = ["--to", &case.target(), "--name", "web", "--os", "CentOS 7.9", &object];
        case.covered(&scene, &["import"], &mut missing, || {
            case.check(&scene, &order[2..]);
            expect_code(&scene.run(&[&["import", "--timeout", "0s"], &order[..]].concat()), 7);
            scene.run(&["status"]);
            scene.run(&["cancel"]);
        });
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn copies_exports_and_changes_are_allowed() {
    let mut missing = Vec::new();
    for case in CASES {
        let scene = Scene::new(&format!("policy after {}", case.id), |config| config);
        let (target, there) = (case.target(), format!("{}/{}", case.id, case.to));
        let image = id_of(&scene.import(&["--to", &target, "--bucket", BUCKET]));
        case.covered(&scene, &["copy"], &mut missing, || {
            let copied = scene.run(&[&["copy", &image, "--from", &target, "--to", &there], case.copy].concat());
            expect_code(&copied, 0);
        });
        if let Some(more) = case.export {
            case.covered(&scene, &["export"], &mut missing, || {
                let export = [
                    "export",
                    &image,
                    "--from",
                    &target,
                    "--bucket",
                    BUCKET,
                    "--download",
                    "got",
                ];
                let exported = scene.run(&[&export[..], more].concat());
                expect_code(&exported, 0);
            });
        }
        case.covered(&scene, &["change"], &mut missing, || {
            let about = |words: &[&str]| {
                let done = scene.run(&[&[words[0], &image, "--to", &target], &words[1..]].concat());
                expect_code(&done, 0);
            };
            expect_code(&scene.run(&["images", "--to", &target]), 0);
            if !case.account.is_empty() {
                about(&["share", "--with", case.account]);
                about(&["unshare", "--with", case.account]);
            }
            if case.has_tags {
                about(&["tag", "team=web"]);
                about(&["tag", "--remove", "team"]);
            }
            if case.has_family {
                about(&["set", "--family", "web"]);
                about(&["deprecate"]);
            }
            about(&["delete", "--yes"]);
        });
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn making_a_bucket_and_removing_it_is_allowed() {
    let mut missing = Vec::new();
    for case in &CASES {
        let scene = Scene::new(&format!("policy bucket {}", case.id), |config| config.any_bucket(false));
        let target = case.target();
        case.covered(&scene, &["bucket"], &mut missing, || {
            for action in ["create", "create", "remove"] {
                expect_code(&scene.run(&["bucket", action, &target, "--bucket", BUCKET]), 0);
            }
        });
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn making_the_role_is_allowed() {
    let mut missing = Vec::new();
    let case = &CASES[3];
    let scene = Scene::new("policy role", |config| config.aliyun_import_role(false));
    let order = ["--bucket", BUCKET, "--name", "web", "--os", "CentOS 7.9", "web.qcow2"];
    case.covered(&scene, &["import", "stage", "role"], &mut missing, || {
        case.check(&scene, &[&["--create-role"], &order[..]].concat());
    });
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_policy_is_the_vendors_and_the_same_as_in_the_documents() {
    for (cloud, part) in [
        ("jdcloud", "\"jrn:oss:*:*:my-bucket/*\""),
        ("tencent", "\"qcs::cos::uid/1250000000:images-1250000000/*\""),
        ("huawei", "\"OBS:*:*:object:my-bucket/*\""),
        ("aliyun", "\"acs:oss:*:*:my-bucket/*\""),
        ("ucloud", "\"uhost:ImportCustomImage\""),
    ] {
        let bucket = if cloud == "tencent" {
            "images-1250000000"
        } else {
            "my-bucket"
        };
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/clouds/{cloud}.md"));
        let page = fs::read_to_string(page).unwrap();
        for more in [&[][..], &["--for", "import"], &["--for", "all"]] {
            let printed = run(&[&["policy", cloud, "--bucket", bucket], more].concat());
            expect_code(&printed, 0);
            let text = out(&printed);
            let documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
            assert!(documents.map(Result::unwrap).count() > 0);
            assert!(text.contains(part), "{part}: {text}");
            for document in text.split_inclusive("\n}\n") {
                assert!(
                    page.contains(&format!("```json\n{document}```\n")),
                    "{cloud} {more:?}: {document}"
                );
            }
        }
    }
    let of_region = run(&[
        "policy",
        "tencent",
        "--bucket",
        "images-1250000000",
        "--region",
        "ap-guangzhou",
    ]);
    assert!(out(&of_region).contains("\"qcs::cos:ap-guangzhou:uid/1250000000:images-1250000000/\""));
}

#[test]
fn what_is_not_settled_is_told_beside_a_policy_and_what_is_wrong_instead_of_one() {
    let ucloud = run(&["policy", "ucloud", "--bucket", "my-bucket"]);
    let told = err(&ucloud);
    for part in [
        "no source settles these actions: uaccount:",
        "no source tells what these need: ",
        "PutObject",
        "in a policy",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(err(&run(&["policy", "huawei"])).contains("these are two policies"));
    assert!(err(&run(&["policy", "aliyun"])).contains("--bucket NAME"));
    assert!(!err(&run(&["policy", "aliyun", "--for", "copy"])).contains("--bucket NAME"));
    for (words, part) in [
        (&["policy", "tencent", "--bucket", "images"][..], "account"),
        (&["policy", "ucloud", "--for", "export"], "no permission is needed"),
        (&["policy", "aliyun", "--for", "everything"], "everything"),
        (&["policy", "tencent", "--region", "ap-guangzhou"], "--bucket <NAME>"),
        (&["policy"], "CLOUD"),
    ] {
        let refused = run(words);
        expect_code(&refused, 2);
        assert!(
            err(&refused).contains(part) && out(&refused).is_empty(),
            "{}",
            err(&refused)
        );
    }
}

#[test]
fn regions_are_listed_and_asked_for() {
    let listed = run(&["regions", "aliyun"]);
    expect_code(&listed, 0);
    let text = out(&listed);
    let line = |id: &str| {
        text.lines()
            .find(|line| line.starts_with(&format!("{id} ")))
            .unwrap()
            .to_owned()
    };
    assert!(
        line("cn-hangzhou").ends_with("default") && line("cn-hangzhou").contains("Hangzhou"),
        "{text}"
    );
    assert!(
        line("cn-beijing").contains("https://ecs.cn-beijing.aliyuncs.com"),
        "{text}"
    );

    let mut here = super::command(&["regions", "aliyun", "--output", "json"]);
    let here = here.env("ALIBABA_CLOUD_REGION_ID", "cn-nowhere-1").output().unwrap();
    let value = holds("regions", &out(&here));
    let rows = value["regions"].as_array().unwrap();
    let own = rows.iter().find(|row| row["region"] == "cn-nowhere-1").unwrap();
    assert_eq!(
        (&own["configured"], own.get("name"), own.get("listed")),
        (&true.into(), None, None)
    );

    // What is broken is told to whoever counts on it.
    assert!(err(&listed).is_empty(), "{}", err(&listed));
    let broken = run(&["regions", "aliyun", "--account", "aliyun=nobody"]);
    expect_code(&broken, 0);
    assert_eq!(out(&broken), text);
    assert!(
        err(&broken).starts_with("note: ") && err(&broken).contains("nobody"),
        "{}",
        err(&broken)
    );

    let scene = Scene::new("regions asked", |config| config);
    let simulate = format!("--simulate={}", scene.path("sim.json"));
    for (cloud, operation) in [
        ("aliyun", "DescribeRegions"),
        ("ucloud", "GetRegion"),
        ("huawei", "KeystoneListProjects"),
    ] {
        let asked = run(&["regions", cloud, "--ask", "--output", "json", &simulate]);
        expect_code(&asked, 0);
        let value = holds("regions", &out(&asked));
        let rows = value["regions"].as_array().unwrap();
        let default = rows.iter().find(|row| row["default"] == true).unwrap();
        assert_eq!(
            (&value["asked"], &default["listed"]),
            (&true.into(), &true.into()),
            "{value}"
        );
        let counters = scene.simulator.counters();
        assert!(
            counters.requests.values().any(|of| of.contains_key(operation)),
            "{operation}"
        );
    }
    let silent = run(&["regions", "tencent", "--ask", &simulate]);
    expect_code(&silent, 0);
    assert!(
        err(&silent).contains("no call of Tencent Cloud tells its regions"),
        "{}",
        err(&silent)
    );
}
