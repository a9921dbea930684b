//! Ctrl-C, SIGTERM and SIGHUP: the first finishes what was sent and says how to go on, the second leaves at once.

use std::{sync::Arc, time::Duration};

use cloud_import::env::{Env as _, SystemEnv};
use cloud_import_sim::Cloud;

use crate::{
    form::Form,
    places::{self, Place},
    process::Running,
    repeat,
    scene::{self, Scene},
    side_by_side::{self, piece},
};

/// How long an import takes: longer than a slow machine needs to start five and to send a signal.
const IMPORT: Duration = Duration::from_secs(20);

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let mut work = Vec::new();
    for signal in crate::signals::that_stop() {
        for while_waiting in [false, true] {
            let form = Arc::clone(&form);
            let when = if while_waiting { "waiting" } else { "staging" };
            work.push(piece(format!("SIG{signal} while {when}"), async move {
                once(&form, signal, while_waiting).await
            }));
        }
        let form = Arc::clone(&form);
        work.push(piece(format!("SIG{signal} twice"), async move {
            twice(&form, signal).await
        }));
    }
    work.push(piece("--cancel-on-interrupt".to_owned(), canceled(form)));
    let cases = side_by_side::all(10, work).await?.len();
    Ok(format!("{cases} ways to interrupt"))
}

async fn once(form: &Form, signal: &str, while_waiting: bool) -> Result<(), String> {
    let config = scene::config().import_time(IMPORT).store_rate(8 << 20);
    let image = if while_waiting { &form.small } else { &form.parts };
    let scene = Scene::new(config, image).await;
    let mut running = scene.import(&places::ALL, &[]);
    let at = if while_waiting { "started" } else { "staging" };
    all_at(&scene, &mut running, at, places::ALL.len()).await?;
    SystemEnv.sleep(Duration::from_millis(200)).await;
    running.signal(signal).await;
    // What was sent is finished: a part of 8 MiB takes a second here.
    let ended = running.end_within(Duration::from_secs(20)).await?;
    if ended.code != Some(130) {
        return Err(format!("exit {:?}\n{}", ended.code, ended.err));
    }
    for place in &places::ALL {
        let row = ended.row(place.target)?;
        let (status, step) = if while_waiting {
            ("running", "started")
        } else {
            ("not_started", "staging")
        };
        let recorded = scene.step(place);
        if row.status != status || recorded.as_deref() != Some(step) {
            return Err(format!("{row:?}, recorded is {recorded:?}"));
        }
        let told = format!("{} {}", row.message.unwrap_or_default(), row.remedy.unwrap_or_default());
        if !told.contains("Repeat the command: it resumes where it stopped") {
            return Err(format!("how to go on is not said: {told}"));
        }
    }
    if !ended.err.contains("to continue: cloud-import resume survivor-") {
        return Err(format!("the command that goes on is not said:\n{}", ended.err));
    }
    repeat::to_the_end(&scene, &places::ALL).await.map(drop)
}

/// The first signal waits for parts that a slow store is taking; the second does not.
async fn twice(form: &Form, signal: &str) -> Result<(), String> {
    let config = scene::config().store_rate(1 << 20);
    let scene = Scene::new(config, &form.parts).await;
    let mut running = scene.import(&places::ALL, &[]);
    all_at(&scene, &mut running, "staging", 5).await?;
    // The file is hashed by then, and parts are on their way.
    while running.is_alive() && !running.said().contains("staging 0%") {
        SystemEnv.sleep(Duration::from_millis(10)).await;
    }
    SystemEnv.sleep(Duration::from_millis(300)).await;
    running.signal(signal).await;
    while running.is_alive() && !running.said().contains("interrupt again to stop at once") {
        SystemEnv.sleep(Duration::from_millis(10)).await;
    }
    SystemEnv.sleep(Duration::from_millis(300)).await;
    if !running.is_alive() {
        return Err(format!("it did not finish what was sent:\n{}", running.said()));
    }
    running.signal(signal).await;
    let ended = running.end_within(Duration::from_secs(2)).await?;
    if ended.code != Some(130) || !ended.err.contains("stopped at once") {
        return Err(format!("exit {:?}\n{}", ended.code, ended.err));
    }
    scene.files_are_whole()
}

async fn canceled(form: Arc<Form>) -> Result<(), String> {
    let scene = Scene::new(scene::config().import_time(IMPORT), &form.small).await;
    let mut running = scene.import(&places::ALL, &["--cancel-on-interrupt"]);
    all_at(&scene, &mut running, "started", places::ALL.len()).await?;
    SystemEnv.sleep(Duration::from_millis(300)).await;
    running.signal("INT").await;
    let ended = running.end().await?;
    if ended.code != Some(130) {
        return Err(format!("exit {:?}\n{}", ended.code, ended.err));
    }
    for place in &places::ALL {
        let images = scene.simulator.images(place.cloud);
        let canceled = images.iter().any(|image| image.canceled);
        let told = ended.row(place.target)?.message.unwrap_or_default();
        let good = match place.cloud {
            Cloud::Aliyun => canceled && told.contains("cancelling it was asked for"),
            _ => !canceled && told.contains("cannot be cancelled"),
        };
        if !good {
            return Err(format!("{}: cancelled: {canceled}; told: {told}", place.target));
        }
    }
    Ok(())
}

/// Waits until so many targets' records show the step.
async fn all_at(scene: &Scene, running: &mut Running, step: &str, targets: usize) -> Result<(), String> {
    let at = |place: &&Place| scene.step(place).as_deref() == Some(step);
    while running.is_alive() {
        if places::ALL.iter().filter(at).count() >= targets {
            return Ok(());
        }
        SystemEnv.sleep(Duration::from_millis(2)).await;
    }
    Err(format!(
        "it ended before {targets} targets were {step}:\n{}",
        running.said()
    ))
}
