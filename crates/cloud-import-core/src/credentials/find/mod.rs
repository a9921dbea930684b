//! Finds the first source that is there: variables, then files. What is there and broken is an error, never passed over.
//!
//! No network here.

mod variables;

use std::{io, path::PathBuf};

use super::{
    AssumeRole, ChainOptions, ChainSpec, KeySource, Precedence, Profile, ProfileError, ProfileFile, ProfileText,
    environment::{FromVariables, read_environment},
};
use crate::{
    Error, ErrorKind, Result,
    net::env::{self, Env},
};

/// The largest file that is read, in bytes. Files of real users have a few thousand.
const LARGEST: u64 = 1 << 20;

/// The source that counts.
#[derive(Debug)]
pub(super) struct Found {
    /// What it is, in words.
    pub(super) origin: String,
    /// How it gives keys.
    pub(super) means: KeySource,
    /// Region and project beside the keys.
    pub(super) defaults: Defaults,
    /// What counts when it is not there, which only asking it tells.
    pub(super) otherwise: Option<Box<Found>>,
}

/// Region and project that stand beside the keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Defaults {
    /// The region.
    pub region: Option<String>,
    /// The project.
    pub project: Option<String>,
}

/// The first source that is there.
///
/// # Errors
/// [`ErrorKind::Credentials`] for a source that is broken, and, with all that was tried, when there is none.
pub(super) fn find(spec: &ChainSpec, options: &ChainOptions, env: &dyn Env) -> Result<Found> {
    let mut search = Search::new(spec, options, env);
    match search.run()? {
        Some(found) => Ok(found),
        None => Err(search.nothing()),
    }
}

/// Whether there is a source, though it may be broken.
pub(super) fn is_any(spec: &ChainSpec, options: &ChainOptions, env: &dyn Env) -> bool {
    !matches!(Search::new(spec, options, env).run(), Ok(None))
}

struct Search<'a> {
    spec: &'a ChainSpec,
    options: &'a ChainOptions,
    env: &'a dyn Env,
    tried: Vec<String>,
}

