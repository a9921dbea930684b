//! What was asked of an import, as plain data that is kept with its job, and the import again from that. No secret is kept: a link
//! loses its query and its password, and is asked for again.

use std::{any::TypeId, collections::BTreeMap, ffi::OsString, path::PathBuf};

use clap::{Arg, ArgAction, ArgMatches, CommandFactory as _, FromArgMatches as _, parser::ValueSource};
use cloud_import::{Error, ErrorKind, Provider, Result, Target};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    args::{Arguments, Command, Import},
    source::Place,
    targets::{Own, Wanted},
};

/// The sections of the help whose options are of one call, not of the order.
const OF_A_CALL: [&str; 2] = ["Waiting and output", "Defaults"];

/// Options that are of one call as well. Targets are kept as they were resolved.
const NOT_KEPT: [&str; 7] = ["to", "targets", "again", "dry_run", "rehash", "plain_http", "simulate"];

/// Texts that people read in the cloud. What looks like a signed link there is none.
const FOR_PEOPLE: [&str; 3] = ["name", "description", "tag"];

/// What the targets of an order have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Asked {
    /// The image: an absolute path, a link, or BUCKET:KEY.
    image: String,
    /// The options as they are typed, by their long names; one without a value has none.
    options: BTreeMap<String, Vec<String>>,
    /// The clouds were simulated ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
    /// Those of these texts that held a link which may be signed, and are not kept whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cut: Vec<String>,
}

/// What is one target's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct AskedTarget {
    label: String,
    target: Target,
    #[serde(default)]
    own: Own,
    /// Its source held a link that may be signed and is not kept whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

/// The arguments of a command line. An import gets with them what is kept of it.
pub(crate) fn read(line: Vec<OsString>) -> Result<Arguments, clap::Error> {
    let mut command = Arguments::command();
    let matches = command.try_get_matches_from_mut(line)?;
    let mut arguments = Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    if let (Command::Import(import), Some((name, own))) = (&mut arguments.command, matches.subcommand()) {
        import.asked = command
            .find_subcommand(name)
            .filter(|_| !import.dry_run)
            .and_then(|command| serde_json::to_value(Asked::of(command, own)?).ok());
    }
    Ok(arguments)
}

impl Asked {
    /// What is kept of an import; `None` where a word of it is no text.
    fn of(command: &clap::Command, typed: &ArgMatches) -> Option<Self> {
        let mut asked = Self {
            image: String::new(),
            options: BTreeMap::new(),
            simulated: typed.contains_id("simulate"),
            cut: Vec::new(),
        };
        let is_typed = |option: &&Arg| {
            let id = option.get_id().as_str();
            let of_a_call = option
                .get_help_heading()
                .is_some_and(|section| OF_A_CALL.contains(&section));
            typed.value_source(id) == Some(ValueSource::CommandLine)
                && !(of_a_call || option.is_global_set() || NOT_KEPT.contains(&id))
        };
        for option in command.get_arguments().filter(is_typed) {
            let id = option.get_id().as_str();
            let values = typed.get_raw(id).into_iter().flatten();
            let values = values.map(|value| kept_value(option, value.to_owned()));
            let mut values = values.collect::<Option<Vec<String>>>()?;
            if !FOR_PEOPLE.contains(&id) {
                for value in &mut values {
                    if let Some(rest) = without_secret(value) {
                        asked.cut.push(rest.clone());
                        *value = rest;
                    }
                }
            }
            match option.get_long() {
                None => asked.image = values.pop()?,
                Some(_) if matches!(option.get_action(), ArgAction::SetTrue) => {
                    asked.options.insert(option.get_long()?.to_owned(), Vec::new());
                }
                Some(long) => drop(asked.options.insert(long.to_owned(), values)),
            }
        }
        Some(asked)
    }

    /// Whether the place of the image for a cloud is a link that is not kept whole.
    fn is_cut_for(&self, provider: Provider, image: &String) -> bool {
        let sources = self.options.get("source").into_iter().flatten();
        let mut own = sources.filter(|source| {
            source
                .split_once('=')
                .is_some_and(|(of, _)| of.parse::<Provider>().is_ok_and(|of| of == provider))
        });
        self.cut.contains(own.next_back().unwrap_or(image))
    }
}

