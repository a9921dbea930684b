//! How many requests are under way at once and how many bytes they carry a second, over all who share it. Knows no cloud and no store.

use std::{
    num::{NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use crate::net::env::Env;

/// Limits that requests keep together. Clones are the same limits; there are none by default.
///
/// The bytes are those of files on their way: what requests carry, and what is asked for by ranges. A request is paid for before it
/// leaves, each repetition anew, so that the rate is never exceeded by more than one request, however long it is measured.
///
/// ```
/// use std::num::{NonZeroU64, NonZeroUsize};
///
/// use cloud_import_core::Pace;
///
/// let pace = Pace::new(NonZeroUsize::new(4), NonZeroU64::new(2 << 20)); // four at once, 2 MiB a second
/// assert_eq!(pace.clone().bytes_per_second(), Some(2 << 20));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Pace(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    at_once: Option<NonZeroUsize>,
    places: Option<Semaphore>,
    bytes_per_second: Option<NonZeroU64>,
    /// The monotonic instant at which all is paid that has left.
    paid_at: Mutex<Duration>,
}

impl Pace {
    /// At most so many requests at once, and so many bytes a second; `None` is no limit.
    pub fn new(at_once: Option<NonZeroUsize>, bytes_per_second: Option<NonZeroU64>) -> Self {
        let places = at_once.map(|many| Semaphore::new(many.get().min(Semaphore::MAX_PERMITS)));
        Self(Arc::new(Inner {
            at_once,
            places,
            bytes_per_second,
            paid_at: Mutex::default(),
        }))
    }

    /// How many requests may be under way at once.
    pub fn at_once(&self) -> Option<usize> {
        self.0.at_once.map(NonZeroUsize::get)
    }

    /// How many bytes they may carry a second.
    pub fn bytes_per_second(&self) -> Option<u64> {
        self.0.bytes_per_second.map(NonZeroU64::get)
    }

    /// Waits until a request that carries so many bytes may leave, in the order of asking. Its place is taken until the turn is dropped.
    ///
    /// # Cancel safety
    /// A future that is dropped has taken no place and paid for nothing.
    pub async fn turn(&self, env: &dyn Env, bytes: u64) -> Turn<'_> {
        let place = match &self.0.places {
            // Never closed.
            Some(places) => places.acquire().await.ok(),
            None => None,
        };
        if let Some(rate) = self.0.bytes_per_second.filter(|_| bytes > 0) {
            let mut paid_at = self.0.paid_at.lock().await;
            let wait = paid_at.saturating_sub(env.monotonic());
            if !wait.is_zero() {
                env.sleep(wait).await;
            }
            let nanos = (u128::from(bytes) * 1_000_000_000).div_ceil(u128::from(rate.get()));
            let takes = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            *paid_at = env.monotonic().max(*paid_at).saturating_add(takes);
        }
        Turn { _place: place }
    }
}

/// The place of a request that is under way.
#[derive(Debug)]
pub struct Turn<'p> {
    _place: Option<SemaphorePermit<'p>>,
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;
    use crate::testing::Frozen;

    const PART: u64 = 8 << 20;

    fn pace(at_once: usize, rate: u64) -> Pace {
        Pace::new(NonZeroUsize::new(at_once), NonZeroU64::new(rate))
    }

    #[tokio::test]
    async fn the_rate_is_never_exceeded_by_more_than_one_part() {
        let env = Frozen::at("2026-01-02T03:04:05Z", "n");
        let pace = pace(0, 1 << 20);
        for sent in 1..=100_u64 {
            // Sizes differ, and the line stands still at times.
            let bytes = PART / (1 + sent % 3);
            drop(pace.clone().turn(&env, bytes).await);
            let allowed = PART + (env.monotonic().as_nanos() * (1 << 20) / 1_000_000_000) as u64;
            let carried: u64 = (1..=sent).map(|one| PART / (1 + one % 3)).sum();
            assert!(carried <= allowed, "{carried} bytes after {:?}", env.monotonic());
            if sent % 10 == 0 {
                env.sleep(Duration::from_secs(1)).await;
            }
        }
        let slept = env.slept();
        assert!(slept >= Duration::from_secs(400), "it is slow: {slept:?}");
        drop(pace.turn(&env, 0).await);
        assert_eq!(env.slept(), slept, "what carries nothing does not wait");
    }

    #[tokio::test]
    async fn a_line_that_stood_still_saves_nothing_up() {
        let env = Frozen::at("2026-01-02T03:04:05Z", "n");
        let pace = pace(0, PART);
        drop(pace.turn(&env, PART).await);
        env.sleep(Duration::from_secs(1000)).await;
        for _ in 0..3 {
            drop(pace.turn(&env, PART).await);
        }
        assert_eq!(env.slept(), Duration::from_secs(1002));
    }

    /// A clock that stands still until it is moved by hand: who sleeps, sleeps.
    #[derive(Debug)]
    struct Standing;

    impl Env for Standing {
        fn now(&self) -> std::time::SystemTime {
            std::time::SystemTime::UNIX_EPOCH
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }

        fn sleep(&self, _: Duration) -> crate::BoxFuture<'_, ()> {
            Box::pin(std::future::pending())
        }

        fn random(&self) -> crate::Result<[u8; 16]> {
            Ok([0; 16])
        }
    }

    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    #[test]
    fn who_gives_up_waiting_has_taken_no_place_and_paid_nothing() {
        let pace = pace(2, PART);
        let first = now(pace.turn(&Standing, PART)).unwrap();
        for _ in 0..100 {
            assert!(now(pace.turn(&Standing, PART)).is_none(), "the first is being paid");
        }
        let paid_at = *now(pace.0.paid_at.lock()).unwrap();
        assert_eq!(paid_at, Duration::from_secs(1));
        let second = now(pace.turn(&Standing, 0)).unwrap();
        assert!(now(pace.turn(&Standing, 0)).is_none(), "there is no third place");
        drop(first);
        assert!(now(pace.turn(&Standing, 0)).is_some());
        drop(second);
    }
}
