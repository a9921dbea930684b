//! The region of a target that names none: where the vendor's own tools have it, never a guess.

use cloud_import::{
    Error, Provider, Result, Target, credentials::ChainOptions, env::SystemEnv, provider::suggest::near,
};

use crate::args::Reach;

/// A cloud, in the region that its own tools would use with this profile. Simulated clouds do not care, and a command for them is to
/// work on any machine alike.
///
/// # Errors
/// The vendor's own tools have no region either.
pub(crate) fn of(provider: Provider, account: Option<String>, reach: &Reach) -> Result<Target> {
    let (target, why) = or_usual(provider, account, Some(reach))?;
    why.map_or(Ok(target), Err)
}

/// As [`of`], else in its usual region, and why it is that one. Without `reach` for a command that reaches no cloud.
///
/// # Errors
/// The cloud's feature is off.
pub(crate) fn or_usual(
    provider: Provider,
    account: Option<String>,
    reach: Option<&Reach>,
) -> Result<(Target, Option<Error>)> {
    let usual = Target::default_of(provider)?;
    if reach.is_some_and(|reach| reach.simulate.is_some()) {
        return Ok((usual, None));
    }
    let mut search = ChainOptions::default();
    search.profile = account;
    search.instance_metadata = reach.is_some_and(|reach| reach.instance_metadata);
    Ok(match Target::configured(provider, &search, &SystemEnv) {
        Ok(target) => (target, None),
        Err(why) => (usual, Some(why)),
    })
}

/// A region that is not known of its cloud, which may be mistyped: the list of those that are known is never complete.
#[derive(Debug)]
pub(crate) struct Unknown {
    /// That it is not known.
    pub(crate) message: String,
    /// Which may be meant.
    pub(crate) meant: Option<String>,
}

impl Unknown {
    /// `None` of a region that is known.
    pub(crate) fn of(target: &Target) -> Option<Self> {
        let Target { provider, region, .. } = target;
        let known = cloud_import::regions(*provider).unwrap_or_default();
        let known = || known.iter().map(|(id, _)| *id);
        if known().any(|id| id == region) {
            return None;
        }
        let near = near(region, known());
        Some(Self {
            message: format!("`{region}` is not a region that is known of {}", provider.name()),
            meant: near.first().map(|near| format!("Did you mean `{near}`?")),
        })
    }
}