/// What is kept with the record of a target.
pub(crate) fn of_target(wanted: &Wanted) -> Option<Value> {
    let mut own = wanted.own.clone();
    let rest = own.source.as_deref().and_then(without_secret);
    let cut = rest.is_some();
    own.source = rest.or(own.source);
    let asked = AskedTarget {
        label: wanted.label.clone(),
        target: wanted.target.clone(),
        own,
        cut,
    };
    serde_json::to_value(asked).ok()
}

/// The import again, for these of its targets. `sources` takes the place of links that were not kept whole.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when such a link is missing, or a later version wrote what was asked.
pub(crate) fn again(
    order: &Value,
    targets: &[&Value],
    sources: &[(Option<Provider>, String)],
) -> Result<(Import, Vec<Wanted>)> {
    let asked: Asked = serde_json::from_value(order.clone()).map_err(not_known)?;
    let image = sources.iter().rev().find(|(of, _)| of.is_none());
    let image = image.map_or(&asked.image, |(_, image)| image);
    let mut wanted = Vec::new();
    for target in targets {
        let AskedTarget {
            label,
            target,
            own,
            cut,
        } = serde_json::from_value(Value::clone(target)).map_err(not_known)?;
        let mut one = Wanted { label, target, own };
        let provider = one.target.provider;
        match sources.iter().rev().find(|(of, _)| *of == Some(provider)) {
            Some((_, source)) => one.own.source = Some(source.clone()),
            None if cut || one.own.source.is_none() && asked.is_cut_for(provider, image) => {
                return Err(link_missing(Some(provider)));
            }
            None => {}
        }
        wanted.push(one);
    }
    let others = asked.options.iter().filter(|(long, _)| *long != "source");
    if others
        .flat_map(|(_, values)| values)
        .any(|value| asked.cut.contains(value))
    {
        return Err(link_missing(None));
    }
    let mut line: Vec<String> = vec!["cloud-import".into(), "import".into()];
    for (long, values) in &asked.options {
        if values.is_empty() {
            line.push(format!("--{long}"));
        }
        line.extend(values.iter().map(|value| format!("--{long}={value}")));
    }
    line.extend(["--".to_owned(), image.clone()]);
    let arguments = read(line.into_iter().map(OsString::from).collect()).map_err(not_known)?;
    let Command::Import(mut import) = arguments.command else {
        return Err(not_known("it is no import"));
    };
    // It is the same order: what is kept of it stays as it is.
    import.asked = Some(order.clone());
    Ok((*import, wanted))
}

