//! What was asked of an import, as plain data that is kept with its job, and the import again from that. No secret is kept: a link
//! loses its query and its password, and is asked for again.

use std::{any::TypeId, collections::BTreeMap, ffi::OsString, path::PathBuf};

use clap::{Arg, ArgAction, ArgMatches, CommandFactory as _, FromArgMatches as _, parser::ValueSource};
use cloud_import::{Error, ErrorKind, Result, Target};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    args::{
        self, Arguments, Command, Import,
        scope::{Scope, Scoped},
    },
    fields::{At, Fields},
    source::Place,
    targets::Wanted,
    template,
};

/// The options of an order beside the fields of its targets. All others are of one call.
const KEPT: [&str; 9] = [
    "data_image",
    "bitmap",
    "convert",
    "trust_image",
    "replace",
    "no_validate",
    "limit_rate",
    "parallel",
    "instance_metadata",
];

/// Fields that people read in the cloud. What looks like a signed link there is none.
const FOR_PEOPLE: [&str; 3] = ["name", "description", "tags"];

/// The field that is another place of the image.
const SOURCE: &str = "source";

/// What the targets of an order have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Asked {
    /// The image: an absolute path, a link, or BUCKET:KEY.
    image: String,
    /// The image is a link that may be signed, and is not kept whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
    /// The options as they are typed, by their long names; one without a value has none.
    options: BTreeMap<String, Vec<String>>,
    /// The clouds were simulated ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
    /// The file by which they are found again, where one was named: an absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    simulated_by: Option<String>,
}

/// What is one target's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct AskedTarget {
    label: String,
    target: Target,
    /// Its [`Fields`], those that are said.
    fields: Map<String, Value>,
    /// Those of them that held a link which may be signed, and are not kept whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cut: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    common_name: Option<String>,
}

/// The arguments of a command line. An import gets with them what is kept of it.
pub(crate) fn read(line: Vec<OsString>) -> Result<Arguments, clap::Error> {
    let mut command = Arguments::command();
    let matches = match command.try_get_matches_from_mut(&line) {
        // The long help alone needs the whole definition, which takes longer to make than most answers.
        Err(told) if asks_for_help(&told) => return Err(helped(line, told)),
        read => read?,
    };
    let mut arguments = Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    let import = match &mut arguments.command {
        Command::Import(import) => Some(&mut **import),
        Command::Move(moved) => Some(&mut moved.import),
        _ => None,
    };
    if let (Some(import), Some((name, own))) = (import, matches.subcommand()) {
        import.asked = command
            .find_subcommand(name)
            .filter(|_| !(import.dry_run || import.vendor_dry_run))
            .and_then(|command| serde_json::to_value(Asked::of(command, own)?).ok());
    }
    Ok(arguments)
}

fn asks_for_help(told: &clap::Error) -> bool {
    use clap::error::ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand};
    matches!(told.kind(), DisplayHelp | DisplayHelpOnMissingArgumentOrSubcommand)
}

/// The help that a line asks for, with all that belongs into it.
fn helped(line: Vec<OsString>, short: clap::Error) -> clap::Error {
    args::command().try_get_matches_from(line).err().unwrap_or(short)
}

impl Asked {
    /// What is kept of an import; `None` where a word of it is no text.
    fn of(command: &clap::Command, typed: &ArgMatches) -> Option<Self> {
        let mut asked = Self {
            image: String::new(),
            cut: false,
            options: BTreeMap::new(),
            simulated: typed.contains_id("simulate"),
            simulated_by: simulated_by(typed),
        };
        let is_kept = |option: &&Arg| {
            let id = option.get_id().as_str();
            let is_typed = typed.value_source(id) == Some(ValueSource::CommandLine);
            is_typed && (option.is_positional() || KEPT.contains(&id))
        };
        for option in command.get_arguments().filter(is_kept) {
            let values = typed.get_raw(option.get_id().as_str()).into_iter().flatten();
            let values = values.map(|value| kept_value(option, value.to_owned()));
            let mut values = values.collect::<Option<Vec<String>>>()?;
            match option.get_long() {
                None => asked.image = values.pop()?,
                Some(long) => {
                    if matches!(option.get_action(), ArgAction::SetTrue) {
                        values.clear();
                    }
                    asked.options.insert(long.to_owned(), values);
                }
            }
        }
        if let Some(rest) = without_secret(&asked.image) {
            (asked.image, asked.cut) = (rest, true);
        }
        Some(asked)
    }

