//! Killed around the moment when the order leaves, while answers are lost, lists are refused or cut, and images are listed long after
//! the stated time; then repeated when it is advised, until each target has its one image, or is said to be not listed. There are
//! never two.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use cloud_import::{
    env::{Env as _, SystemEnv},
    provider::datetime,
};
use cloud_import_sim::{Fault, FaultKind};

use crate::{
    form::Form,
    places::{self, Place},
    process::{Ended, Running},
    random::Random,
    repeat,
    scene::{self, Scene},
    side_by_side::{self, piece},
    steps,
};

/// How often one job is killed, where its process has not ended before.
const KILLS: usize = 5;

/// How often more jobs are begun, until there were as many kills as there should be.
const ROUNDS: usize = 4;

/// The longest time in milliseconds that an image is listed late: simulated clouds are given some seconds, and it may be twice that.
const LATEST: u64 = 16_000;

/// A job that needs more runs than this, and more time than an image may be hidden, does not get on.
const MOST: usize = 30;
const LONGEST: Duration = Duration::from_millis(3 * LATEST);

/// What happened, by what it is called.
#[derive(Debug, Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn add(&mut self, what: &'static str, many: usize) {
        *self.0.entry(what).or_default() += many;
    }
}

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    // It takes many to be killed at the worst moment.
    let kills = if form.long { 2 * form.kills } else { form.kills };
    let mut random = Random::new(form.seed ^ 0x5e77_1e55);
    let begun = SystemEnv.monotonic();
    let (mut all, mut jobs, mut killed) = (Tally::default(), 0, 0);
    // The slower the machine, the more often a process has ended before it is killed.
    for _ in 0..ROUNDS {
        let missing = kills.saturating_sub(killed);
        let more = if missing == 0 { 0 } else { missing.div_ceil(KILLS) + 1 };
        let work = (0..more).map(|_| {
            let (seed, form) = (random.next(), Arc::clone(&form));
            piece(format!("a job with seed {seed}"), async move { job(&form, seed).await })
        });
        for one in side_by_side::all(if form.long { 12 } else { 3 }, work.collect()).await? {
            one.0.into_iter().for_each(|(what, many)| all.add(what, many));
        }
        jobs += more;
        killed = all.0.get("kills").copied().unwrap_or_default();
    }
    if killed < kills {
        return Err(format!("only {killed} kills in {jobs} jobs"));
    }
    let told: Vec<String> = all.0.iter().map(|(what, many)| format!("{many} {what}")).collect();
    let seconds = (SystemEnv.monotonic() - begun).as_secs_f64();
    Ok(format!(
        "{jobs} jobs: {}; none made two, {seconds:.0} s",
        told.join(", ")
    ))
}

async fn job(form: &Form, seed: u64) -> Result<Tally, String> {
    let mut random = Random::new(seed);
    let config = scene::config().import_time(Duration::from_millis(400));
    let scene = Scene::new(config, &form.small).await;
    let mut tally = Tally::default();
    for _ in 0..KILLS {
        for _ in 0..=random.below(4) {
            scene.simulator.inject(fault(&mut random));
            tally.add("faults", 1);
        }
        let mut running = scene.import(&places::ALL, &[]);
        moment(&scene, &mut running, &mut random).await;
        let (killed, _) = running.kill().await;
        tally.add("kills", usize::from(killed));
        scene.files_are_whole()?;
        never_two(&scene)?;
    }
    scene.simulator.clear_faults();
    to_the_end(&scene, &mut tally).await?;
    Ok(tally)
}

