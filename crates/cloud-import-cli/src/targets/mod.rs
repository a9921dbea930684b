//! Where an image goes: what `--to` says, and a file of targets with groups, defaults, and what each target has of its own.

mod regions;

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

/// The targets of an order, each with a name for its image; as [`placed`].
pub(crate) fn wanted(order: &Order, staging: &Staging, reach: &Reach) -> Result<Vec<Wanted>> {
    let found = placed(order, staging, reach)?;
    if let Some(nameless) = found.iter().find(|wanted| wanted.fields.name.is_none()) {
        let message = format!("the image has no name for the target `{}`", nameless.label);
        return Err(Error::new(ErrorKind::InvalidRequest, message)
            .with_remedy("Use --name NAME, or `name` in the file of targets."));
    }
    found.iter().for_each(doubt_region);
    Ok(found)
}

/// The targets that are named, `all` and groups written out; one that is named twice counts once.
pub(crate) fn placed(order: &Order, staging: &Staging, reach: &Reach) -> Result<Vec<Wanted>> {
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
    regions::with_copies(found, &search)
}

/// Says that a region may be mistyped: the list of those that are known is never complete.
pub(crate) fn doubt_region(wanted: &Wanted) {
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
        let own = self.file.targets.get(label.as_str()).cloned().unwrap_or(own);
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
mod tests;
