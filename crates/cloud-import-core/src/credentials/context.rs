//! What a search for credentials goes by: what the user chose, and what it reaches the world with.

use std::sync::Arc;

use super::{profile::AssumeRole, spec::Caller};
use crate::{
    net::{
        clock_offset::ClockOffset,
        env::{Env, SystemEnv},
        transport::Transport,
    },
    wire::Endpoint,
};

/// What the user chooses about credentials.
///
/// ```
/// use cloud_import_core::{build, credentials::ChainOptions};
///
/// let search = build!(ChainOptions { profile: Some("work".into()), instance_metadata: false });
/// assert!(search.assume_role.is_none());
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ChainOptions {
    /// A profile's name. Then the environment's keys and instance metadata do not count.
    pub profile: Option<String>,
    /// Whether instance metadata may be asked. Off unless set: on other machines its address may be anyone's.
    pub instance_metadata: bool,
    /// A role to assume with what is found.
    pub assume_role: Option<AssumeRole>,
}

/// What a chain reaches the world with.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "transport and clock are the program's own")]
#[non_exhaustive]
pub struct Context {
    /// The region of the client: STS is asked there, where it has regions.
    pub region: String,
    /// The client's endpoint, where it is not the usual one.
    pub endpoint: Option<Endpoint>,
    /// Where requests go.
    pub transport: Arc<dyn Transport>,
    /// Clock, randomness and variables.
    pub env: Arc<dyn Env>,
    /// How far the cloud's clock is from this machine's.
    pub clock_offset: ClockOffset,
}

impl Context {
    /// Reaches it for a region, with the system's clock and variables.
    pub fn new(region: impl Into<String>, transport: Arc<dyn Transport>) -> Self {
        Self {
            region: region.into(),
            endpoint: None,
            transport,
            env: Arc::new(SystemEnv),
            clock_offset: ClockOffset::default(),
        }
    }

    pub(super) fn caller(&self) -> Caller<'_> {
        Caller {
            region: &self.region,
            endpoint: self.endpoint.as_ref(),
        }
    }
}
