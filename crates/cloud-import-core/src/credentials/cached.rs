//! Keeps what a source gave until it is to be refreshed. Many callers that need keys at once share one look-up, and its
//! failure too.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::sync::Mutex;
use tracing::debug;

use super::{CredentialSource, Credentials};
use crate::{
    BoxFuture, Error, Result,
    net::env::{Env, SystemEnv},
};

/// Keys are refreshed so long before they expire, or when a third of their life is left, whichever is later.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// After a refresh that failed, keys that are still valid are used so long before the next.
const PAUSE: Duration = Duration::from_secs(30);

/// Keys without an end, from a source that the program gave, are asked for again after this.
const KEPT: Duration = Duration::from_secs(5 * 60);

/// What was found last, and for how long it counts.
#[derive(Default)]
pub(super) struct Cache {
    state: Mutex<State>,
    /// How many look-ups have ended.
    rounds: AtomicU64,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// Why the last look-up failed, if it did.
    failed: Option<Error>,
}

struct Held {
    credentials: Credentials,
    /// When the next look-up is due; never where it is `None`.
    refresh: Option<SystemTime>,
}

impl Cache {
    /// What is kept, or what `look_up` finds. Keys without an end are looked up again after `kept`.
    pub(super) async fn get(
        &self,
        now: impl Fn() -> SystemTime,
        kept: Option<Duration>,
        look_up: impl Future<Output = Result<Credentials>>,
    ) -> Result<Credentials> {
        let seen = self.rounds.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        let is_fresh = |held: &&Held| held.refresh.is_none_or(|refresh| now() < refresh);
        if let Some(held) = state.held.as_ref().filter(is_fresh) {
            return Ok(held.credentials.clone());
        }
        // A look-up ended while this caller waited for it: its failure is this caller's too.
        if self.rounds.load(Ordering::Acquire) != seen
            && let Some(failed) = &state.failed
        {
            return Err(failed.clone());
        }
        let looked_up = look_up.await;
        self.rounds.fetch_add(1, Ordering::AcqRel);
        let now = now();
        match looked_up {
            Ok(credentials) => {
                let refresh = match credentials.expires_at() {
                    Some(end) => Some(end - MARGIN.min(end.duration_since(now).unwrap_or_default() / 3)),
                    None => kept.and_then(|kept| now.checked_add(kept)),
                };
                state.held = Some(Held {
                    credentials: credentials.clone(),
                    refresh,
                });
                state.failed = None;
                Ok(credentials)
            }
            Err(error) => {
                let is_valid = |held: &&mut Held| held.credentials.expires_at().is_some_and(|end| now < end);
                if let Some(held) = state.held.as_mut().filter(is_valid) {
                    debug!(error = %error, "credentials were not refreshed; the current ones are still valid");
                    held.refresh = Some(now + PAUSE);
                    return Ok(held.credentials.clone());
                }
                state.held = None;
                state.failed = Some(error.clone());
                Err(error)
            }
        }
    }
}

/// A source whose answers are kept: see [`cached`].
#[derive(Clone)]
pub struct Cached(Arc<Inner>);

struct Inner {
    source: Arc<dyn CredentialSource>,
    env: Arc<dyn Env>,
    cache: Cache,
}

/// Keeps what a source gives, as a source is asked at every attempt of every request, also for each part of an upload.
///
/// Temporary keys ([`Credentials::expiring_at`]) are refreshed five minutes before they expire, or when a third of their life
/// is left, whichever is later; others after five minutes. Where a refresh fails, keys that are still valid are used. Callers
/// that need keys at once share one look-up.
///
/// ```
/// use std::sync::Arc;
///
/// use cloud_import_core::{Credentials, Settings, credentials::cached};
///
/// let slow = Arc::new(Credentials::new("an-id", "a-secret"));
/// let settings = Settings::new("cn-hangzhou").credential_source(Arc::new(cached(slow)));
/// ```
pub fn cached(source: Arc<dyn CredentialSource>) -> Cached {
    cached_by(source, Arc::new(SystemEnv))
}

/// As [`cached`], by a clock of the program's own.
pub fn cached_by(source: Arc<dyn CredentialSource>, env: Arc<dyn Env>) -> Cached {
    Cached(Arc::new(Inner {
        source,
        env,
        cache: Cache::default(),
    }))
}

impl CredentialSource for Cached {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
        let Inner { source, env, cache } = &*self.0;
        Box::pin(cache.get(|| env.now(), Some(KEPT), source.credentials()))
    }

    fn describe(&self) -> Result<String> {
        self.0.source.describe()
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cached").finish_non_exhaustive()
    }
}
