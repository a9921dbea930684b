//! Keys in variables of the environment.

use crate::{Error, ErrorKind, Provider, Result, model::credentials::Credentials, net::env};

impl Credentials {
    /// Reads the vendor's environment variables.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] naming what was looked for, or what is missing beside what was found.
    pub fn from_environment(provider: Provider, names: &EnvironmentNames) -> Result<Self> {
        read_environment(provider, names, &env::variable)?.ok_or_else(|| {
            let ids = names.access_key_id.join(", ");
            half_set(provider, names, format!("no credentials: none of {ids} is set"))
        })
    }
}

/// The keys in variables; `None` when there are none.
///
/// # Errors
/// [`ErrorKind::Credentials`] naming what is missing beside what was found.
pub(super) fn read_environment(
    provider: Provider,
    names: &EnvironmentNames,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Credentials>> {
    let find = |names: &[&str]| names.iter().find_map(|name| variable(name));
    match (find(names.access_key_id), find(names.secret_access_key)) {
        (Some(id), Some(secret)) => Ok(Some(match find(names.security_token) {
            Some(token) => Credentials::temporary(id, secret, token),
            None => Credentials::new(id, secret),
        })),
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
