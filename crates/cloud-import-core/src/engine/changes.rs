//! Changes to an image that is there: what is missing is sent, and what the cloud then shows is what was done.

use tracing::debug;

use super::{
    check::{Check, Subject},
    cloud::Cloud,
    validate,
};
use crate::{
    Asking, Capabilities, Error, ErrorKind, Field, ImageAttributes, ImageChange, ImportedImage, Problem, Remedy,
    Result, WarningId,
    model::{capabilities::Fact, remedy::Phrase},
};

/// Accounts in one request where no source tells how many it takes.
const SHARED_AT_ONCE: usize = 10;

/// Every problem that changes have with what a cloud can do. No I/O.
pub(super) fn problems(change: &ImageChange, cloud: &'static Capabilities) -> Vec<Problem> {
    let after = &cloud.after;
    let shares = change.is_about_shares();
    let can_share = Fact {
        value: after.share.value > 0,
        source: after.share.source,
        verified: after.share.verified,
        note: after.share.note,
    };
    let asked = [
        (Field::Share, shares, can_share),
        (Field::Public, change.public.is_some(), after.public),
        (Field::Family, change.family.is_some(), after.family),
        (Field::Deprecated, change.deprecated.is_some(), after.deprecate),
        (
            Field::Tags,
            !change.tags.is_empty() || !change.untag.is_empty(),
            after.tag,
        ),
    ];
    let mut problems = Vec::new();
    for (field, _, fact) in asked.iter().filter(|(_, is_asked, fact)| *is_asked && !fact.value) {
        let rule = fact.with_note("cannot be set on an image by this cloud's API");
        let problem = Problem::error(cloud.provider, field.clone(), rule).source(fact.source);
        problems.push(problem.remedy(Remedy::Unset(field.clone())));
    }
    let most = usize::try_from(after.share.value).unwrap_or(usize::MAX);
    if can_share.value && change.share.len() > most {
        let rule = format!(
            "has {} accounts, and an image is shared with {most} at the most",
            change.share.len()
        );
        let problem = Problem::error(cloud.provider, Field::Share, rule).source(after.share.source);
        problems.push(problem.remedy("Name fewer accounts."));
    }
    // What cannot be set at all is said once.
    let is_said = |field: &Field| problems.iter().any(|problem: &Problem| problem.field == *field);
    let of_texts = validate::change(change, cloud).into_iter();
    let of_texts: Vec<Problem> = of_texts.filter(|problem| !is_said(&problem.field)).collect();
    problems.extend(of_texts);
    problems.extend(public_and_shared(change, cloud));
    for both in change.share.intersection(&change.unshare) {
        let rule = format!("names `{both}`, which is not to have the image any more either");
        problems.push(Problem::error(cloud.provider, Field::Share, rule).remedy("Name it in one of the two."));
    }
    problems
}

/// What is to be public and shared with accounts at once.
fn public_and_shared(change: &ImageChange, cloud: &'static Capabilities) -> Option<Problem> {
    let after = &cloud.after;
    if change.public != Some(true) || change.share.is_empty() || !after.public.value {
        return None;
    }
    let fact = after.public_keeps_shares;
    let problem = match fact.value {
        // It is shared before it is made public, and those have it again once that is taken back.
        true => {
            let rule = "names accounts, and all may use what is public: nobody can be added to them while it is";
            Problem::warning(WarningId::SHARE_PUBLIC, cloud.provider, Field::Share, rule)
        }
        false => {
            let rule = "names accounts, and what is made public is shared with nobody any more";
            Problem::error(cloud.provider, Field::Share, rule)
        }
    };
    Some(
        problem
            .source(fact.source)
            .remedy(Remedy::Unset(Field::Share).or(Remedy::Unset(Field::Public))),
    )
}

/// Whether one of the accounts is the owner's own, with which no cloud shares an image.
pub(super) async fn preflight<C: Cloud>(cloud: &C, change: &ImageChange, asking: &Asking) -> Vec<Check> {
    let what = Subject::Share;
    if change.share.is_empty() || cloud.capabilities().after.share.value == 0 {
        return Vec::new();
    }
    let question = match C::SHARES_WITHIN_REGIONS {
        true => format!("owner in {}", cloud.connection().region),
        false => "owner".to_owned(),
    };
    let own = match asking.once(&question, cloud.owner()).await {
        Ok(Some(own)) => own,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![Check::unanswered(what, &error)],
    };
    let check = match change.share.contains(&own) {
        true => {
            let message = Phrase::default().field(Field::Share).text(format!(
                " names `{own}`, whose the image is: it is shared with others alone"
            ));
            Check::failed(what, message, "Leave it out.")
        }
        false => Check::passed(what, format!("none of the accounts is `{own}`, whose the image is")),
    };
    vec![check]
}

