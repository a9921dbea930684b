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
}

impl Grace {
    /// For this long, at this interval.
    pub const fn new(period: Duration, interval: Duration) -> Self {
        Self { period, interval }
    }
}

impl Default for Grace {
    /// Two minutes, every five seconds.
    fn default() -> Self {
        Self::new(Duration::from_secs(120), Duration::from_secs(5))
    }
}