/// Something that goes wrong while an order leaves, or while it is looked for.
fn fault(random: &mut Random) -> Fault {
    let place = places::ALL[random.below(5) as usize];
    let list = match place.poll {
        "ShowJobProgress" => "ListImages",
        "DescribeTaskAttribute" => "DescribeImages",
        poll => poll,
    };
    let (operation, kind) = match random.below(12) {
        0 | 1 => (place.import, FaultKind::DropBefore),
        2 | 3 => (place.import, FaultKind::DropAfter),
        4 => (place.import, FaultKind::Cut),
        5 => (place.import, FaultKind::ServerError { http: 502 }),
        6 => (place.import, FaultKind::Delay(random.below(900))),
        7 | 8 => (place.import, FaultKind::HideFor(random.below(LATEST))),
        9 => (list, FaultKind::Cut),
        10 => (list, FaultKind::Garbage),
        _ => (list, FaultKind::DropBefore),
    };
    Fault::new(kind).cloud(place.cloud).operation(operation)
}

/// Waits until a target is about to be sent, or is somewhere else.
async fn moment(scene: &Scene, running: &mut Running, random: &mut Random) {
    let place = places::ALL[random.below(5) as usize];
    let life = match random.below(4) {
        0 => random.below(1_500),
        _ => {
            let is_at = |record| steps::is_at(&record, "starting");
            while running.is_alive() && !scene.record(&place).is_some_and(is_at) {
                SystemEnv.sleep(Duration::from_millis(1)).await;
            }
            random.below(60)
        }
    };
    SystemEnv.sleep(Duration::from_millis(life)).await;
}

fn never_two(scene: &Scene) -> Result<(), String> {
    for place in &places::ALL {
        let imports = scene.imports(place.cloud);
        if imports > 1 {
            return Err(format!("{}: {imports} imports", place.target));
        }
    }
    Ok(())
}

/// The same command when it helps, until every target is settled. One that is not listed is sent on purpose, as it is advised, if
/// there is none; if there is one, it is listed sooner or later, and taken over.
async fn to_the_end(scene: &Scene, tally: &mut Tally) -> Result<(), String> {
    let mut open: Vec<Place> = places::ALL.to_vec();
    let mut absent: Vec<Place> = Vec::new();
    let (begun, mut runs) = (SystemEnv.monotonic(), 0);
    while runs < MOST || SystemEnv.monotonic() - begun < LONGEST {
        runs += 1;
        let ended = match absent.is_empty() {
            true => scene.import(&open, &[]).end().await?,
            false => scene.import(&absent, &["--again"]).end().await?,
        };
        absent.clear();
        tally.add("repeats", 1);
        tally.add(
            "sent anew",
            ended
                .err
                .matches("was not started: not in two complete listings")
                .count(),
        );
        never_two(scene)?;
        let mut from = SystemEnv.now();
        for row in ended.rows()? {
            let Some(index) = open.iter().position(|place| place.target == row.target) else {
                continue;
            };
            let place = open[index];
            let told = |error: String| format!("{error}\n{}", ended.err);
            match row.status.as_str() {
                "succeeded" => {
                    scene.one_image(&place, row.image_id.as_deref()).map_err(told)?;
                    tally.add("settled", 1);
                    open.remove(index);
                }
                "unknown" => {
                    honest(scene, &place, &ended).map_err(told)?;
                    tally.add("told as unknown", 1);
                    if row
                        .message
                        .is_some_and(|message| message.contains("is not listed since "))
                    {
                        tally.add("told as not listed", 1);
                        absent.extend((scene.imports(place.cloud) == 0).then_some(place));
                    }
                    let at = row.repeat_from.as_deref().and_then(datetime::parse_rfc3339);
                    from = from.max(at.unwrap_or(from));
                }
                _ => {}
            }
        }
        if open.is_empty() {
            return Ok(());
        }
        let left = from.duration_since(SystemEnv.now()).unwrap_or_default();
        SystemEnv.sleep(left.max(Duration::from_millis(200))).await;
    }
    Err(format!("not at its end after {runs} runs: {open:?}"))
}

/// A target that is not known: with a token only where no answer came, and what to do is said.
fn honest(scene: &Scene, place: &Place, ended: &Ended) -> Result<(), String> {
    if place.token {
        return Err(format!(
            "{} has tokens, and the outcome is told as not known",
            place.target
        ));
    }
    repeat::honest(scene, place, ended)
}
