//! Where an image goes: what `--to` says, and a file of targets with groups and each target's own bucket, profile and options.

use std::{collections::BTreeMap, path::Path};

use cloud_import::{Endpoint, Error, ErrorKind, Result, Target, env};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use toml::Spanned;

use crate::{
    args::{Order, Reach},
    config::line,
    region,
};

/// A larger file is no list of targets.
const LARGEST: u64 = 4 << 20;

/// A target with what is its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    /// What people call it: `PROVIDER/REGION`, or its name in the file.
    pub(crate) label: String,
    pub(crate) target: Target,
    pub(crate) own: Own,
}

impl Wanted {
    /// A target with nothing of its own.
    pub(crate) fn of(target: Target) -> Self {
        Self {
            label: target.to_string(),
            target,
            own: Own::default(),
        }
    }
}

/// What one target has that others may not have.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Own {
    /// `PROVIDER/REGION`, where the name in the file is another.
    #[serde(skip_serializing)]
    to: Option<Spanned<String>>,
    /// The bucket that a local file is put into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bucket: Option<String>,
    /// Another place of the image, as for `--source`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// The profile of the vendor's own tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    /// The endpoint of the API.
    #[serde(
        default,
        deserialize_with = "endpoint",
        serialize_with = "endpoint_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) endpoint: Option<Endpoint>,
    /// Resource group, enterprise project or project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
    /// Options in the cloud's own words.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) options: Map<String, Value>,
}

fn endpoint<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Endpoint>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

fn endpoint_text<S: serde::Serializer>(endpoint: &Option<Endpoint>, serializer: S) -> Result<S::Ok, S::Error> {
    endpoint.as_ref().map(Endpoint::to_string).serialize(serializer)
}

/// Reads a target as people write it, for a profile of its own if it has one.
type Read<'a> = dyn Fn(&str, Option<&str>) -> Result<Target> + 'a;

/// A file of targets.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Names for several targets.
    #[serde(default)]
    groups: BTreeMap<String, Vec<Spanned<String>>>,
    /// The targets by name.
    #[serde(default)]
    targets: BTreeMap<Spanned<String>, Own>,
}

/// The targets of an order, `all` and groups written out; one that is named twice counts once.
pub(crate) fn wanted(options: &Order, reach: &Reach) -> Result<Vec<Wanted>> {
    let read = |text: &str, profile: Option<&str>| region::target(text, profile, reach);
    let file = options
        .targets
        .as_deref()
        .map(File::read)
        .transpose()?
        .unwrap_or_default();
    let mut found: Vec<Wanted> = Vec::new();
    let mut add = |wanted: Wanted| {
        if found.iter().all(|other| other.label != wanted.label) {
            found.push(wanted);
        }
    };
    for text in &options.to {
        if text.eq_ignore_ascii_case("all") {
            region::all(reach)?.into_iter().map(Wanted::of).for_each(&mut add);
        } else if let Some(group) = text.strip_prefix('@') {
            file.group(group, &read)?.into_iter().for_each(&mut add);
        } else {
            add(file.target(text, &read)?);
        }
    }
    if options.to.is_empty() {
        for name in file.targets.keys() {
            add(file.target(name.get_ref(), &read)?);
        }
    }
    if found.is_empty() {
        return Err(Error::new(ErrorKind::InvalidRequest, "no target given")
            .with_remedy("Use --to PROVIDER/REGION, or --targets with a file of targets."));
    }
    Ok(found)
}

impl File {
    fn read(path: &Path) -> Result<Self> {
        let fail = |message: String| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("targets file `{}`: {message}", path.display()),
            )
            .with_remedy("The README describes it: [groups] and [targets.NAME] with to, bucket, profile, options.")
        };
        let text = env::read_file(path, LARGEST)
            .map_err(|error| fail(format!("cannot read it: {error}")))?
            .ok_or_else(|| fail("it does not exist".to_owned()))?;
        let file: Self = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            fail(format!("line {}: {}", line(&text, at), error.message()))
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

    fn group(&self, name: &str, read: &Read<'_>) -> Result<Vec<Wanted>> {
        let members = self.groups.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.groups.keys().map(String::as_str).collect();
            Error::new(ErrorKind::InvalidRequest, format!("there is no group `{name}`")).with_remedy(
                match known.len() {
                    0 => "Name the file that defines it with --targets FILE.".to_owned(),
                    _ => format!("The targets file has these groups: {}.", known.join(", ")),
                },
            )
        })?;
        members
            .iter()
            .map(|member| self.target(member.get_ref(), read))
            .collect()
    }

    /// A target by its name in the file, else as it is written.
    fn target(&self, name: &str, read: &Read<'_>) -> Result<Wanted> {
        let Some(own) = self.targets.get(name) else {
            return Ok(Wanted::of(read(name, None)?));
        };
        let text = own.to.as_ref().map_or(name, |to| to.get_ref().as_str());
        let target = read(text, own.profile.as_deref())?;
        Ok(Wanted {
            label: if name.contains('/') {
                target.to_string()
            } else {
                name.to_owned()
            },
            target,
            own: own.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, _: Option<&str>) -> Result<Target> {
        text.parse()
    }

    fn file(text: &str) -> File {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn groups_and_names_are_written_out() {
        let file = file(
            r#"
            [groups]
            east = ["aliyun/cn-hangzhou", "second"]
            [targets."aliyun/cn-hangzhou"]
            bucket = "images"
            [targets.second]
            to = "aliyun/cn-hangzhou"
            profile = "other"
            endpoint = "https://ecs.cn-hangzhou.aliyuncs.com"
            options = { RoleName = "R" }
            "#,
        );
        let east = file.group("east", &read).unwrap();
        assert_eq!(east[0].label, "aliyun/cn-hangzhou");
        assert_eq!(east[0].own.bucket.as_deref(), Some("images"));
        assert_eq!((east[1].label.as_str(), &east[1].target), ("second", &east[0].target));
        assert_eq!(east[1].own.options["RoleName"], "R");
        let error = file.group("west", &read).unwrap_err();
        assert!(
            error.remedy().is_some_and(|remedy| remedy.to_string().contains("east")),
            "{error}"
        );
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for bad in [
            "[targets.a]\nbuckt = \"x\"",
            "[target.a]",
            "[targets.a]\nendpoint = \"ftp://x\"",
        ] {
            assert!(toml::from_str::<File>(bad).is_err(), "{bad}");
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
}
