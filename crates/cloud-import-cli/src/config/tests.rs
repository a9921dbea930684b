//! What comes before what, and what is refused. Nothing of this machine is read.

use clap::{CommandFactory as _, FromArgMatches as _};

use super::*;
use crate::args::Arguments;

const EVERYTHING: &str = r#"
to = ["aliyun/cn-hangzhou"]
targets = "targets.toml"
os = "CentOS 7.9"
arch = "arm64"
boot_mode = "uefi"
license_type = "byol"
description = "of the file"
prefix = "images/"
keep_object = true
instance_metadata = true
state = "jobs"
timeout = "4h"
output = "json"
cancel_on_interrupt = true
[tags]
team = "file"
[bucket]
aliyun = "of-the-file"
[project]
ucloud = "org-1"
[vendor_profile]
aliyun = "work"
[endpoint]
aliyun = "https://ecs.example.com"
[profiles.nightly]
prefix = "nightly/"
keep_object = false
bucket = "nightly"
"#;

fn file(text: &str) -> Defaults {
    parse(text, Path::new("x/cloud-import.toml")).unwrap()
}

/// The command as it is with these defaults.
fn filled(defaults: Defaults, arguments: &[&str]) -> Command {
    let all = ["cloud-import"].iter().chain(arguments);
    let matches = Arguments::command().try_get_matches_from(all).unwrap();
    let mut command = Arguments::from_arg_matches(&matches).unwrap().command;
    let own = matches.subcommand().unwrap().1.clone();
    defaults.fill(&mut command, &|id| {
        own.value_source(id) == Some(ValueSource::CommandLine)
    });
    command
}

