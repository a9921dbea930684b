//! What a target's name stands for, and all that is said of it.

use cloud_import::{Error, ErrorKind, Provider, Result, Target, provider::suggest::did_you_mean};

use super::{file::File, wanted::Wanted};
use crate::fields::{At, Fields, Said};

/// Where a cloud is looked for whose target names no region, by its account; and why there, where that is to be told.
pub(super) type Place<'a> = &'a dyn Fn(Provider, Option<String>) -> Result<(Target, Option<Error>)>;

/// A file of targets, and what the command line says.
pub(super) struct Search<'a> {
    pub(super) file: &'a File,
    pub(super) said: Said<'a>,
    pub(super) place: Place<'a>,
}

impl Search<'_> {
    pub(super) fn group(&self, name: &str) -> Result<Vec<(Wanted, Option<Error>)>> {
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

    /// A target by its name in the file, else as it is written; and what is to be told of where it is.
    pub(super) fn target(&self, name: &str) -> Result<(Wanted, Option<Error>)> {
        let own = self.file.targets.get(name).cloned().unwrap_or_default();
        let text = own.to.as_ref().map_or(name, |to| to.get_ref().as_str());
        let (target, why) = match text.contains('/') {
            true => (text.parse::<Target>()?, None),
            false => {
                let provider = text.parse().map_err(|error: Error| self.or_target(name, error))?;
                let at = At {
                    names: &[name],
                    provider,
                };
                (self.place)(provider, self.fields(&own, at).account)?
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
        let wanted = Wanted {
            fields: self.fields(&own, at),
            common_name: self.said.of_all().over(self.file.defaults.all.clone()).name,
            label,
            target,
        };
        Ok((wanted, why))
    }

    /// All that is said of a target, `own` by the file; see [`crate::fields`] for what comes before what.
    pub(super) fn fields(&self, own: &Fields, at: At<'_>) -> Fields {
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
        if name.contains(',') {
            let each: Vec<String> = name.split(',').map(|one| format!("--to {}", one.trim())).collect();
            return error.with_remedy(format!("Name each target by itself: {}.", each.join(" ")));
        }
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
