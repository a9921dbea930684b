//! Defaults of the command: from a file, `cloud-import.toml`, and from variables. What is said on the command line comes first,
//! then the variable, then the profile of the file, then the file itself. There is no key for credentials, on purpose.

use std::{
    collections::BTreeMap,
    fmt::Display,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use clap::{ArgMatches, ValueEnum as _, parser::ValueSource};
use cloud_import::{Architecture, BootMode, Endpoint, Error, ErrorKind, LicenseType, Os, Provider, Result, env};
use serde::{Deserialize, Deserializer, de};

use crate::args::{Command, ConfigFile, Form, Order, Reach, Staging, StateDir, duration, for_provider, pair};

/// A larger file holds no defaults.
const LARGEST: u64 = 1 << 20;

/// What the file is called.
const FILE: &str = "cloud-import.toml";

/// What is said nowhere else. The keys are those of the file; the variables are called `CLOUD_IMPORT_` and the key.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Defaults {
    to: Option<Vec<String>>,
    targets: Option<PathBuf>,
    #[serde(deserialize_with = "parsed")]
    os: Option<Os>,
    #[serde(deserialize_with = "parsed")]
    arch: Option<Architecture>,
    #[serde(deserialize_with = "parsed")]
    boot_mode: Option<BootMode>,
    #[serde(deserialize_with = "parsed")]
    license_type: Option<LicenseType>,
    description: Option<String>,
    tags: BTreeMap<String, String>,
    bucket: Buckets,
    prefix: Option<String>,
    keep_object: Option<bool>,
    project: BTreeMap<Provider, String>,
    /// A profile of the vendor's own tools; `[profiles]` are those of this file.
    vendor_profile: BTreeMap<Provider, String>,
    #[serde(deserialize_with = "endpoints")]
    endpoint: BTreeMap<Provider, Endpoint>,
    instance_metadata: Option<bool>,
    state: Option<PathBuf>,
    #[serde(deserialize_with = "time")]
    timeout: Option<Duration>,
    #[serde(deserialize_with = "form")]
    output: Option<Form>,
    cancel_on_interrupt: Option<bool>,
    #[serde(deserialize_with = "profiles")]
    profiles: BTreeMap<String, Defaults>,
}

/// Buckets: one for every cloud that has none of its own, and their own.
#[derive(Debug, Clone, PartialEq, Default)]
struct Buckets {
    every: Option<String>,
    own: BTreeMap<Provider, String>,
}

/// Fills in what the command line leaves open.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] with file and line, or the variable, for what cannot be read or is not known.
pub(crate) fn apply(command: &mut Command, matches: &ArgMatches) -> Result<()> {
    let Some(options) = config_of(command) else {
        return Ok(());
    };
    let of_file = match find(options)? {
        Some((path, must_be)) => read(&path, must_be)?,
        None => None,
    };
    let chosen = match &options.profile {
        Some(name) => Some(name.clone()),
        None if options.no_config => None,
        None => env::variable("CLOUD_IMPORT_PROFILE"),
    };
    let of_file = match (of_file, chosen) {
        (Some((path, defaults)), chosen) => chosen_of(defaults, chosen.as_deref(), &path)?,
        (None, Some(name)) => {
            return Err(
                refuse(format!("there are no defaults `{name}`: no {FILE} was found")).with_remedy(format!(
                    "Name the file with --config, or write [profiles.{name}] into ./{FILE}."
                )),
            );
        }
        (None, None) => Defaults::default(),
    };
    let defaults = Defaults::of_variables(&env::variable)?.over(of_file);
    let matches = matches.subcommand().map(|(_, matches)| matches);
    let given = |id: &str| matches.is_some_and(|matches| matches.value_source(id) == Some(ValueSource::CommandLine));
    defaults.fill(command, &given);
    Ok(())
}

fn config_of(command: &Command) -> Option<&ConfigFile> {
    match command {
        Command::Import(options) => Some(&options.config),
        Command::Check(options) => Some(&options.config),
        Command::Wait(options) => Some(&options.tasks.config),
        Command::Status(options) | Command::Cancel(options) => Some(&options.config),
        Command::List(options) => Some(&options.config),
        Command::Clean(options) => Some(&options.config),
        Command::Inspect(_) | Command::Capabilities(_) | Command::Explain(_) | Command::Sim(_) => None,
    }
}

