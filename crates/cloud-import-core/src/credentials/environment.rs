//! Keys in variables of the environment.

use crate::{Error, ErrorKind, Provider, Result, model::credentials::Credentials, net::env};

impl Credentials {
    /// Reads the vendor's environment variables. Blanks and line breaks at the ends of a value are left out.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] naming what was looked for, or what is missing beside what was found.
    pub fn from_environment(provider: Provider, names: &EnvironmentNames) -> Result<Self> {
        let found = read_environment(provider, names, &env::variable)?;
        found.map(|found| found.keys).ok_or_else(|| {
            let ids = names.access_key_id.join(", ");
            half_set(provider, names, format!("no credentials: none of {ids} is set"))
        })
    }
}

/// Keys in variables.
pub(super) struct FromVariables {
    pub(super) keys: Credentials,
    /// Variables whose values had blanks or a line break at their ends, which are left out: no key has any.
    pub(super) trimmed: Vec<String>,
}

/// The keys in variables; `None` when there are none. An empty token is none.
///
/// # Errors
/// [`ErrorKind::Credentials`] naming what is missing beside what was found, or a value that no key can have.
pub(super) fn read_environment(
    provider: Provider,
    names: &EnvironmentNames,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<FromVariables>> {
    let mut trimmed = Vec::new();
    let mut find = |names: &[&str]| {
        let mut set = names.iter().filter_map(|name| Some((*name, variable(name)?)));
        let Some((name, value)) = set.find(|(_, value)| !value.trim().is_empty()) else {
            return Ok(None);
        };
        let text = value.trim();
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            let message = format!("environment variable `{name}` has a blank or a line break within its value");
            return Err(Error::new(ErrorKind::Credentials, message)
                .with_provider(provider)
                .with_remedy(format!("Set {name} to the key alone.")));
        }
        if text != value {
            trimmed.push(name.to_owned());
        }
        Ok(Some(text.to_owned()))
    };
    let (id, secret) = (find(names.access_key_id)?, find(names.secret_access_key)?);
    match (id, secret) {
        (Some(id), Some(secret)) => {
            let keys = match find(names.security_token)? {
                Some(token) => Credentials::temporary(id, secret, token),
                None => Credentials::new(id, secret),
            };
            Ok(Some(FromVariables { keys, trimmed }))
        }
        (None, None) => Ok(None),
        (Some(_), None) => {
            let secrets = names.secret_access_key.join(", ");
            let message = format!("an access key id is set, but none of {secrets}");
            Err(half_set(provider, names, message))
        }
        (None, Some(_)) => {
            let ids = names.access_key_id.join(", ");
            Err(half_set(
                provider,
                names,
                format!("a secret key is set, but none of {ids}"),
            ))
        }
    }
}

pub(super) fn half_set(provider: Provider, names: &EnvironmentNames, message: String) -> Error {
    Error::new(ErrorKind::Credentials, message)
        .with_provider(provider)
        .with_remedy(format!(
            "Set {} and {}.",
            names.access_key_id.join(" or "),
            names.secret_access_key.join(" or ")
        ))
}

/// Environment variables that a vendor's own tools read; the first that is set counts.
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentNames {
    /// Of the access key id.
    pub access_key_id: &'static [&'static str],
    /// Of the secret key.
    pub secret_access_key: &'static [&'static str],
    /// Of the token of temporary keys.
    pub security_token: &'static [&'static str],
    /// Of the region.
    pub region: &'static [&'static str],
    /// Of the project.
    pub project_id: &'static [&'static str],
}
