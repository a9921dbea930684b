//! What the file of targets and the command line say together.

use clap::Parser as _;

use super::*;
use crate::args::{Arguments, Command};
use crate::fields::Fields;

fn file(text: &str) -> File {
    toml::from_str(text).unwrap()
}

/// What is wanted by these options, with this file of targets.
fn read(text: &str, typed: &[&str]) -> Result<Vec<Wanted>> {
    static FILES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = FILES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("cloud-import-targets-{}-{number}.toml", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let fixed = [
        "cloud-import",
        "import",
        "--simulate",
        "--targets",
        path.to_str().unwrap(),
        "--name=any",
        "x.qcow2",
    ];
    let arguments = Arguments::try_parse_from(fixed.iter().chain(typed)).unwrap();
    let found = match arguments.command {
        Command::Import(options) => wanted(&options.order, &options.staging, &options.reach),
        other => panic!("{other:?}"),
    };
    std::fs::remove_file(path).unwrap();
    found
}

#[track_caller]
fn refused(text: &str, typed: &[&str]) -> String {
    let error = read(text, typed).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    format!("{error}; {}", error.remedy().unwrap())
}

const FILE: &str = r#"
    [defaults]
    os = "CentOS 7.9"
    bucket = "of-all"
    tags = { team = "web", tier = "one" }
    size_gib = 20
    [defaults.aliyun]
    bucket = "of-cloud"
    tags = { tier = "two" }
    account = "of-cloud"
    [groups]
    east = ["aliyun/cn-hangzhou", "second"]
    [targets."aliyun/cn-hangzhou"]
    [targets.second]
    to = "aliyun/cn-hangzhou"
    bucket = "own"
    profile = "other"
    endpoint = "https://ecs.cn-hangzhou.aliyuncs.com"
    options = { RoleName = "R" }
    [targets.third]
    to = "jd/cn-north-1"
    tags = {}
    name = "db"
    os_raw = "x"
    boot_mode = "uefi"
    arch = "aarch64"
    keep_object = true
    data_disks = ["b:d.qcow2@100"]
"#;

#[test]
fn groups_and_names_are_written_out() {
    let east = read(FILE, &["--to", "@east"]).unwrap();
    assert_eq!(east[0].label, "aliyun/cn-hangzhou");
    assert_eq!((east[1].label.as_str(), &east[1].target), ("second", &east[0].target));
    let second = &east[1].fields;
    assert_eq!(second.options.as_ref().unwrap()["RoleName"], "R");
    assert_eq!(second.account.as_deref(), Some("other"), "by its former name");
    let told = refused(FILE, &["--to", "@eats"]);
    assert!(told.contains("Did you mean `east`?"), "{told}");
    let told = refused(FILE, &["--to", "secnod"]);
    assert!(told.contains("Did you mean `second`?"), "{told}");
    let all: Vec<String> = read(FILE, &[])
        .unwrap()
        .into_iter()
        .map(|wanted| wanted.label)
        .collect();
    assert_eq!(all, ["aliyun/cn-hangzhou", "second", "third"]);
}

#[test]
fn the_most_particular_word_counts() {
    let bucket = |target: &str, typed: &[&str]| {
        let found = read(FILE, &[&["--to", target], typed].concat()).unwrap();
        found[0].fields.bucket.clone().unwrap()
    };
    assert_eq!(bucket("huawei", &[]), "of-all");
    assert_eq!(bucket("aliyun", &[]), "of-cloud");
    assert_eq!(bucket("huawei", &["--bucket", "typed"]), "typed");
    assert_eq!(
        bucket("aliyun", &["--bucket", "typed"]),
        "typed",
        "before the file's defaults"
    );
    assert_eq!(
        bucket("aliyun", &["--bucket", "ali=cloud", "--bucket", "typed"]),
        "cloud"
    );
    assert_eq!(bucket("second", &["--bucket", "ali=cloud", "--bucket", "typed"]), "own");
    assert_eq!(
        bucket("second", &["--bucket", "second=this", "--bucket", "ali=cloud"]),
        "this"
    );
    assert_eq!(bucket("second", &["--bucket", "alicloud/cn-hangzhou=place"]), "place");
    assert_eq!(
        bucket("aliyun/cn-beijing", &["--bucket", "aliyun/cn-hangzhou=place"]),
        "of-cloud"
    );
    assert_eq!(
        bucket("aliyun", &["--bucket", "a", "--bucket", "b"]),
        "b",
        "the last one"
    );
}

#[test]
fn every_field_of_an_order_is_said_for_one_target_in_the_file_and_by_options() {
    let found = read(FILE, &["--to", "third"]).unwrap().remove(0);
    let fields = found.fields;
    assert_eq!(
        (found.target.to_string().as_str(), fields.name.as_deref()),
        ("jdcloud/cn-north-1", Some("db"))
    );
    assert_eq!(
        (fields.tags.unwrap().len(), fields.size_gib),
        (0, Some(20)),
        "none, as it says"
    );
    assert_eq!(
        (fields.keep_object, fields.os.unwrap().to_string().as_str()),
        (Some(true), "CentOS 7.9")
    );
    assert_eq!(fields.data_disks.unwrap(), ["b:d.qcow2@100"]);
    let typed = [
        ["--name", "third=x"],
        ["--name", "y"],
        ["--os", "third=Debian 12"],
        ["--os", "Ubuntu 22.04"],
        ["--os-raw", "third=raw"],
        ["--arch", "third=x86_64"],
        ["--boot-mode", "third=bios"],
        ["--size-gib", "third=40"],
        ["--format", "third=raw"],
        ["--license-type", "third=byol"],
        ["--description", "third=a=b"],
        ["--tag", "third=k=v=w"],
        ["--tag", "third=plain"],
        ["--project", "third=p"],
        ["--set", "third.k=1"],
        ["--source", "third=b:k"],
        ["--data-disk", "third=b:e.qcow2@5"],
        ["--bucket", "third=own"],
        ["--prefix", "third=dt=1/"],
    ]
    .concat();
    let fields = read(FILE, &[&["--to", "third"], typed.as_slice()].concat())
        .unwrap()
        .remove(0)
        .fields;
    let text = |text: &str| Some(text.to_owned());
    let expected = Fields {
        to: fields.to.clone(),
        name: text("x"),
        description: text("a=b"),
        tags: Some(
            [("k", "v=w")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        ),
        os: Some("Debian 12".parse().unwrap()),
        os_raw: text("raw"),
        arch: Some("x86_64".parse().unwrap()),
        boot_mode: Some("bios".parse().unwrap()),
        size_gib: Some(40),
        format: Some("raw".parse().unwrap()),
        license_type: Some("byol".parse().unwrap()),
        data_disks: Some(vec!["b:e.qcow2@5".to_owned()]),
        project: text("p"),
        options: Some([("k".to_owned(), 1.into())].into_iter().collect()),
        bucket: text("own"),
        prefix: text("dt=1/"),
        source: text("b:k"),
        keep_object: Some(true),
        ..Fields::default()
    };
    assert_eq!(fields, expected);
}

#[test]
fn an_image_has_a_name_for_each_target() {
    let Command::Import(options) =
        Arguments::try_parse_from(["cloud-import", "import", "--simulate", "--to", "ucloud", "x.qcow2"])
            .unwrap()
            .command
    else {
        panic!("it is an import");
    };
    let error = wanted(&options.order, &options.staging, &options.reach).unwrap_err();
    assert!(
        error.message().contains("no name for the target `ucloud/cn-bj2`"),
        "{error}"
    );
}

#[test]
fn tags_and_options_of_all_places_come_together() {
    let tags = |target: &str, typed: &[&str]| {
        let found = read(FILE, &[&["--to", target], typed].concat()).unwrap();
        format!("{:?}", found[0].fields.tags.clone().unwrap_or_default())
    };
    assert_eq!(tags("huawei", &[]), r#"{"team": "web", "tier": "one"}"#);
    assert_eq!(tags("aliyun", &[]), r#"{"team": "web", "tier": "two"}"#);
    let typed = ["--tag", "tier=all", "--tag", "ali=tier=three", "--tag", "ali=x"];
    assert_eq!(
        tags("aliyun", &typed),
        r#"{"ali": "x", "team": "web", "tier": "three"}"#
    );
    assert_eq!(tags("third", &["--tag", "a=b"]), "{}", "its own table is empty");
}

#[test]
fn what_is_not_known_is_refused() {
    for (bad, meant) in [
        ("[targets.a]\nbuckt = \"x\"", "line 2: unknown field `buckt`"),
        ("[targets.a]\nbuckt = \"x\"", "Did you mean `bucket`?"),
        ("[target.a]", "Did you mean `targets`?"),
        ("[targets.a]\nendpoint = \"ftp://x\"", "ftp://x"),
        ("[targets.a]\nboot_mode = \"uefy\"", "unknown boot mode `uefy`"),
        ("[defaults]\nbuckt = \"x\"", "Did you mean `bucket`?"),
        ("[defaults.aliyun]\nbuckt = \"x\"", "Did you mean `bucket`?"),
        ("[defaults.alyun]\nbucket = \"x\"", "Did you mean `aliyun`?"),
        ("[defaults]\nto = \"aliyun\"", "[targets.NAME] alone"),
        ("[defaults.aliyun]\nsize_gib = \"x\"", "expected u32"),
    ] {
        let told = refused(bad, &[]);
        assert!(told.contains(meant), "{bad}: {told}");
    }
    for text in ["", FILE] {
        let told = refused(text, &["--to", "aliyun,tencent"]);
        assert!(told.contains("--to aliyun --to tencent"), "{told}");
    }
    for (text, at) in [
        ("[targets.a]\nbucket = \"x\"", "a]"),
        ("[targets.a]\nto = \"aws/x\"", "\"aws"),
        ("[targets.\"aws/x\"]", "\"aws"),
        ("[groups]\neast = [\"aliyun\",\n\"aws/x\"]", "\"aws"),
    ] {
        let (found, error) = file(text).check().unwrap_err();
        assert_eq!(
            (Some(found), error.kind()),
            (text.find(at), ErrorKind::InvalidRequest),
            "{text}"
        );
        assert!(
            error.remedy().unwrap().to_string().contains("aliyun"),
            "{text}: {error}"
        );
    }
    let well = file("[groups]\neast = [\"a\", \"aliyun\"]\n[targets.a]\nto = \"huawei/cn-north-4\"");
    assert!(well.check().is_ok());
}

#[test]
fn an_option_for_a_target_that_there_is_not_is_refused_with_what_there_is() {
    for (typed, meant) in [
        (
            ["--bucket", "aws=x"],
            "--bucket aws…: there is no cloud and no target `aws`",
        ),
        (
            ["--bucket", "aws=x"],
            "Use one of the clouds jdcloud, tencent, huawei, aliyun, ucloud, one of the targets ",
        ),
        (["--bucket", "alyun=x"], "Did you mean `aliyun`?"),
        (["--size-gib", "secnod=40"], "Did you mean `second`?"),
        (["--set", "secnod.x=1"], "Did you mean `second`?"),
        (["--os-raw", "x=1"], "--os-raw x…"),
    ] {
        let told = refused(FILE, &typed);
        assert!(told.contains(meant), "{typed:?}: {told}");
    }
    assert!(
        read(FILE, &["--bucket", "ucloud=x"]).is_ok(),
        "one that is not wanted this time"
    );
}

#[test]
fn what_is_said_of_a_cloud_comes_before_what_is_said_of_its_region() {
    let file = r#"
        [targets.aliyun]
        bucket = "of-the-name"
        [targets."aliyun/cn-hangzhou"]
        bucket = "of-the-place"
        prefix = "of-the-place/"
    "#;
    let found = read(file, &["--to", "aliyun", "--name", "web"]).unwrap().remove(0);
    assert_eq!(found.label, "aliyun");
    assert_eq!(found.fields.bucket.as_deref(), Some("of-the-name"));
    let found = read(file, &["--to", "aliyun/cn-hangzhou", "--name", "web"])
        .unwrap()
        .remove(0);
    assert_eq!(found.fields.bucket.as_deref(), Some("of-the-place"));
    // Without a table of its own, a cloud is its region's target.
    let file = "[targets.\"aliyun/cn-hangzhou\"]\nbucket = \"of-the-place\"";
    let found = read(file, &["--to", "aliyun", "--name", "web"]).unwrap().remove(0);
    assert_eq!(
        (found.label.as_str(), found.fields.bucket.as_deref()),
        ("aliyun/cn-hangzhou", Some("of-the-place"))
    );
}
