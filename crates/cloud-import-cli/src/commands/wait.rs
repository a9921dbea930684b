//! `wait`: jobs and tasks are waited for, in this process, until the cloud has given its verdict on each.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use cloud_import::{
    Error, ErrorKind, ImageImporter, ImportTask, Result, Stop, TaskState, WaitEvent, WaitOptions,
    publish::{self, Ended, Event, Listener, Look, Reattach, Record, Step, look},
};
use tokio::task::JoinSet;

use crate::{
    args,
    connect::Clouds,
    exit::Exit,
    interrupt, line,
    on_end::OnEnd,
    outcome::Outcome,
    report::{self, Lines},
    simulate::Simulated,
    state::Remembered,
    tasks::{Named, named, reattached, target},
    waiting::{Renumbered, listener, waiting},
};

pub(crate) async fn run(options: args::Wait) -> Result<Exit> {
    #[cfg(feature = "fleet")]
    if options.tasks.state.fleet.is_some() {
        return crate::fleet::wait(&options).await;
    }
    let on_end = OnEnd::of(&options.waiting);
    let ended = ended(&options, &on_end).await;
    on_end.run(ended).await
}

async fn ended(options: &args::Wait, on_end: &OnEnd) -> Result<Exit> {
    let reach = &options.tasks.reach;
    let simulated = Simulated::of(reach).await?;
    let state = Remembered::of(&options.tasks.state, simulated.is_some()).await?;
    let named = named(&options.tasks.tasks, &state).await?;
    let jobs = jobs(&named);
    let again = again(&jobs, options);
    let stop = Stop::default();
    let clouds = Clouds::new(reach, simulated.as_ref())?.stopped_by(&stop);
    let waiting = waiting(options.waiting.timeout, simulated.is_some());
    let form = report::form(options.events, reach.output);
    let listener = listener(options.events, named.iter().flat_map(Named::labels).collect());
    let work = async {
        let outcomes = wait_for_all(named, &clouds, &waiting, &stop, listener).await;
        on_end.keep(jobs.iter().map(String::as_str), &outcomes);
        Ok(report::write(
            &outcomes,
            form,
            Lines::Images,
            again.as_deref(),
            options.waiting.fail_if,
        ))
    };
    interrupt::guarded(&stop, work).await
}

