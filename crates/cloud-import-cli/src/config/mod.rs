//! Defaults of options, from variables and from a file, `cloud-import.toml`. What the command line says comes first, then the
//! variable, then the named defaults of the file, then the file itself. No option is known here by more than its attributes:
//! defaults are written into the command line, which is then read as if they had been typed. There is no key for
//! credentials, on purpose.

mod file;
mod here;
mod values;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgMatches, Command, CommandFactory as _, FromArgMatches as _, ValueHint, parser::ValueSource};
use cloud_import::{Error, Result, env, provider::suggest::near};

pub(crate) use self::file::line;
use self::values::{Options, Values, check, refuse, repeats};
use crate::{
    args::{
        Arguments, ConfigFile, Surface,
        key::{self, keyed, known_variables, variables},
    },
    output,
};

/// A larger file holds no defaults.
const LARGEST: u64 = 1 << 20;

/// What the file is called.
pub(crate) const FILE: &str = "cloud-import.toml";

/// Simulated clouds have keys of their own, and their jobs must never be taken for real ones: these count for real clouds only.
const OF_REAL_CLOUDS: [&str; 4] = ["account", "fleet", "instance_metadata", "state"];

/// The command line with defaults for what it leaves open; as it is where it cannot be read.
///
/// # Errors
/// [`cloud_import::ErrorKind::InvalidRequest`] with file and line, or the variable, for what cannot be read or is not known.
pub(crate) fn completed(line: Vec<OsString>) -> Result<Vec<OsString>> {
    let unknown = |known: &[String]| {
        for name in env::variable_names(key::PREFIX) {
            if !known.contains(&name) {
                output::say(&unknown_variable(&name, known));
            }
        }
    };
    with_variables(line, &env::variable_os, &unknown)
}

/// The same, where nobody is told of variables that are not known.
///
/// # Errors
/// As [`completed`].
pub(crate) fn completed_in_silence(line: Vec<OsString>) -> Result<Vec<OsString>> {
    with_variables(line, &env::variable_os, &|_| ())
}

/// Whether a text can stand in the file of defaults that is to be at `path`.
///
/// # Errors
/// [`cloud_import::ErrorKind::InvalidRequest`] with its line.
pub(crate) fn can_stand(text: &str, path: &Path) -> Result<()> {
    let mut command = Arguments::command();
    command.build();
    file::parse(text, path, &options(&command)).map(drop)
}

/// Trusts the file at `path` with this text in it, as `--trust-here` does.
///
/// # Errors
/// [`cloud_import::ErrorKind::Local`] when that cannot be remembered.
pub(crate) fn trust(path: &Path, text: &str) -> Result<()> {
    here::trust(path, text)
}

/// What is said of a variable that looks like one of ours and is none.
fn unknown_variable(name: &str, known: &[String]) -> String {
    // By what is behind the common beginning: that alone makes them all alike.
    let own = |name: &str| name.trim_start_matches(key::PREFIX).to_owned();
    let words: Vec<String> = known.iter().map(|name| own(name)).collect();
    let near = near(&own(name), words.iter().map(String::as_str));
    let meant = near
        .first()
        .map_or_else(String::new, |word| format!(" Did you mean {}{word}?", key::PREFIX));
    format!("the variable {name} is not known and counts for nothing.{meant}")
}

/// A variable, by its name.
type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

