//! Sources that variables name beside keys: a token of another party, and a link. Nothing is read or asked here.

use std::time::Duration;

use super::{Found, Search};
use crate::{
    Result,
    credentials::{AssumeRole, KeySource, Precedence, WebIdentityRole, web_identity},
};

impl Search<'_> {
    /// The source of this precedence that variables name.
    pub(super) fn named(&mut self, precedence: Precedence) -> Result<Option<Found>> {
        if let Some(found) = self.web_identity(precedence)? {
            return Ok(Some(found));
        }
        let Some(link) = self.spec.link.filter(|link| link.precedence == precedence) else {
            return Ok(None);
        };
        let Some((variable, link)) = self.first_named(link.names) else {
            self.tried.push(format!("environment ({})", link.names.join(", ")));
            return Ok(None);
        };
        Ok(Some(self.of_variable(&variable, KeySource::Link(link.into()))))
    }

    pub(super) fn of_variable(&self, variable: &str, means: KeySource) -> Found {
        Found {
            origin: format!("environment variable `{variable}`"),
            means,
            defaults: self.environment_defaults(),
            otherwise: None,
        }
    }

    fn web_identity(&mut self, precedence: Precedence) -> Result<Option<Found>> {
        let Some(web) = self.spec.web_identity.filter(|web| web.precedence == precedence) else {
            return Ok(None);
        };
        let Some((variable, token_file)) = self.first_named(web.token_file) else {
            self.tried.push(format!("environment ({})", web.token_file.join(", ")));
            return Ok(None);
        };
        let needed = |names: &[&str]| match self.first_named(names) {
            Some((_, value)) => Ok(value),
            None => {
                let names = names.join(", ");
                let message = format!("environment variable `{variable}` is set, but none of {names}");
                Err(self
                    .refuse(message)
                    .with_remedy(format!("Set {names}, or unset `{variable}`.")))
            }
        };
        if let Some((other, _)) = self.first_named(web.not_understood) {
            return Err(self
                .refuse(format!(
                    "environment variable `{other}` is set, which is not understood here"
                ))
                .with_remedy("Unset it, or give temporary keys that the vendor's own tool has got."));
        }
        let first = |names| self.first_named(names).map(|(_, value)| value);
        let mut role = AssumeRole::new(needed(web.role)?)
            .session_name(first(web.session))
            .duration(self.seconds(web.duration)?);
        role.region = first(web.region);
        let endpoint = self.first_named(web.endpoint);
        let endpoint = match endpoint {
            Some((name, text)) => web_identity::endpoint(&name, Some(text))
                .map_err(|flaw| self.broken(&format!("environment variable `{name}`"), &flaw))?,
            None => None,
        };
        let identity = WebIdentityRole {
            role,
            provider: needed(web.provider)?,
            token_file,
            endpoint,
        };
        Ok(Some(self.of_variable(&variable, KeySource::WebIdentity(identity))))
    }

    pub(super) fn seconds(&self, names: &[&str]) -> Result<Option<Duration>> {
        let Some((variable, text)) = self.first_named(names) else {
            return Ok(None);
        };
        let seconds = text.parse().map_err(|_| {
            self.refuse(format!(
                "environment variable `{variable}` is not a whole number of seconds"
            ))
        })?;
        Ok(Some(Duration::from_secs(seconds)))
    }
}
