//! The process is killed at the moment when a target's record first shows a step; then the same command again until it ends.

use std::{sync::Arc, time::Duration};

use cloud_import::env::{Env as _, SystemEnv};
use cloud_import_sim::{Fault, FaultKind};
use serde_json::Value;

use crate::{
    form::Form,
    places::{self, Place},
    process::Running,
    repeat::{self, Repeats},
    scene::{self, Scene},
    side_by_side::{self, piece},
};

/// Where a process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The record shows the step, or one behind it.
    At(&'static str),
    /// The store has a part.
    Part,
    /// The cloud accepted the order and its answer is lost: killed while that is being settled.
    Lost,
    /// The cloud is asked, and holds the order up: killed before it is accepted.
    Held,
}

/// The steps of a target that goes well, in order.
pub(crate) const STEPS: [&str; 5] = ["staging", "staged", "starting", "started", "succeeded"];

const CUTS: [Cut; 8] = [
    Cut::At("staging"),
    Cut::Part,
    Cut::At("staged"),
    Cut::At("starting"),
    Cut::Held,
    Cut::Lost,
    Cut::At("started"),
    Cut::At("succeeded"),
];

impl Cut {
    fn name(self) -> &'static str {
        match self {
            Self::At(step) => step,
            Self::Part => "a part sent",
            Self::Lost => "answer lost",
            Self::Held => "order held up",
        }
    }

    /// By the record where a step is meant, else by what the cloud has seen, whatever the record says.
    fn is_reached(self, scene: &Scene, place: &Place) -> bool {
        match self {
            Self::At(step) => scene.record(place).is_some_and(|record| is_at(&record, step)),
            Self::Part => scene.simulator.counters().parts_stored.contains_key(&place.cloud),
            Self::Lost => scene.imports(place.cloud) > 0,
            Self::Held => scene.simulator.counters().requests_of(place.cloud, place.import) > 0,
        }
    }
}

/// Whether a record shows the step, or one behind it.
pub(crate) fn is_at(record: &Value, step: &str) -> bool {
    let rank = |step: &str| STEPS.iter().position(|known| *known == step).unwrap_or(STEPS.len());
    record["step"].as_str().map_or(0, rank) >= rank(step)
}

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let rounds = if form.long { 3 } else { 1 };
    let mut work = Vec::new();
    for round in 0..rounds {
        for place in places::ALL {
            for cut in CUTS {
                let form = Arc::clone(&form);
                let later = Duration::from_millis(round * 7);
                work.push(piece(
                    format!("{} killed at {}", place.target, cut.name()),
                    async move { killed(&form, place, &[cut], later).await },
                ));
            }
            // One job that is killed at every step, one after the other.
            let form = Arc::clone(&form);
            work.push(piece(format!("{} killed at each step", place.target), async move {
                killed(&form, place, &CUTS, Duration::ZERO).await
            }));
        }
    }
    let jobs = work.len();
    let tallies = side_by_side::all(20, work).await?;
    let kills: usize = tallies.iter().map(|(kills, _)| kills).sum();
    let runs: usize = tallies.iter().map(|(_, repeats)| repeats.runs).sum();
    let unknowns: usize = tallies.iter().map(|(_, repeats)| repeats.unknowns).sum();
    if kills < jobs {
        return Err(format!("only {kills} kills in {jobs} jobs"));
    }
    Ok(format!(
        "{jobs} jobs, {kills} kills, {runs} repeats, {jobs} images, {unknowns} unknown and then ordered again or found"
    ))
}

/// A job that is killed at these points, and then repeated until it ends.
async fn killed(form: &Form, place: Place, cuts: &[Cut], later: Duration) -> Result<(usize, Repeats), String> {
    let config = scene::config()
        .import_time(Duration::from_millis(700))
        .visible_after_polls(2)
        .store_rate(40 << 20);
    let scene = Scene::new(config, &form.parts).await;
    let mut kills = 0;
    for cut in cuts {
        let fault = match cut {
            Cut::Lost => Some(FaultKind::DropAfter),
            Cut::Held => Some(FaultKind::Delay(3_000)),
            _ => None,
        };
        if let Some(kind) = fault {
            scene
                .simulator
                .inject(Fault::new(kind).cloud(place.cloud).operation(place.import));
        }
        let mut running = scene.import(&[place], &[]);
        reached(&scene, &place, *cut, &mut running).await;
        SystemEnv.sleep(later).await;
        let (killed, _) = running.kill().await;
        scene.simulator.clear_faults();
        kills += usize::from(killed);
        scene.files_are_whole()?;
        let imports = scene.imports(place.cloud);
        if imports > 1 {
            return Err(format!("{imports} imports after the kill at {}", cut.name()));
        }
    }
    Ok((kills, repeat::to_the_end(&scene, &[place]).await?))
}

/// Waits until it has come so far, or has ended.
async fn reached(scene: &Scene, place: &Place, cut: Cut, running: &mut Running) {
    while running.is_alive() {
        if cut.is_reached(scene, place) {
            return;
        }
        SystemEnv.sleep(Duration::from_millis(1)).await;
    }
}
