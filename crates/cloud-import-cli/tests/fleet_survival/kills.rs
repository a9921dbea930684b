//! Workers and the database are killed at random moments, again and again, while two workers carry out orders of five clouds.

use std::{path::Path, thread, time::Duration};

use cloud_import::env::{Env as _, SystemEnv};
use cloud_import_sim::{Cloud, Fault, FaultKind};

use crate::{
    Form, PROGRAM,
    fleet::{Fleet, config},
    process::{Process, until},
    random::Random,
    standing::Standing,
};

const JOBS: usize = 7;
const KILLS_OF_WORKERS: usize = 12;
const KILLS_OF_THE_DATABASE: usize = 4;
const MACHINES: [&str; 2] = ["one", "other"];

/// How long what a cloud answered to an order waits until it is recorded, in milliseconds.
const PAUSE: u64 = 800;

/// How long a new image is not listed: longer than until another worker takes over, and shorter than a source gives a cloud.
const HIDDEN: Duration = Duration::from_millis(2_500);

/// Who or what is killed.
#[derive(Debug, Clone, Copy)]
enum Kill {
    Worker,
    /// Who was just answered by a cloud and has not recorded it may be among them.
    WorkerInPause,
    Database,
}

pub(crate) fn run(form: &Form) -> Result<String, String> {
    let mut told = String::new();
    for (seed, are_answers_lost) in [(form.seed, false), (form.seed + 1, true)] {
        let begun = SystemEnv.monotonic();
        let standing = killed(Path::new(PROGRAM), seed, are_answers_lost)?;
        let standing = standing
            .expect_good()
            .map_err(|error| format!("seed {seed}: {error}"))?;
        let seconds = (SystemEnv.monotonic() - begun).as_secs();
        let lost = if are_answers_lost { ", answers lost" } else { "" };
        told.push_str(&format!("\n  seed {seed}{lost}: {standing}, {seconds} s"));
    }
    Ok(format!(
        "{KILLS_OF_WORKERS} kills of workers and {KILLS_OF_THE_DATABASE} of the database in each run{told}"
    ))
}

/// How it stands after a night of kills with these workers.
pub(crate) fn killed(program: &Path, seed: u64, are_answers_lost: bool) -> Result<Standing, String> {
    let mut fleet = Fleet::new(config().listed_after(HIDDEN), Path::new(crate::IMAGE))?;
    fleet.program = program.to_owned();
    let mut random = Random::new(seed);
    if are_answers_lost {
        lose_answers(&fleet);
    }
    let mut workers: Vec<Process> = MACHINES.iter().map(|machine| worker(&fleet, machine)).collect();
    let mut submitted = 0;
    submit(&fleet, &mut submitted)?;
    fleet.pause("starting", "started", PAUSE);
    let kills = kills(&mut random);
    for (number, kill) in kills.iter().enumerate() {
        if number * JOBS >= submitted * kills.len() {
            submit(&fleet, &mut submitted)?;
        }
        if matches!(kill, Kill::WorkerInPause) {
            // There may be none any more.
            let _ = until("an answer waits to be recorded", 3, || fleet.pausing() > 0);
            thread::sleep(Duration::from_millis(random.below(PAUSE / 2)));
        } else {
            thread::sleep(Duration::from_millis(300 + random.below(1_200)));
        }
        match kill {
            Kill::Database => {
                fleet.server.kill();
                fleet.server.go_on();
            }
            Kill::Worker | Kill::WorkerInPause => {
                let which = usize::try_from(random.below(2)).unwrap();
                workers.remove(which).kill();
                workers.insert(which, worker(&fleet, MACHINES[which]));
            }
        }
    }
    while submitted < JOBS {
        submit(&fleet, &mut submitted)?;
    }
    // What is not over by then, the standing tells.
    let _ = until("no order is open", 240, || fleet.open() == 0);
    Ok(Standing::of(&fleet, JOBS))
}

fn submit(fleet: &Fleet, submitted: &mut usize) -> Result<(), String> {
    fleet.submit(&format!("web-{submitted}"))?;
    *submitted += 1;
    Ok(())
}

fn worker(fleet: &Fleet, machine: &str) -> Process {
    fleet.worker(machine, &["--slots", "3"])
}

/// All kills, in an order that the seed makes.
fn kills(random: &mut Random) -> Vec<Kill> {
    let mut kills = [
        vec![Kill::Worker; KILLS_OF_WORKERS / 2],
        vec![Kill::WorkerInPause; KILLS_OF_WORKERS / 2],
        vec![Kill::Database; KILLS_OF_THE_DATABASE],
    ]
    .concat();
    for last in (1..kills.len()).rev() {
        kills.swap(last, usize::try_from(random.below(last as u64 + 1)).unwrap());
    }
    kills
}

/// Some orders of each cloud are taken without an answer.
fn lose_answers(fleet: &Fleet) {
    let orders = [
        (Cloud::Jdcloud, "importImage"),
        (Cloud::Tencent, "ImportImage"),
        (Cloud::Huawei, "CreateImage"),
        (Cloud::Aliyun, "ImportImage"),
        (Cloud::Ucloud, "ImportCustomImage"),
    ];
    for (cloud, operation) in orders {
        let lost = Fault::new(FaultKind::DropAfter).cloud(cloud).operation(operation);
        fleet.simulator.inject(lost.skip(1).times(3));
    }
}
