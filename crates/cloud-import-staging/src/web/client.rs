//! How web servers are reached. Plain data.

use std::sync::Arc;

use cloud_import_core::{
    Pace, RetryPolicy,
    env::{Env, SystemEnv},
    transport::Transport,
};

/// How files on web servers are reached.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WebClient {
    /// What sends. It should have a time limit for standing still, as that of a [`Store`](crate::Store).
    pub transport: Arc<dyn Transport>,
    /// Clock and pauses.
    pub env: Arc<dyn Env>,
    /// How often a request is sent again that brought nothing, and with which pauses.
    pub retry: RetryPolicy,
    /// Limits that its requests share with others.
    pub pace: Pace,
}

impl WebClient {
    /// Sends by this transport, without limits, with the system's clock and the usual bounds.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            env: Arc::new(SystemEnv),
            retry: RetryPolicy::default(),
            pace: Pace::default(),
        }
    }

    /// Shares these limits.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }
}
