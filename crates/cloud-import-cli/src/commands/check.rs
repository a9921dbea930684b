//! `check`: what each target's cloud says to an import before it is started. It starts none.

use cloud_import::{
    Check, CheckOutcome, Error, ImageImporter, ImportRequest, Problem, Provider, Result, Subject,
    aliyun::{self, CreateRole as _, RoleEvent},
    publish::{Destination, Publish, staging::Store},
};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::{
    args::{self, OutputFormat},
    connect::Clouds,
    destination,
    exit::Exit,
    output::{self, SCHEMA},
    render,
    simulate::Simulated,
    targets::{self, Wanted},
};

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    results: &'a [Row],
}

/// What was found for one target.
#[derive(Debug, Serialize)]
struct Row {
    target: String,
    status: Status,
    /// Where the credentials come from, in words; absent when there are none. Never a secret.
    credentials: Option<String>,
    checks: Vec<Check>,
    #[serde(skip)]
    provider: Provider,
    #[serde(skip)]
    exit: Exit,
}

/// What was found for one target, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// Nothing that was looked at stands against an import.
    Passed,
    /// An import would be refused.
    Failed,
}

pub(crate) async fn run(options: args::Check) -> Result<Exit> {
    let wanted = targets::wanted(&options.order, &options.reach)?;
    let simulated = Simulated::of(&options.reach).await?;
    let rows = all(&options, &wanted, simulated.as_ref()).await?;
    write(&rows, options.reach.output)?;
    Ok(Exit::together(rows.iter().map(|row| row.exit)))
}

/// Every target side by side; one that cannot be inspected does not stop the others.
async fn all(options: &args::Check, targets: &[Wanted], simulated: Option<&Simulated>) -> Result<Vec<Row>> {
    let clouds = Clouds::new(&options.reach, simulated)?;
    let mut image = destination::image(&options.order)?;
    if let Some(format) = options.staging.convert {
        image = destination::planned(&image, format)?;
    }
    let mut publish = Publish::of(image).prefix(&options.staging.prefix);
    if let Some(bitmap) = &options.staging.bitmap {
        publish = publish.side_file(bitmap);
    }
    let mut rows: Vec<Option<Row>> = targets.iter().map(|_| None).collect();
    let mut set = JoinSet::new();
    for (index, wanted) in targets.iter().enumerate() {
        match ordered(options, wanted, &publish, &clouds).await {
            Ok((made, order, found)) => {
                let label = wanted.label.clone();
                let create_role = options.create_role;
                set.spawn(async move {
                    let checks = looked_at(&label, &*made.importer, made.bucket, &order, create_role).await;
                    (index, Row::of(&label, &*made.importer, with_found(checks, &found)))
                });
            }
            Err(error) => rows[index] = Some(Row::of_error(wanted, &error)),
        }
    }
    while let Some(joined) = set.join_next().await {
        let (index, row) = joined.map_err(|error| {
            Error::new(cloud_import::ErrorKind::Local, "work on a target ended unexpectedly").with_source(error)
        })?;
        rows[index] = Some(row);
    }
    Ok(rows.into_iter().flatten().collect())
}

/// The destination of a target, its order, and what was found in the file or object.
async fn ordered(
    options: &args::Check,
    wanted: &Wanted,
    publish: &Publish,
    clouds: &Clouds<'_>,
) -> Result<(Destination, ImportRequest, Vec<Problem>)> {
    let (order, staging) = (&options.order, &options.staging);
    let (made, mut found) = destination::destination(order, staging, wanted, publish.image(), clouds).await?;
    let order = publish.preview(&made).await?;
    found.extend(publish.findings(&made).await?);
    Ok((made, order, found))
}

async fn looked_at(
    label: &str,
    importer: &dyn ImageImporter,
    store: Option<Store>,
    order: &ImportRequest,
    create_role: bool,
) -> Vec<Check> {
    let made = match aliyun::Importer::of(importer) {
        Some(importer) if create_role => {
            let tell = |event| output::note(&format!("{label}: {}", role_event(&event)));
            Some(importer.create_role(order, &tell).await)
        }
        _ => None,
    };
    let mut checks = with_role(importer.preflight(order).await, made);
    if let Some(store) = store {
        checks.extend(bucket(&store).await);
    }
    checks
}