    /// The command line of it, without the fields of its targets.
    fn line(&self, image: &str) -> Vec<OsString> {
        let mut line: Vec<String> = vec!["cloud-import".into(), "import".into()];
        for (long, values) in &self.options {
            if values.is_empty() {
                line.push(format!("--{long}"));
            }
            line.extend(values.iter().map(|value| format!("--{long}={value}")));
        }
        line.extend(["--".to_owned(), image.to_owned()]);
        line.into_iter().map(OsString::from).collect()
    }
}

/// What is kept with the record of a target. What stands for a day or a time is filled in: on another day it is the same order.
pub(crate) fn of_target(wanted: &Wanted) -> Option<Value> {
    let fields = serde_json::to_value(template::of_now(&wanted.fields)).ok()?;
    let Value::Object(mut fields) = fields else { return None };
    fields.retain(|_, value| !value.is_null());
    let mut cut = Vec::new();
    for (name, value) in &mut fields {
        if !FOR_PEOPLE.contains(&name.as_str()) && is_cut(value) {
            cut.push(name.clone());
        }
    }
    let asked = AskedTarget {
        label: wanted.label.clone(),
        target: wanted.target.clone(),
        fields,
        cut,
        common_name: wanted.common_name.as_deref().map(template::text_of_now),
    };
    serde_json::to_value(asked).ok()
}

/// Takes from the texts of a value what may be secret, and says whether there was any.
fn is_cut(value: &mut Value) -> bool {
    // Of each, whatever was found before.
    let any = |values: &mut dyn Iterator<Item = &mut Value>| values.map(is_cut).filter(|cut| *cut).count() > 0;
    match value {
        Value::String(text) => match without_secret(text) {
            Some(rest) => {
                *text = rest;
                true
            }
            None => false,
        },
        Value::Array(values) => any(&mut values.iter_mut()),
        Value::Object(values) => any(&mut values.values_mut()),
        _ => false,
    }
}

/// The import again, for these of its targets. `sources` takes the place of links that were not kept whole.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when such a link is missing, or a later version wrote what was asked.
pub(crate) fn again(order: &Value, targets: &[&Value], sources: &[Scoped<String>]) -> Result<(Import, Vec<Wanted>)> {
    let asked: Asked = serde_json::from_value(order.clone()).map_err(not_known)?;
    let of_all = sources.iter().rev().find(|source| source.scope == Scope::All);
    let image = of_all.map_or(&asked.image, |source| &source.value);
    let is_image_cut = asked.cut && of_all.is_none();
    let mut wanted = Vec::new();
    for target in targets {
        let target: AskedTarget = serde_json::from_value(Value::clone(target)).map_err(not_known)?;
        wanted.push(target.again(is_image_cut, sources)?);
    }
    let arguments = read(asked.line(image)).map_err(not_known)?;
    let Command::Import(mut import) = arguments.command else {
        return Err(not_known("it is no import"));
    };
    // It is the same order: what is kept of it stays as it is.
    import.asked = Some(order.clone());
    Ok((*import, wanted))
}

impl AskedTarget {
    fn again(self, is_image_cut: bool, sources: &[Scoped<String>]) -> Result<Wanted> {
        let Self { label, target, cut, .. } = self;
        let mut fields: Fields = serde_json::from_value(Value::Object(self.fields)).map_err(not_known)?;
        let place = target.to_string();
        let at = At {
            names: &[&label, &place],
            provider: target.provider,
        };
        let is_own_cut = cut.iter().any(|name| name == SOURCE);
        match sources.iter().rev().find(|source| at.is_in(&source.scope)) {
            Some(source) => fields.source = Some(source.value.clone()),
            None if is_own_cut || fields.source.is_none() && is_image_cut => return Err(link_missing(Some(&label))),
            None => {}
        }
        if cut.iter().any(|name| name != SOURCE) {
            return Err(link_missing(None));
        }
        Ok(Wanted {
            label,
            target,
            fields,
            common_name: self.common_name,
        })
    }
}

/// The label of the target whose image one of these was asked to be a copy of.
pub(crate) fn copied_from(target: &Value) -> Option<&str> {
    target["fields"]["copy_of"].as_str()
}

/// Whether the clouds of an order were simulated ones.
pub(crate) fn was_simulated(order: &Value) -> bool {
    order["simulated"] == true
}

/// The file by which the simulated clouds of an order are found again, where it is known.
pub(crate) fn simulated_by_of(order: &Value) -> Option<&str> {
    order["simulated_by"].as_str()
}

/// What `--simulate` names, as it means the same in another directory.
fn simulated_by(typed: &ArgMatches) -> Option<String> {
    let named = typed.get_raw("simulate")?.next()?;
    std::path::absolute(named).ok()?.into_os_string().into_string().ok()
}

