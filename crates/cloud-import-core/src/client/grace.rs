//! How long an import is looked for that may not be listed yet.

use std::time::Duration;

/// How long and how often something is looked for that may not be listed yet.
///
/// ```
/// use std::time::Duration;
///
/// use cloud_import_core::{Grace, Settings};
///
/// let patient = Grace::new(Duration::from_secs(600), Duration::from_secs(10));
/// let settings = Settings::new("ap-guangzhou").grace(patient);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grace {
    /// For how long.
    pub period: Duration,
    /// At what interval.
    pub interval: Duration,
    /// How long after its order left an import is listed at the latest, where this is known better than by
    /// [`Capabilities::listed_within_minutes`](crate::Capabilities::listed_within_minutes).
    pub listed_within: Option<Duration>,
    /// How far apart two listings are at the least that together show that an import was not started.
    pub listings_apart: Duration,
}

impl Grace {
    /// For this long, at this interval.
    pub const fn new(period: Duration, interval: Duration) -> Self {
        Self {
            period,
            interval,
            listed_within: None,
            listings_apart: Duration::from_secs(600),
        }
    }

    /// Says how long after its order left an import is listed at the latest. It is for those who know: an order that no
    /// complete listing shows after that time may be sent again.
    #[must_use]
    pub const fn listed_within(mut self, time: Duration) -> Self {
        self.listed_within = Some(time);
        self
    }

    /// Sets how far apart the two listings are that show that an import was not started; ten minutes by default.
    #[must_use]
    pub const fn listings_apart(mut self, time: Duration) -> Self {
        self.listings_apart = time;
        self
    }
}

impl Default for Grace {
    /// Two minutes, every five seconds.
    fn default() -> Self {
        Self::new(Duration::from_secs(120), Duration::from_secs(5))
    }
}
