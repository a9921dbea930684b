//! How much is under way at one cloud at a time, for all clients that share it. When one of them is told to slow down, all
//! do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::net::env::Env;

/// A throttle that requests pass. Clones are the same throttle.
///
/// ```
/// use cloud_import_core::{Settings, Throttle};
///
/// let four_at_a_time = Throttle::new(4);
/// let one = Settings::new("cn-hangzhou").throttle(four_at_a_time.clone());
/// let two = Settings::new("cn-beijing").throttle(four_at_a_time); // the same throttle
/// ```
#[derive(Debug, Clone)]
pub struct Throttle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    places: Semaphore,
    /// The monotonic instant, in milliseconds, before which nobody passes.
    closed_until: AtomicU64,
}

impl Default for Throttle {
    /// Any number at a time.
    fn default() -> Self {
        Self::new(Semaphore::MAX_PERMITS)
    }
}

impl Throttle {
    /// At most so many requests at a time.
    pub fn new(at_a_time: usize) -> Self {
        Self(Arc::new(Inner {
            places: Semaphore::new(at_a_time.clamp(1, Semaphore::MAX_PERMITS)),
            closed_until: AtomicU64::new(0),
        }))
    }

    /// Waits until the throttle is open and a place is free; the place is taken until the permit is dropped.
    pub(crate) async fn acquire(&self, env: &dyn Env) -> Option<SemaphorePermit<'_>> {
        // Never closed, so that there is always a permit in the end.
        let permit = self.0.places.acquire().await.ok();
        let until = Duration::from_millis(self.0.closed_until.load(Ordering::Relaxed));
        let wait = until.saturating_sub(env.monotonic());
        if !wait.is_zero() {
            env.sleep(wait).await;
        }
        permit
    }

    /// Lets nobody pass for this long: the cloud asked for fewer requests.
    pub(crate) fn pause(&self, env: &dyn Env, wait: Duration) {
        let until = env.monotonic().saturating_add(wait).as_millis();
        let until = u64::try_from(until).unwrap_or(u64::MAX);
        self.0.closed_until.fetch_max(until, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Frozen;

    #[tokio::test]
    async fn so_many_pass_and_all_wait_when_one_is_told_to() {
        let env = Frozen::at("2026-01-02T03:04:05Z", "n");
        let throttle = Throttle::new(2);
        let (one, two) = (throttle.acquire(&env).await, throttle.acquire(&env).await);
        assert!(one.is_some() && two.is_some());
        let waiting = tokio::time::timeout(Duration::from_millis(20), throttle.acquire(&env)).await;
        assert!(waiting.is_err(), "there is no place for a third");
        drop(one);
        let before = env.monotonic();
        throttle.clone().pause(&env, Duration::from_secs(7));
        drop(throttle.acquire(&env).await);
        assert!(env.monotonic() >= before + Duration::from_secs(7));
    }
}