/// A value as it means the same in another directory; `None` where it is no text.
fn kept_value(option: &Arg, value: OsString) -> Option<String> {
    let is_image = option.is_positional() && matches!(Place::read(&value), Ok(Place::File(_)));
    let is_path = option.get_value_parser().type_id() == TypeId::of::<PathBuf>();
    let value = match is_image || is_path {
        true => std::path::absolute(&value).ok()?.into_os_string(),
        false => value,
    };
    value.into_string().ok()
}

/// A link without its query and its password; `None` where it has neither. What is to be fetched keeps its sum.
fn without_secret(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let is_fetched = scheme.to_ascii_lowercase().starts_with("fetch+");
    let (link, sum) = match rest.find('#').filter(|_| is_fetched) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let bare = &link[..link.find(['?', '#']).unwrap_or(link.len())];
    let host = bare.find('/').unwrap_or(bare.len());
    let bare = match bare[..host].rfind('@') {
        Some(at) => &bare[at + 1..],
        None => bare,
    };
    (bare != link).then(|| format!("{scheme}://{bare}{sum}"))
}

fn not_known(why: impl std::fmt::Display) -> Error {
    let message = format!("what was asked of this job is not understood: {why}");
    Error::new(ErrorKind::InvalidRequest, message)
        .with_remedy("Use the version of cloud-import that began it, or a later one; or repeat the import command.")
}

/// `target`: its label, where the link is that of its image.
fn link_missing(target: Option<&str>) -> Error {
    let message = "the job was begun with a link that may be signed, and its query is not kept";
    let error = Error::new(ErrorKind::InvalidRequest, message);
    match target {
        Some(target) => error.with_remedy(format!(
            "Give it again: --source {target}=LINK, or --source LINK where it is the same for all."
        )),
        None => error.with_remedy("Repeat the import command as it was."),
    }
}

#[cfg(test)]
mod tests {
    use cloud_import::Provider;

    use super::*;
    use crate::targets;

    fn import(words: &[&str]) -> Import {
        let line = ["cloud-import", "import", "--name", "web"].iter().chain(words);
        let arguments = read(line.map(OsString::from).collect()).unwrap();
        match arguments.command {
            Command::Import(import) => *import,
            _ => panic!("it is an import"),
        }
    }

    fn target(label: &str, source: Option<&str>) -> Value {
        let mut wanted = Wanted::of(label.parse().unwrap());
        wanted.fields.source = source.map(str::to_owned);
        of_target(&wanted).unwrap()
    }

    #[test]
    fn an_order_comes_back_as_it_was_and_a_call_does_not() {
        let order = [
            "--os=CentOS 7.9",
            "--os-raw=tencent=CentOS",
            "--bucket=aliyun=a",
            "--bucket=b",
            "--prefix=of-{date}/",
            "--set=aliyun.RoleName=R",
            "--tag=a=b=c",
            "--tag=url=https://b/?x",
            "--arch=arm64",
            "--boot-mode=uefi",
            "--license-type=byol",
            "--format=vhd",
            "--data-disk=b:d.qcow2@100",
            "--nvme",
            "--keep-object",
            "--convert=qcow2",
            "--size-gib=50",
            "--no-validate",
            "--replace",
            "--limit-rate=10m",
            "--account=aliyun=work",
            "--endpoint=ucloud=https://api.example.com",
            "--name=aliyun=web-{date}-{region}",
            "--accept-warning=os.nearest",
            "--accept-warning=huawei=file.dirty",
        ];
        let call = [
            "--to=all",
            "--timeout=4h",
            "--output=json",
            "--state=jobs",
            "--again",
            "--best-effort",
            "--no-preflight",
            "-v",
            "--simulate",
        ];
        let first = import(&[&order[..], &call, &["--bitmap", "web.mf", "images:web.qcow2"]].concat());
        let asked = first.asked.clone().unwrap();
        assert!(was_simulated(&asked) && simulated_by_of(&asked).is_none(), "{asked}");
        let by_file = import(&["--simulate=sim.json", "images:web.qcow2"]).asked.unwrap();
        let file = std::path::absolute("sim.json").unwrap();
        assert_eq!(simulated_by_of(&by_file), file.to_str(), "wherever it is run");
        let wanted = targets::wanted(&first.order, &first.staging, &first.reach).unwrap();
        assert_eq!(wanted.len(), 5);
        let kept: Vec<Value> = wanted.iter().filter_map(of_target).collect();
        let (again, read) = again(&asked, &kept.iter().collect::<Vec<_>>(), &[]).unwrap();
        for (one, read) in wanted.iter().zip(&read) {
            let fields = template::of_now(&one.fields);
            let one = Wanted { fields, ..one.clone() };
            assert_eq!(*read, one);
            let name = read.fields.name.as_deref().unwrap_or_default();
            assert!(!name.contains("{date}"), "{name}");
        }
        assert_eq!(
            again.staging.bitmap,
            std::path::absolute("web.mf").ok(),
            "wherever it is run"
        );
        assert_eq!(again.order.image, first.order.image);
        let told = |import: &Import| {
            let Import {
                staging,
                replace,
                no_validate,
                limit_rate,
                ..
            } = import;
            (staging.convert, *replace, *no_validate, *limit_rate)
        };
        assert_eq!(told(&again), told(&first));
        assert!(!again.again && again.waiting.timeout.is_none() && again.reach.simulate.is_none());
        assert!(!again.best_effort && !again.no_preflight);
        assert_eq!(again.asked, Some(asked), "what is kept stays as it is");
        for only_looks in ["--dry-run", "--vendor-dry-run"] {
            assert!(import(&[only_looks, "b:k.qcow2"]).asked.is_none(), "{only_looks}");
        }
    }