impl<'a> Search<'a> {
    fn new(spec: &'a ChainSpec, options: &'a ChainOptions, env: &'a dyn Env) -> Self {
        Self {
            spec,
            options,
            env,
            tried: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<Option<Found>> {
        let (profile, named_by) = match &self.options.profile {
            Some(name) => (Some(name.clone()), Some("which was asked for".to_owned())),
            None => {
                if let Some(found) = self.named(Precedence::First)? {
                    return Ok(Some(found));
                }
                if let Some(found) = self.environment()? {
                    return Ok(Some(found));
                }
                if let Some(found) = self.named(Precedence::AfterKeys)? {
                    return Ok(Some(found));
                }
                let named = self.first_named(self.spec.profile);
                match named {
                    Some((variable, name)) => (Some(name), Some(format!("which `{variable}` names"))),
                    None => (None, None),
                }
            }
        };
        if let Some(name) = &profile
            && (name.is_empty() || name.contains(['/', '\\']) || name.chars().any(char::is_control))
        {
            return Err(self.refuse("the profile's name is empty or has a slash or control character in it".to_owned()));
        }
        for file in self.spec.files {
            if let Some(found) = self.file(file, profile.as_deref())? {
                return Ok(Some(found));
            }
        }
        if let (Some(name), Some(by)) = (profile, named_by) {
            let message = format!("no profile `{name}`, {by}: looked in {}", self.tried.join(", "));
            return Err(self
                .refuse(message)
                .with_remedy(format!("Correct the profile's name, or {}.", self.how_to_configure())));
        }
        let metadata = self.metadata();
        let last = self.named(Precedence::Last)?;
        Ok(match metadata {
            Some(found) => Some(Found {
                otherwise: last.map(Box::new),
                ..found
            }),
            None => last,
        })
    }

    /// The error where there is no source, with all that was tried.
    fn nothing(mut self) -> Error {
        let set: Vec<&str> = self
            .spec
            .not_read
            .iter()
            .copied()
            .filter(|name| self.variable(name).is_some())
            .collect();
        if !set.is_empty() {
            self.tried
                .push(format!("{} (set, but not supported here)", set.join(", ")));
        }
        let names = self.spec.environment;
        self.refuse(format!("no credentials: tried {}", self.tried.join("; ")))
            .with_remedy(format!(
                "Set {} and {}, or {}.",
                names.access_key_id.join(" or "),
                names.secret_access_key.join(" or "),
                self.how_to_configure()
            ))
    }

    /// How a file that is read here comes to be.
    fn how_to_configure(&self) -> String {
        match (self.spec.configure, self.spec.files) {
            (Some(command), _) => format!("run `{command}`"),
            (None, [file, ..]) => format!("write them into {}", file.path),
            (None, []) => "give them in the program".to_owned(),
        }
    }

    fn environment(&mut self) -> Result<Option<Found>> {
        let names = self.spec.environment;
        let Some(FromVariables { keys, trimmed }) =
            read_environment(self.spec.provider, names, &|name| self.variable(name))?
        else {
            self.tried
                .push(format!("environment ({})", names.access_key_id.join(", ")));
            return Ok(None);
        };
        let variable = self
            .first_named(names.access_key_id)
            .map_or(String::new(), |(name, _)| name);
        let means = match self.role_of_environment()? {
            Some(role) => KeySource::AssumeRole(Box::new(KeySource::Keys(keys)), role),
            None => KeySource::Keys(keys),
        };
        let mut found = self.of_variable(&variable, means);
        if !trimmed.is_empty() {
            let trimmed = trimmed.join("` and `");
            found.origin = format!(
                "{}, without the line break or blanks at the ends of `{trimmed}`",
                found.origin
            );
        }
        Ok(Some(found))
    }

    fn role_of_environment(&self) -> Result<Option<AssumeRole>> {
        let Some(names) = &self.spec.role else {
            return Ok(None);
        };
        let Some((_, arn)) = self.first_named(names.role) else {
            return Ok(None);
        };
        let duration = self.seconds(names.duration)?;
        let session = self.first_named(names.session).map(|(_, name)| name);
        Ok(Some(AssumeRole::new(arn).session_name(session).duration(duration)))
    }

    fn environment_defaults(&self) -> Defaults {
        let first = |names| self.first_named(names).map(|(_, value)| value);
        Defaults {
            region: first(self.spec.environment.region),
            project: first(self.spec.environment.project_id),
        }
    }

    fn file(&mut self, file: &ProfileFile, profile: Option<&str>) -> Result<Option<Found>> {
        let name = profile.unwrap_or(file.default_profile);
        let (place, shown, named_by) = self.place(file.path, file.path_names, name);
        if let Some(variable) = file.off.iter().find(|variable| self.is_on(variable)) {
            self.tried.push(format!("{shown} (off by `{variable}`)"));
            return Ok(None);
        }
        let Some(place) = place else {
            self.tried.push(format!("{shown} (no home directory is known)"));
            return Ok(None);
        };
        let Some(text) = self.read(&place, &shown)? else {
            if let Some(variable) = named_by {
                return Err(self.refuse(format!("{shown} is not there, and `{variable}` names it")));
            }
            self.tried.push(shown);
            return Ok(None);
        };
        let (beside, beside_shown) = match &file.beside {
            Some(beside) => match self.place(beside.path, beside.path_names, name) {
                (Some(place), shown, _) => (self.read(&place, &shown)?, shown),
                (None, shown, _) => (None, shown),
            },
            None => (None, String::new()),
        };
        let parsed = (file.parse)(&ProfileText {
            text: &text,
            beside: beside.as_deref(),
            profile,
        });
        match parsed {
            Ok(Some(Profile {
                name,
                means,
                region,
                project,
            })) => {
                let environment = self.environment_defaults();
                Ok(Some(Found {
                    origin: format!("profile `{name}` of {shown}"),
                    means,
                    defaults: Defaults {
                        region: region.or(environment.region),
                        project: project.or(environment.project),
                    },
                    otherwise: None,
                }))
            }
            Ok(None) => {
                self.tried
                    .push(format!("{shown} (has no such profile that is filled in and enabled)"));
                Ok(None)
            }
            Err(flaw) => Err(self.broken(if flaw.beside { &beside_shown } else { &shown }, &flaw)),
        }
    }

    /// Where a file is, how that is shown, and the variable that says so.
    fn place(&self, path: &str, variables: &[&str], profile: &str) -> (Option<PathBuf>, String, Option<String>) {
        if let Some((variable, path)) = self.first_named(variables) {
            return (Some(PathBuf::from(&path)), path, Some(variable));
        }
        let shown = path.replace("{profile}", profile);
        let place = match shown.strip_prefix("~/") {
            Some(rest) => home(self.env).map(|home| home.join(rest)),
            None => Some(PathBuf::from(&shown)),
        };
        (place, shown, None)
    }

    fn read(&self, place: &std::path::Path, shown: &str) -> Result<Option<String>> {
        env::read_file(place, LARGEST).map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::PermissionDenied => "cannot be read by this user",
                io::ErrorKind::InvalidData => "is not UTF-8 text",
                io::ErrorKind::FileTooLarge => "is larger than 1 MiB",
                io::ErrorKind::InvalidInput => "is not a file",
                _ => "cannot be read",
            };
            self.refuse(format!("{shown} {why}")).with_source(error)
        })
    }

    fn metadata(&mut self) -> Option<Found> {
        let metadata = self.spec.metadata.as_ref()?;
        let shown = format!("instance metadata at {}", metadata.endpoint);
        if !self.options.instance_metadata {
            self.tried.push(format!("{shown} (not asked for)"));
            return None;
        }
        if let Some(variable) = metadata.off.iter().find(|variable| self.is_on(variable)) {
            self.tried.push(format!("{shown} (off by `{variable}`)"));
            return None;
        }
        Some(Found {
            origin: shown,
            means: KeySource::InstanceRole(None),
            defaults: self.environment_defaults(),
            otherwise: None,
        })
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.env.variable(name)
    }

    fn first_named(&self, names: &[&str]) -> Option<(String, String)> {
        names
            .iter()
            .find_map(|name| Some(((*name).to_owned(), self.variable(name)?)))
    }

    fn is_on(&self, variable: &str) -> bool {
        is_on(self.env, variable)
    }

    fn refuse(&self, message: String) -> Error {
        Error::new(ErrorKind::Credentials, message).with_provider(self.spec.provider)
    }

    fn broken(&self, shown: &str, flaw: &ProfileError) -> Error {
        let remedy = flaw.remedy.clone();
        self.refuse(format!("{shown}: {flaw}"))
            .with_remedy(remedy.unwrap_or_else(|| "Correct it there, or name another profile.".to_owned()))
    }
}

/// Whether a variable switches something.
pub(super) fn is_on(env: &dyn Env, variable: &str) -> bool {
    env.variable(variable)
        .is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
}

/// The user's home directory: `HOME`, or `USERPROFILE` where Windows sets no other.
fn home(env: &dyn Env) -> Option<PathBuf> {
    ["HOME", "USERPROFILE"]
        .iter()
        .find_map(|name| env.variable(name))
        .map(PathBuf::from)
}
