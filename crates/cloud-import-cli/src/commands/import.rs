//! `import`: what stands against it is found out for all targets before any work; then each is worked on by itself, side by side.

use std::sync::Arc;

use cloud_import::{
    Result, Stop,
    publish::{self, Ended, Event, Image, Job, Listener},
};

use super::forget;
use crate::{
    accepted,
    args::Import,
    checked::{self, Plan, Row},
    chosen,
    connect::{self, Clouds},
    conversion,
    events::Events,
    exit::Exit,
    findings, interrupt, line,
    on_end::OnEnd,
    outcome::Outcome,
    output,
    ready::{Ready, Targets, certain, warnings},
    report::{self, Lines},
    simulate::Simulated,
    state::Remembered,
    targets::{self, Wanted},
    waiting::{Renumbered, listener},
};

pub(crate) async fn run(options: Import) -> Result<Exit> {
    let on_end = OnEnd::of(&options.waiting);
    let ended = ended(&options, &on_end).await;
    on_end.run(ended).await
}

async fn ended(options: &Import, on_end: &OnEnd) -> Result<Exit> {
    let wanted = targets::wanted(&options.order, &options.staging, &options.reach)?;
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some()).await?;
    let stop = Stop::default();
    let work = all(options, &wanted, simulated.as_ref(), &state, &stop, on_end);
    interrupt::guarded(&stop, work).await
}

async fn all(
    options: &Import,
    wanted: &[Wanted],
    simulated: Option<&Simulated>,
    state: &Remembered,
    stop: &Stop,
    on_end: &OnEnd,
) -> Result<Exit> {
    let clouds = Clouds::new(&options.reach, simulated)?.stopped_by(stop);
    let (wanted, without) = apart(options, wanted);
    let (targets, image) = Targets::of(options, &wanted, &clouds, state.state(), stop).await?;
    if options.dry_run {
        let planned = targets.planned(&image)?;
        return plan(&targets, &planned, &targets.ready(&planned).await?);
    }
    let (mut outcomes, job) = published(targets, image).await?;
    outcomes.extend(without);
    let job = job.filter(|_| state.lasts());
    on_end.keep(job.as_ref().map(|job| job.facts().id.as_str()), &outcomes);
    if let Some(age) = options.keep_jobs {
        forget::retire(state.state(), age).await;
    }
    let again = job.map(|job| with_places(&job.facts().id, options, &wanted));
    Ok(written(&outcomes, options, again.as_deref()))
}

/// Imports the image; what came of the targets, and the job, where there is one.
pub(crate) async fn published(mut targets: Targets<'_>, mut image: Image) -> Result<(Vec<Outcome>, Option<Job>)> {
    let options = targets.options;
    let mut ready = targets.ready(&targets.planned(&image)?).await?;
    if targets.listener.is_none() {
        tell(options, &targets, &ready);
    }
    let mut ended = targets.gate(&ready);
    let goes_on = ended.iter().any(Option::is_none);
    let progress: Arc<dyn Listener> = match &targets.listener {
        Some(own) => Arc::clone(own),
        None if goes_on || options.events => {
            let labels = targets.labels().into_iter().map(str::to_owned);
            listener(options.events, labels.collect())
        }
        None => Arc::new(()),
    };
    if goes_on && targets.read_the_sum(&mut image, &progress).await? {
        targets.made_again(&mut ready, &targets.planned(&image)?).await;
        ended = targets.gate(&ready);
    }
    // What was written of it goes when the import is over.
    let mut made = None;
    if let Some(chosen) = targets.chosen
        && ended.iter().any(Option::is_none)
    {
        targets.state.check().await?;
        made = conversion::made(chosen::local(&image)?, chosen, &targets).await?;
        if let Some(made) = &made {
            image = Image::File(made.image.clone());
        }
        targets.made_again(&mut ready, &image).await;
        ended = targets.gate(&ready);
    }
    let done = begun(&targets, image, progress, ready, ended).await;
    drop(made);
    done
}

/// Writes what came of the targets.
fn written(outcomes: &[Outcome], options: &Import, again: Option<&str>) -> Exit {
    let lines = if options.no_wait { Lines::Tasks } else { Lines::Images };
    let form = report::form(options.events, options.reach.output);
    report::write(outcomes, form, lines, again, options.waiting.fail_if)
}

/// The targets that are worked on, and those at which there is nothing to be done: of a vendor's dry run, clouds that have none, where
/// others have.
fn apart(options: &Import, wanted: &[Wanted]) -> (Vec<Wanted>, Vec<Outcome>) {
    let has_one = |wanted: &Wanted| {
        let facts = cloud_import::capabilities(wanted.target.provider);
        facts.is_ok_and(|facts| facts.dry_run.value)
    };
    if !options.vendor_dry_run || !wanted.iter().any(has_one) {
        return (wanted.to_vec(), Vec::new());
    }
    let (wanted, without): (Vec<Wanted>, Vec<Wanted>) = wanted.iter().cloned().partition(has_one);
    let labels: Vec<&str> = without.iter().map(|wanted| wanted.label.as_str()).collect();
    let why = "has no dry run of its own: --dry-run asks what can be asked";
    if !labels.is_empty() {
        output::say(&format!("{}: {why}", findings::named(&labels)));
    }
    let aside = labels
        .iter()
        .map(|label| Outcome::aside(label, "no dry run".to_owned()));
    let aside = aside.collect();
    (wanted, aside)
}