/// The jobs that are waited for.
fn jobs(named: &[Named]) -> Vec<String> {
    let jobs = named.iter().filter_map(|one| match one {
        Named::Job(job, _) => Some(job.facts().id.clone()),
        _ => None,
    });
    jobs.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The jobs, with the options by which a later command finds them and their clouds; `None` where only tasks are waited for.
fn again(jobs: &[String], options: &args::Wait) -> Option<String> {
    let tasks = &options.tasks;
    (!jobs.is_empty()).then(|| line::with_places(&jobs.join(" "), &tasks.state, &tasks.reach, &tasks.reach.endpoint))
}

pub(crate) async fn wait_for_all(
    named: Vec<Named>,
    clouds: &Clouds<'_>,
    waiting: &WaitOptions,
    stop: &Stop,
    progress: Arc<dyn Listener>,
) -> Vec<Outcome> {
    let over = |index: usize, outcome: &publish::Outcome| progress.on(Some(index), &Event::Over { outcome });
    let mut outcomes: Vec<(usize, Outcome)> = Vec::new();
    let mut set: JoinSet<Vec<(usize, Outcome)>> = JoinSet::new();
    let mut next = 0;
    for one in named {
        let first = next;
        next += one.labels().len();
        match one {
            Named::Damaged(damaged) => {
                let (task, error) = (None, damaged.error.clone());
                over(first, &publish::Outcome::new("", Ended::Unknown { task, error }));
                outcomes.push((first, Outcome::damaged(damaged)));
            }
            Named::Task(task) => {
                let target = target(&task).to_string();
                match clouds.importer_of(&task) {
                    Ok(importer) => {
                        let (waiting, progress, stop) = (waiting.clone(), Arc::clone(&progress), stop.clone());
                        set.spawn(async move {
                            let outcome =
                                wait_for_task(&*importer, *task, &target, first, waiting, &progress, &stop).await;
                            vec![(first, outcome)]
                        });
                    }
                    Err(error) => {
                        let outcome = Outcome::ended(&target, *task.clone(), error.clone());
                        let (task, error) = (*task, Some(error));
                        over(first, &publish::Outcome::new(target, Ended::Running { task, error }));
                        outcomes.push((first, outcome));
                    }
                }
            }
            Named::Job(job, records) => {
                let (mut targets, mut indices) = (Vec::new(), Vec::new());
                for (offset, record) in records.into_iter().enumerate() {
                    match reattached(&record, clouds) {
                        Ok(target) => {
                            indices.push(first + offset);
                            targets.push(target);
                        }
                        Err(error) => {
                            let (told, outcome) = unreached(record, error);
                            over(first + offset, &told);
                            outcomes.push((first + offset, outcome));
                        }
                    }
                }
                let mut reattach = Reattach::to(job, targets);
                reattach.waiting = waiting.clone();
                reattach.listener = Arc::new(Renumbered::new(Arc::clone(&progress), indices.clone()));
                reattach.stop = stop.clone();
                set.spawn(async move {
                    let done = reattach.run().await;
                    indices.into_iter().zip(done.into_iter().map(Outcome::from)).collect()
                });
            }
        }
    }
    while let Some(joined) = set.join_next().await {
        outcomes.extend(joined.unwrap_or_default());
    }
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// A target on record that cannot be waited for, as its listeners are told of it and as a result.
fn unreached(record: Record, error: Error) -> (publish::Outcome, Outcome) {
    let target = record.target.clone();
    match (record.step, record.task.clone()) {
        // Why it was not started is on record where it was refused.
        (_, None) => {
            let mut outcome = Outcome::recorded(record);
            let why = outcome.error.clone().unwrap_or(error);
            if !outcome.status.is_well() {
                outcome.error = Some(why.clone());
            }
            (publish::Outcome::new(target, Ended::not_started(why)), outcome)
        }
        (Step::Started, Some(task)) => {
            let outcome = Outcome::ended(&target, task.clone(), error.clone()).with(record);
            let error = Some(error);
            (publish::Outcome::new(target, Ended::Running { task, error }), outcome)
        }
        _ => {
            let ended = |error| publish::Outcome::new(&target, Ended::not_started(error));
            (ended(error.clone()), ended(error).with_record(Some(record)).into())
        }
    }
}

async fn wait_for_task(
    importer: &dyn ImageImporter,
    mut task: ImportTask,
    target: &str,
    index: usize,
    waiting: WaitOptions,
    progress: &Arc<dyn Listener>,
    stop: &Stop,
) -> Outcome {
    let (told, was_running) = (Arc::clone(progress), Arc::new(AtomicBool::new(false)));
    let is_running = Arc::clone(&was_running);
    let waiting = waiting.on_event(move |task, event| {
        if let WaitEvent::Polled {
            state: TaskState::InProgress { .. },
            ..
        } = event
        {
            is_running.store(true, Ordering::Relaxed);
        }
        told.on(Some(index), &Event::Polled { task, event });
    });
    let verdict = tokio::select! {
        verdict = cloud_import::wait(importer, &mut task, &waiting) => Some(verdict),
        () = stop.requested() => None,
    };
    let seen = match &verdict {
        // It may have been made long ago.
        Some(Ok(image)) if !was_running.load(Ordering::Relaxed) => look(image, None, importer, stop).await,
        _ => Look::There,
    };
    if let Look::Unclear(why) = &seen {
        let text = format!("whether its image is still there is not known: {why}");
        progress.on(Some(index), &Event::Warning { text: &text });
    }
    let ended = match (verdict, seen) {
        (Some(Ok(image)), Look::Gone(error)) => Ended::Gone { image, error },
        (Some(Ok(image)), _) => Ended::Succeeded {
            image,
            task,
            found: false,
            unfinished: None,
        },
        (Some(Err(error)), _) if matches!(error.kind(), ErrorKind::TaskFailed | ErrorKind::Canceled) => Ended::Failed {
            task: Some(task),
            error,
        },
        (Some(Err(error)), _) => Ended::Running {
            task,
            error: Some(error),
        },
        (None, _) => Ended::Running { task, error: None },
    };
    let outcome = publish::Outcome::new(target, ended);
    progress.on(Some(index), &Event::Over { outcome: &outcome });
    outcome.into()
}
