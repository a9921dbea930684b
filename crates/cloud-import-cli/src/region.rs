//! The region of a target that names none: where the vendor's own tools have it, never a guess.

use cloud_import::{Provider, Result, Target, credentials::ChainOptions, env::SystemEnv};

use crate::args::Reach;

/// A cloud, in the region that its own tools would use with this profile. Simulated clouds do not care, and a command for them is to
/// work on any machine alike.
///
/// # Errors
/// The vendor's own tools have no region either.
pub(crate) fn of(provider: Provider, account: Option<String>, reach: &Reach) -> Result<Target> {
    if reach.simulate.is_some() {
        return Target::default_of(provider);
    }
    let mut search = ChainOptions::default();
    search.profile = account;
    search.instance_metadata = reach.instance_metadata;
    Target::configured(provider, &search, &SystemEnv)
}
