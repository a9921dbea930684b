//! The credentials of a cloud as its own tools find them: found at first use, kept, refreshed before they expire.

use std::{fmt, time::SystemTime};

use tracing::debug;

use super::{
    AssumeRole, ChainOptions, ChainSpec, Context, CredentialSource, Credentials, Defaults, Expiry, KeySource,
    cached::Cache,
    find::{self, Found, find},
    metadata::{self, NoKeys},
    sts, uri, web_identity,
};
use crate::{BoxFuture, Error, ErrorKind, Field, Remedy, Result, net::env::Env, text::datetime};

/// Credentials from where the vendor's own tools have them. Looks when they are first asked for, not before.
pub struct Chain {
    spec: &'static ChainSpec,
    options: ChainOptions,
    context: Context,
    cache: Cache,
}

/// Credentials of a cloud, found as its own tools find them.
pub fn chain(spec: &'static ChainSpec, options: ChainOptions, context: Context) -> Chain {
    Chain {
        spec,
        options,
        context,
        cache: Cache::default(),
    }
}

/// Region and project beside the credentials that would be used, from variables and files. Nothing is sent.
///
/// # Errors
/// As [`Chain`]'s look-up: [`ErrorKind::Credentials`] when a source is broken or there is none.
pub fn defaults(spec: &ChainSpec, options: &ChainOptions, env: &dyn Env) -> Result<Defaults> {
    find(spec, options, env).map(|found| found.defaults)
}

impl CredentialSource for Chain {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
        Box::pin(self.cache.get(|| self.now(), None, self.look_up()))
    }

    fn describe(&self) -> Result<String> {
        let found = find(self.spec, &self.options, &*self.context.env)?;
        let mut text = self.described(&found)?;
        if let Some(otherwise) = &found.otherwise {
            text.push_str(&format!(", else {}", self.described(otherwise)?));
        }
        if let Some(role) = &self.options.assume_role {
            text.push_str(&format!(", then assumes role `{}`", role.role));
        }
        Ok(text)
    }
}

impl Chain {
    /// Whether there is any source of keys, which may be broken all the same: variables, files, or what is allowed beside them. Looks at
    /// variables and files; sends nothing.
    pub fn is_there(&self) -> bool {
        find::is_any(self.spec, &self.options, &*self.context.env)
    }

    /// Where a source has its keys from, after a look at the files that it needs.
    fn described(&self, found: &Found) -> Result<String> {
        Ok(match self.how(found, &found.means)? {
            Some(how) => format!("{} ({how})", found.origin),
            None => found.origin.clone(),
        })
    }

    fn how(&self, found: &Found, means: &KeySource) -> Result<Option<String>> {
        Ok(match means {
            KeySource::Keys(keys) => keys.is_temporary().then(|| "temporary keys".to_owned()),
            KeySource::Link(_) => None,
            KeySource::AssumeRole(by, role) => Some(match self.how(found, by)? {
                Some(how) => format!("{how}, then assumes role `{}`", role.role),
                None => format!("assumes role `{}`", role.role),
            }),
            KeySource::InstanceRole(role) => {
                self.metadata_allowed(found)?;
                Some(match role {
                    Some(role) => format!("role `{role}` of the instance"),
                    None => "role of the instance".to_owned(),
                })
            }
            KeySource::WebIdentity(identity) => {
                web_identity::token(self.spec, identity, &found.origin)?;
                Some(format!("assumes role `{}` for a token", identity.role.role))
            }
        })
    }

    async fn look_up(&self) -> Result<Credentials> {
        let found = find(self.spec, &self.options, &*self.context.env)?;
        let mut origin = &found.origin;
        let mut credentials = match (self.keys_of(&found, &found.means).await, &found.otherwise) {
            (Ok(credentials), _) => credentials,
            (Err(NoKeys::Absent(error)), Some(otherwise)) => {
                debug!(provider = self.spec.provider.id(), error = %error, "not found: asking the next source");
                origin = &otherwise.origin;
                self.keys_of(otherwise, &otherwise.means).await?
            }
            (Err(error), _) => return Err(error.into()),
        };
        if let Some(role) = &self.options.assume_role {
            credentials = self.assume(credentials, role, origin).await?;
        }
        debug!(provider = self.spec.provider.id(), origin, "credentials found");
        Ok(credentials)
    }

    fn keys_of<'a>(&'a self, found: &'a Found, means: &'a KeySource) -> BoxFuture<'a, Result<Credentials, NoKeys>> {
        Box::pin(async move {
            let origin = &found.origin;
            let keys = match means {
                KeySource::Keys(keys) => return Ok(keys.clone()),
                KeySource::AssumeRole(by, role) => {
                    let keys = self.keys_of(found, by).await?;
                    return Ok(self.assume(keys, role, origin).await?);
                }
                KeySource::InstanceRole(role) => {
                    self.metadata_allowed(found)?;
                    metadata::fetch(self.spec, &self.context, role.as_deref(), origin).await?
                }
                KeySource::WebIdentity(identity) => {
                    web_identity::exchange(self.spec, &self.context, identity, origin).await?
                }
                KeySource::Link(link) => uri::fetch(self.spec, &self.context, link, origin).await?,
            };
            Ok(self.ending(keys, origin)?)
        })
    }

    async fn assume(&self, keys: Credentials, role: &AssumeRole, origin: &str) -> Result<Credentials> {
        let temporary = sts::assume(self.spec, &self.context, keys, role, origin).await?;
        self.ending(temporary, origin)
    }

    /// Temporary keys with their end. Those that are given as already expired are refused.
    fn ending(&self, temporary: super::Temporary, origin: &str) -> Result<Credentials> {
        let now = self.now();
        let end = match temporary.expires {
            Expiry::At(end) => end,
            Expiry::In(life) => now.checked_add(life).unwrap_or(now),
        };
        if end <= now {
            return Err(self
                .refuse(format!(
                    "{origin}: the temporary keys expired at {}",
                    datetime::extended(end)
                ))
                .with_remedy("Sign in again, and check this machine's clock."));
        }
        Ok(temporary.credentials.expiring_at(end))
    }

    fn metadata_allowed(&self, found: &Found) -> Result<()> {
        if self.options.instance_metadata {
            return Ok(());
        }
        Err(self
            .refuse(format!(
                "{} takes its keys from instance metadata, which was not asked for",
                found.origin
            ))
            .with_remedy(Remedy::set(Field::InstanceMetadata).or("name another profile")))
    }

    fn now(&self) -> SystemTime {
        self.context.clock_offset.applied(self.context.env.now())
    }

    fn refuse(&self, message: String) -> Error {
        Error::new(ErrorKind::Credentials, message).with_provider(self.spec.provider)
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("provider", &self.spec.provider)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