/// Makes an image what it is to be, and says what the cloud shows of it at the end.
///
/// # Errors
/// What the cloud refused; [`ErrorKind::Conflict`] when it took everything, and does not show all of it.
pub(super) async fn apply<C: Cloud>(cloud: &C, image: &ImportedImage, change: &ImageChange) -> Result<ImageAttributes> {
    let project = cloud.resolve_project(image.project.as_deref()).await?;
    let image = &ImportedImage {
        project,
        ..image.clone()
    };
    let shown = cloud.attributes(image, change).await?;
    let left = change.left(&shown);
    if left.is_empty() {
        return Ok(shown);
    }
    // What was lost on its way may have been executed: what the cloud shows then decides.
    let lost = match send(cloud, image, &left).await {
        Err(error) if error.may_have_executed() => Some(error),
        answer => {
            answer?;
            None
        }
    };
    let shown = cloud.attributes(image, change).await?;
    let left = change.left(&shown);
    match lost {
        _ if left.is_empty() => Ok(shown),
        Some(lost) => Err(lost),
        None => Err(unmet(&left, image)),
    }
}

/// The order that works: a deprecated image can be neither shared nor copied, one that is to be deprecated must not be shared, what is
/// public is not shared either until that is taken back, and one that is shared may take no other change, as documents of Tencent Cloud
/// say.
async fn send<C: Cloud>(cloud: &C, image: &ImportedImage, left: &ImageChange) -> Result<()> {
    debug!(image = image.id, "changing an image");
    let told = cloud.capabilities().after.share_at_once.value;
    let at_once = told
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(SHARED_AT_ONCE)
        .max(1);
    if left.deprecated == Some(false) {
        cloud.deprecate(image, false).await?;
    }
    if left.public == Some(false) {
        cloud.publish(image, false).await?;
    }
    let unshare: Vec<String> = left.unshare.iter().cloned().collect();
    for some in unshare.chunks(at_once) {
        cloud.unshare(image, some).await?;
    }
    if let Some(family) = &left.family {
        cloud.set_family(image, family).await?;
    }
    let share: Vec<String> = left.share.iter().cloned().collect();
    for some in share.chunks(at_once) {
        cloud.share(image, some).await?;
    }
    if !left.tags.is_empty() {
        cloud.tag(image, &left.tags).await?;
    }
    if !left.untag.is_empty() {
        let keys: Vec<String> = left.untag.iter().cloned().collect();
        cloud.untag(image, &keys).await?;
    }
    if left.public == Some(true) {
        cloud.publish(image, true).await?;
    }
    if left.deprecated == Some(true) {
        cloud.deprecate(image, true).await?;
    }
    Ok(())
}

/// The cloud said yes, and shows less.
fn unmet(left: &ImageChange, image: &ImportedImage) -> Error {
    let list = |texts: Vec<&String>| texts.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let parts = [
        ("shared with", list(left.share.iter().collect())),
        ("taken from", list(left.unshare.iter().collect())),
        ("tagged", list(left.tags.keys().collect())),
        ("rid of the tags", list(left.untag.iter().collect())),
        ("in the family", left.family.clone().unwrap_or_default()),
        ("public", left.public.map_or(String::new(), |public| public.to_string())),
        (
            "deprecated",
            left.deprecated
                .map_or(String::new(), |deprecated| deprecated.to_string()),
        ),
    ];
    let missing: Vec<String> = parts
        .into_iter()
        .filter(|(_, what)| !what.is_empty())
        .map(|(how, what)| format!("{how} {what}"))
        .collect();
    let message = format!(
        "the cloud took the changes and does not show that {} is {}",
        image.id,
        missing.join("; ")
    );
    Error::new(ErrorKind::Conflict, message)
        .with_provider(image.provider)
        .with_remedy("Look at the accounts and tags named, then repeat it: what is done stays done.")
}