/// Whether the clouds of an order were simulated ones.
pub(crate) fn was_simulated(order: &Value) -> bool {
    order["simulated"] == true
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

/// A link without its query and its password; `None` where it has neither.
fn without_secret(text: &str) -> Option<String> {
    let (before, rest) = text.split_once("://")?;
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let bare = &rest[..end];
    let host = bare.find('/').unwrap_or(bare.len());
    let bare = match bare[..host].rfind('@') {
        Some(at) => &bare[at + 1..],
        None => bare,
    };
    (bare != rest).then(|| format!("{before}://{bare}"))
}

fn not_known(why: impl std::fmt::Display) -> Error {
    let message = format!("what was asked of this job is not understood: {why}");
    Error::new(ErrorKind::InvalidRequest, message)
        .with_remedy("Use the version of cloud-import that began it, or a later one; or repeat the import command.")
}

fn link_missing(provider: Option<Provider>) -> Error {
    let message = "the job was begun with a link that may be signed, and its query is not kept";
    let error = Error::new(ErrorKind::InvalidRequest, message);
    match provider {
        Some(provider) => error.with_provider(provider).with_remedy(format!(
            "Give it again: --source {provider}=LINK, or --source LINK for all clouds."
        )),
        None => error.with_remedy("Repeat the import command as it was."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        wanted.own.source = source.map(str::to_owned);
        of_target(&wanted).unwrap()
    }

    #[test]
    fn an_order_comes_back_as_it_was_and_a_call_does_not() {
        let order = [
            "--os=CentOS 7.9",
            "--bucket=aliyun=a",
            "--bucket=b",
            "--set=aliyun.RoleName=R",
            "--tag=a=b=c",
            "--tag=url=https://b/?x",
            "--nvme",
            "--keep-object",
            "--convert=qcow2",
            "--size-gib=50",
            "--no-validate",
            "--replace",
            "--profile=aliyun=work",
        ];
        let call = [
            "--to=all",
            "--timeout=4h",
            "--output=json",
            "--state=jobs",
            "--again",
            "-v",
            "--simulate",
        ];
        let first = import(&[&order[..], &call, &["--bitmap", "web.mf", "images:web.qcow2"]].concat());
        let asked = first.asked.clone().unwrap();
        assert!(was_simulated(&asked), "{asked}");
        let one = target("aliyun/cn-hangzhou", None);
        let (again, wanted) = again(&asked, &[&one], &[]).unwrap();
        let bitmap = std::path::absolute("web.mf").unwrap();
        assert_eq!(again.staging.bitmap.as_deref(), Some(&*bitmap), "wherever it is run");
        let told = |import: &Import| {
            let (order, staging) = (format!("{:?}", import.order), format!("{:?}", import.staging));
            let own = (import.replace, import.no_validate, import.reach.profile.clone());
            (
                order.replace("\"all\"", ""),
                staging.replace(&format!("{bitmap:?}"), "\"web.mf\""),
                own,
            )
        };
        assert_eq!(told(&again), told(&first));
        assert!(!again.again && again.waiting.timeout.is_none() && again.reach.simulate.is_none());
        assert_eq!(again.asked, Some(asked), "what is kept stays as it is");
        assert_eq!(wanted, [Wanted::of("aliyun/cn-hangzhou".parse().unwrap())]);
        assert!(import(&["--dry-run", "b:k.qcow2"]).asked.is_none());
    }

    #[test]
    fn links_lose_what_may_be_secret_and_are_asked_for_again() {
        for (link, kept) in [
            ("https://b/k?sig=s3cret", Some("https://b/k")),
            ("https://me:s3cret@b/k", Some("https://b/k")),
            ("ucloud=https://me@b/k#s3cret", Some("ucloud=https://b/k")),
            ("https://b/k@100", None),
            ("a?b", None),
        ] {
            assert_eq!(without_secret(link).as_deref(), kept, "{link}");
        }
        let signed = "https://b/k.qcow2?sig=s3cret";
        let both = ["--source", "ucloud=https://u/k.qcow2?sig=s3cret", signed];
        let asked = import(&both).asked.unwrap();
        assert!(!asked.to_string().contains("s3cret"), "{asked}");
        let [ucloud, jdcloud] = ["ucloud/cn-bj2", "jdcloud/cn-north-1"].map(|label| target(label, None));
        let source = |of: Option<Provider>| vec![(of, signed.to_owned())];
        for (one, sources, is_whole) in [
            (&ucloud, vec![], false),
            (&ucloud, source(None), false),
            (&ucloud, source(Some(Provider::UCLOUD)), true),
            (&jdcloud, source(Some(Provider::UCLOUD)), false),
            (&jdcloud, source(None), true),
            (&target("jdcloud/cn-north-1", Some(signed)), source(None), false),
        ] {
            assert_eq!(again(&asked, &[one], &sources).is_ok(), is_whole, "{one} {sources:?}");
        }
        let disk = ["--data-disk", "https://b/d.qcow2?sig=s3cret@100", "b:k.qcow2"];
        let asked = import(&disk).asked.unwrap();
        assert!(!asked.to_string().contains("s3cret") && again(&asked, &[&jdcloud], &source(None)).is_err());
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
        later["own"]["moon"] = true.into();
        assert!(again(&asked, &[&later], &[]).is_err());
    }
}
