//! What comes before what, and what is refused. Nothing of this machine is read but files that are made here.

use std::{fs, sync::atomic::AtomicU32, time::Duration};

use clap::Parser as _;
use cloud_import::Provider;

use super::*;
use crate::args::{
    self, OutputFormat,
    key::{is_switch, variable},
    scope::{Scope, Scoped},
};

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
[account]
aliyun = "work"
[endpoint]
aliyun = "https://ecs.example.com"
[defaults.nightly]
prefix = "nightly/"
keep_object = false
bucket = "nightly"
"#;

/// A file of defaults, which goes with it.
struct File(PathBuf);

impl File {
    fn new(text: &str) -> Self {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let number = FILES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cloud-import-defaults-{}-{number}.toml", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }

    /// The command as it is read with this file.
    fn read(&self, variables: &[(&str, &str)], typed: &[&str]) -> Result<args::Command> {
        let config = format!("--config={}", self.0.display());
        let line = ["cloud-import", "-v"]
            .iter()
            .chain(typed)
            .copied()
            .chain([config.as_str()]);
        let value = |name: &str| {
            variables
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, text)| (*text).into())
        };
        let line = with_variables(line.map(OsString::from).collect(), &value, &|_| {})?;
        Ok(Arguments::try_parse_from(line).unwrap().command)
    }

    fn import(&self, variables: &[(&str, &str)], typed: &[&str]) -> args::Import {
        let typed = [&["import", "x.qcow2", "--name", "n"], typed].concat();
        match self.read(variables, &typed).unwrap() {
            args::Command::Import(options) => *options,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

/// A bucket for one cloud.
fn aliyun(bucket: &str) -> Scoped<String> {
    said(Scope::Cloud(Provider::ALIYUN), bucket)
}

fn said(scope: Scope, text: &str) -> Scoped<String> {
    let value = text.to_owned();
    Scoped { scope, value }
}

fn built() -> Command {
    let mut command = Arguments::command();
    command.build();
    command
}

/// The command with what it cannot do without.
fn words(command: &Command) -> Vec<String> {
    let required = command.get_arguments().filter(|option| option.is_required_set());
    let typed = required.map(|option| match (option.get_long(), option.get_id().as_str()) {
        (Some(flag), _) => format!("--{flag}=x"),
        (None, "provider" | "place") => "aliyun".to_owned(),
        (None, "action") => "create".to_owned(),
        (None, "verb") => "serve".to_owned(),
        (None, _) => "x".to_owned(),
    });
    // One of several that it needs.
    let one = match command.get_name() {
        "tag" => Some("a=b".to_owned()),
        "set" => Some("--public".to_owned()),
        "export" => Some("--task=x".to_owned()),
        "fleet" => Some("--serves=all".to_owned()),
        _ => None,
    };
    let name = command.get_name().to_owned();
    [name].into_iter().chain(typed).chain(one).collect()
}

/// Two values that an option takes.
fn samples(option: &Arg) -> [&'static str; 2] {
    let pairs = [
        ["a", "b"],
        ["1", "2"],
        ["1h", "2h"],
        ["true", "false"],
        ["text", "json"],
        ["any", "all"],
        ["x86_64", "arm64"],
        ["bios", "uefi"],
        ["platform", "byol"],
        ["aliyun=x86_64", "aliyun=arm64"],
        ["aliyun=bios", "aliyun=uefi"],
        ["aliyun=platform", "aliyun=byol"],
        ["aliyun=os.nearest", "aliyun=file.dirty"],
        ["aliyun=https://a.example", "aliyun=https://b.example"],
        ["/a", "/b"],
    ];
    let name = option.get_value_names().unwrap()[0].as_str();
    let is_path = option.get_value_hint() == ValueHint::AnyPath;
    let fits = |text: &str| {
        check(option, text.as_ref()).is_ok()
            && text.contains('=') == name.contains("=")
            && text.starts_with('/') == is_path
    };
    let mut found = pairs.into_iter().filter(|pair| pair.iter().all(|text| fits(text)));
    found.next().unwrap_or_else(|| panic!("no sample of {name} here"))
}

#[test]
fn every_option_is_the_same_by_flag_variable_and_file_and_each_comes_before_the_next() {
    let command = built();
    let options = options(&command);
    for (key, option) in &options {
        let takes_it = |command: &&Command| keyed(command).contains_key(key);
        let command = command.get_subcommands().find(takes_it).unwrap();
        let words = words(command);
        let flag = |text: &str| format!("--{}={text}", option.get_long().unwrap());
        let quote = if is_switch(option) { "" } else { "'" };
        let name = variable(key);
        let read = |file: Option<&str>, variable: Option<&str>, typed: &[&str]| {
            let text = file.map(|text| format!("{key} = {quote}{text}{quote}"));
            let file = File::new(&text.unwrap_or_default());
            let variables: Vec<(&str, &str)> = variable.iter().map(|text| (name.as_str(), *text)).collect();
            let line: Vec<String> = words
                .iter()
                .cloned()
                .chain(typed.iter().map(|text| flag(text)))
                .collect();
            let line: Vec<&str> = line.iter().map(String::as_str).collect();
            let read = format!("{:?}", file.read(&variables, &line).unwrap());
            read.replace(file.0.to_str().unwrap(), "FILE")
        };
        let [first, second] = samples(option);
        for [one, other] in [[first, second], [second, first]] {
            let typed = read(None, None, &[one]);
            assert_eq!(read(None, Some(one), &[]), typed, "{key}");
            assert_eq!(read(Some(one), None, &[]), typed, "{key}");
            // Of what is taken one by one, the last counts.
            let both = if repeats(option) && one.contains('=') {
                read(None, None, &[other, one])
            } else {
                typed
            };
            assert_ne!(both, read(None, None, &[other]), "{key}");
            assert_eq!(read(Some(other), Some(one), &[]), both, "{key}");
            assert_eq!(read(Some(other), None, &[one]), both, "{key}");
            assert_eq!(read(None, Some(other), &[one]), both, "{key}");
        }
    }
}

#[test]
fn every_command_takes_them() {
    let file = File::new(EVERYTHING);
    let command = built();
    let taking: Vec<&Command> = command.get_subcommands().filter(|own| takes_defaults(own)).collect();
    for own in &taking {
        let words = words(own);
        let line: Vec<&str> = words.iter().map(String::as_str).collect();
        let read = format!("{:?}", file.read(&[], &line).unwrap());
        assert!(read.contains("output: Json"), "{read}");
    }
    let names = taking.iter().map(|own| own.get_name());
    // A feature.
    let names: Vec<&str> = names.filter(|name| *name != "fleet").collect();
    assert_eq!(
        names,
        [
            "import",
            "check",
            "doctor",
            "wait",
            "resume",
            "retry",
            "status",
            "cancel",
            "export",
            "download",
            "move",
            "list",
            "clean",
            "images",
            "copy",
            "share",
            "unshare",
            "accept",
            "tag",
            "set",
            "deprecate",
            "delete",
            "bucket",
            "regions"
        ]
    );
}

#[test]
fn a_file_fills_in_what_the_command_line_leaves_open() {
    let file = File::new(EVERYTHING);
    let options = file.import(&[], &[]);
    assert_eq!(options.order.to, ["aliyun/cn-hangzhou"]);
    assert_eq!(options.order.os[0].value.to_string(), "CentOS 7.9");
    assert_eq!(options.order.tag, ["team=file"]);
    assert_eq!(options.staging.bucket, [aliyun("of-the-file")]);
    assert!(options.cancel_on_interrupt && options.reach.instance_metadata);
    assert_eq!(options.staging.keep_object, Some(true));
    assert_eq!(options.reach.account, [(Provider::ALIYUN, "work".to_owned())]);
    assert_eq!(options.waiting.timeout, Some(Duration::from_secs(4 * 3600)));
    let folder = file.0.parent().unwrap();
    assert_eq!(options.state.folder, Some(folder.join("jobs")), "where the file is");
    assert_eq!(options.order.targets, Some(folder.join("targets.toml")));
}

#[test]
fn what_is_typed_comes_first_though_it_is_the_default() {
    let file = File::new(EVERYTHING);
    let options = file.import(
        &[],
        &["--arch", "x86_64", "--prefix", "cloud-import/", "--keep-object=false"],
    );
    assert_eq!(
        (options.order.arch[0].value.as_str(), options.staging.prefix.as_slice()),
        ("x86_64", ["cloud-import/".to_owned()].as_slice())
    );
    assert_eq!(options.staging.keep_object, Some(false));
    let options = file.import(&[], &["--bucket", "mine"]);
    assert_eq!(options.staging.bucket, [said(Scope::All, "mine")], "for every cloud");
    let options = file.import(&[], &["--targets", "other.toml"]);
    assert!(options.order.to.is_empty(), "targets of another file are not meant");
    let options = File::new("description = 'a=b'").import(&[("CLOUD_IMPORT_DESCRIPTION", "c=d")], &[]);
    assert_eq!(options.order.description, ["a=b", "c=d"], "the last one counts");
    let options = File::new("description = 'a'").import(&[("CLOUD_IMPORT_DESCRIPTION", "b, c")], &[]);
    assert_eq!(options.order.description, ["b, c"], "which is no list");
    let options = file.import(&[], &["--events"]);
    assert_eq!(
        options.reach.output,
        OutputFormat::Text,
        "which the events do not go with"
    );
}

#[test]
fn variables_come_before_the_profile_and_the_profile_before_the_file() {
    let variables = [
        ("CLOUD_IMPORT_DEFAULTS", "nightly"),
        ("CLOUD_IMPORT_TO", "tencent, huawei"),
        ("CLOUD_IMPORT_BUCKET", "aliyun=of-the-variable"),
        ("CLOUD_IMPORT_TAGS", "team=variable,tier=web"),
    ];
    let file = File::new(EVERYTHING);
    let options = file.import(&variables, &[]);
    assert_eq!(options.staging.prefix, ["nightly/"]);
    assert_eq!(options.staging.keep_object, Some(false));
    assert_eq!(options.order.description, ["of the file"]);
    assert_eq!(options.order.to, ["tencent", "huawei"]);
    // The profile's is for every cloud, so that those of the file do not count.
    let of_every = said(Scope::All, "nightly");
    assert_eq!(options.staging.bucket, [of_every, aliyun("of-the-variable")]);
    assert_eq!(options.order.tag, ["team=file", "team=variable", "tier=web"]);
    let typed = ["list", "--defaults", "nigthly"];
    let error = file.read(&variables, &typed).unwrap_err();
    assert!(
        error.remedy().unwrap().to_string().contains("Did you mean `nightly`?"),
        "{error}"
    );
}

#[test]
fn a_simulated_run_takes_neither_credentials_nor_the_state_of_real_ones() {
    let options = File::new(EVERYTHING).import(&[], &["--simulate"]);
    assert_eq!(options.staging.prefix, ["images/"]);
    assert!(options.reach.account.is_empty() && !options.reach.instance_metadata);
    assert_eq!(options.state.folder, None);
}

#[test]
fn what_is_not_known_is_refused_with_file_and_line() {
    for (text, line, part) in [
        ("prefix = \"x\"\nbuckett = \"x\"", 2, "buckett"),
        ("\n\naccess_key_id = \"x\"", 3, "access_key_id"),
        ("[profiles.a]\nprefx = \"x\"", 2, "Did you mean `prefix`?"),
        ("[defaults.a]\nprefx = \"x\"", 2, "Did you mean `prefix`?"),
        ("[defaults.a]\n[profiles.a]", 2, "[profiles.a]"),
        ("account = ['aliyun=a']\nvendor_profile = ['aliyun=b']", 2, "`account`"),
        ("arch = \"sparc\"", 1, "sparc"),
        ("to = [\"a\"]\ntimeout = \"soon\"", 2, "30m"),
        ("[bucket]\n\"aws/x\" = \"x\"", 2, "`aws`. Use one of jdcloud, "),
        (
            "os = \"CentOS 7.9\"\n[endpoint]\naws = \"https://a.example\"",
            3,
            "`aws`. Use one of jdcloud, ",
        ),
        ("bucket = 5", 1, "bucket"),
        ("to = [\"a\",\n5]", 2, "string"),
        ("keep_object = \"true\"", 1, "true or false"),
        ("output = \"xml\"", 1, "text, json"),
        ("[endpoint]\naliyun = \"ftp://x\"", 2, "ftp://x"),
        ("[profiles.a.profiles.b]\nprefix = \"x\"", 1, "profiles"),
        ("profiles = \"a\"", 1, "table"),
        ("prefix = ", 1, "string"),
    ] {
        let file = File::new(text);
        // What one command does not take is read for all of them.
        let error = file.read(&[], &["list"]).unwrap_err();
        let place = format!("`{}`, line {line}: ", file.0.display());
        assert!(error.message().starts_with(&place), "{text}: {error}");
        assert!(
            error.message().contains(part) && error.remedy().is_some(),
            "{text}: {error}"
        );
    }
    for (key, text) in [
        ("ARCH", "sparc"),
        ("ACCOUNT", "aws=x"),
        ("BUCKET", "aws/x=x"),
        ("TAGS", "x"),
        ("KEEP_OBJECT", "perhaps"),
        ("OUTPUT", "xml"),
    ] {
        let name = format!("CLOUD_IMPORT_{key}");
        let error = File::new("").read(&[(&name, text)], &["list"]).unwrap_err();
        assert!(error.message().contains(&name), "{error}");
    }
}

#[test]
fn what_earlier_versions_called_things_is_read() {
    let file = File::new("vendor_profile = ['aliyun=work']\n[profiles.nightly]\nprefix = 'nightly/'");
    let options = file.import(&[("CLOUD_IMPORT_PROFILE", "nightly")], &[]);
    assert_eq!(options.reach.account, [(Provider::ALIYUN, "work".to_owned())]);
    assert_eq!(options.staging.prefix, ["nightly/"]);
    let of_variable = [("CLOUD_IMPORT_VENDOR_PROFILE", "aliyun=home")];
    let options = File::new("").import(&of_variable, &["--profile", "ucloud=x"]);
    let named = [
        (Provider::ALIYUN, "home".to_owned()),
        (Provider::UCLOUD, "x".to_owned()),
    ];
    assert_eq!(options.reach.account, named);
    let both = [of_variable[0], ("CLOUD_IMPORT_ACCOUNT", "aliyun=new")];
    assert_eq!(
        File::new("").import(&both, &[]).reach.account,
        [(Provider::ALIYUN, "new".to_owned())]
    );
}

#[test]
fn a_variable_that_is_not_known_is_told_with_what_may_be_meant() {
    let command = built();
    let known = known_variables(options(&command).keys());
    for name in [
        "CLOUD_IMPORT_OS",
        "CLOUD_IMPORT_VENDOR_PROFILE",
        "CLOUD_IMPORT_LOG",
        "CLOUD_IMPORT_PROFILE",
    ] {
        assert!(known.iter().any(|own| own == name), "{name}");
    }
    let told = unknown_variable("CLOUD_IMPORT_BUCKTE", &known);
    assert!(told.ends_with("Did you mean CLOUD_IMPORT_BUCKET?"), "{told}");
    assert!(!unknown_variable("CLOUD_IMPORT_COLOUR_SCHEME", &known).contains("Did you mean"));
}

#[test]
fn the_book_lists_what_decides_and_the_fields_of_a_target() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/targets.md")).unwrap();
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let listed = |names: &[&str]| {
        names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let deciding = format!("or runs something ({}), is refused", listed(&here::DECIDING));
    assert!(page.contains(&deciding), "{deciding}");
    let fields = serde_json::to_value(crate::fields::Fields::default()).unwrap();
    let mut fields: Vec<&str> = fields.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    let listed = page.split("The fields: ").nth(1).unwrap().split(". On").next().unwrap();
    let mut listed: Vec<&str> = listed.split(", ").map(|name| name.trim_matches('`')).collect();
    listed.sort_unstable();
    assert_eq!(listed, fields);
}
