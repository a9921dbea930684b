//! Where an image goes: what `--to` says, and a file of targets with groups, defaults, and what each target has of its own.

mod file;
mod regions;
mod search;
mod wanted;

use std::{collections::BTreeMap, path::Path};

use cloud_import::{Error, ErrorKind, Result, Target};

use crate::{
    args::{Order, Reach, Staging},
    fields::Said,
    output, region,
};

pub(crate) use wanted::Wanted;

use file::File;
use search::{Place, Search};

/// The targets of an order, each with a name for its image; as [`placed`].
pub(crate) fn wanted(order: &Order, staging: &Staging, reach: &Reach) -> Result<Vec<Wanted>> {
    let found = placed(order, staging, reach)?;
    if let Some(nameless) = found.iter().find(|wanted| wanted.fields.name.is_none()) {
        let message = format!("the image has no name for the target `{}`", nameless.label);
        return Err(Error::new(ErrorKind::InvalidRequest, message)
            .with_remedy("Use --name NAME, or `name` in the file of targets."));
    }
    found.iter().for_each(doubt_region);
    Ok(found)
}

/// The targets that are named, `all` and groups written out; one that is named twice counts once.
pub(crate) fn placed(order: &Order, staging: &Staging, reach: &Reach) -> Result<Vec<Wanted>> {
    let place = |provider, account| Ok((region::of(provider, account, reach)?, None));
    placed_by(order, staging, reach, &place).map(|(found, _)| found)
}

/// As [`placed`], with what is to be told of where they are, by their labels.
pub(crate) fn placed_by(
    order: &Order,
    staging: &Staging,
    reach: &Reach,
    place: Place<'_>,
) -> Result<(Vec<Wanted>, BTreeMap<String, Error>)> {
    let file = order
        .targets
        .as_deref()
        .map(File::read)
        .transpose()?
        .unwrap_or_default();
    let names: Vec<&str> = file.targets.keys().map(|name| name.get_ref().as_str()).collect();
    let said = Said {
        order,
        staging,
        reach,
        is_name: &|name| names.contains(&name),
    };
    said.check(&names)?;
    let search = Search {
        file: &file,
        said,
        place,
    };
    let (mut found, mut told): (Vec<Wanted>, _) = (Vec::new(), BTreeMap::new());
    let mut add = |(wanted, why): (Wanted, Option<Error>)| {
        if found.iter().all(|other| other.label != wanted.label) {
            told.extend(why.map(|why| (wanted.label.clone(), why)));
            found.push(wanted);
        }
    };
    for text in &order.to {
        if text.eq_ignore_ascii_case("all") {
            for provider in Target::all() {
                add(search.target(provider.provider.id())?);
            }
        } else if let Some(group) = text.strip_prefix('@') {
            search.group(group)?.into_iter().for_each(&mut add);
        } else {
            add(search.target(text)?);
        }
    }
    if order.to.is_empty() {
        for name in names.iter().copied() {
            add(search.target(name)?);
        }
    }
    if found.is_empty() {
        return Err(Error::new(ErrorKind::InvalidRequest, "no target given")
            .with_remedy("Use --to PROVIDER/REGION, or --targets with a file of targets."));
    }
    Ok((regions::with_copies(found, &search)?, told))
}

/// The names of a file of targets: its groups as `@GROUP`, and its targets.
///
/// # Errors
/// It cannot be read.
pub(crate) fn names(path: &Path) -> Result<Vec<String>> {
    let file = File::read(path)?;
    let groups = file.groups.keys().map(|name| format!("@{name}"));
    let targets = file.targets.keys().map(|name| name.get_ref().clone());
    Ok(groups.chain(targets).collect())
}

/// The names of the targets in the text of a file of targets that is to be at `path`.
///
/// # Errors
/// It cannot be read.
pub(crate) fn names_in(text: &str, path: &Path) -> Result<Vec<String>> {
    let file = File::parse(text, path)?;
    Ok(file.targets.keys().map(|name| name.get_ref().clone()).collect())
}

/// Says that a region may be mistyped: the list of those that are known is never complete.
pub(crate) fn doubt_region(wanted: &Wanted) {
    if let Some(unknown) = region::Unknown::of(&wanted.target)
        && let Some(meant) = unknown.meant
    {
        output::say(&format!("{}: {}. {meant}", wanted.label, unknown.message));
    }
}

#[cfg(test)]
mod tests;