    #[test]
    fn links_lose_what_may_be_secret_and_are_asked_for_again() {
        for (link, kept) in [
            ("https://b/k?sig=s3cret", Some("https://b/k")),
            ("https://me:s3cret@b/k", Some("https://b/k")),
            ("ucloud=https://me@b/k#s3cret", Some("ucloud=https://b/k")),
            ("https://b/k@100", None),
            (
                "fetch+https://b/k?sig=s3cret#sha256=00",
                Some("fetch+https://b/k#sha256=00"),
            ),
            ("fetch+https://b/k#sha256=00", None),
            ("a?b", None),
        ] {
            assert_eq!(without_secret(link).as_deref(), kept, "{link}");
        }
        let signed = "https://b/k.qcow2?sig=s3cret";
        let asked = import(&[signed]).asked.unwrap();
        assert!(!asked.to_string().contains("s3cret"), "{asked}");
        let own = target("ucloud/cn-bj2", Some("https://u/k.qcow2?sig=s3cret"));
        assert!(!own.to_string().contains("s3cret"), "{own}");
        let of_image = target("jdcloud/cn-north-1", None);
        let source = |scope| {
            vec![Scoped {
                scope,
                value: signed.to_owned(),
            }]
        };
        let named = |name: &str| Scope::Target(name.to_owned());
        for (one, sources, is_whole) in [
            (&own, vec![], false),
            (&own, source(Scope::All), false),
            (&own, source(Scope::Cloud(Provider::UCLOUD)), true),
            (&own, source(named("ucloud/cn-bj2")), true),
            (&own, source(named("ucloud/cn-sh2")), false),
            (&of_image, vec![], false),
            (&of_image, source(Scope::Cloud(Provider::UCLOUD)), false),
            (&of_image, source(Scope::All), true),
            (&target("jdcloud/cn-north-1", Some("b:k.qcow2")), vec![], true),
        ] {
            let read = again(&asked, &[one], &sources);
            assert_eq!(read.is_ok(), is_whole, "{one} {sources:?}");
        }
        let (import_again, _) = again(&asked, &[&of_image], &source(Scope::All)).unwrap();
        assert_eq!(import_again.order.image, signed);
        let mut disk = Wanted::of("jdcloud/cn-north-1".parse().unwrap());
        disk.fields.data_disks = Some(vec!["https://b/d.qcow2?sig=s3cret@100".to_owned()]);
        let disk = of_target(&disk).unwrap();
        let asked = import(&["b:k.qcow2"]).asked.unwrap();
        assert!(!disk.to_string().contains("s3cret") && again(&asked, &[&disk], &source(Scope::All)).is_err());
    }

    #[test]
    fn what_a_later_version_kept_is_refused() {
        let asked = import(&["b:k.qcow2"]).asked.unwrap();
        let mut later = asked.clone();
        later["options"]["teleport"] = serde_json::json!([]);
        let one = target("ucloud/cn-bj2", None);
        assert!(again(&asked, &[&one], &[]).is_ok());
        let error = again(&later, &[&one], &[]).unwrap_err();
        assert!(
            error.message().contains("not understood") && error.message().contains("--teleport"),
            "{error}"
        );
        let mut later = one;
        later["fields"]["moon"] = true.into();
        assert!(again(&asked, &[&later], &[]).is_err());
    }
}