/// The checks with what was found in the file, which is part of the order.
fn with_found(mut checks: Vec<Check>, found: &[Problem]) -> Vec<Check> {
    if !found.is_empty() {
        checks.retain(|check| check.what != Subject::Order || check.outcome != CheckOutcome::Passed);
    }
    let found = found
        .iter()
        .map(|problem| Check::of_problem(Subject::Order, problem, true));
    checks.splice(0..0, found);
    checks
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

/// What the bucket says of itself that a file would be put into.
async fn bucket(store: &Store) -> Vec<Check> {
    let named: Vec<Problem> = store.bucket().problems();
    if !named.is_empty() {
        let checks = named
            .iter()
            .map(|problem| Check::of_problem(Subject::Bucket, problem, true));
        return checks.collect();
    }
    let facts = match store.facts().await {
        Ok(facts) => facts,
        Err(error) => return vec![Check::failed_by(Subject::Bucket, &error)],
    };
    let problems = facts.problems(store.bucket());
    if problems.is_empty() {
        let message = format!("`{}` exists and is usable", store.bucket().name);
        return vec![Check::passed(Subject::Bucket, message)];
    }
    problems
        .iter()
        .map(|problem| Check::of_problem(Subject::Bucket, problem, true))
        .collect()
}

impl Row {
    fn of(target: &str, importer: &dyn ImageImporter, checks: Vec<Check>) -> Self {
        let connection = importer.connection();
        let source = connection.and_then(|connection| connection.pipeline.credentials.describe().ok());
        Self::new(target, importer.provider(), source, checks)
    }

    fn new(target: &str, provider: Provider, credentials: Option<String>, checks: Vec<Check>) -> Self {
        let exit = exit(&checks);
        Self {
            target: target.to_owned(),
            status: if exit == Exit::Done {
                Status::Passed
            } else {
                Status::Failed
            },
            credentials,
            checks,
            provider,
            exit,
        }
    }

    /// A target at which nothing could be asked.
    fn of_error(wanted: &Wanted, error: &Error) -> Self {
        let exit = Exit::of(error);
        let what = match exit {
            Exit::Usage => Subject::Order,
            Exit::Credentials => Subject::Credentials,
            _ => Subject::Endpoint,
        };
        Self {
            exit,
            ..Self::new(
                &wanted.label,
                wanted.target.provider,
                None,
                vec![Check::failed_by(what, error)],
            )
        }
    }
}

/// The order itself comes first, then the credentials: an import would end there.
fn exit(checks: &[Check]) -> Exit {
    let fails = |what: Subject| checks.iter().any(|check| check.what == what && check.is_failure());
    if fails(Subject::Order) {
        Exit::Usage
    } else if fails(Subject::Credentials) {
        Exit::Credentials
    } else if checks.iter().any(Check::is_failure) {
        Exit::NotStarted
    } else {
        Exit::Done
    }
}

fn write(rows: &[Row], form: OutputFormat) -> Result<()> {
    match form {
        OutputFormat::Text => rows.iter().for_each(text),
        OutputFormat::Json => output::json(&Report {
            schema: SCHEMA,
            results: rows,
        })?,
    }
    Ok(())
}

fn text(row: &Row) {
    let unknown = row
        .checks
        .iter()
        .filter(|check| check.outcome == CheckOutcome::NotChecked)
        .count();
    let verdict = match row.status {
        Status::Passed => format!("ready to import ({unknown} not checked)"),
        Status::Failed => "an import would fail".to_owned(),
    };
    output::result(&format!("{} {verdict}", row.target));
    if let Some(source) = &row.credentials {
        output::result(&format!("  with {source}"));
    }
    for check in &row.checks {
        let message = render::check(check, row.provider);
        output::result(&format!("  {:11} {:11} {message}", check.outcome, check.what));
        if let Some(remedy) = &check.remedy
            && check.outcome != CheckOutcome::Passed
        {
            let remedy = render::remedy(remedy, row.provider);
            output::result(&format!("  {:11} {:11} -> {remedy}", "", ""));
        }
    }
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

    #[test]
    fn an_import_would_end_at_the_first_of_them() {
        let failed = |what| Check::failed(what, "x", "");
        let all = [Subject::Name, Subject::Credentials, Subject::Order].map(failed);
        assert_eq!(exit(&all), Exit::Usage);
        assert_eq!(exit(&all[..2]), Exit::Credentials);
        assert_eq!(exit(&all[..1]), Exit::NotStarted);
        let harmless = [
            Check::passed(Subject::Name, "x"),
            Check::warning(Subject::Order, "x", ""),
            Check::not_checked(Subject::Credentials, "x"),
        ];
        assert_eq!(exit(&harmless), Exit::Done);
    }
}