fn import(defaults: Defaults, more: &[&str]) -> crate::args::Import {
    match filled(defaults, &[&["import", "x.qcow2", "--name", "n"], more].concat()) {
        Command::Import(options) => *options,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_fills_in_what_the_command_line_leaves_open() {
    let options = import(file(EVERYTHING), &[]);
    assert_eq!(options.order.to, ["aliyun/cn-hangzhou"]);
    assert_eq!(
        options.order.os.as_ref().map(ToString::to_string).as_deref(),
        Some("CentOS 7.9")
    );
    assert_eq!(options.order.arch.as_str(), "arm64");
    assert_eq!(options.order.tag, [("team".to_owned(), "file".to_owned())]);
    assert_eq!(options.staging.bucket, ["aliyun=of-the-file"]);
    assert_eq!(options.staging.prefix, "images/");
    assert!(options.staging.keep_object && options.cancel_on_interrupt && options.reach.instance_metadata);
    assert_eq!(options.reach.profile, [(Provider::ALIYUN, "work".to_owned())]);
    assert_eq!(options.reach.output, Form::Json);
    assert_eq!(options.waiting.timeout, Some(Duration::from_secs(4 * 3600)));
    assert_eq!(options.state.folder.as_deref(), Some(Path::new("jobs")));
}

#[test]
fn the_command_line_comes_first() {
    let more = [
        "--to",
        "tencent",
        "--os",
        "Ubuntu 22",
        "--arch",
        "x86_64",
        "--prefix",
        "cloud-import/",
        "--bucket",
        "mine",
        "--output",
        "text",
        "--keep-object=false",
        "--cancel-on-interrupt=false",
        "--timeout",
        "1h",
        "--tag",
        "team=mine",
        "--profile",
        "aliyun=other",
    ];
    let options = import(file(EVERYTHING), &more);
    assert_eq!(options.order.to, ["tencent"]);
    assert_eq!(options.order.arch.as_str(), "x86_64", "though it is the default");
    assert_eq!(options.staging.prefix, "cloud-import/", "though it is the default");
    assert_eq!(options.staging.bucket, ["mine"], "for every cloud");
    assert_eq!(options.reach.output, Form::Text);
    assert!(!options.staging.keep_object && !options.cancel_on_interrupt);
    assert_eq!(options.waiting.timeout, Some(Duration::from_secs(3600)));
    // What stands last counts.
    assert_eq!(options.order.tag.last().unwrap().1, "mine");
    assert_eq!(options.reach.profile.last().unwrap().1, "other");
    let options = import(file(EVERYTHING), &["--targets", "other.toml"]);
    assert!(options.order.to.is_empty(), "targets of another file are not meant");
}

#[test]
fn variables_come_before_the_profile_and_the_profile_before_the_file() {
    let variables = BTreeMap::from([
        ("CLOUD_IMPORT_TO", "tencent, huawei"),
        ("CLOUD_IMPORT_BUCKET", "aliyun=of-the-variable"),
        ("CLOUD_IMPORT_TAGS", "team=variable,tier=web"),
        ("CLOUD_IMPORT_OUTPUT", "text"),
    ]);
    let variables = Defaults::of_variables(&|name| variables.get(name).map(|text| (*text).to_owned())).unwrap();
    let nightly = chosen_of(file(EVERYTHING), Some("nightly"), Path::new("x")).unwrap();
    assert_eq!(nightly.prefix.as_deref(), Some("nightly/"));
    assert_eq!(
        (nightly.keep_object, nightly.bucket.own.len()),
        (Some(false), 0),
        "one for every cloud"
    );
    assert_eq!(nightly.description.as_deref(), Some("of the file"));
    let both = variables.over(nightly);
    assert_eq!(both.to.as_deref().unwrap(), ["tencent", "huawei"]);
    assert_eq!(both.bucket.own[&Provider::ALIYUN], "of-the-variable");
    assert_eq!(both.bucket.every.as_deref(), Some("nightly"));
    assert_eq!(
        (both.tags["team"].as_str(), both.tags["tier"].as_str()),
        ("variable", "web")
    );
    assert_eq!(both.output, Some(Form::Text));
    let error = chosen_of(file(EVERYTHING), Some("daily"), Path::new("x")).unwrap_err();
    assert!(error.remedy().unwrap().to_string().contains("nightly"), "{error}");
}

#[test]
fn a_simulated_run_takes_neither_credentials_nor_the_state_of_real_ones() {
    let options = import(file(EVERYTHING), &["--simulate"]);
    assert_eq!(options.staging.prefix, "images/");
    assert!(options.reach.profile.is_empty() && !options.reach.instance_metadata);
    assert_eq!(options.state.folder, None);
}

#[test]
fn what_is_not_known_is_refused_with_file_and_line() {
    for (text, line, part) in [
        ("prefix = \"x\"\nbuckett = \"x\"", 2, "buckett"),
        ("\n\naccess_key_id = \"x\"", 3, "access_key_id"),
        ("[profiles.a]\nprefx = \"x\"", 2, "prefx"),
        ("arch = \"sparc\"", 1, "sparc"),
        ("to = [\"a\"]\ntimeout = \"soon\"", 2, "30m"),
        ("[bucket]\naws = \"x\"", 2, "aws"),
        ("bucket = 5", 1, "bucket"),
        ("[endpoint]\naliyun = \"ftp://x\"", 1, "ftp://x"),
        ("[profiles.a.profiles.b]\nprefix = \"x\"", 1, "profiles.a"),
        ("prefix = ", 1, "string"),
    ] {
        let error = parse(text, Path::new("x/cloud-import.toml")).unwrap_err();
        let place = format!("`x/cloud-import.toml`, line {line}: ");
        assert!(error.message().starts_with(&place), "{text}: {error}");
        assert!(
            error.message().contains(part) && error.remedy().is_some(),
            "{text}: {error}"
        );
    }
    for (key, text) in [
        ("ARCH", "sparc"),
        ("BUCKET", "aws=x"),
        ("TAGS", "x"),
        ("KEEP_OBJECT", "perhaps"),
        ("OUTPUT", "xml"),
    ] {
        let error = Defaults::of_variables(&|name| (name == format!("CLOUD_IMPORT_{key}")).then(|| text.to_owned()))
            .unwrap_err();
        assert!(error.message().contains(&format!("CLOUD_IMPORT_{key}")), "{error}");
    }
}

#[test]
fn every_command_takes_them() {
    for arguments in [
        &["check", "x", "--name", "n"][..],
        &["wait"],
        &["status"],
        &["cancel", "j"],
        &["list"],
        &["clean"],
    ] {
        let command = filled(file(EVERYTHING), arguments);
        let output = match &command {
            Command::Check(options) => options.reach.output,
            Command::Wait(options) => options.tasks.reach.output,
            Command::Status(options) | Command::Cancel(options) => options.reach.output,
            Command::List(options) => options.reach.output,
            Command::Clean(options) => options.reach.output,
            other => panic!("{other:?}"),
        };
        assert_eq!(output, Form::Json, "{arguments:?}");
    }
}
