//! What other commands do with a fleet: they look into its database, and its workers do the rest with their keys.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
};

use cloud_import::{Error, ErrorKind, Result, Stop, publish::Record};
use cloud_import_fleet::{Order, Row};

use super::{Fleet, follow::Follow, orders, rows::stands, submit};
use crate::{
    args::{self, FailIf, Reach, StateDir, Waiting},
    exit::Exit,
    interrupt, jobs, line,
    on_end::OnEnd,
    outcome::{Outcome, Status},
    output,
    report::{self, Lines},
    waiting::listener,
};

/// A job of a fleet: what is recorded of it, and what waits.
struct Known {
    id: String,
    records: Vec<Record>,
    rows: Vec<Row>,
}

impl Known {
    /// Whether a worker has begun what a row has.
    fn is_begun(&self, row: &Row) -> bool {
        let mut own = self.records.iter().filter(|record| record.target == row.order.target);
        own.any(|record| orders::is_of(record, &row.order))
    }

    /// How its targets stand.
    fn outcomes(self) -> Vec<Outcome> {
        let fresh: Vec<&Row> = self.rows.iter().filter(|row| !self.is_begun(row)).collect();
        let is_given_anew = |record: &&Record| fresh.iter().any(|row| row.order.target == record.target);
        let recorded = self.records.iter().filter(|record| !is_given_anew(record));
        let recorded = recorded.cloned().map(Outcome::recorded);
        recorded.chain(fresh.iter().map(|row| stands(row))).collect()
    }
}

/// The jobs that are named; all of which something waits, where none is.
async fn known(fleet: &Fleet, names: &[OsString]) -> Result<Vec<Known>> {
    let state = fleet.state.state();
    let rows = fleet.queue.all().await?;
    let mut ids = BTreeSet::new();
    for name in names {
        ids.insert(jobs::named(state, &named(name)?).await?.facts().id.clone());
    }
    if names.is_empty() {
        ids.extend(rows.iter().map(|row| row.order.job.clone()));
    }
    let mut found = Vec::new();
    for id in ids {
        let own = rows.iter().filter(|row| row.order.job == id);
        found.push(Known {
            records: state.records_of(&id).await?,
            rows: own.cloned().collect(),
            id,
        });
    }
    if found.is_empty() {
        output::note("nothing waits for the workers of this fleet");
    }
    Ok(found)
}

/// The fleet has jobs: tasks are gone on with by those who have them.
fn named(name: &OsStr) -> Result<String> {
    let text = name
        .to_str()
        .filter(|text| *text != "-" && !text.trim_start().starts_with('{'));
    text.map(str::to_owned).ok_or_else(|| {
        Error::new(ErrorKind::InvalidRequest, "a fleet has jobs, and no tasks")
            .with_remedy("Name a job (`cloud-import list --fleet URL` shows them), or leave --fleet out.")
    })
}

/// `status --fleet`: what is known of jobs. No cloud is asked.
pub(crate) async fn status(options: &args::Tasks) -> Result<Exit> {
    let fleet = Fleet::open(options.state.fleet.as_deref(), 1).await?;
    let known = known(&fleet, &options.tasks).await?;
    let outcomes: Vec<Outcome> = known.into_iter().flat_map(Known::outcomes).collect();
    Ok(written(options, &outcomes))
}

/// `cancel --fleet`: what nobody has begun is taken out; the rest is the workers' to cancel.
pub(crate) async fn cancel(options: &args::Tasks) -> Result<Exit> {
    if options.tasks.is_empty() {
        return Err(Error::new(ErrorKind::InvalidRequest, "nothing to cancel was named")
            .with_remedy("Name a job: `cloud-import list --fleet URL` shows them."));
    }
    let fleet = Fleet::open(options.state.fleet.as_deref(), 1).await?;
    let mut outcomes = Vec::new();
    for known in known(&fleet, &options.tasks).await? {
        let keys: Vec<String> = known.rows.iter().map(|row| row.order.key()).collect();
        // First the wish: a worker that has one of them in its hands sees it.
        fleet.notices.cancel(&keys).await?;
        let fresh = known.rows.iter().filter(|row| row.is_left || !known.is_begun(row));
        let fresh: Vec<String> = fresh.map(|row| row.order.key()).collect();
        let removed = fleet.queue.remove_fresh(&fresh).await?;
        fleet.notices.withdraw(&removed).await?;
        fleet.queue.hurry(&keys).await?;
        let rows = known.rows.clone();
        for outcome in known.outcomes() {
            let own = rows.iter().find(|row| row.order.target == outcome.target);
            outcomes.push(canceled(outcome, own, &removed));
        }
    }
    Ok(written(options, &outcomes))
}

/// How a target stands that was to be cancelled. `row`: its order, where there was one.
fn canceled(outcome: Outcome, row: Option<&Row>, removed: &[String]) -> Outcome {
    let Some(row) = row else {
        output::note(&format!(
            "{}: nothing of it runs that could be cancelled",
            outcome.target
        ));
        return outcome;
    };
    match removed.contains(&row.order.key()) {
        true if outcome.record.is_none() => Outcome {
            state: Some("cancelled before it was begun".to_owned()),
            ..Outcome::new(&outcome.target, Status::Canceled, Exit::Done)
        },
        true => outcome,
        false => Outcome {
            status: Status::CancelRequested,
            exit: Exit::Done,
            state: Some("cancel requested".to_owned()),
            error: None,
            ..outcome
        },
    }
}

