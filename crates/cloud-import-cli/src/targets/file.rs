//! The file of targets: groups, defaults, and what each target has of its own.

use std::{collections::BTreeMap, path::Path};

use cloud_import::{Error, ErrorKind, Provider, Result, Target, env, provider::suggest::did_you_mean_in};
use serde::{Deserialize, Deserializer, de::IntoDeserializer as _};
use toml::{Spanned, Value};

use crate::{config::line, fields::Fields};

/// A larger file is no list of targets.
const LARGEST: u64 = 4 << 20;

/// A file of targets.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// What counts where nothing more particular is said.
    #[serde(default)]
    pub(super) defaults: Defaults,
    /// Names for several targets.
    #[serde(default)]
    pub(super) groups: BTreeMap<String, Vec<Spanned<String>>>,
    /// The targets by name.
    #[serde(default)]
    pub(super) targets: BTreeMap<Spanned<String>, Fields>,
}

/// Fields for all targets, and for those of one cloud.
#[derive(Debug, Default)]
pub(super) struct Defaults {
    pub(super) all: Fields,
    pub(super) clouds: BTreeMap<Provider, Fields>,
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

impl File {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let unreadable = |message: String| Err(refused(path, &message, ""));
        match env::read_file(path, LARGEST) {
            Ok(Some(text)) => Self::parse(&text, path),
            Ok(None) => unreadable("it does not exist".to_owned()),
            Err(error) => unreadable(format!("cannot read it: {error}")),
        }
    }

    /// The file that has this text, at `path`.
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self> {
        let file: Self = toml::from_str(text).map_err(|error| {
            let line = line(text, error.span().map_or(0, |span| span.start));
            let message = error.message();
            refused(path, &format!("line {line}: {message}"), &did_you_mean_in(message))
        })?;
        file.check().map_err(|(at, error)| {
            let line = line(text, at);
            error.context(format!("targets file `{}`, line {line}", path.display()))
        })?;
        Ok(file)
    }

    /// What stands for a target must be one, also where it is not asked for; else where it is and why not.
    pub(super) fn check(&self) -> Result<(), (usize, Error)> {
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

fn refused(path: &Path, message: &str, meant: &str) -> Error {
    let message = format!("targets file `{}`: {message}", path.display());
    Error::new(ErrorKind::InvalidRequest, message).with_remedy(format!(
        "{meant}The book describes it (docs/targets.md): [defaults], [defaults.PROVIDER], [groups] and [targets.NAME]."
    ))
}
