//! One of two workers is lost for good, with what it had in hand: the other finishes.

use std::path::Path;

use cloud_import::env::{Env as _, SystemEnv};

use crate::{
    Form, IMAGE,
    fleet::{Fleet, config},
    process::until,
    standing::Standing,
};

const JOBS: usize = 5;

pub(crate) fn run(_: &Form) -> Result<String, String> {
    let fleet = Fleet::new(config(), Path::new(IMAGE))?;
    for number in 0..JOBS {
        fleet.submit(&format!("web-{number}"))?;
    }
    fleet.pause("starting", "started", 500);
    let [one, _other] = ["one", "other"].map(|machine| fleet.worker(machine, &["--slots", "4"]));
    // Both work, and each has some in its hands.
    let of_workers = "select count(distinct locked_by) from graphile_worker._private_jobs where locked_at is not null";
    until("both have orders in hand", 60, || {
        fleet.sql(of_workers) == "2" && fleet.imports() > 0
    })?;
    one.signal("STOP");
    let held = fleet.queued("locked_at is not null");
    one.kill();
    let begun = SystemEnv.monotonic();
    until("no order is open", 120, || fleet.open() == 0)?;
    let seconds = (SystemEnv.monotonic() - begun).as_secs_f64();
    let standing = Standing::of(&fleet, JOBS).expect_good()?;
    Ok(format!(
        "{standing}; {held} were in hand, all were over {seconds:.1} s later"
    ))
}
