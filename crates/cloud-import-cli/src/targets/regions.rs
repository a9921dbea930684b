//! The regions that a target's image is copied to, each as a target of its own.

use cloud_import::{Error, ErrorKind, Result, Target};

use super::{search::Search, wanted::Wanted};
use crate::{
    args::scope::Scope,
    fields::{At, Fields},
    output,
};

/// The targets, and behind each those that its image is copied to. A region that is a target already is left as it is.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when it is not said of which target an image is copied.
pub(super) fn with_copies(found: Vec<Wanted>, search: &Search<'_>) -> Result<Vec<Wanted>> {
    let of_all = search.said.order.copy_to.iter().any(|said| said.scope == Scope::All);
    if of_all && found.len() > 1 {
        let first = &found[0];
        return Err(Error::new(
            ErrorKind::InvalidRequest,
            "which target's image is copied is not said, and there are several",
        )
        .with_remedy(format!(
            "Say of which cloud or target the regions are, such as --copy-to {}=REGION.",
            first.target.provider
        )));
    }
    let mut all: Vec<Wanted> = Vec::new();
    for wanted in &found {
        let mut source = wanted.clone();
        let regions = source.fields.regions.take().unwrap_or_default();
        if !regions.is_empty() {
            leave_out_what_copies_need(&mut source)?;
        }
        all.push(source);
        for region in regions {
            let target: Target = format!("{}/{region}", wanted.target.provider).parse()?;
            let is_there = |other: &Wanted| other.target == target && other.fields.account == wanted.fields.account;
            if !found.iter().chain(&all).any(is_there) {
                all.push(copy(wanted, target, search)?);
            }
        }
    }
    Ok(all)
}

/// Takes out of the options of an import those that only its copies have.
fn leave_out_what_copies_need(source: &mut Wanted) -> Result<()> {
    let of_copies = cloud_import::capabilities(source.target.provider)?
        .after
        .copy_options
        .value;
    if let Some(options) = &mut source.fields.options {
        options.retain(|option, _| !of_copies.contains(&option.as_str()));
    }
    Ok(())
}

/// The target to which the image of another is copied; one where the file is imported too, where copies are opened on request only.
fn copy(source: &Wanted, target: Target, search: &Search<'_>) -> Result<Wanted> {
    let place = target.to_string();
    let label = match source.label == source.target.to_string() {
        true => place.clone(),
        false => format!("{}-{}", source.label, target.region),
    };
    let at = At {
        names: &[&label, &place],
        provider: target.provider,
    };
    let own = search.file.targets.get(place.as_str()).cloned().unwrap_or_default();
    let bucket_there = search.fields(&own, at).bucket;
    let said = search.said.of_target(at).over(own);
    let inherited = Fields {
        regions: None,
        bucket: None,
        ..source.fields.clone()
    };
    let mut fields = said.over(inherited);
    fields.to = None;
    let after = &cloud_import::capabilities(target.provider)?.after;
    match after.copy_on_request.value {
        true => {
            fields.bucket = bucket_there;
            let cloud = target.provider.name();
            output::say(&format!(
                "{label}: {cloud} copies images on request only: the file is uploaded there too"
            ));
        }
        false => fields.copy_of = Some(source.label.clone()),
    }
    Ok(Wanted {
        label,
        target,
        fields,
        common_name: source.common_name.clone(),
    })
}
