//! Which targets are looked at: those that are named, those of a file, else the clouds for which there are keys.

use std::collections::BTreeMap;

use cloud_import::{Error, ErrorKind, Provider, Result, Target};

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
    let known = options.targets.as_deref().map(targets::names).transpose()?;
    let named = match (options.to.as_slice(), &known) {
        ([], Some(_)) => Vec::new(),
        ([], None) => with_keys(reach)?,
        (named, _) => named.to_vec(),
    };
    let mut without = BTreeMap::new();
    let mut to = Vec::new();
    for name in named {
        let is_of_file = known.as_ref().is_some_and(|known| known.contains(&name));
        to.push(match name.parse::<Provider>() {
            Ok(provider) if !is_of_file => {
                let (target, why) = placed(provider, reach)?;
                if let Some(why) = why {
                    without.insert(target.to_string(), why);
                }
                target.to_string()
            }
            _ => name,
        });
    }
    let order = Order {
        to,
        targets: options.targets.clone(),
        ..Order::default()
    };
    let staging = Staging {
        bucket: options.bucket.clone(),
        ..Staging::default()
    };
    let wanted = targets::placed(&order, &staging, reach)?.into_iter();
    Ok(wanted
        .map(|wanted| Asked {
            no_region: without.remove(&wanted.label),
            wanted,
        })
        .collect())
}

/// A cloud in the region that stands beside its keys, else in its usual one, and why.
fn placed(provider: Provider, reach: &Reach) -> Result<(Target, Option<Error>)> {
    match region::of(provider, connect::account(provider, reach), reach) {
        Ok(target) => Ok((target, None)),
        // That there are no keys is told by itself.
        Err(error) if error.kind() == ErrorKind::Credentials => Ok((Target::default_of(provider)?, None)),
        Err(error) => Ok((Target::default_of(provider)?, Some(error))),
    }
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
