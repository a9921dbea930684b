//! Which targets are looked at: those that are named, those of a file, else the clouds for which there are keys.

use cloud_import::{Error, ErrorKind, Provider, Result};

use crate::{
    args::{Doctor, Order, Reach, Staging},
    connect, keys, region,
    targets::{self, Wanted},
};

/// A target that is looked at.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) wanted: Wanted,
    /// Why it is its cloud's usual region, where only the cloud was named and no region stands beside its keys.
    pub(super) no_region: Option<Error>,
}

/// All of them.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for what is no target.
pub(super) fn all(options: &Doctor) -> Result<Vec<Asked>> {
    let reach = &options.reach;
    let to = match (options.to.as_slice(), &options.targets) {
        ([], None) => with_keys(reach)?,
        (named, _) => named.to_vec(),
    };
    let order = Order {
        to,
        targets: options.targets.clone(),
        ..Order::default()
    };
    let staging = Staging {
        bucket: options.bucket.clone(),
        ..Staging::default()
    };
    let place = |provider, account| region::or_usual(provider, account, Some(reach));
    let (wanted, mut without) = targets::placed_by(&order, &staging, reach, &place)?;
    // That there are no keys is told by itself.
    without.retain(|_, why| why.kind() != ErrorKind::Credentials);
    let asked = wanted.into_iter().map(|wanted| Asked {
        no_region: without.remove(&wanted.label),
        wanted,
    });
    Ok(asked.collect())
}

/// The clouds for which there are keys, broken ones too; all of them where there are none.
fn with_keys(reach: &Reach) -> Result<Vec<String>> {
    let clouds = || Provider::all().map(|provider| provider.id().to_owned());
    if reach.simulate.is_some() {
        return Ok(clouds().collect());
    }
    let mut found = Vec::new();
    for provider in Provider::all() {
        if keys::are_there(provider, connect::account(provider, reach), reach.instance_metadata)? {
            found.push(provider.id().to_owned());
        }
    }
    match found.is_empty() {
        true => Ok(clouds().collect()),
        false => Ok(found),
    }
}
