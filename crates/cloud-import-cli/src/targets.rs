//! Where an image goes: what `--to` says, and a file of targets with groups, defaults, and what each target has of its own.

use std::{collections::BTreeMap, path::Path};

use cloud_import::{
    Error, ErrorKind, Provider, Result, Target, env,
    provider::suggest::{did_you_mean, did_you_mean_in, near},
};
use serde::{Deserialize, Deserializer, de::IntoDeserializer as _};
use toml::{Spanned, Value};

use crate::{
    args::{Order, Reach, Staging},
    config::line,
    fields::{At, Fields, Said},
    output, region,
};

/// A larger file is no list of targets.
const LARGEST: u64 = 4 << 20;

/// A target with all that is said of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    /// What people call it: `PROVIDER/REGION`, or its name in the file.
    pub(crate) label: String,
    pub(crate) target: Target,
    pub(crate) fields: Fields,
    /// The image's name as it is said of all targets.
    pub(crate) common_name: Option<String>,
}

impl Wanted {
    /// A target of which nothing is said.
    pub(crate) fn of(target: Target) -> Self {
        Self {
            label: target.to_string(),
            target,
            fields: Fields::default(),
            common_name: None,
        }
    }
}

/// A file of targets.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// What counts where nothing more particular is said.
    #[serde(default)]
    defaults: Defaults,
    /// Names for several targets.
    #[serde(default)]
    groups: BTreeMap<String, Vec<Spanned<String>>>,
    /// The targets by name.
    #[serde(default)]
    targets: BTreeMap<Spanned<String>, Fields>,
}

/// Fields for all targets, and for those of one cloud.
#[derive(Debug, Default)]
struct Defaults {
    all: Fields,
    clouds: BTreeMap<Provider, Fields>,
}

impl<'de> Deserialize<'de> for Defaults {
    /// A table in which a cloud's name is a table of fields, and anything else a field.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;

        let fields = |value: Value| match value.get("to") {
            Some(_) => Err(D::Error::custom("`to` stands in [targets.NAME] alone")),
            None => Fields::deserialize(value.into_deserializer()).map_err(|error| D::Error::custom(error.message())),
        };
        let mut made = Self::default();
        let mut of_all = toml::Table::new();
        for (name, value) in toml::Table::deserialize(deserializer)? {
            match name.parse::<Provider>() {
                Ok(provider) => {
                    made.clouds.insert(provider, fields(value)?);
                }
                Err(_) if value.is_table() && !["tags", "options"].contains(&name.as_str()) => {
                    let clouds: Vec<String> = Provider::all().map(|provider| format!("`{provider}`")).collect();
                    let known = clouds.join(", ");
                    return Err(D::Error::custom(format!(
                        "unknown provider `{name}`, expected one of {known}"
                    )));
                }
                Err(_) => {
                    of_all.insert(name, value);
                }
            }
        }
        made.all = fields(Value::Table(of_all))?;
        Ok(made)
    }
}

/// The targets of an order, `all` and groups written out; one that is named twice counts once.
pub(crate) fn wanted(order: &Order, staging: &Staging, reach: &Reach) -> Result<Vec<Wanted>> {
    let file = order
        .targets
        .as_deref()
        .map(File::read)
        .transpose()?
        .unwrap_or_default();
    let names: Vec<&str> = file.targets.keys().map(|name| name.get_ref().as_str()).collect();
    let said = Said {
        order,
        staging,
        reach,
        is_name: &|name| names.contains(&name),
    };
    said.check(&names)?;
    let search = Search { file: &file, said };
    let mut found: Vec<Wanted> = Vec::new();
    let mut add = |wanted: Wanted| {
        if found.iter().all(|other| other.label != wanted.label) {
            found.push(wanted);
        }
    };
    for text in &order.to {
        if text.eq_ignore_ascii_case("all") {
            for provider in Target::all() {
                add(search.target(provider.provider.id())?);
            }
        } else if let Some(group) = text.strip_prefix('@') {
            search.group(group)?.into_iter().for_each(&mut add);
        } else {
            add(search.target(text)?);
        }
    }
    if order.to.is_empty() {
        for name in names.iter().copied() {
            add(search.target(name)?);
        }
    }
    if found.is_empty() {
        return Err(Error::new(ErrorKind::InvalidRequest, "no target given")
            .with_remedy("Use --to PROVIDER/REGION, or --targets with a file of targets."));
    }
    found.iter().for_each(doubt_region);
    Ok(found)
}

/// Says that a region may be mistyped: the list of those that are known is never complete.
fn doubt_region(wanted: &Wanted) {
    let Target { provider, region, .. } = &wanted.target;
    let known = cloud_import::regions(*provider).unwrap_or_default();
    let known = || known.iter().map(|(id, _)| *id);
    if let Some(near) = near(region, known()).first().filter(|_| known().all(|id| id != region)) {
        output::say(&format!(
            "{}: `{region}` is not a region that is known of {}. Did you mean `{near}`?",
            wanted.label,
            provider.name()
        ));
    }
}

