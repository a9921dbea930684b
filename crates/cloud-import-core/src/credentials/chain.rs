//! The credentials of a cloud as its own tools find them: found at first use, kept, refreshed before they expire.
//!
//! Many callers that need keys at once share one look-up, and its failure too.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use tokio::sync::Mutex;
use tracing::debug;

use super::{
    AssumeRole, ChainOptions, ChainSpec, CredentialSource, Credentials, Defaults, Expiry, Means, Reach,
    find::{Found, find},
    metadata::{self, NoKeys},
    sts, uri, web_identity,
};
use crate::{BoxFuture, Error, ErrorKind, Field, Remedy, Result, net::ambient::Ambient, text::datetime};

/// Keys are refreshed so long before they expire, or when a third of their life is left, whichever is later.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// After a refresh that failed, keys that are still valid are used so long before the next.
const PAUSE: Duration = Duration::from_secs(30);

/// Credentials from where the vendor's own tools have them. Looks when they are first asked for, not before.
#[derive(Debug)]
pub struct Chain {
    spec: &'static ChainSpec,
    options: ChainOptions,
    reach: Reach,
    state: Mutex<State>,
    /// How many look-ups have ended.
    rounds: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    /// Why the last look-up failed, if it did.
    failed: Option<Error>,
}

#[derive(Debug)]
struct Held {
    credentials: Credentials,
    life: Option<Life>,
}

#[derive(Debug, Clone, Copy)]
struct Life {
    refresh: SystemTime,
    end: SystemTime,
}

/// Credentials of a cloud, found as its own tools find them.
pub fn chain(spec: &'static ChainSpec, options: ChainOptions, reach: Reach) -> Chain {
    Chain {
        spec,
        options,
        reach,
        state: Mutex::default(),
        rounds: AtomicU64::new(0),
    }
}

/// Region and project beside the credentials that would be used, from variables and files. Nothing is sent.
///
/// # Errors
/// As [`Chain`]'s look-up: [`ErrorKind::Credentials`] when a source is broken or there is none.
pub fn defaults(spec: &ChainSpec, options: &ChainOptions, ambient: &dyn Ambient) -> Result<Defaults> {
    find(spec, options, ambient).map(|found| found.defaults)
}

impl CredentialSource for Chain {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
        Box::pin(self.current())
    }

    fn describe(&self) -> Result<String> {
        let found = find(self.spec, &self.options, &*self.reach.ambient)?;
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
    /// Where a source has its keys from, after a look at the files that it needs.
    fn described(&self, found: &Found) -> Result<String> {
        let how = match &found.means {
            Means::Keys(keys) if keys.is_temporary() => " (temporary keys)".to_owned(),
            Means::Keys(_) | Means::Link(_) => String::new(),
            Means::AssumeRole(_, role) => format!(" (assumes role `{}`)", role.role),
            Means::InstanceRole(role) => {
                self.metadata_allowed(found)?;
                match role {
                    Some(role) => format!(" (role `{role}` of the instance)"),
                    None => " (role of the instance)".to_owned(),
                }
            }
            Means::WebIdentity(identity) => {
                web_identity::token(self.spec, identity, &found.origin)?;
                format!(" (assumes role `{}` for a token)", identity.role.role)
            }
        };
        Ok(format!("{}{how}", found.origin))
    }

    async fn current(&self) -> Result<Credentials> {
        let seen = self.rounds.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        let now = self.now();
        if let Some(held) = &state.held
            && held.life.is_none_or(|life| now < life.refresh)
        {
            return Ok(held.credentials.clone());
        }
        // A look-up ended while this caller waited for it: its failure is this caller's too.
        if self.rounds.load(Ordering::Acquire) != seen
            && let Some(failed) = &state.failed
        {
            return Err(failed.clone());
        }
        let looked_up = self.look_up().await;
        self.rounds.fetch_add(1, Ordering::AcqRel);
        match looked_up {
            Ok(held) => {
                let credentials = held.credentials.clone();
                *state = State {
                    held: Some(held),
                    failed: None,
                };
                Ok(credentials)
            }
            Err(error) => {
                let now = self.now();
                if let Some(Held {
                    credentials,
                    life: Some(life),
                }) = &mut state.held
                    && now < life.end
                {
                    debug!(
                        provider = self.spec.provider.id(),
                        error = %error,
                        "credentials were not refreshed; those at hand are still valid"
                    );
                    life.refresh = now + PAUSE;
                    return Ok(credentials.clone());
                }
                state.held = None;
                state.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    async fn look_up(&self) -> Result<Held> {
        let found = find(self.spec, &self.options, &*self.reach.ambient)?;
        let mut origin = &found.origin;
        let mut held = match (self.keys_of(&found).await, &found.otherwise) {
            (Ok(held), _) => held,
            (Err(NoKeys::Absent(error)), Some(otherwise)) => {
                debug!(provider = self.spec.provider.id(), error = %error, "not there: the next source is asked");
                origin = &otherwise.origin;
                self.keys_of(otherwise).await?
            }
            (Err(error), _) => return Err(error.into()),
        };
        if let Some(role) = &self.options.assume_role {
            held = self.assume(held.credentials, role, origin).await?;
        }
        debug!(provider = self.spec.provider.id(), origin, "credentials found");
        Ok(held)
    }

    async fn keys_of(&self, found: &Found) -> Result<Held, NoKeys> {
        let origin = &found.origin;
        let keys = match &found.means {
            Means::Keys(keys) => {
                return Ok(Held {
                    credentials: keys.clone(),
                    life: None,
                });
            }
            Means::AssumeRole(keys, role) => return Ok(self.assume(keys.clone(), role, origin).await?),
            Means::InstanceRole(role) => {
                self.metadata_allowed(found)?;
                metadata::fetch(self.spec, &self.reach, role.as_deref(), origin).await?
            }
            Means::WebIdentity(identity) => web_identity::exchange(self.spec, &self.reach, identity, origin).await?,
            Means::Link(link) => uri::fetch(self.spec, &self.reach, link, origin).await?,
        };
        Ok(self.held(keys, origin)?)
    }

    async fn assume(&self, keys: Credentials, role: &AssumeRole, origin: &str) -> Result<Held> {
        let temporary = sts::assume(self.spec, &self.reach, keys, role, origin).await?;
        self.held(temporary, origin)
    }

    /// When keys are to be refreshed. Keys that are given as already expired are refused.
    fn held(&self, temporary: super::Temporary, origin: &str) -> Result<Held> {
        let now = self.now();
        let end = match temporary.expires {
            Expiry::At(end) => end,
            Expiry::In(life) => now + life,
        };
        let life = end.duration_since(now).unwrap_or_default();
        if life.is_zero() {
            return Err(self
                .refuse(format!(
                    "{origin}: the temporary keys expired at {}",
                    datetime::extended(end)
                ))
                .with_remedy("Sign in anew, and check this machine's clock."));
        }
        Ok(Held {
            credentials: temporary.credentials.expiring_at(end),
            life: Some(Life {
                refresh: end - MARGIN.min(life / 3),
                end,
            }),
        })
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
        self.reach.clock_offset.applied(self.reach.ambient.now())
    }

    fn refuse(&self, message: String) -> Error {
        Error::new(ErrorKind::Credentials, message).with_provider(self.spec.provider)
    }
}