fn with_variables(
    mut line: Vec<OsString>,
    variable: Variable<'_>,
    tell_unknown: &dyn Fn(&[String]),
) -> Result<Vec<OsString>> {
    let mut command = Arguments::command();
    let Ok(matches) = command.try_get_matches_from_mut(&line) else {
        return Ok(line);
    };
    let Some((name, matches)) = matches.subcommand() else {
        return Ok(line);
    };
    if let Ok(surface) = Surface::from_arg_matches(matches) {
        output::begin(surface);
    }
    if !command.find_subcommand(name).is_some_and(takes_defaults) {
        return Ok(line);
    }
    // All of it, which takes longer than to read the line: whatever any command takes may be in the file.
    command.build();
    let Some(own) = command.find_subcommand(name) else {
        return Ok(line);
    };
    let Ok(config) = ConfigFile::from_arg_matches(matches) else {
        return Ok(line);
    };
    let options = options(&command);
    tell_unknown(&known_variables(options.keys()));
    let of_variables = of_variables(&options, variable)?;
    let file = Found::read(&config, variable)?;
    let of_file = of_file(&config, file.as_ref(), &options, variable)?;
    if let Some(file) = &file {
        output::note(&format!("defaults from {}", file.path.display()));
        let deciding = here::deciding(&of_file);
        let mut deciding = deciding
            .without_keys_of(&of_variables)
            .without_keys_of(&said(own, matches));
        deciding.give_way_to(&of_variables, &options);
        file.allow(left_open(deciding, own, matches, &options), matches)?;
    }
    let defaults = left_open(of_variables.over(of_file, &options), own, matches, &options);
    let typed = typed(defaults, own);
    // Only flags stand before the command.
    let at = line
        .iter()
        .position(|word| word == name)
        .map_or(line.len(), |at| at + 1);
    line.splice(at..at, typed);
    Ok(line)
}

fn takes_defaults(command: &Command) -> bool {
    command.get_arguments().any(|option| option.get_id() == "no_config")
}

/// The options of all commands.
fn options(command: &Command) -> Options {
    let commands = command.get_subcommands().filter(|own| takes_defaults(own));
    commands
        .flat_map(keyed)
        .map(|(key, option)| (key, option.clone()))
        .collect()
}

/// What the variables say.
fn of_variables(options: &Options, variable_of: Variable<'_>) -> Result<Values> {
    let mut values = Values::default();
    for (key, option) in options {
        let found = variables(key)
            .into_iter()
            .find_map(|name| Some((variable_of(&name)?, name)));
        let Some((text, name)) = found else { continue };
        // A text may hold commas of its own.
        let is_list = repeats(option) && option.get_value_hint() != ValueHint::Other;
        let parts: Vec<OsString> = match text.to_str().filter(|_| is_list) {
            Some(text) => text.split(',').map(|part| part.trim().into()).collect(),
            None => vec![text],
        };
        for part in &parts {
            check(option, part).map_err(|reason| {
                let part = part.display();
                refuse(format!("the variable {name}: `{part}`: {reason}")).with_remedy("Correct or unset it.")
            })?;
        }
        values.0.insert(key.clone(), parts);
    }
    Ok(values)
}

/// The file of defaults.
struct Found {
    path: PathBuf,
    text: String,
    /// It is that of the working directory, which nobody named.
    is_here: bool,
}

impl Found {
    /// The file that counts, if there is one. It is trusted where that is asked for.
    fn read(config: &ConfigFile, variable: Variable<'_>) -> Result<Option<Self>> {
        let Some((path, must_exist)) = find(config, variable)? else {
            return Ok(None);
        };
        let is_named = config.file.is_some() || variable("CLOUD_IMPORT_CONFIG").is_some();
        let is_here = !is_named && path == Path::new(FILE);
        let found = read(&path, must_exist)?.map(|text| Self { path, text, is_here });
        if config.trust_here {
            match found.as_ref().filter(|found| found.is_here) {
                Some(found) => here::trust(&found.path, &found.text)?,
                None => return Err(refuse(format!("there is no ./{FILE} to trust"))),
            }
        }
        Ok(found)
    }

    /// Refuses what would decide where data and keys go, or run something. Simulated clouds are on this machine, and have keys of
    /// their own.
    fn allow(&self, counting: Values, typed: &ArgMatches) -> Result<()> {
        let is_simulated = typed.value_source("simulate") == Some(ValueSource::CommandLine);
        if !self.is_here {
            return Ok(());
        }
        let refused = if is_simulated {
            here::running(counting)
        } else {
            counting
        };
        here::allow(&self.path, &self.text, &refused)
    }
}

