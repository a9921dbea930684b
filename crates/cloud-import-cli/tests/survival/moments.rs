//! The process is killed at random moments while it works on all five clouds, again and again; a last run ends it.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use cloud_import::env::{Env as _, SystemEnv};

use crate::{
    form::Form,
    places,
    process::Running,
    random::Random,
    repeat,
    scene::{self, Scene},
    side_by_side::{self, piece},
    steps,
};

/// How often one job is killed before it may end.
const KILLS: usize = 25;

/// The longest time until a kill, in milliseconds from the moment when the file is hashed: a job takes about this long when it
/// is let alone.
const LONGEST: u64 = 2_800;

#[derive(Debug, Default, Clone)]
struct Tally {
    /// How far the targets were when their process was killed.
    steps: BTreeMap<String, usize>,
    jobs: usize,
    kills: usize,
    repeats: usize,
    images: usize,
    unknowns: usize,
    parts: u64,
    parts_again: u64,
    bytes: u64,
    bytes_needed: u64,
}

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let per_job = if form.long { KILLS } else { form.kills.div_ceil(3) };
    let mut random = Random::new(form.seed);
    let mut tally = Tally::default();
    let begun = SystemEnv.monotonic();
    while tally.kills < form.kills {
        let wanted = (form.kills - tally.kills).div_ceil(per_job).min(3);
        let work = (0..wanted).map(|_| {
            let (seed, form) = (random.next(), Arc::clone(&form));
            piece(format!("a job with seed {seed}"), async move {
                job(&form, per_job, seed).await
            })
        });
        for one in side_by_side::all(3, work.collect()).await? {
            tally.add(one);
        }
    }
    let seconds = (SystemEnv.monotonic() - begun).as_secs_f64();
    Ok(format!(
        "{} jobs, {} kills (targets were {:?}), {} repeats, {} images, {} unknown on the way, {} parts stored of which {} again, \
         {} MiB sent of {} MiB needed ({:+.1}%), {seconds:.0} s",
        tally.jobs,
        tally.kills,
        tally.steps,
        tally.repeats,
        tally.images,
        tally.unknowns,
        tally.parts,
        tally.parts_again,
        tally.bytes >> 20,
        tally.bytes_needed >> 20,
        (tally.bytes as f64 / tally.bytes_needed as f64 - 1.0) * 100.0
    ))
}

impl Tally {
    fn add(&mut self, one: Self) {
        for (step, count) in one.steps {
            *self.steps.entry(step).or_default() += count;
        }
        self.jobs += one.jobs;
        self.kills += one.kills;
        self.repeats += one.repeats;
        self.images += one.images;
        self.unknowns += one.unknowns;
        self.parts += one.parts;
        self.parts_again += one.parts_again;
        self.bytes += one.bytes;
        self.bytes_needed += one.bytes_needed;
    }
}

/// Waits for a moment between the start and the end of the process.
async fn moment(scene: &Scene, running: &mut Running, random: &mut Random) {
    let life = match random.below(6) {
        // Some die young: while the state directory is made, or the file is hashed.
        0 => random.below(60),
        // Any time, once the file is hashed.
        1 | 2 => {
            while running.is_alive() && fs::read_dir(scene.state().join("hashes")).map_or(0, Iterator::count) == 0 {
                SystemEnv.sleep(Duration::from_millis(5)).await;
            }
            random.below(LONGEST)
        }
        // While one target is at a late step and the others are wherever they are.
        _ => {
            let place = places::ALL[random.below(5) as usize];
            let step = steps::STEPS[random.below(5) as usize];
            while running.is_alive() && !scene.record(&place).is_some_and(|record| steps::is_at(&record, step)) {
                SystemEnv.sleep(Duration::from_millis(2)).await;
            }
            random.below(400)
        }
    };
    SystemEnv.sleep(Duration::from_millis(life)).await;
}

async fn job(form: &Form, kills: usize, seed: u64) -> Result<Tally, String> {
    let mut random = Random::new(seed);
    let config = scene::config()
        .import_time(Duration::from_millis(1_500))
        .visible_after_polls(2)
        .store_rate(96 << 20);
    let scene = Scene::new(config, &form.large).await;
    let mut tally = Tally {
        jobs: 1,
        ..Tally::default()
    };
    for _ in 0..kills {
        let mut running = scene.import(&places::ALL, &[]);
        moment(&scene, &mut running, &mut random).await;
        let (killed, _) = running.kill().await;
        scene.files_are_whole()?;
        for place in &places::ALL {
            let imports = scene.imports(place.cloud);
            if imports > 1 {
                return Err(format!("{}: {imports} imports", place.target));
            }
        }
        if !killed {
            break;
        }
        tally.kills += 1;
        for place in &places::ALL {
            let step = scene.step(place).unwrap_or_else(|| "before any".to_owned());
            *tally.steps.entry(step).or_default() += 1;
        }
    }
    let repeats = repeat::to_the_end(&scene, &places::ALL).await?;
    let counters = scene.simulator.counters();
    let sum = |map: &BTreeMap<cloud_import_sim::Cloud, u64>| map.values().sum::<u64>();
    tally.repeats = repeats.runs;
    tally.unknowns = repeats.unknowns;
    tally.images = places::ALL.len();
    tally.parts = sum(&counters.parts_stored);
    tally.parts_again = sum(&counters.parts_repeated);
    tally.bytes = sum(&counters.bytes_received);
    tally.bytes_needed = fs::metadata(&form.large).unwrap().len() * places::ALL.len() as u64;
    Ok(tally)
}
