//! The region of a target that names none: where the vendor's own tools have it, never a guess.

use cloud_import::{Provider, Result, Target, credentials::ChainOptions, env::SystemEnv};

use crate::args::Reach;

/// A target as people write it. `profile` is the one that counts for its credentials, where one was asked for.
///
/// # Errors
/// No target, or one without a region where the vendor's own tools have none either.
pub(crate) fn target(text: &str, profile: Option<&str>, reach: &Reach) -> Result<Target> {
    if text.contains('/') {
        return text.parse();
    }
    of(text.parse()?, profile, reach)
}

/// Every cloud.
///
/// # Errors
/// As [`target`], for the first cloud without a region.
pub(crate) fn all(reach: &Reach) -> Result<Vec<Target>> {
    Target::all()
        .into_iter()
        .map(|target| of(target.provider, None, reach))
        .collect()
}

/// Simulated clouds do not care, and a command for them is to work on any machine alike.
fn of(provider: Provider, profile: Option<&str>, reach: &Reach) -> Result<Target> {
    if reach.simulate.is_some() {
        return Target::default_of(provider);
    }
    let said = reach.profile.iter().rev().find(|(of, _)| *of == provider);
    let mut search = ChainOptions::default();
    search.profile = profile.or(said.map(|(_, name)| name.as_str())).map(str::to_owned);
    search.instance_metadata = reach.instance_metadata;
    Target::configured(provider, &search, &SystemEnv)
}