/// What the file says, with the named defaults that are asked for.
fn of_file(config: &ConfigFile, file: Option<&Found>, options: &Options, variable: Variable<'_>) -> Result<Values> {
    let named = || variable("CLOUD_IMPORT_DEFAULTS").or_else(|| variable("CLOUD_IMPORT_PROFILE"));
    let defaults = match &config.defaults {
        Some(name) => Some(name.clone()),
        None if config.no_config => None,
        None => named().map(|name| name.to_string_lossy().into_owned()),
    };
    match (file, defaults) {
        (Some(Found { path, text, .. }), defaults) => {
            let file = file::parse(text, path, options)?;
            match defaults {
                Some(name) => Ok(file.named(&name, path)?.over(file.top, options)),
                None => Ok(file.top),
            }
        }
        (None, Some(name)) => {
            let remedy = format!("Name the file with --config, or add [defaults.{name}] to ./{FILE}.");
            Err(refuse(format!("there are no defaults `{name}`: no {FILE} found")).with_remedy(remedy))
        }
        (None, None) => Ok(Values::default()),
    }
}

/// Where the defaults are looked for, and whether they must be there. The first place counts alone.
fn find(config: &ConfigFile, variable: Variable<'_>) -> Result<Option<(PathBuf, bool)>> {
    if config.no_config {
        return Ok(None);
    }
    if let Some(path) = config
        .file
        .clone()
        .or_else(|| variable("CLOUD_IMPORT_CONFIG").map(PathBuf::from))
    {
        return Ok(Some((path, true)));
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

fn read(path: &Path, must_exist: bool) -> Result<Option<String>> {
    match env::read_file(path, LARGEST).map_err(|error| unreadable(path, &error))? {
        None if must_exist => Err(refuse(format!("`{}` does not exist", path.display()))
            .with_remedy("Name the file of defaults with --config, or use --no-config.")),
        text => Ok(text),
    }
}

/// What is typed.
fn said(command: &Command, typed: &ArgMatches) -> Values {
    let is_typed = |option: &Arg| typed.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine);
    let said = keyed(command).into_iter().filter(|(_, option)| is_typed(option));
    let texts = |option: &Arg| typed.get_raw(option.get_id().as_str()).into_iter().flatten();
    Values(
        said.map(|(key, option)| (key, texts(option).map(OsString::from).collect()))
            .collect(),
    )
}

/// The defaults of a command that count beside what is typed.
fn left_open(mut defaults: Values, command: &Command, typed: &ArgMatches, options: &Options) -> Values {
    let is_typed = |option: &Arg| typed.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine);
    let own = keyed(command);
    defaults.give_way_to(&said(command, typed), options);
    for option in command.get_arguments().filter(|option| is_typed(option)) {
        // Either of the two may say it.
        let excludes = |one: &Arg, other: &Arg| command.get_arg_conflicts_with(one).contains(&other);
        let is_excluded = |own: &&Arg| excludes(option, own) || excludes(own, option);
        defaults.0.retain(|key, _| !own.get(key).is_some_and(is_excluded));
        if option.get_id() == "simulate" {
            defaults.0.retain(|key, _| !OF_REAL_CLOUDS.contains(&key.as_str()));
        }
    }
    defaults.0.retain(|key, _| own.contains_key(key));
    // A fleet's database is where its jobs are recorded.
    if defaults.0.contains_key("fleet") {
        defaults.0.remove("state");
    }
    defaults
}

/// Defaults as options to type.
fn typed(defaults: Values, command: &Command) -> Vec<OsString> {
    let own = keyed(command);
    let mut flags = Vec::new();
    for (key, texts) in defaults.0 {
        let Some(flag) = own.get(&key).and_then(|option| option.get_long()) else {
            continue;
        };
        for text in texts {
            let mut typed = OsString::from(format!("--{flag}="));
            typed.push(text);
            flags.push(typed);
        }
    }
    flags
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    refuse(format!("cannot read the defaults in `{}`: {error}", path.display()))
        .with_remedy("Name another file with --config, or use --no-config.")
}

#[cfg(test)]
mod tests;
