//! Whether and when to send again. Pure: clock and randomness are arguments.

use std::{error::Error as _, time::Duration};

use crate::{Error, transport::TransportError};

/// Bounds of the retry loop.
///
/// ```
/// use std::time::Duration;
///
/// use cloud_import_core::RetryPolicy;
///
/// let patient = RetryPolicy::default().attempts(20).elapsed(Duration::from_secs(900));
/// # assert_eq!((patient.attempts, patient.cap), (20, Duration::from_secs(20)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// No attempt begins later than this after the first.
    pub elapsed: Duration,
    /// The backoff's first step.
    pub base: Duration,
    /// The backoff's largest step. A longer `Retry-After` still counts.
    pub cap: Duration,
    /// The longest pause that is made because a vendor's documents ask for it after a code, where its answer names none. The
    /// second attempt does not wait for it: it costs little and often does.
    pub documented: Duration,
}

impl Default for RetryPolicy {
    /// Five attempts within two minutes, steps from 0.5 s to 20 s, pauses by the documents of up to a minute.
    fn default() -> Self {
        Self {
            attempts: 5,
            elapsed: Duration::from_secs(120),
            base: Duration::from_millis(500),
            cap: Duration::from_secs(20),
            documented: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    /// One attempt, no retry.
    pub const fn none() -> Self {
        Self {
            attempts: 1,
            elapsed: Duration::ZERO,
            base: Duration::ZERO,
            cap: Duration::ZERO,
            documented: Duration::ZERO,
        }
    }

    /// Sets the number of attempts, the first included; at least one is made.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets how late after the first an attempt may begin.
    pub const fn elapsed(mut self, elapsed: Duration) -> Self {
        self.elapsed = elapsed;
        self
    }

    /// Sets the longest pause that is made because a vendor's documents ask for it.
    pub const fn documented(mut self, longest: Duration) -> Self {
        self.documented = longest;
        self
    }

    /// Sets the backoff's first and largest step.
    pub const fn backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap;
        self
    }
}

/// How far the loop around one request has come.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RetryState {
    /// Whether the call may be executed twice.
    pub repeatable: bool,
    /// Attempts made, the failed one included.
    pub attempts: u32,
    /// Time since the first began.
    pub elapsed: Duration,
    /// A random number from 0 to 1.
    pub random: f64,
}

impl RetryState {
    /// Of a call that may be executed twice: so many attempts were made, the first so long ago.
    pub const fn repeatable(attempts: u32, elapsed: Duration) -> Self {
        Self {
            repeatable: true,
            attempts,
            elapsed,
            random: 1.0,
        }
    }
}

impl RetryPolicy {
    /// How long to wait before the next attempt; `None` to give up: a random part of an exponentially growing step ("full
    /// jitter"), or the cloud's `Retry-After` if longer.
    pub fn delay(&self, error: &Error, state: &RetryState) -> Option<Duration> {
        let safe = state.repeatable || !error.may_have_executed();
        if !safe || !error.is_retryable() || lasts(error) || state.attempts >= self.attempts {
            return None;
        }
        let doublings = state.attempts.saturating_sub(1).min(31);
        let step = self.base.saturating_mul(1 << doublings).min(self.cap);
        let asked = match (error.retry_after(), state.attempts) {
            (Some(hint), _) => hint,
            (None, 0 | 1) => Duration::ZERO,
            (None, _) => error.documented_pause().min(self.documented),
        };
        let delay = step.mul_f64(state.random.clamp(0.0, 1.0)).max(asked);
        (state.elapsed.saturating_add(delay) <= self.elapsed).then_some(delay)
    }
}

/// Whether the transport would meet the same again, such as a certificate that is not trusted.
fn lasts(error: &Error) -> bool {
    let failure = error.source().and_then(|cause| cause.downcast_ref::<TransportError>());
    failure.is_some_and(TransportError::is_lasting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts: 4,
        elapsed: Duration::from_secs(60),
        base: Duration::from_secs(1),
        cap: Duration::from_secs(3),
        documented: Duration::from_secs(40),
    };

    const FIRST: RetryState = RetryState {
        repeatable: true,
        attempts: 1,
        elapsed: Duration::ZERO,
        random: 1.0,
    };

    fn delay(kind: ErrorKind, repeatable: bool, attempts: u32) -> Option<Duration> {
        let state = RetryState {
            repeatable,
            attempts,
            ..FIRST
        };
        POLICY.delay(&Error::new(kind, "x"), &state)
    }

    #[test]
    fn what_may_have_been_executed_is_sent_again_only_if_repeatable() {
        for kind in [
            ErrorKind::Unavailable,
            ErrorKind::Timeout,
            ErrorKind::Transport,
            ErrorKind::InvalidResponse,
        ] {
            assert_eq!(delay(kind, false, 1), None, "{kind}");
            assert!(delay(kind, true, 1).is_some(), "{kind}");
        }
        for kind in [ErrorKind::RateLimited, ErrorKind::Connect] {
            assert!(delay(kind, false, 1).is_some(), "{kind}");
        }
        for kind in [
            ErrorKind::InvalidRequest,
            ErrorKind::Credentials,
            ErrorKind::QuotaExceeded,
            ErrorKind::Service,
        ] {
            assert_eq!(delay(kind, true, 1), None, "{kind}");
        }
    }

    #[test]
    fn steps_grow_to_the_cap_and_end() {
        let steps: Vec<_> = (1..=4)
            .map(|attempts| delay(ErrorKind::RateLimited, true, attempts))
            .collect();
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(steps, [seconds(1), seconds(2), seconds(3), None]);
        assert_eq!(
            POLICY.delay(
                &Error::new(ErrorKind::RateLimited, "x"),
                &RetryState { random: 0.25, ..FIRST }
            ),
            Some(Duration::from_millis(250))
        );
    }

    #[test]
    fn a_pause_by_the_documents_is_made_from_the_third_attempt_on_where_the_answer_names_none() {
        let throttled = || Error::new(ErrorKind::RateLimited, "x").with_documented_pause(Duration::from_secs(50));
        let seconds = |error: &Error, attempts| {
            let delay = POLICY.delay(error, &RetryState { attempts, ..FIRST });
            delay.map(|delay| delay.as_secs())
        };
        assert_eq!(
            (seconds(&throttled(), 1), seconds(&throttled(), 2)),
            (Some(1), Some(40))
        );
        let told = throttled().with_retry_after(Some(Duration::from_secs(5)));
        assert_eq!(seconds(&told, 2), Some(5));
    }

    #[test]
    fn retry_after_counts_but_not_beyond_the_time_limit() {
        let ask = |seconds, elapsed| {
            let error = Error::new(ErrorKind::RateLimited, "x").with_retry_after(Some(Duration::from_secs(seconds)));
            let elapsed = Duration::from_secs(elapsed);
            POLICY.delay(&error, &RetryState { elapsed, ..FIRST })
        };
        assert_eq!(ask(20, 0), Some(Duration::from_secs(20)));
        assert_eq!(ask(20, 50), None);
    }
}
