//! `import`: each target by itself and side by side; one that fails does not stop the others.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cloud_import::{Error, ErrorKind, ImageImporter, ImportRequest, ImportTask, Result, Target, WaitOptions};
use tokio::task::JoinSet;

use crate::{
    args::Import,
    connect::Clouds,
    exit::Exit,
    order, output,
    progress::Progress,
    report::{self, Lines, Outcome, Status},
    simulate::Simulated,
};

/// What runs in the clouds, for the message of an interrupt.
pub(crate) type Running = Arc<Mutex<Vec<Option<ImportTask>>>>;

pub(crate) async fn run(options: Import) -> Result<Exit> {
    let targets = order::targets(&options.order)?;
    let simulated = Simulated::of(&options.reach).await?;
    let running: Running = Arc::new(Mutex::new(vec![None; targets.len()]));
    let work = all(&options, &targets, simulated.as_ref(), &running);
    tokio::select! {
        outcomes = work => {
            let lines = if options.no_wait { Lines::Tasks } else { Lines::Images };
            Ok(report::write(&outcomes, options.reach.output, lines))
        }
        _ = tokio::signal::ctrl_c() => Ok(interrupted(&running)),
    }
}

async fn all(options: &Import, targets: &[Target], simulated: Option<&Simulated>, running: &Running) -> Vec<Outcome> {
    let progress = Arc::new(Progress::new(targets.iter().map(ToString::to_string).collect()));
    let clouds = Clouds::new(&options.reach, simulated);
    let mut outcomes: Vec<Option<Outcome>> = targets.iter().map(|_| None).collect();
    // Every target's problems are told before the first order leaves.
    let mut orders = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        match prepared(options, target, &clouds, simulated, &progress).await {
            Ok((importer, order)) => orders.push((index, importer, order)),
            Err(error) => {
                progress.over(index, "not started", false);
                outcomes[index] = Some(Outcome::not_started(target, error));
            }
        }
    }
    let mut set = JoinSet::new();
    for (index, importer, order) in orders {
        let job = Job {
            index,
            target: targets[index].clone(),
            progress: Arc::clone(&progress),
            running: Arc::clone(running),
            wait: (!options.no_wait).then(|| waiting(options.waiting.timeout, simulated.is_some())),
        };
        set.spawn(async move { (index, job.run(&*importer, &order).await) });
    }
    while let Some(joined) = set.join_next().await {
        if let Ok((index, outcome)) = joined {
            outcomes[index] = Some(outcome);
        }
    }
    let lost = |target: &Target| {
        let error =
            Error::new(ErrorKind::OutcomeUnknown, "this target's work broke off").with_provider(target.provider);
        Outcome::not_started(target, error)
    };
    outcomes
        .into_iter()
        .zip(targets)
        .map(|(outcome, target)| outcome.unwrap_or_else(|| lost(target)))
        .collect()
}

/// The importer and the order of a target; its problems are told, and nothing was sent to the cloud yet.
async fn prepared(
    options: &Import,
    target: &Target,
    clouds: &Clouds<'_>,
    simulated: Option<&Simulated>,
    progress: &Progress,
) -> Result<(Box<dyn ImageImporter>, ImportRequest)> {
    let importer = clouds.importer(target)?;
    let disk = order::disk(&options.order, target, simulated).await?;
    let order = ImportRequest {
        dry_run: options.dry_run,
        generation: options.generation,
        no_validate: options.no_validate,
        ..order::order(&options.order, target, disk)?
    };
    let problems = importer.validate(&order);
    if !order.no_validate && problems.iter().any(|problem| problem.is_error()) {
        return Err(Error::invalid(target.provider, problems));
    }
    progress.aside(|| {
        problems
            .iter()
            .for_each(|problem| output::say(&format!("warning: {problem}")))
    });
    Ok((importer, order))
}

/// One target's import.
struct Job {
    index: usize,
    target: Target,
    progress: Arc<Progress>,
    running: Running,
    wait: Option<WaitOptions>,
}

impl Job {
    async fn run(self, importer: &dyn ImageImporter, order: &ImportRequest) -> Outcome {
        self.progress.note(self.index, "starting");
        let mut task = match importer.start(order).await {
            Ok(task) => task,
            Err(error) => {
                self.progress.over(self.index, "not started", false);
                return Outcome::not_started(&self.target, error);
            }
        };
        if task.dry_run {
            self.progress.over(self.index, "the cloud would take this order", true);
            let state = Some("checked".to_owned());
            return Outcome {
                state,
                task: Some(task),
                ..Outcome::new(&self.target, Status::Checked, Exit::Done)
            };
        }
        note_running(&self.running, self.index, Some(&task));
        let Some(options) = self.wait else {
            self.progress.over(self.index, "started", false);
            return Outcome::running(&self.target, task, Exit::Done);
        };
        let outcome = waited(
            importer,
            &mut task,
            options,
            &self.target,
            self.index,
            &self.progress,
            &self.running,
        )
        .await;
        self.progress
            .over(self.index, &outcome.summary(), outcome.image.is_some());
        outcome
    }
}

/// Waits for one task's verdict, shows how it goes on and keeps what runs up to date.
pub(crate) async fn waited(
    importer: &dyn ImageImporter,
    task: &mut ImportTask,
    options: WaitOptions,
    target: &Target,
    index: usize,
    progress: &Arc<Progress>,
    running: &Running,
) -> Outcome {
    let (shown, kept) = (Arc::clone(progress), Arc::clone(running));
    let options = options.on_event(move |task, event| {
        note_running(&kept, index, Some(task));
        shown.event(index, task, event);
    });
    let verdict = cloud_import::wait(importer, task, &options).await;
    match verdict {
        Ok(image) => {
            note_running(running, index, None);
            Outcome::succeeded(target, image, task.clone())
        }
        Err(error) => Outcome::ended(target, task.clone(), error),
    }
}

/// How to wait: patiently for real clouds, briskly for simulated ones.
pub(crate) fn waiting(limit: Option<Duration>, simulated: bool) -> WaitOptions {
    let options = WaitOptions::default();
    let options = if simulated {
        options.intervals(Duration::from_millis(150), Duration::from_millis(500))
    } else {
        options
    };
    match limit {
        Some(limit) => options.limit(limit),
        None => options,
    }
}

fn note_running(running: &Running, index: usize, task: Option<&ImportTask>) {
    running.lock().unwrap_or_else(PoisonError::into_inner)[index] = task.cloned();
}

/// Says what goes on in the clouds after Ctrl-C, and how to go on with it.
pub(crate) fn interrupted(running: &Running) -> Exit {
    let running = running.lock().unwrap_or_else(PoisonError::into_inner);
    output::say("interrupted");
    for task in running.iter().flatten() {
        output::say(&format!(
            "{}/{}: the import of `{}` goes on; to wait for it:",
            task.provider, task.region, task.name
        ));
        if let Ok(line) = serde_json::to_string(task) {
            output::say(&format!("  cloud-import wait '{line}'"));
        }
    }
    Exit::Interrupted
}