/// What an import would do, of which nothing is done.
fn plan(targets: &Targets<'_>, image: &Image, ready: &[Ready]) -> Result<Exit> {
    let Import { reach, no_validate, .. } = targets.options;
    let row = |(wanted, one): (&Wanted, &Ready)| match &one.made {
        Ok((to, problems)) => {
            let asked = one.asked(wanted).with_problems(problems, !no_validate);
            let plan = Plan::new(image, to, &asked);
            let checks = asked.checks.into_iter();
            let checks = checks.filter(|check| !asked.may_be_made || !check.is_failure());
            Row::of(&wanted.label, &*to.importer, checks.collect()).with_plan(plan)
        }
        Err(error) => Row::of_error(wanted, error),
    };
    let rows: Vec<Row> = targets.wanted.iter().zip(ready).map(row).collect();
    let acknowledged: Vec<_> = ready.iter().map(Ready::acknowledged).collect();
    accepted::tell_unmatched(targets.wanted, &acknowledged);
    checked::write(&rows, reach.output, false)
}

/// Tells all that was found before anything is begun: what is certain, and what stops nothing.
pub(crate) fn tell(options: &Import, targets: &Targets<'_>, ready: &[Ready]) {
    let labels = targets.labels();
    if !options.events {
        findings::say(&warnings(&labels, ready));
    } else {
        let events = Events::new(labels.iter().map(|label| (*label).to_owned()).collect());
        for (index, one) in ready.iter().enumerate() {
            for problem in one.problems() {
                events.on(Some(index), &Event::Problem { problem });
            }
            for (check, _) in one.warnings() {
                events.on(Some(index), &Event::Check { check });
            }
        }
    }
    let acknowledged: Vec<_> = ready.iter().map(Ready::acknowledged).collect();
    accepted::tell_unmatched(targets.wanted, &acknowledged);
    findings::say(&certain(&labels, ready));
}

/// Begins what is not stopped at the gate; what came of all targets, and the job.
async fn begun(
    targets: &Targets<'_>,
    image: Image,
    progress: Arc<dyn Listener>,
    ready: Vec<Ready>,
    ended: Vec<Option<Ended>>,
) -> Result<(Vec<Outcome>, Option<Job>)> {
    let (mut indices, mut outcomes, mut asked) = (Vec::new(), Vec::new(), Vec::new());
    let mut publish = targets.publish(image);
    for (index, (one, ended)) in ready.into_iter().zip(ended).enumerate() {
        let wanted = &targets.wanted[index];
        let (is_told, found) = (one.made.is_ok(), one.asked(wanted));
        let ended = match (one.made, ended) {
            (Ok((destination, _)), None) => {
                indices.push(index);
                publish = publish.to(destination);
                asked.push(found);
                continue;
            }
            (_, Some(ended)) => ended,
            (Err(error), None) => Ended::not_started(error),
        };
        outcomes.push((index, stopped_at_the_gate((index, wanted), ended, is_told, &*progress)));
    }
    let mut job = None;
    if !indices.is_empty() {
        let listener = Renumbered::new(progress, indices.clone());
        let done = publish.after(asked).listener(Arc::new(listener)).run().await?;
        job = Some(done.job);
        let done = done.outcomes.into_iter().map(Outcome::from);
        outcomes.extend(indices.into_iter().zip(done));
    }
    outcomes.sort_by_key(|(index, _)| *index);
    Ok((outcomes.into_iter().map(|(_, outcome)| outcome).collect(), job))
}

/// What came of a target that is not begun: told now, and by the results only where it was not told with what was found.
pub(crate) fn stopped_at_the_gate(
    (index, wanted): (usize, &Wanted),
    ended: Ended,
    is_told: bool,
    progress: &dyn Listener,
) -> Outcome {
    let outcome = publish::Outcome::new(&wanted.label, ended);
    progress.on(Some(index), &Event::Over { outcome: &outcome });
    let mut outcome = Outcome::from(outcome);
    outcome.is_told = is_told && !outcome.is_aside;
    outcome
}

/// A job with the options by which a later command finds it and its clouds.
pub(crate) fn with_places(job: &str, options: &Import, wanted: &[Wanted]) -> String {
    // A task's own endpoint counts only when it is repeated.
    let endpoints = wanted.iter().filter_map(|wanted| {
        let endpoint = connect::endpoint(wanted, &options.reach)?;
        Some((wanted.target.provider, endpoint.clone()))
    });
    let endpoints: Vec<_> = endpoints.collect();
    line::with_places(job, &options.state, &options.reach, &endpoints)
}
