//! `check`: what each target's cloud says to an import before it is started. It starts none.

use cloud_import::{
    Asking, Check, Pace, Result, Stop, Subject,
    aliyun::{self, CreateRole as _, RoleEvent},
    publish::{Destination, Publish},
};

use crate::{
    accepted, args,
    checked::{self, Row},
    chosen::{self, Chosen},
    connect::Clouds,
    destination,
    exit::Exit,
    output,
    side_by_side::side_by_side,
    simulate::Simulated,
    targets::{self, Wanted},
};

pub(crate) async fn run(options: args::Check) -> Result<Exit> {
    let wanted = targets::wanted(&options.order, &options.staging, &options.reach)?;
    let simulated = Simulated::of(&options.reach).await?;
    let rows = all(&options, &wanted, simulated.as_ref()).await?;
    let acknowledged: Vec<_> = rows.iter().map(Row::acknowledged).collect();
    accepted::tell_unmatched(&wanted, &acknowledged);
    checked::write(&rows, options.reach.output, options.all)
}

/// Every target side by side; one that cannot be inspected does not stop the others.
async fn all(options: &args::Check, targets: &[Wanted], simulated: Option<&Simulated>) -> Result<Vec<Row>> {
    let clouds = Clouds::new(&options.reach, simulated)?;
    let (pace, stop) = (Pace::default(), Stop::default());
    let opened = destination::image(&options.order, targets, &clouds, &pace, None, &stop).await?;
    let chosen = Chosen::of(options.staging.convert, &opened.image)?;
    let mut publish = Publish::of(chosen::planned(&opened.image, chosen)?);
    if let Some(bitmap) = &options.staging.bitmap {
        publish = publish.side_file(bitmap);
    }
    let made = side_by_side(targets, |wanted| {
        destination::destination(&options.order, wanted, publish.image(), None, &clouds)
    });
    let made = destination::linked(targets, made.await);
    let there = || made.iter().flatten();
    let roles = match options.create_role {
        true => roles(&publish, there().map(|(to, _)| to)).await?,
        false => there().map(|_| None).collect(),
    };
    let publish = there().fold(publish, |publish, (to, _)| publish.to(to.clone()));
    let asked = publish.preflight(&Asking::with_dry_run()).await?;
    let mut asked = asked.into_iter().zip(roles);
    let rows = targets.iter().zip(&made).filter_map(|(wanted, made)| match made {
        Ok((to, problems)) => {
            let (asked, role) = asked.next()?;
            let checks = with_role(asked.with_problems(problems, true).checks, role);
            Some(Row::of(&wanted.label, &*to.importer, checks))
        }
        Err(error) => Some(Row::of_error(wanted, error)),
    });
    Ok(rows.collect())
}

/// What came of making the role where a cloud has one, side by side.
async fn roles(publish: &Publish, there: impl Iterator<Item = &Destination>) -> Result<Vec<Option<Check>>> {
    let made = side_by_side(there, |to| async move {
        let Some(importer) = aliyun::Importer::of(&*to.importer) else {
            return Ok(None);
        };
        let order = publish.preview(to).await?;
        let tell = |event| output::note(&format!("{}: {}", to.label, role_event(&event)));
        Ok(Some(importer.create_role(&order, &tell).await))
    });
    made.await.into_iter().collect()
}

/// What was done on the way to Alibaba Cloud's import role.
fn role_event(event: &RoleEvent) -> String {
    match event {
        RoleEvent::RoleMade(name) => format!("made the RAM role {name}"),
        RoleEvent::PolicyMade(policy) => format!("made the policy {policy}: the vendor's own is not there"),
        RoleEvent::PolicyAttached(policy) => format!("attached the policy {policy} to the RAM role"),
        RoleEvent::Waiting(seconds) => format!("waiting for ECS to see the RAM role ({seconds} s)"),
        _ => String::new(),
    }
}

/// The checks with what came of making the role, which says more than a look at it unless that finds it wanting.
fn with_role(mut checks: Vec<Check>, made: Option<Check>) -> Vec<Check> {
    let Some(made) = made else { return checks };
    match checks.iter_mut().find(|check| check.what == Subject::ImportRole) {
        Some(found) if found.is_failure() && !made.is_failure() => {}
        Some(found) => *found = made,
        None => {
            checks.push(made);
            checks.sort_by_key(|check| check.what);
        }
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_making_a_role_stands_for_a_look_at_it_unless_that_is_worse() {
        let role = Subject::ImportRole;
        let (name, dry_run) = (Check::passed(Subject::Name, "n"), Check::passed(Subject::DryRun, "d"));
        let (seen, made) = (Check::passed(role, "seen"), Check::passed(role, "made"));
        let (lacking, refused) = (Check::failed(role, "lacking", ""), Check::failed(role, "refused", ""));
        for (found, of_making, expected) in [
            (Some(&seen), Some(&made), Some("made")),
            (Some(&lacking), Some(&made), Some("lacking")),
            (Some(&lacking), Some(&refused), Some("refused")),
            (None, Some(&refused), Some("refused")),
            (Some(&seen), None, Some("seen")),
            (None, None, None),
        ] {
            let checks: Vec<Check> = [Some(&name), found, Some(&dry_run)]
                .into_iter()
                .flatten()
                .cloned()
                .collect();
            let checks = with_role(checks, of_making.cloned());
            let roles: Vec<String> = checks
                .iter()
                .filter(|check| check.what == role)
                .map(|check| check.message.to_string())
                .collect();
            assert_eq!(roles, expected.as_slice());
            assert!(checks.is_sorted_by_key(|check| check.what));
        }
    }
}