/// Where the defaults are looked for, and whether they must be there. The first place counts alone.
fn find(options: &ConfigFile) -> Result<Option<(PathBuf, bool)>> {
    if options.no_config {
        return Ok(None);
    }
    if let Some(path) = &options.file {
        return Ok(Some((path.clone(), true)));
    }
    if let Some(path) = env::variable("CLOUD_IMPORT_CONFIG") {
        return Ok(Some((path.into(), true)));
    }
    let here = PathBuf::from(FILE);
    if here.try_exists().map_err(|error| unreadable(&here, &error))? {
        return Ok(Some((here, true)));
    }
    let strategy = etcetera::choose_app_strategy(etcetera::AppStrategyArgs {
        app_name: "cloud-import".to_owned(),
        ..Default::default()
    });
    // A user without a home directory has no defaults there.
    Ok(strategy.ok().map(|places| {
        use etcetera::AppStrategy as _;
        (places.config_dir().join(FILE), false)
    }))
}

/// The defaults of a file. Paths in it are taken from where it is.
fn read(path: &Path, must_be: bool) -> Result<Option<(PathBuf, Defaults)>> {
    let text = match env::read_file(path, LARGEST).map_err(|error| unreadable(path, &error))? {
        Some(text) => text,
        None if must_be => {
            return Err(refuse(format!("`{}` is not there", path.display()))
                .with_remedy("Name the file of defaults with --config, or leave them out with --no-config."));
        }
        None => return Ok(None),
    };
    let mut defaults = parse(&text, path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    defaults.found_in(folder);
    defaults
        .profiles
        .values_mut()
        .for_each(|profile| profile.found_in(folder));
    Ok(Some((path.to_owned(), defaults)))
}

fn parse(text: &str, path: &Path) -> Result<Defaults> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            let before = text.as_bytes().iter().take(span.start);
            before.filter(|byte| **byte == b'\n').count() + 1
        });
        refuse(format!("`{}`, line {line}: {}", path.display(), error.message()))
            .with_remedy("The README lists the keys. For one run without the file: --no-config.")
    })
}

/// The defaults of the profile that is asked for over those at the top of the file.
fn chosen_of(mut defaults: Defaults, name: Option<&str>, path: &Path) -> Result<Defaults> {
    let profiles = std::mem::take(&mut defaults.profiles);
    let Some(name) = name else { return Ok(defaults) };
    let Some(profile) = profiles.get(name) else {
        let known: Vec<&str> = profiles.keys().map(String::as_str).collect();
        let remedy = match known.len() {
            0 => format!("Write [profiles.{name}] into it."),
            _ => format!("It has: {}.", known.join(", ")),
        };
        return Err(refuse(format!("`{}` has no [profiles.{name}]", path.display())).with_remedy(remedy));
    };
    Ok(profile.clone().over(defaults))
}

impl Defaults {
    /// What the variables say.
    fn of_variables(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let text = |key: &str| variable(&format!("CLOUD_IMPORT_{key}"));
        let list =
            |key: &str| text(key).map(|text| text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>());
        let mut buckets = Buckets::default();
        for part in list("BUCKET").unwrap_or_default() {
            match part.contains('=') {
                true => buckets.own.extend([value("BUCKET", &part, for_provider::<String>)?]),
                false => buckets.every = Some(part),
            }
        }
        let strings = |key: &str| -> Result<BTreeMap<Provider, String>> {
            let parts = list(key).unwrap_or_default();
            parts
                .iter()
                .map(|part| value(key, part, for_provider::<String>))
                .collect()
        };
        let endpoints = list("ENDPOINT").unwrap_or_default();
        let tags = list("TAGS").unwrap_or_default();
        Ok(Self {
            to: list("TO"),
            targets: text("TARGETS").map(PathBuf::from),
            os: optional("OS", text("OS"))?,
            arch: optional("ARCH", text("ARCH"))?,
            boot_mode: optional("BOOT_MODE", text("BOOT_MODE"))?,
            license_type: optional("LICENSE_TYPE", text("LICENSE_TYPE"))?,
            description: text("DESCRIPTION"),
            tags: tags
                .iter()
                .map(|part| value("TAGS", part, pair))
                .collect::<Result<_>>()?,
            bucket: buckets,
            prefix: text("PREFIX"),
            keep_object: optional("KEEP_OBJECT", text("KEEP_OBJECT"))?,
            project: strings("PROJECT")?,
            vendor_profile: strings("VENDOR_PROFILE")?,
            endpoint: endpoints
                .iter()
                .map(|part| value("ENDPOINT", part, for_provider::<Endpoint>))
                .collect::<Result<_>>()?,
            instance_metadata: optional("INSTANCE_METADATA", text("INSTANCE_METADATA"))?,
            state: text("STATE").map(PathBuf::from),
            timeout: text("TIMEOUT")
                .map(|text| value("TIMEOUT", &text, duration))
                .transpose()?,
            output: text("OUTPUT").map(|text| value("OUTPUT", &text, form_of)).transpose()?,
            cancel_on_interrupt: optional("CANCEL_ON_INTERRUPT", text("CANCEL_ON_INTERRUPT"))?,
            profiles: BTreeMap::new(),
        })
    }