impl File {
    fn read(path: &Path) -> Result<Self> {
        let fail = |message: String, meant: &str| {
            let message = format!("targets file `{}`: {message}", path.display());
            Error::new(ErrorKind::InvalidRequest, message).with_remedy(format!(
                "{meant}The README describes it: [defaults], [defaults.PROVIDER], [groups] and [targets.NAME]."
            ))
        };
        let text = env::read_file(path, LARGEST)
            .map_err(|error| fail(format!("cannot read it: {error}"), ""))?
            .ok_or_else(|| fail("it does not exist".to_owned(), ""))?;
        let file: Self = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let message = error.message();
            fail(
                format!("line {}: {message}", line(&text, at)),
                &did_you_mean_in(message),
            )
        })?;
        file.check().map_err(|(at, error)| {
            let line = line(&text, at);
            error.context(format!("targets file `{}`, line {line}", path.display()))
        })?;
        Ok(file)
    }

    /// What stands for a target must be one, also where it is not asked for; else where it is and why not.
    fn check(&self) -> Result<(), (usize, Error)> {
        let named = self.targets.iter().map(|(name, own)| own.to.as_ref().unwrap_or(name));
        let members = self.groups.values().flatten();
        let others = members.filter(|member| !self.targets.contains_key(member.get_ref().as_str()));
        for text in named.chain(others) {
            // What goes without a region gets one later.
            let read: Result<Target> = text.get_ref().parse();
            read.map_err(|error| (text.span().start, error))?;
        }
        Ok(())
    }
}

/// A file of targets, and what the command line says.
struct Search<'a> {
    file: &'a File,
    said: Said<'a>,
}

impl Search<'_> {
    fn group(&self, name: &str) -> Result<Vec<Wanted>> {
        let groups = &self.file.groups;
        let members = groups.get(name).ok_or_else(|| {
            let known: Vec<&str> = groups.keys().map(String::as_str).collect();
            let remedy = match known.len() {
                0 => "Name the file that defines it with --targets FILE.".to_owned(),
                _ => {
                    let meant = did_you_mean(name, known.iter().copied());
                    format!("{meant}The targets file has these groups: {}.", known.join(", "))
                }
            };
            Error::new(ErrorKind::InvalidRequest, format!("there is no group `{name}`")).with_remedy(remedy)
        })?;
        members.iter().map(|member| self.target(member.get_ref())).collect()
    }

    /// A target by its name in the file, else as it is written.
    fn target(&self, name: &str) -> Result<Wanted> {
        let own = self.file.targets.get(name).cloned().unwrap_or_default();
        let text = own.to.as_ref().map_or(name, |to| to.get_ref().as_str());
        let target = match text.contains('/') {
            true => text.parse()?,
            false => {
                let provider = text.parse().map_err(|error: Error| self.or_target(name, error))?;
                let at = At {
                    names: &[name],
                    provider,
                };
                region::of(provider, self.fields(&own, at).account, self.said.reach)?
            }
        };
        let place = target.to_string();
        let is_named = self.file.targets.contains_key(name) && !name.contains('/');
        let label = if is_named { name.to_owned() } else { place.clone() };
        // Written without its region, it is the target of that region all the same.
        let own = match self.file.targets.get(label.as_str()) {
            Some(of_region) if !is_named => own.over(of_region.clone()),
            _ => own,
        };
        let at = At {
            names: &[&label, &place],
            provider: target.provider,
        };
        Ok(Wanted {
            fields: self.fields(&own, at),
            common_name: self.said.of_all().over(self.file.defaults.all.clone()).name,
            label,
            target,
        })
    }

    /// All that is said of a target, `own` by the file; see [`crate::fields`] for what comes before what.
    fn fields(&self, own: &Fields, at: At<'_>) -> Fields {
        let defaults = &self.file.defaults;
        let of_cloud = defaults.clouds.get(&at.provider).cloned().unwrap_or_default();
        let places = [
            self.said.of_target(at),
            own.clone(),
            self.said.of_cloud(at),
            self.said.of_all(),
            of_cloud,
            defaults.all.clone(),
        ];
        // From the least particular on: what one leaves out, it leaves out of those below it.
        places
            .into_iter()
            .rev()
            .fold(Fields::default(), |below, own| own.over(below))
    }

    /// The error of a name that is no cloud's, with what may be meant among the targets of the file.
    fn or_target(&self, name: &str, error: Error) -> Error {
        let known: Vec<&str> = self.file.targets.keys().map(|name| name.get_ref().as_str()).collect();
        if known.is_empty() {
            return error;
        }
        let clouds: Vec<&str> = Provider::all().map(Provider::id).collect();
        let meant = did_you_mean(name, known.iter().chain(&clouds).copied());
        let message = format!("there is no cloud and no target `{name}`");
        Error::new(ErrorKind::InvalidRequest, message).with_remedy(format!(
            "{meant}Use PROVIDER/REGION, or one of the targets of the file: {}.",
            known.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Arguments, Command};

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
}