fn written(options: &args::Tasks, outcomes: &[Outcome]) -> Exit {
    report::write(outcomes, options.reach.output.into(), Lines::States, None, FailIf::Any)
}

/// How jobs are followed.
struct Way<'a> {
    state: &'a StateDir,
    reach: &'a Reach,
    waiting: &'a Waiting,
    events: bool,
}

/// `wait --fleet`: jobs are followed until the workers have their results.
pub(crate) async fn wait(options: &args::Wait) -> Result<Exit> {
    let fleet = Fleet::open(options.tasks.state.fleet.as_deref(), 1).await?;
    let way = Way {
        state: &options.tasks.state,
        reach: &options.tasks.reach,
        waiting: &options.waiting,
        events: options.events,
    };
    followed(&fleet, &options.tasks.tasks, &way).await
}

async fn followed(fleet: &Fleet, names: &[OsString], way: &Way<'_>) -> Result<Exit> {
    let on_end = OnEnd::of(way.waiting);
    let known = known(fleet, names).await?;
    let ids: Vec<String> = known.iter().map(|known| known.id.clone()).collect();
    let again = line::with_places(&ids.join(" "), way.state, way.reach, &way.reach.endpoint);
    let again = (!ids.is_empty()).then_some(again);
    let (mut orders, mut outcomes) = (Vec::new(), Vec::new());
    for known in known {
        let own: Vec<Order> = known.rows.iter().map(|row| row.order.clone()).collect();
        let is_followed = |outcome: &Outcome| own.iter().any(|order| order.target == outcome.target);
        outcomes.extend(known.outcomes().into_iter().filter(|outcome| !is_followed(outcome)));
        orders.extend(own);
    }
    let stop = Stop::default();
    let follow = Follow {
        queue: &fleet.queue,
        state: fleet.state.state(),
        stop: &stop,
        listener: listener(way.events, orders.iter().map(|order| order.target.clone()).collect()),
        orders: &orders,
        every: submit::EVERY[usize::from(way.reach.simulate.is_some())],
        limit: way.waiting.timeout,
    };
    let form = report::form(way.events, way.reach.output);
    let ended = async {
        outcomes.extend(follow.followed().await);
        on_end.keep(ids.iter().map(String::as_str), &outcomes);
        Ok(report::write(
            &outcomes,
            form,
            Lines::Images,
            again.as_deref(),
            way.waiting.fail_if,
        ))
    };
    let ended = interrupt::guarded(&stop, ended).await;
    on_end.run(ended).await
}

/// `retry --fleet`: what came to nothing is the workers' again. `to`: these targets alone, where some are named.
pub(crate) async fn retry(names: &[String], with: &args::GoOn, to: &[String]) -> Result<Exit> {
    if !with.source.is_empty() {
        let message = "a link that may be signed is nothing for a fleet: the database would hold it";
        return Err(
            Error::new(ErrorKind::InvalidRequest, message).with_remedy("Retry it without --fleet: --state URL.")
        );
    }
    let fleet = Fleet::open(with.state.fleet.as_deref(), 1).await?;
    let names: Vec<OsString> = names.iter().map(OsString::from).collect();
    let (mut again, mut ids) = (Vec::new(), Vec::new());
    for known in known(&fleet, &names).await? {
        let job = fleet.state.state().job(&known.id).await?;
        let is_meant = |target: &String| to.is_empty() || to.contains(target);
        let left = known
            .rows
            .iter()
            .filter(|row| row.is_left && is_meant(&row.order.target));
        again.extend(left.map(|row| row.order.anew()));
        let waits = |record: &&Record| known.rows.iter().any(|row| row.order.target == record.target);
        let failed = known
            .records
            .iter()
            .filter(|record| !waits(record) && is_meant(&record.target));
        for record in failed {
            again.extend(orders::anew(job.facts(), record)?);
        }
        ids.push(known.id);
    }
    if again.is_empty() {
        output::note("nothing to do: no target of it failed or was left");
    }
    let keys: Vec<String> = again.iter().map(Order::key).collect();
    fleet.notices.withdraw(&keys).await?;
    fleet.queue.add_many(&again).await?;
    let ids: Vec<OsString> = ids.into_iter().map(OsString::from).collect();
    if with.no_wait {
        let outcomes: Vec<Outcome> = known(&fleet, &ids)
            .await?
            .into_iter()
            .flat_map(Known::outcomes)
            .collect();
        return Ok(report::write(
            &outcomes,
            with.reach.output.into(),
            Lines::States,
            None,
            FailIf::Any,
        ));
    }
    let way = Way {
        state: &with.state,
        reach: &with.reach,
        waiting: &with.waiting,
        events: with.events,
    };
    followed(&fleet, &ids, &way).await
}