    /// These, and where they say nothing, those below. Tags and what belongs to one cloud are taken one by one.
    fn over(self, below: Self) -> Self {
        // Targets of another file are not meant by a `to` of below.
        let to = match (&self.to, &self.targets) {
            (None, Some(_)) => None,
            _ => self.to.or(below.to),
        };
        Self {
            to,
            targets: self.targets.or(below.targets),
            os: self.os.or(below.os),
            arch: self.arch.or(below.arch),
            boot_mode: self.boot_mode.or(below.boot_mode),
            license_type: self.license_type.or(below.license_type),
            description: self.description.or(below.description),
            tags: over(self.tags, below.tags),
            bucket: self.bucket.over(below.bucket),
            prefix: self.prefix.or(below.prefix),
            keep_object: self.keep_object.or(below.keep_object),
            project: over(self.project, below.project),
            vendor_profile: over(self.vendor_profile, below.vendor_profile),
            endpoint: over(self.endpoint, below.endpoint),
            instance_metadata: self.instance_metadata.or(below.instance_metadata),
            state: self.state.or(below.state),
            timeout: self.timeout.or(below.timeout),
            output: self.output.or(below.output),
            cancel_on_interrupt: self.cancel_on_interrupt.or(below.cancel_on_interrupt),
            profiles: BTreeMap::new(),
        }
    }

    fn found_in(&mut self, folder: &Path) {
        for path in [&mut self.targets, &mut self.state].into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }

    /// Fills in what a command leaves open; `given` tells whether an argument with a default stands on the command line.
    fn fill(self, command: &mut Command, given: &dyn Fn(&str) -> bool) {
        match command {
            Command::Import(options) => {
                let simulated = options.reach.simulate.is_some();
                self.order(&mut options.order, given);
                self.staging(&mut options.staging, given);
                self.reach(&mut options.reach, given);
                self.state(&mut options.state, simulated);
                options.waiting.timeout = options.waiting.timeout.or(self.timeout);
                let cancel = self.cancel_on_interrupt;
                switch(&mut options.cancel_on_interrupt, cancel, given("cancel_on_interrupt"));
            }
            Command::Check(options) => {
                self.order(&mut options.order, given);
                self.staging(&mut options.staging, given);
                self.reach(&mut options.reach, given);
            }
            Command::Wait(options) => {
                let simulated = options.tasks.reach.simulate.is_some();
                self.reach(&mut options.tasks.reach, given);
                self.state(&mut options.tasks.state, simulated);
                options.waiting.timeout = options.waiting.timeout.or(self.timeout);
            }
            Command::Status(options) | Command::Cancel(options) => {
                let simulated = options.reach.simulate.is_some();
                self.reach(&mut options.reach, given);
                self.state(&mut options.state, simulated);
            }
            Command::List(options) => {
                let simulated = options.reach.simulate.is_some();
                self.reach(&mut options.reach, given);
                self.state(&mut options.state, simulated);
            }
            Command::Clean(options) => {
                let simulated = options.reach.simulate.is_some();
                self.reach(&mut options.reach, given);
                self.state(&mut options.state, simulated);
            }
            Command::Inspect(_) | Command::Capabilities(_) | Command::Explain(_) | Command::Sim(_) => {}
        }
    }

    fn order(&self, order: &mut Order, given: &dyn Fn(&str) -> bool) {
        if order.to.is_empty() && order.targets.is_none() {
            order.to = self.to.clone().unwrap_or_default();
        }
        order.targets = order.targets.take().or_else(|| self.targets.clone());
        order.os = order.os.take().or_else(|| self.os.clone());
        or_default(&mut order.arch, &self.arch, given("arch"));
        order.boot_mode = order.boot_mode.or(self.boot_mode);
        order.license_type = order.license_type.or(self.license_type);
        order.description = order.description.take().or_else(|| self.description.clone());
        before(&mut order.tag, &self.tags);
        before(&mut order.project, &self.project);
    }

    fn staging(&self, staging: &mut Staging, given: &dyn Fn(&str) -> bool) {
        // One that is said for every cloud is meant for every cloud.
        if staging.bucket.iter().all(|text| text.contains('=')) {
            let own = self
                .bucket
                .own
                .iter()
                .map(|(provider, name)| format!("{provider}={name}"));
            let defaults = self.bucket.every.clone().into_iter().chain(own);
            staging.bucket.splice(0..0, defaults);
        }
        or_default(&mut staging.prefix, &self.prefix, given("prefix"));
        switch(&mut staging.keep_object, self.keep_object, given("keep_object"));
    }

    /// Simulated clouds have keys of their own: where others come from does not concern them.
    fn reach(&self, reach: &mut Reach, given: &dyn Fn(&str) -> bool) {
        or_default(&mut reach.output, &self.output, given("output"));
        before(&mut reach.endpoint, &self.endpoint);
        if reach.simulate.is_none() {
            before(&mut reach.profile, &self.vendor_profile);
            switch(
                &mut reach.instance_metadata,
                self.instance_metadata,
                given("instance_metadata"),
            );
        }
    }

    /// Jobs of simulated clouds must never be taken for real ones: they are remembered only where the command line says so.
    fn state(&self, state: &mut StateDir, simulated: bool) {
        if !simulated {
            state.folder = state.folder.take().or_else(|| self.state.clone());
        }
    }
}

impl Buckets {
    /// One that is said above for every cloud is meant for every cloud.
    fn over(self, below: Self) -> Self {
        match self.every {
            Some(_) => self,
            None => Self {
                every: below.every,
                own: over(self.own, below.own),
            },
        }
    }
}

fn over<K: Ord, V>(above: BTreeMap<K, V>, mut below: BTreeMap<K, V>) -> BTreeMap<K, V> {
    below.extend(above);
    below
}

/// What is said later counts: defaults go in front.
fn before<K: Clone, V: Clone>(said: &mut Vec<(K, V)>, defaults: &BTreeMap<K, V>) {
    let defaults = defaults.iter().map(|(key, value)| (key.clone(), value.clone()));
    said.splice(0..0, defaults);
}

fn or_default<T: Clone>(value: &mut T, default: &Option<T>, given: bool) {
    if let Some(default) = default
        && !given
    {
        *value = default.clone();
    }
}

fn switch(value: &mut bool, default: Option<bool>, given: bool) {
    or_default(value, &default, given);
}

/// A value of a variable.
fn value<T, E: Display>(key: &str, text: &str, read: impl Fn(&str) -> Result<T, E>) -> Result<T> {
    read(text).map_err(|error| {
        refuse(format!("the variable CLOUD_IMPORT_{key}: `{text}`: {error}")).with_remedy("Correct or unset it.")
    })
}

fn optional<T: FromStr<Err: Display>>(key: &str, text: Option<String>) -> Result<Option<T>> {
    text.map(|text| value(key, &text, |text| text.parse::<T>())).transpose()
}

fn form_of(text: &str) -> Result<Form, String> {
    Form::from_str(text, true)
}

fn parsed<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(de::Error::custom)
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text).map(Some).map_err(de::Error::custom)
}

fn form<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Form>, D::Error> {
    let text = String::deserialize(deserializer)?;
    form_of(&text).map(Some).map_err(de::Error::custom)
}

fn endpoints<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Provider, Endpoint>, D::Error> {
    let texts = BTreeMap::<Provider, String>::deserialize(deserializer)?;
    let read = |(provider, text): (Provider, String)| Ok((provider, text.parse().map_err(de::Error::custom)?));
    texts.into_iter().map(read).collect()
}

fn profiles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Defaults>, D::Error> {
    let profiles = BTreeMap::<String, Defaults>::deserialize(deserializer)?;
    match profiles.iter().find(|(_, profile)| !profile.profiles.is_empty()) {
        Some((name, _)) => Err(de::Error::custom(format_args!(
            "[profiles.{name}] has profiles of its own"
        ))),
        None => Ok(profiles),
    }
}

impl<'de> Deserialize<'de> for Buckets {
    /// A name for every cloud, or a table of clouds.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Buckets;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the name of a bucket, or a table with one per cloud")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Buckets, E> {
                Ok(Buckets {
                    every: Some(name.to_owned()),
                    own: BTreeMap::new(),
                })
            }

            fn visit_map<M: de::MapAccess<'de>>(self, map: M) -> Result<Buckets, M::Error> {
                let own = BTreeMap::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Buckets { every: None, own })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

fn refuse(message: String) -> Error {
    Error::new(ErrorKind::InvalidRequest, message)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    refuse(format!("the defaults in `{}` cannot be read: {error}", path.display()))
        .with_remedy("Name another file with --config, or leave them out with --no-config.")
}

#[cfg(test)]
mod tests;
